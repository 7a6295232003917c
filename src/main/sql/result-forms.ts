import { isPresent } from '../ingest/validity.ts';
import type { SqlColumn, SqlTimes } from './sql-column.ts';
import type { SqlColumns, SqlRow } from './sql-types.ts';

const INFINITE = 2n ** 63n - 1n;
/** Ticks of a ms, for the types that `times: 'ms'` makes numbers of. */
const TICKS_OF_MS: Readonly<Record<string, number>> = {
  TIMESTAMP: 1000,
  'TIMESTAMP WITH TIME ZONE': 1000,
  TIMESTAMP_MS: 1,
  TIMESTAMP_S: 0.001,
};

/** Columns as row objects. */
export function toRows(columns: readonly SqlColumn[], times: SqlTimes): SqlRow[] {
  const named = columns.map((column) => ({ ...column, values: plainTimes(column, times) }));
  const rowCount = columns[0]?.values.length ?? 0;
  const rows: SqlRow[] = new Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    const entry: SqlRow = {};
    for (const { name, values, validity } of named) {
      const value = isPresent(validity, row) ? values[row] : null;
      if (name === '__proto__') Object.defineProperty(entry, name, { value, enumerable: true });
      else entry[name] = value;
    }
    rows[row] = entry;
  }
  return rows;
}

/** Columns as the user sees them. */
export function toColumns(columns: readonly SqlColumn[], times: SqlTimes): SqlColumns {
  const entries = <T>(of: (column: SqlColumn) => T): Record<string, T> =>
    Object.fromEntries(columns.map((column) => [column.name, of(column)]));
  return {
    rowCount: columns[0]?.values.length ?? 0,
    columns: entries((column) => plainTimes(column, times)),
    validity: Object.fromEntries(
      columns.flatMap(({ name, validity }) => (validity === undefined ? [] : [[name, validity]])),
    ),
    types: entries(({ type }) => type),
  };
}

function plainTimes({ type, values }: SqlColumn, times: SqlTimes): ArrayLike<unknown> {
  const ticks = TICKS_OF_MS[type];
  if (ticks === undefined || times === 'bigint') return values as ArrayLike<unknown>;
  const ms = new Float64Array(values.length);
  for (let i = 0; i < ms.length; i++) {
    const value = values[i] as bigint;
    if (value === INFINITE) ms[i] = Number.POSITIVE_INFINITY;
    else if (value === -INFINITE) ms[i] = Number.NEGATIVE_INFINITY;
    else ms[i] = Number(value) / ticks;
  }
  return ms;
}

/** Names of columns, each once: a second `a` becomes `a_1`, so that no value is lost in an object. */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let n = 1; taken.has(free); n++) free = `${name}_${n}`;
    taken.add(free);
    return free;
  });
}
