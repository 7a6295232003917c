import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MillraceError } from '../../../src/shared/errors.ts';
import { BOOL, decoded, encodedVector, F32, F64, I32, I64, type Row, rowsOf, type Shape } from './columns.ts';
import { naiveColumn } from './naive-vector.ts';
import { dice, recipesOf, rowsBy } from './recipes.ts';

const SHAPES = [F64, F32, I64, I32, BOOL];

/** Rows of a recipe, each repeated 1 to `most` times. */
function repeated(shape: Shape, recipe: string, most: number, seed: number, nulls: number): Row[] {
  const roll = dice(seed);
  const rows: Row[] = [];
  for (const row of rowsBy(shape, recipe, 1024, seed, nulls)) {
    for (let i = 1 + roll(most); i > 0 && rows.length < 1024; i--) rows.push(row);
  }
  return rows;
}

function roundTrip(shape: Shape, rows: Row[]): Uint8Array {
  const bytes = encodedVector(shape, rows);
  assert.deepEqual(rowsOf(shape, decoded(shape, bytes, rows.length)), rows);
  assert.deepEqual(naiveColumn(shape, bytes), rows);
  return bytes;
}

test('run lengths: taken for values that repeat, whatever their type and bits', () => {
  assert.equal(roundTrip(F64, repeated(F64, 'random', 200, 1, 0))[0], 10);
  assert.equal(roundTrip(F64, repeated(F64, 'special', 200, 1, 0))[0], 10);
  assert.equal(roundTrip(I64, repeated(I64, 'extremes', 200, 1, 0))[0], 10);
  assert.equal(roundTrip(F32, repeated(F32, 'random', 100, 1, 0))[0], 10);
  const switches = Array.from({ length: 1024 }, (_, i): Row => (i < 300 || i > 900 ? 1 : 0));
  const bytes = roundTrip(BOOL, switches);
  assert.equal(bytes[0], 10);
  assert.ok(bytes.length < 100, `${bytes.length} bytes`);
});

test('run lengths: columns with runs of any length, with nulls or not, come back', () => {
  const column = fc.record({
    shape: fc.constantFrom(...SHAPES),
    pick: fc.nat(1000),
    most: fc.integer({ min: 1, max: 300 }),
    seed: fc.nat(),
    nulls: fc.nat(3),
  });
  fc.assert(
    fc.property(column, ({ shape, pick, most, seed, nulls }) => {
      const recipes = recipesOf(shape);
      roundTrip(shape, repeated(shape, recipes[pick % recipes.length]!, most, seed, nulls));
    }),
    { numRuns: 200 },
  );
});

test('run lengths: any byte that is changed gives right rows of their number or DAMAGED', () => {
  const rows = repeated(F64, 'random', 200, 1, 0);
  const bytes = roundTrip(F64, rows);
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of [1, 0x80, 0xff]) {
      const hurt = bytes.slice();
      hurt[at]! ^= flip;
      try {
        assert.equal(decoded(F64, hurt, rows.length).values.length, rows.length);
      } catch (error) {
        assert.ok(MillraceError.is(error) && error.code === 'DAMAGED', String(error));
      }
    }
  }
});
