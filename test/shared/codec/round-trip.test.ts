import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { describeVector } from '../../../src/shared/codec/describe.ts';
import {
  absentOf,
  BOOL,
  decoded,
  encoded,
  I64,
  type Row,
  rowsOf,
  SHAPES,
  type Shape,
  TIME_MS,
  UTF8,
} from './columns.ts';
import { naiveColumn } from './naive-vector.ts';
import { recipesOf, rowsBy } from './recipes.ts';

const nameOf = (shape: Shape): string => (shape.isTime ? `${shape.kind} time` : shape.kind);

function assertRoundTrip(shape: Shape, rows: Row[], bytes: Uint8Array): void {
  const column = decoded(shape, bytes, rows.length);
  assert.deepEqual(rowsOf(shape, column), rows);
  assert.equal(column.validity?.length, rows.includes(null) ? Math.ceil(rows.length / 8) : undefined);
  rows.forEach((row, i) => {
    if (row === null) assert.deepEqual(column.values[i], absentOf(shape));
  });
}

for (const shape of SHAPES) {
  test(`a ${nameOf(shape)} column of any length up to a vector comes back bit by bit`, () => {
    const recipes = recipesOf(shape).filter((recipe) => !recipe.startsWith('oneLong'));
    for (let length = 1; length <= 1024; length++) {
      const recipe = recipes[length % recipes.length];
      const rows = rowsBy(shape, recipe, length, length, shape.isTime ? 0 : length % 3);
      assertRoundTrip(shape, rows, encoded(shape, rows, { lead: length % 11 }));
    }
  });

  test(`${nameOf(shape)} columns of every sort come back, and read the same by the format document alone`, () => {
    for (const recipe of recipesOf(shape)) {
      for (const [seed, length] of [1, 2, 3, 64, 1023, 1024, 1300].entries()) {
        for (const nulls of shape.isTime ? [0] : [0, 2]) {
          const rows = rowsBy(shape, recipe, length, seed, nulls);
          const bytes = encoded(shape, rows);
          assertRoundTrip(shape, rows, bytes);
          if (length !== 1023)
            assert.deepEqual(naiveColumn(shape, bytes, rows.length), rows, `${recipe}, ${length} rows`);
        }
      }
    }
  });
}

test('columns of several vectors come back wherever they begin, with any nulls, from shared memory or not', () => {
  const column = fc.record({
    shape: fc.constantFrom(...SHAPES),
    pick: fc.nat(1000),
    length: fc.oneof(fc.constantFrom(1, 2, 3, 1023, 1024, 1025, 2048), fc.integer({ min: 1, max: 2100 })),
    seed: fc.integer(),
    nullEighths: fc.constantFrom(0, 0, 1, 4, 7, 8),
    lead: fc.nat(17),
    shared: fc.boolean(),
    validity: fc.boolean(),
    scattered: fc.boolean(),
  });
  fc.assert(
    fc.property(column, ({ shape, pick, length, seed, nullEighths, ...options }) => {
      const recipes = recipesOf(shape);
      const nulls = shape.isTime ? 0 : nullEighths;
      const rows = rowsBy(shape, recipes[pick % recipes.length], length, seed, nulls);
      assertRoundTrip(shape, rows, encoded(shape, rows, options));
    }),
    { numRuns: 400 },
  );
});

/** Leaves other numbers in the encoder's working memory for each seed. */
function useScratch(seed: number): void {
  for (const other of [UTF8, BOOL, I64]) encoded(other, rowsBy(other, recipesOf(other)[1], 1024, seed));
}

test('the same rows always give the same bytes, wherever they lie and whatever was encoded before', () => {
  for (const shape of SHAPES) {
    for (const recipe of recipesOf(shape)) {
      const rows = rowsBy(shape, recipe, 700, 5, shape.isTime ? 0 : 1);
      useScratch(1);
      const bytes = encoded(shape, rows);
      useScratch(2);
      assert.deepEqual(encoded(shape, rows, { lead: 5, shared: false, scattered: true }), bytes, recipe);
    }
  }
});

test('rows without a null take no validity, even where the source keeps a bitmap', () => {
  for (const shape of SHAPES) {
    const rows = rowsBy(shape, recipesOf(shape)[1], 100, 1);
    const bytes = encoded(shape, rows, { validity: true });
    assert.equal(bytes[1] & 1, 0);
    assert.deepEqual(bytes, encoded(shape, rows));
    assert.equal(describeVector(bytes, 0).nulls, 0);
  }
});

test('a column without rows has no bytes', () => {
  for (const shape of SHAPES) {
    assert.equal(encoded(shape, []).length, 0);
    assert.equal(decoded(shape, new Uint8Array(0), 0).values.length, 0);
  }
});

test('times of ms tables come back as numbers, −0 as 0', () => {
  const times = [-0, 0, 9_007_199_254_740_991, -9_007_199_254_740_991];
  const rows = times.map((time) => BigInt.asUintN(64, BigInt(time)));
  for (const some of [rows, rows.slice(0, 2)]) {
    const { values } = decoded(TIME_MS, encoded(TIME_MS, some), some.length);
    assert.ok(values instanceof Float64Array);
    assert.deepEqual(
      Array.from(values),
      times.slice(0, some.length).map((time) => time + 0),
    );
  }
});
