import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnStatistics } from '../../../src/shared/codec/column-statistics.ts';
import {
  encoded,
  F32,
  F64,
  f64FromBits,
  f64Rows,
  I32,
  I64,
  i64Rows,
  type Row,
  type Shape,
} from './columns.ts';
import { recipesOf, rowsBy } from './recipes.ts';

/** The values as numbers or bigints, nulls left out. */
function valuesOf(shape: Shape, rows: readonly Row[]): (number | bigint)[] {
  return rows
    .filter((row) => row !== null)
    .map((row) => {
      if (shape === F64) return f64FromBits(row as bigint);
      if (shape === I64) return BigInt.asIntN(64, row as bigint);
      const word = new Uint32Array([row as number]);
      return shape === F32 ? new Float32Array(word.buffer)[0]! : new Int32Array(word.buffer)[0]!;
    });
}

function close(a: number, b: number, scale: number): boolean {
  return (
    Object.is(a, b) || Math.abs(a - b) <= 1e-9 * Math.max(1, scale) || (Number.isNaN(a) && Number.isNaN(b))
  );
}

test('statistics of a vector say what its values are, nulls, NaN, infinities and −0 included', () => {
  let met = 0;
  for (const shape of [F64, F32, I64, I32]) {
    for (const recipe of recipesOf(shape)) {
      for (const [length, nulls] of [
        [64, 0],
        [1023, 2],
        [1024, 0],
        [300, 7],
      ] as const) {
        const rows = rowsBy(shape, recipe, length, length, nulls);
        const [statistics] = columnStatistics(encoded(shape, rows), shape.kind, length);
        if (statistics === undefined) continue;
        met++;
        const values = valuesOf(shape, rows);
        const what = `${shape.kind} ${recipe} ${length}`;
        assert.equal(statistics.count, length, what);
        assert.equal(statistics.nulls, length - values.length, what);
        if (shape === I64) {
          const big = values as bigint[];
          assert.equal(
            statistics.min,
            big.reduce((a, b) => (b < a ? b : a)),
            what,
          );
          assert.equal(
            statistics.max,
            big.reduce((a, b) => (b > a ? b : a)),
            what,
          );
          assert.equal(
            statistics.sum,
            big.reduce((a, b) => a + b),
            what,
          );
          continue;
        }
        const numbers = (values as number[]).filter((value) => !Number.isNaN(value));
        const least = numbers.length === 0 ? Number.NaN : Math.min(...numbers) + 0;
        const most = numbers.length === 0 ? Number.NaN : Math.max(...numbers) + 0;
        assert.ok(Object.is(statistics.min, least) && Object.is(statistics.max, most), `${what}: range`);
        const sum = (values as number[]).reduce((a, b) => a + b, 0);
        const scale = numbers.reduce((a, b) => a + Math.abs(b), 0);
        assert.ok(close(statistics.sum as number, sum, scale) || !Number.isFinite(scale), `${what}: sum`);
      }
    }
  }
  assert.ok(met > 100, `${met} vectors with statistics`);
});

test('statistics of a sum that int64 cannot hold are left out', () => {
  const rows = i64Rows(...Array.from({ length: 100 }, (_, i) => 2n ** 62n + BigInt(i)));
  assert.deepEqual(columnStatistics(encoded(I64, rows), 'i64', 100), [undefined]);
});

test('statistics are there for each vector of a column, also of one value or with a dictionary', () => {
  const same = columnStatistics(encoded(F64, f64Rows(...new Array<number>(3000).fill(2.5))), 'f64', 3000);
  assert.deepEqual(
    same.map((vector) => vector?.sum),
    [2560, 2560, 2380],
  );
  const few = Array.from({ length: 3000 }, (_, i) => Math.sqrt(i % 50));
  const bytes = encoded(F64, f64Rows(...few));
  assert.equal(bytes[0], 11);
  const vectors = columnStatistics(bytes, 'f64', 3000);
  assert.deepEqual(
    vectors.map((vector) => [vector?.min, vector?.max]),
    new Array(3).fill([0, 7]),
  );
});
