import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { NanoTsDbShared, type Rows, type Table } from '../../src/main/index.ts';
import { COLUMN_TYPES, type ColumnType } from '../../src/shared/schema/types.ts';
import { InlineEngine } from '../support/inline-engine.ts';

const COLUMNS = COLUMN_TYPES.map((type) => ({ name: type, type }));
const OPS = ['=', '!=', '<', '<=', '>', '>=', 'is null', 'is not null'] as const;

/** Few values, so that predicates meet them. */
const VALUES: Readonly<Record<ColumnType, fc.Arbitrary<unknown>>> = {
  f64: fc.constantFrom(
    Number.NaN,
    -0,
    0,
    1.5,
    -1.5,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    5e-324,
  ),
  f32: fc.constantFrom(Number.NaN, -0, 0.5, -2, Number.NEGATIVE_INFINITY),
  i64: fc.constantFrom(
    0n,
    -1n,
    1n,
    2n ** 32n,
    -(2n ** 32n) - 1n,
    2n ** 63n - 1n,
    -(2n ** 63n),
    2n ** 53n + 1n,
  ),
  i32: fc.constantFrom(0, 1, -1, 2 ** 31 - 1, -(2 ** 31)),
  bool: fc.constantFrom(0, 1),
  utf8: fc.constantFrom('', 'a', 'ab', 'é', '\u{10000}'),
  bytes: fc.constantFrom(Uint8Array.of(), Uint8Array.of(1), Uint8Array.of(1, 0), Uint8Array.of(255)),
};
const predicate = fc
  .tuple(fc.constantFrom(...COLUMN_TYPES), fc.constantFrom(...OPS))
  .chain(([column, op]) =>
    VALUES[column].map((value) => (op.startsWith('is') ? { column, op } : { column, op, value })),
  );
const row = fc.tuple(
  fc.nat(60),
  fc.tuple(...COLUMN_TYPES.map((type) => fc.option(VALUES[type], { freq: 4 }))),
);
const query = fc.record({
  from: fc.option(fc.integer({ min: -5, max: 70 }), { nil: undefined }),
  to: fc.option(fc.integer({ min: -5, max: 70 }), { nil: undefined }),
  where: fc.array(predicate, { maxLength: 2 }),
  limit: fc.option(fc.nat(30), { nil: undefined }),
  order: fc.constantFrom('asc', 'desc'),
  columns: fc.subarray(COLUMN_TYPES),
  ts: fc.boolean(),
});
const batch = fc.record({
  rows: fc.array(row, { maxLength: 30 }),
  place: fc.constantFrom('memory', 'log', 'blocks'),
  isSorted: fc.boolean(),
  queries: fc.array(query, { minLength: 1, maxLength: 3 }),
});

interface NaiveRow {
  readonly ts: number;
  readonly values: readonly unknown[];
}

/** What a predicate means, in the words of the docs: null matches nothing, NaN only `!=`. */
function fulfils(value: unknown, op: string, wanted: unknown): boolean {
  if (op === 'is null') return value === null;
  if (value === null) return false;
  if (op === 'is not null') return true;
  if (value instanceof Uint8Array) return compares(Buffer.compare(value, wanted as Uint8Array), op, 0);
  return compares(value as number, op, wanted as number);
}

function compares<T extends number | bigint | string>(value: T, op: string, wanted: T): boolean {
  switch (op) {
    case '=':
      return value === wanted;
    case '!=':
      return value !== wanted;
    case '<':
      return value < wanted;
    case '<=':
      return value <= wanted;
    case '>':
      return value > wanted;
    default:
      return value >= wanted;
  }
}

interface Options {
  from?: number | undefined;
  to?: number | undefined;
  readonly where: readonly { column: string; op: string; value?: unknown }[];
  limit?: number | undefined;
  order: string;
  columns: readonly string[];
  ts: boolean;
}

function naiveQuery(
  rows: readonly NaiveRow[],
  { from, to, where, limit, order, columns, ts: hasTime }: Options,
) {
  const at = (name: string): number => COLUMN_TYPES.indexOf(name as ColumnType);
  const wanted = rows.filter(
    ({ ts, values }) =>
      ts >= (from ?? Number.NEGATIVE_INFINITY) &&
      ts <= (to ?? Number.POSITIVE_INFINITY) &&
      where.every(({ column, op, value }) => fulfils(values[at(column)], op, value)),
  );
  wanted.sort((a, b) => a.ts - b.ts);
  if (order === 'desc') wanted.reverse();
  return wanted
    .slice(0, limit)
    .map(({ ts, values }) => [hasTime ? ts : undefined, ...columns.map((name) => values[at(name)])]);
}

function plainRows(rows: Rows, columns: readonly string[]): unknown[][] {
  const isNull = (name: string, i: number): boolean => {
    const bits = rows.validity[name];
    return bits !== undefined && ((bits[i >> 3]! >> (i & 7)) & 1) === 0;
  };
  return Array.from({ length: rows.rowCount }, (_, i) => [
    // Absent if they were not asked for.
    (rows as Partial<Rows>).ts?.[i],
    ...columns.map((name) => (isNull(name, i) ? null : rows.columns[name]![i])),
  ]);
}

describe('query and scan', () => {
  it('equal a naive one over any rows and options, wherever the rows lie', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 5 }), async (batches) => {
        const db = NanoTsDbShared.over(new InlineEngine());
        const table = (await db.createTable('t', COLUMNS)) as unknown as Table;
        const rows: NaiveRow[] = [];
        for (const { rows: given, place, isSorted, queries } of batches) {
          const ordered = isSorted ? [...given].sort(([a], [b]) => a - b) : given;
          for (const [ts, values] of ordered) {
            table.appendRow(ts, values as never);
            rows.push({ ts, values });
          }
          if (place === 'log') await db.sync();
          if (place === 'blocks') await db.flush();
          for (const options of queries) {
            const expected = naiveQuery(rows, options);
            const { columns } = options;
            assert.deepEqual(plainRows((await table.query(options as never)) as Rows, columns), expected);
            const scanned: unknown[][] = [];
            for await (const part of table.scan({ ...options, batchRows: 7 } as never)) {
              scanned.push(...plainRows(part as Rows, columns));
            }
            assert.deepEqual(scanned, expected);
          }
        }
        await db.close();
      }),
      { numRuns: 150 },
    );
  });
});
