import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type AggregateInput,
  BucketAggregator,
  type TimeSource,
  type VectorSource,
} from '../../../src/shared/aggregate/bucket-aggregator.ts';
import { AGGREGATES, type Aggregate } from '../../../src/shared/aggregate/column-accumulator.ts';
import type { DecodedColumn } from '../../../src/shared/codec/column-data.ts';
import { bucketGrid } from '../../../src/shared/time/bucket-grid.ts';

const COLUMN = { id: 1, name: 'a', type: 'f64' } as const;
const VECTOR_ROWS = 4;

/** A block of vectors of 4 rows, which tells what it was asked to decode. */
class FakeBlock implements AggregateInput {
  readonly vectorRows = VECTOR_ROWS;
  readonly sorted: boolean;
  readonly decoded: string[] = [];
  private readonly times: readonly number[];
  private readonly values: readonly (number | null)[];
  private readonly hasStatistics: boolean;

  constructor(times: readonly number[], values: readonly (number | null)[], hasStatistics: boolean) {
    this.times = times;
    this.values = values;
    this.hasStatistics = hasStatistics;
    this.sorted = times.every((ts, i) => i === 0 || times[i - 1]! <= ts);
  }

  get rows(): number {
    return this.times.length;
  }

  get minTs(): bigint {
    return BigInt(Math.min(...this.times));
  }

  get maxTs(): bigint {
    return BigInt(Math.max(...this.times));
  }

  /** Times that can be looked up one by one, as those of a sorted block can. */
  time(): TimeSource {
    const of = (vector: number) => this.times.slice(vector * VECTOR_ROWS, (vector + 1) * VECTOR_ROWS);
    return {
      ...this.source('ts', this.times),
      at: (vector, row) => of(vector)[row]!,
      rowAt: (vector, wanted, isAfter) =>
        of(vector).filter((ts) => ts < wanted || (isAfter && ts === wanted)).length,
    };
  }

  column(): VectorSource {
    return this.source('a', this.values);
  }

  private source(name: string, all: readonly (number | null)[]): VectorSource {
    const of = (vector: number) => all.slice(vector * VECTOR_ROWS, (vector + 1) * VECTOR_ROWS);
    const present = (vector: number) => of(vector).filter((value) => value !== null);
    return {
      present: (vector) => present(vector).length,
      statistics: (vector) => {
        const values = present(vector);
        if (!this.hasStatistics) return undefined;
        const numbers = values.filter((value) => !Number.isNaN(value));
        const of = (pick: (...all: number[]) => number): number =>
          numbers.length === 0 ? Number.NaN : pick(...numbers);
        const { length } = all.slice(vector * VECTOR_ROWS, (vector + 1) * VECTOR_ROWS);
        const sum = values.reduce((a, b) => a + b, 0);
        return { count: length, nulls: length - values.length, min: of(Math.min), max: of(Math.max), sum };
      },
      decode: (vector): DecodedColumn => {
        this.decoded.push(`${name} ${vector}`);
        const rows = of(vector);
        const validity = rows.includes(null)
          ? Uint8Array.of(rows.reduce<number>((bits, value, i) => bits | (Number(value !== null) << i), 0))
          : undefined;
        return { values: Float64Array.from(rows, (value) => value ?? 0), validity };
      },
    };
  }
}

function aggregate(block: FakeBlock, wanted: readonly Aggregate[], from = 0, to = 1e6) {
  const grid = bucketGrid({ kind: 'fixed', ms: 100 }, undefined);
  const columns = [{ column: COLUMN, wanted }];
  const plan = { grid, from, to, timeKind: 'f64', perMs: 1, columns } as const;
  const aggregator = new BucketAggregator(plan, 0, 10_000, block.rows);
  aggregator.add(block);
  const column = aggregator.columns[0]!;
  return aggregator.slots
    .inOrder()
    .filter(([, slot]) => aggregator.rows[slot]! > 0)
    .map(([number, slot]) => {
      const count = column.counts[slot]!;
      const extremes = { min: column.extreme('min', slot), max: column.extreme('max', slot) };
      const values: Record<string, unknown> = { count, sum: column.sums[slot], ...extremes };
      values['first'] = column.firsts[slot];
      values['last'] = column.lasts[slot];
      const picked = wanted.filter((name) => name !== 'mean' && (count > 0 || name === 'count'));
      return [number, aggregator.rows[slot], ...picked.map((name) => values[name])];
    });
}

