import { WIDTH } from '../../shared/chunk/layout.ts';
import { currentColumns, isVariable } from '../../shared/schema/types.ts';
import type { TableStats } from '../api-types.ts';
import type { Part } from './part.ts';
import type { TableSnapshot } from './snapshot.ts';

/** What a snapshot of all time says of its table, without decoding a block. */
export function tableStats(snapshot: TableSnapshot, live: readonly Part[]): TableStats {
  const { definition, blocks } = snapshot;
  const parts = [...blocks, ...live];
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  let from: bigint | undefined;
  let to: bigint | undefined;
  for (const { minTs, maxTs } of parts) {
    if (from === undefined || minTs < from) from = minTs;
    if (to === undefined || maxTs > to) to = maxTs;
  }
  const columns = currentColumns(definition);
  // Strings and byte arrays would have to be decoded to be counted; they are left out.
  const width = columns.reduce((sum, { type }) => sum + (isVariable(type) ? 0 : WIDTH[type]), 8);
  const asUnit = (ts: bigint | undefined): number | bigint | null =>
    ts === undefined ? null : definition.unit === 'ms' ? Number(ts) : ts;
  return {
    name: definition.name,
    unit: definition.unit,
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows,
    blocks: blocks.length,
    storedBytes: blocks.reduce((sum, ref) => sum + ref.length, 0),
    rawBytes: rows * width,
    from: asUnit(from),
    to: asUnit(to),
  };
}
