import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDamaged, assertGolden, BOOL, encodedVector, hex, I32 } from './columns.ts';
import { rowsBy } from './recipes.ts';

test('bitmap: golden bytes', () => {
  assertGolden(BOOL, [1, 0, 1, 1, 0, 0, 0, 0, 1], '05 00 0900 08000000  0d01000000000000');
  assertGolden(BOOL, [0, 1], '05 00 0200 08000000  0200000000000000');
});

test('bitmap: holds the present values only', () => {
  assertGolden(BOOL, [null, 1, null, 0, 1], '05 01 0500 10000000  1a00000000000000  0500000000000000');
});

test('bitmap: taken for bools that differ, one bit each', () => {
  const bytes = encodedVector(BOOL, rowsBy(BOOL, 'bools', 1024, 1));
  assert.equal(bytes[0], 5);
  assert.equal(bytes.length, 8 + 128);
});

test('bitmap: too few bytes, or a type that is not bool, are DAMAGED', () => {
  assertDamaged(BOOL, hex('05 00 4100 08000000  0d01000000000000'), 65, 8, /do not fit|does not fit/);
  assertDamaged(BOOL, hex('05 00 0900 10000000  0d01000000000000 0000000000000000'), 9, 4, /end at 16/);
  assertDamaged(I32, hex('05 00 0900 08000000  0d01000000000000'), 9, 0, /bitmap in a column of type i32/);
});
