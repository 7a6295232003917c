import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VectorSource } from '../../../src/shared/aggregate/bucket-aggregator.ts';
import { type Aggregate, ColumnAccumulator } from '../../../src/shared/aggregate/column-accumulator.ts';
import { addColumnRuns } from '../../../src/shared/aggregate/column-runs.ts';
import { Runs } from '../../../src/shared/aggregate/runs.ts';
import { summed } from '../../../src/shared/codec/scratch.ts';
import { MillraceError } from '../../../src/shared/errors.ts';
import { ColumnVectors, VectorRoom, valuesOf } from '../../../src/shared/read/column-vectors.ts';
import { encoded, F64, f64Rows, type Row } from '../codec/columns.ts';
import { type Dice, dice, recipesOf, rowsBy } from '../codec/recipes.ts';
import { byTwins } from '../kernels/twin-rounds.ts';

const COLUMN = { id: 1, name: 'a', type: 'f64' } as const;
const room = new VectorRoom('f64', false, false, summed);

function sourceOf(bytes: Uint8Array, rows: number): VectorSource {
  const vectors = new ColumnVectors(bytes, rows, valuesOf('f64'));
  return {
    present: (vector) => vectors.present(vector),
    decode: (vector) => room.decode(vectors, vector),
    statistics: (vector) => vectors.statistics(vector),
    canAddUp: (vector) => vectors.canAddUp(vector),
    addUp: (vector, from, runs, wantsExtremes) => vectors.addUp(vector, from, runs, wantsExtremes),
  };
}

/** Decimals that walk or scatter, or anything else, with nulls in some vectors. */
function rowsOfVector(count: number, roll: Dice): Row[] {
  let sum = roll(100_000);
  const power = [1, 10, 1000][roll(3)]!;
  if (roll(3) > 0) return f64Rows(...Array.from({ length: count }, () => (sum += roll(9) - 4) / power));
  const recipes = recipesOf(F64);
  return rowsBy(F64, recipes[roll(recipes.length)]!, count, roll(2 ** 31), roll(3));
}

/** Runs of random lengths over part of the rows, each of a bucket of its own. */
function randomRuns(rows: number, roll: Dice): Runs {
  const runs = new Runs();
  const from = roll(2) === 0 ? 0 : roll(rows);
  const to = roll(2) === 0 ? rows : from + roll(rows - from + 1);
  runs.clear(from);
  const longest = [3, 40, 700, 5000][roll(4)]!;
  for (let at = from; at < to; ) {
    at = Math.min(to, at + 1 + roll(longest));
    runs.add(runs.count, at);
  }
  return runs;
}

function added(bytes: Uint8Array, rows: number, runs: Runs, wanted: readonly Aggregate[]): unknown {
  const accumulator = new ColumnAccumulator(COLUMN, wanted, 'f64');
  accumulator.reserve(Math.max(1, runs.count));
  addColumnRuns(accumulator, sourceOf(bytes, rows), runs, { rows, vectorRows: 1024 });
  const slots = Array.from({ length: runs.count }, (_, slot) => slot);
  const hasExtremes = wanted.includes('min');
  return {
    counts: accumulator.counts,
    sums: accumulator.sums,
    extremes: slots.map((slot) =>
      hasExtremes && accumulator.counts[slot]! > 0
        ? [accumulator.extreme('min', slot), accumulator.extreme('max', slot)]
        : [],
    ),
  };
}

test('runs of rows come to the same, bit for bit, whether a kernel adds up many vectors or each is added up alone', () => {
  const roll = dice(71);
  let taken = 0;
  for (let round = 0; round < 400; round++) {
    const vectors = 1 + roll(9);
    const parts = Array.from({ length: vectors }, (_, i) =>
      rowsOfVector(i === vectors - 1 ? 1 + roll(1024) : 1024, roll),
    );
    const rows = parts.flat();
    const bytes = encoded(F64, rows);
    const runs = randomRuns(rows.length, roll);
    const wanted: readonly Aggregate[] = [
      ['sum'] as const,
      ['mean', 'count'] as const,
      ['min', 'max'] as const,
      ['sum', 'min', 'max'] as const,
    ][roll(4)]!;
    const found = added(bytes, rows.length, runs, wanted);
    assert.deepEqual(
      found,
      byTwins(() => added(bytes, rows.length, runs, wanted)),
      `round ${round}`,
    );
    const source = sourceOf(bytes, rows.length);
    if (runs.count > 0 && runs.count <= 2048 && runs.from === 0) {
      const accumulator = new ColumnAccumulator(COLUMN, wanted, 'f64');
      accumulator.reserve(runs.count);
      accumulator.stage(runs, 0);
      taken += source.addUp!(0, 0, runs.count, false);
    }
  }
  assert.ok(taken > 100_000, `only ${taken} rows were for the kernel`);
});

test('runs beyond the room that the kernel has for them are added up all the same', () => {
  const rows = f64Rows(...Array.from({ length: 8192 }, (_, i) => (i % 100) / 10));
  const bytes = encoded(F64, rows);
  const runs = new Runs();
  runs.clear(0);
  for (let row = 0; row < 8192; row += 2) runs.add(row / 2, row + 2);
  const accumulator = new ColumnAccumulator(COLUMN, ['sum'], 'f64');
  accumulator.reserve(runs.count);
  addColumnRuns(accumulator, sourceOf(bytes, 8192), runs, { rows: 8192, vectorRows: 1024 });
  for (let i = 0; i < 4096; i++)
    assert.equal(accumulator.sums[i], ((2 * i) % 100) / 10 + ((2 * i + 1) % 100) / 10);
});

test('adding up damaged columns ends in a result or in DAMAGED', () => {
  const roll = dice(72);
  for (let column = 0; column < 20; column++) {
    const rows = [...rowsOfVector(1024, roll), ...rowsOfVector(1024, roll), ...rowsOfVector(300, roll)];
    const bytes = encoded(F64, rows);
    for (let round = 0; round < 200; round++) {
      const hurt = bytes.slice();
      for (let k = 1 + roll(3); k > 0; k--) {
        const at = roll(3) === 0 ? roll(hurt.length) : roll(Math.min(hurt.length, 64));
        hurt[at] = roll(2) === 0 ? roll(256) : hurt[at]! ^ (1 << roll(8));
      }
      try {
        added(hurt, rows.length, randomRuns(rows.length, roll), ['sum', 'min', 'max']);
      } catch (error) {
        if (!MillraceError.is(error) || error.code !== 'DAMAGED') throw error;
      }
    }
  }
});
