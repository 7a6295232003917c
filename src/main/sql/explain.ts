import { formatTimestamp } from '../cli/format-value.ts';
import type { PushedDown } from './running-query.ts';

/** What was pushed down, one line a table: columns, times and blocks that are read. */
export function describePushedDown(tables: readonly PushedDown[]): string {
  // A table that the plan does not show shares its name with a column.
  const read = tables.filter(({ isShown }) => isShown);
  return read.length === 0 ? 'no table is read' : read.map(describe).join('\n');
}

function describe({ table, unit, columns, from, to, blocks, blocksOfTable, liveRows }: PushedDown): string {
  const time = (ts: bigint): string => formatTimestamp(ts, unit);
  let times = 'all times';
  if (from !== undefined && to !== undefined) times = `ts from ${time(from)} to ${time(to)}`;
  else if (from !== undefined) times = `ts from ${time(from)}`;
  else if (to !== undefined) times = `ts to ${time(to)}`;
  const which = columns === undefined ? 'columns as asked for' : `columns ${columns.join(', ')}`;
  return `${table}: ${which}; ${times}; ${blocks} of ${blocksOfTable} blocks, ${liveRows} rows in memory`;
}
