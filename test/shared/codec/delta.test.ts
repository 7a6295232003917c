import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertDamaged,
  assertGolden,
  encodedVector,
  F64,
  f64Rows,
  hex,
  I32,
  I64,
  i64Rows,
  TIME_MS,
  TIME_NS,
  UTF8,
} from './columns.ts';
import { rowsBy } from './recipes.ts';

const HEAD = '03 00 0500 20000000';
const STEP = 2n ** 40n;
const VALUES = [5n, 5n + STEP, 6n + 2n * STEP, 6n + 3n * STEP, 6n + 4n * STEP];
const GOLDEN = `${HEAD} 0100000000000000 0500000000000000 0000000000010000 0200000000000000`;

test('delta: golden bytes', () => {
  assertGolden(I64, i64Rows(...VALUES), GOLDEN);
  assertGolden(TIME_MS, i64Rows(...VALUES), GOLDEN);
  assertGolden(F64, f64Rows(...VALUES.map(Number)), GOLDEN);
});

test('delta: golden bytes of falling values, with nulls', () => {
  const rows = i64Rows(...VALUES.map((value) => -value));
  // Differences −2^40 but for one of −2^40 − 1, which is the base.
  assertGolden(TIME_NS, rows, `${HEAD} 0100000000000000 fbffffffffffffff fffffffffffeffff 0d00000000000000`);
  assertGolden(
    I64,
    [null, ...rows],
    `03 01 0600 28000000 3e00000000000000 0100000000000000 fbffffffffffffff fffffffffffeffff 0d00000000000000`,
  );
});

test('delta: taken for walks, and for timestamps at regular times', () => {
  for (const shape of [I64, I32, F64])
    assert.equal(encodedVector(shape, rowsBy(shape, 'walk', 1024, 1))[0], 3);
  for (const shape of [I64, F64, TIME_MS, TIME_NS]) {
    assert.equal(encodedVector(shape, rowsBy(shape, 'regular', 1024, 1))[0], 3);
  }
  assert.equal(encodedVector(I64, rowsBy(I64, 'nearMin', 1024, 1))[0], 3);
  assert.equal(encodedVector(TIME_MS, rowsBy(TIME_MS, 'regular', 1024, 1)).length, 32);
});

test('delta: sums that leave the whole numbers of float64 are DAMAGED', () => {
  const steps = (base: string): Uint8Array => hex(GOLDEN.replace('0000000000010000', base));
  assertDamaged(I64, steps('0000000000000800'), 5, 8, /over 2\^52/); // 4 · 2^51 = 2^53
  assertDamaged(I64, steps('0000000000002000'), 5, 8, /over 2\^52/);
  assertDamaged(I64, steps('0000000000000080'), 5, 8, /over 2\^52/);
  const first = (value: string): Uint8Array => hex(GOLDEN.replace('0500000000000000', value));
  assertDamaged(F64, first('0000000000002000'), 5, 8, /no f64/);
  assertDamaged(TIME_MS, first('0000000000002000'), 5, 8, /no ms timestamp/);
  assertDamaged(I32, hex(GOLDEN), 5, 8, /no i32/);
});

test('delta: a width over 52, missing bits or a type without it are DAMAGED', () => {
  assertDamaged(I64, hex(GOLDEN.replace('0500 20000000 01', '0500 20000000 35')), 5, 8, /width of 53/);
  assertDamaged(I64, hex(GOLDEN.replace('0500 20000000 01', '0500 20000000 11')), 5, 32, /do not fit/);
  assertDamaged(I64, hex('03 00 0100 10000000 0000000000000000 0000000000000000'), 1, 8, /does not fit/);
  assertDamaged(UTF8, hex(GOLDEN), 5, 0, /delta in a column of type utf8/);
});