describe('a vector within one bucket', () => {
  // Vectors 0 and 2 lie in one bucket each, 1 goes from bucket 0 to 1.
  const times = [0, 1, 2, 3, 50, 99, 100, 101, 102, 103, 104, 105];
  const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

  it('is answered by its statistics: neither its values nor its times are decoded', () => {
    const block = new FakeBlock(times, values, true);
    const found = aggregate(block, ['count', 'min', 'max', 'sum']);
    assert.deepEqual(found, [
      [0, 6, 6, 1, 6, 21],
      [1, 6, 6, 7, 12, 57],
    ]);
    assert.deepEqual(block.decoded, ['a 1']);
  });

  it('is decoded for its first and last value, and where it has no statistics', () => {
    const ends = new FakeBlock(times, values, true);
    assert.deepEqual(aggregate(ends, ['first', 'last']), [
      [0, 6, 1, 6],
      [1, 6, 7, 12],
    ]);
    assert.ok(ends.decoded.includes('a 0') && ends.decoded.includes('a 2'));
    const plain = new FakeBlock(times, values, false);
    assert.equal(aggregate(plain, ['sum'])[1]![2], 57);
    assert.ok(plain.decoded.includes('a 2'));
  });

  it('is answered by its statistics where values are NaN or null too', () => {
    const some = new FakeBlock([0, 1, 2], [Number.NaN, null, 1], true);
    assert.deepEqual(aggregate(some, ['count', 'min', 'max', 'sum']), [[0, 3, 2, 1, 1, Number.NaN]]);
    const none = new FakeBlock([0, 1], [Number.NaN, Number.NaN], true);
    assert.deepEqual(aggregate(none, ['min', 'max']), [[0, 2, Number.NaN, Number.NaN]]);
    const nulls = new FakeBlock([0, 1], [null, null], true);
    assert.deepEqual(aggregate(nulls, ['count', 'min']), [[0, 2, 0]]);
    assert.deepEqual([...some.decoded, ...none.decoded, ...nulls.decoded], []);
  });

  it('is not decoded for a count, nor is one across buckets that has no nulls', () => {
    const block = new FakeBlock(times, values, false);
    assert.deepEqual(aggregate(block, ['count']), [
      [0, 6, 6],
      [1, 6, 6],
    ]);
    assert.ok(!block.decoded.some((name) => name.startsWith('a')));
  });

  it('that a range cuts is decoded', () => {
    const block = new FakeBlock(times, values, true);
    assert.deepEqual(aggregate(block, ['sum'], 1, 104), [
      [0, 5, 20],
      [1, 5, 45],
    ]);
  });
});

describe('blocks of many vectors', () => {
  it('give the same with statistics and without, sorted or not, nulls and NaN included', () => {
    const value = fc.oneof(fc.constantFrom(null, Number.NaN), fc.integer({ min: -99, max: 99 }));
    const row = fc.tuple(fc.nat(400), value);
    const wanted = fc.subarray([...AGGREGATES], { minLength: 1 });
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 30 }),
        wanted,
        fc.boolean(),
        (rows, names, isSorted) => {
          const ordered = isSorted ? [...rows].sort(([a], [b]) => a - b) : rows;
          const times = ordered.map(([ts]) => ts);
          const values = ordered.map(([, value]) => value);
          const [from, to] = [50, 350];
          const found = aggregate(new FakeBlock(times, values, true), names, from, to);
          assert.deepEqual(found, aggregate(new FakeBlock(times, values, false), names, from, to));
          const sorted = [...ordered].sort(([a], [b]) => a - b);
          const naive = new FakeBlock(
            sorted.map(([ts]) => ts),
            sorted.map(([, value]) => value),
            false,
          );
          assert.deepEqual(found, aggregate(naive, names, from, to));
        },
      ),
      { numRuns: 500 },
    );
  });
});
