import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertDamaged,
  assertGolden,
  encodedVector,
  F32,
  F64,
  f32Rows,
  f64Rows,
  hex,
  I64,
  i64Rows,
  TIME_MS,
  TIME_NS,
} from './columns.ts';
import { rowsBy } from './recipes.ts';

test('raw: golden bytes', () => {
  assertGolden(F64, f64Rows(0.5, -2), '00 00 0200 10000000  000000000000e03f 00000000000000c0');
  assertGolden(F32, f32Rows(0.5, 1, 2), '00 00 0300 10000000  0000003f 0000803f 00000040 00000000');
  assertGolden(TIME_MS, i64Rows(-1n, 258n), '00 00 0200 10000000  ffffffffffffffff 0201000000000000');
  assertGolden(TIME_NS, i64Rows(-1n, 258n), '00 00 0200 10000000  ffffffffffffffff 0201000000000000');
  assertGolden(I64, i64Rows(-(2n ** 63n), 5n), '00 00 0200 10000000  0000000000000080 0500000000000000');
});

test('raw: the values after nulls are taken out', () => {
  assertGolden(
    F64,
    [null, ...f64Rows(0.5), null, ...f64Rows(Number.POSITIVE_INFINITY)],
    '00 01 0400 18000000  0a00000000000000  000000000000e03f 000000000000f07f',
  );
});

test('raw: keeps every bit of a NaN', () => {
  assertGolden(
    F64,
    [0x7ff0_0000_0000_0001n, 0xfff8_0000_dead_beefn],
    '00 00 0200 10000000  010000000000f07f efbeadde0000f8ff',
  );
  assertGolden(
    F32,
    [0x7f800001, 0xffc0dead, 0x3f],
    '00 00 0300 10000000  0100807f addec0ff 3f000000 00000000',
  );
});

test('raw: taken for random bits and for integers of too wide a range', () => {
  assert.equal(encodedVector(F64, rowsBy(F64, 'random', 1024, 1))[0], 0);
  assert.equal(encodedVector(I64, rowsBy(I64, 'tooWide', 1024, 1))[0], 0);
  assert.equal(encodedVector(I64, rowsBy(I64, 'extremes', 1024, 1))[0], 0);
});

test('raw: values that do not fill the vector, or are no ms timestamp, are DAMAGED', () => {
  assertDamaged(F64, hex('00 00 0200 08000000  000000000000e03f'), 2, 8, /do not fit/);
  assertDamaged(F64, hex('00 00 0100 10000000  000000000000e03f 0000000000000000'), 1, 4, /end at 16/);
  const unsafe = hex('00 00 0200 10000000  0000000000000000 0000000000002000');
  assertDamaged(TIME_MS, unsafe, 2, 16, /no ms timestamp/);
  assertGolden(TIME_NS, i64Rows(0n, 2n ** 53n), '00 00 0200 10000000  0000000000000000 0000000000002000');
});
