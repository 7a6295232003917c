import { describe, it } from 'node:test';
import fc from 'fast-check';
import { NanoTsDbShared, type Table } from '../../src/main/index.ts';
import { COLUMN_TYPES, type ColumnType, type TimeUnit } from '../../src/shared/schema/types.ts';
import { InlineEngine } from '../support/inline-engine.ts';
import {
  assertBuckets,
  type GivenBuckets,
  type NaiveColumn,
  type NaiveRow,
  naiveAggregate,
} from '../support/naive-aggregate.ts';

const COLUMNS: readonly NaiveColumn[] = COLUMN_TYPES.map((type) => ({ name: type, type }));
const ALL = ['count', 'min', 'max', 'sum', 'mean', 'first', 'last'];
const OF_VARIABLE = ['count', 'first', 'last'];

/** Values small enough that their sums stay finite; the odd ones are the point. */
const VALUES: Readonly<Record<ColumnType, fc.Arbitrary<unknown>>> = {
  f64: fc.oneof(
    fc.constantFrom(Number.NaN, -0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 0.1),
    fc.double({ min: -1e200, max: 1e200 }),
  ),
  f32: fc.oneof(
    fc.constantFrom(Number.NaN, -0, 0.5, Number.POSITIVE_INFINITY),
    fc.integer().map(Math.fround),
  ),
  i64: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -9n, max: 9n })),
  i32: fc.integer(),
  bool: fc.nat(1),
  utf8: fc.constantFrom('', 'a', 'bb', 'é'),
  bytes: fc.uint8Array({ maxLength: 3 }),
};

const PER_MS: Readonly<Record<TimeUnit, number>> = { ms: 1, us: 1000, ns: 1_000_000 };

/** Batches of rows, near one another and far apart, mostly in order, each followed by a wish where they are to lie. */
function scenario() {
  const row = fc.tuple(
    fc.oneof(
      { weight: 8, arbitrary: fc.nat(90) },
      { weight: 1, arbitrary: fc.integer({ min: -100_000, max: 9e8 }) },
    ),
    fc.tuple(...COLUMN_TYPES.map((type) => fc.option(VALUES[type], { freq: 5 }))),
  );
  return fc.record({
    unit: fc.constantFrom<TimeUnit>('ms', 'us', 'ns'),
    batches: fc.array(
      fc.record({
        rows: fc.array(row, { maxLength: 40 }),
        start: fc.integer({ min: -50, max: 400 }),
        isSorted: fc.boolean(),
        place: fc.constantFrom('memory', 'log', 'blocks'),
      }),
      { maxLength: 6 },
    ),
    queries: fc.array(
      fc.record({
        every: fc.constantFrom('1ms', '7ms', '60ms', '1s', '1m', '1h', '1d', '2d', '1w', '1mo', '5mo', '1y'),
        from: fc.option(fc.integer({ min: -200, max: 600 }), { nil: undefined }),
        to: fc.option(fc.integer({ min: -200, max: 600 }), { nil: undefined }),
        fillEmpty: fc.boolean(),
        isCountOnly: fc.boolean(),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  });
}

describe('aggregate', () => {
  it('equals a naive one over any rows, wherever they lie, in any buckets', async () => {
    await fc.assert(
      fc.asyncProperty(scenario(), async ({ unit, batches, queries }) => {
        const db = NanoTsDbShared.over(new InlineEngine());
        const table = (await db.createTable('t', COLUMNS, { unit })) as unknown as Table;
        const rows: NaiveRow[] = [];
        for (const batch of batches) {
          const given = batch.rows.map(([offset, values]) => ({
            // Odd units below the ms, so that rounding down to it is tested.
            ts: BigInt(batch.start + offset) * BigInt(PER_MS[unit]) + BigInt((offset * 7) % PER_MS[unit]),
            values,
          }));
          if (batch.isSorted) given.sort((a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0));
          for (const { ts, values } of given) {
            table.appendRow(ts as never, values as never);
            rows.push({ ts, values });
          }
          if (batch.place === 'log') await db.sync();
          if (batch.place === 'blocks') await db.flush();
          for (const { from, to, every, fillEmpty, isCountOnly } of queries) {
            const inUnits = (ms: number | undefined): bigint | undefined =>
              ms === undefined ? undefined : BigInt(ms) * BigInt(PER_MS[unit]);
            const range = { from: inUnits(from), to: inUnits(to) };
            // Filling a range of days with ms or seconds would be a test of patience.
            const isFine =
              (every.endsWith('ms') || every === '1s') && (from === undefined || to === undefined);
            const filled = fillEmpty && !isFine;
            const columns = Object.fromEntries(
              COLUMNS.map(({ name, type }) => [name, isCountOnly ? ['count'] : wanted(type)]),
            );
            const options = { ...range, every, fillEmpty: filled, columns };
            const answer = await table.aggregate(options as never);
            const expected = naiveAggregate(rows, unit, COLUMNS, { ...range, every, fillEmpty: filled });
            assertBuckets(answer as unknown as GivenBuckets, expected);
          }
        }
        await db.close();
      }),
      { numRuns: 120 },
    );
  });
});

function wanted(type: ColumnType): string[] {
  return type === 'utf8' || type === 'bytes' ? OF_VARIABLE : ALL;
}
