import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertDamaged,
  assertGolden,
  BOOL,
  encodedVector,
  F32,
  F64,
  f32Rows,
  f64Rows,
  hex,
  I32,
  I64,
  i32Rows,
  i64Rows,
  TIME_MS,
  UTF8,
} from './columns.ts';

test('constant: golden bytes', () => {
  assertGolden(F64, f64Rows(0.5, 0.5, 0.5), '01 00 0300 08000000  000000000000e03f');
  assertGolden(F32, f32Rows(1, 1, 1), '01 00 0300 08000000  0000803f 00000000');
  assertGolden(I64, i64Rows(-2n, -2n), '01 00 0200 08000000  feffffffffffffff');
  assertGolden(I32, i32Rows(-2), '01 00 0100 08000000  feffffff 00000000');
  assertGolden(BOOL, [1, 1, 1], '01 00 0300 08000000  0100000000000000');
  assertGolden(BOOL, [0], '01 00 0100 08000000  0000000000000000');
  assertGolden(TIME_MS, i64Rows(-5n, -5n), '01 00 0200 08000000  fbffffffffffffff');
});

test('constant: one value and nulls', () => {
  const rows = [null, ...i32Rows(7), null, ...i32Rows(7, 7)];
  assertGolden(I32, rows, '01 01 0500 10000000  1a00000000000000  07000000 00000000');
  assertGolden(BOOL, [null, 1], '01 01 0200 10000000  0200000000000000  0100000000000000');
});

test('constant: means the same bits, so −0 is not 0 and NaNs may differ', () => {
  assertGolden(F64, f64Rows(-0, -0), '01 00 0200 08000000  0000000000000080');
  const nan = 0xfff8_0000_0000_0123n;
  assertGolden(F64, [nan, nan], '01 00 0200 08000000  230100000000f8ff');
  assert.equal(encodedVector(F64, f64Rows(0, -0))[0], 0);
  assert.equal(encodedVector(F64, [nan, nan + 1n])[0], 0);
  assert.equal(encodedVector(F32, [0x7f800001, 0x7f800001])[0], 1);
  assert.equal(encodedVector(F32, [0x7f800001, 0x7f800002])[0], 0);
});

test('constant: taken for a whole vector of one value, 16 bytes in all', () => {
  assert.equal(encodedVector(F64, f64Rows(...new Array(1024).fill(1.5))).length, 16);
  assert.equal(encodedVector(BOOL, new Array(1024).fill(0)).length, 16);
  assert.equal(encodedVector(F64, f64Rows(...new Array(1023).fill(Math.SQRT2), 2.5))[0], 10);
  assert.notEqual(encodedVector(F64, f64Rows(...new Array(1023).fill(1.5), 2.5))[0], 1);
});

test('constant: a value that the type does not have, or a type without it, is DAMAGED', () => {
  assertDamaged(BOOL, hex('01 00 0300 08000000  0200000000000000'), 3, 8, /no bool/);
  assertDamaged(TIME_MS, hex('01 00 0300 08000000  0000000000002000'), 3, 8, /no ms timestamp/);
  assertDamaged(
    UTF8,
    hex('01 00 0300 08000000  0000000000000000'),
    3,
    0,
    /constant in a column of type utf8/,
  );
  assertDamaged(F64, hex('01 00 0300 00000000  0000000000000000'), 3, 8, /does not fit/);
});
