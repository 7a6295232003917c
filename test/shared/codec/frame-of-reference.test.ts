import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertDamaged,
  assertGolden,
  BOOL,
  decoded,
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
  type Row,
  rowsOf,
  TIME_MS,
  TIME_NS,
} from './columns.ts';
import { rowsBy } from './recipes.ts';

const HEAD = '02 00 0400 18000000';

test('frame of reference: golden bytes', () => {
  const golden = `${HEAD} 0200000000000000 0a00000000000000 4c00000000000000`;
  assertGolden(I64, i64Rows(10n, 13n, 10n, 11n), golden);
  assertGolden(TIME_MS, i64Rows(10n, 13n, 10n, 11n), golden);
  assertGolden(TIME_NS, i64Rows(10n, 13n, 10n, 11n), golden);
  assertGolden(F64, f64Rows(10, 13, 10, 11), golden);
});

test('frame of reference: golden bytes of i32 and f32, which need more rows to win', () => {
  const golden = '02 00 0800 18000000  0200000000000000 fbffffffffffffff 4c4c000000000000';
  assertGolden(I32, i32Rows(-5, -2, -5, -4, -5, -2, -5, -4), golden);
  assertGolden(F32, f32Rows(-5, -2, -5, -4, -5, -2, -5, -4), golden);
});

test('frame of reference: golden bytes of 33 bits, low bits first', () => {
  const rows = i64Rows(-1n, 2n ** 32n, -1n, -1n, -1n, -1n, -1n, -1n);
  // −1 + 2^32 + 1: number 1 is 0x1_0000_0001, from bit 33 on.
  const packed = `0000000002000000 02${'00'.repeat(31)}`.replaceAll(' ', '').slice(0, 80);
  assertGolden(I64, rows, `02 00 0800 38000000  2100000000000000 ffffffffffffffff ${packed}`);
});

test('frame of reference: taken for whole numbers in any order', () => {
  for (const shape of [I64, F64, F32, I32])
    assert.equal(encodedVector(shape, rowsBy(shape, 'small', 1024, 1))[0], 2);
  for (const shape of [I64, F64]) {
    assert.equal(encodedVector(shape, rowsBy(shape, 'wide', 1024, 1))[0], 2);
    assert.equal(encodedVector(shape, rowsBy(shape, 'near53', 1024, 1))[0], 2);
  }
  assert.equal(encodedVector(I64, rowsBy(I64, 'nearMax', 1024, 1))[0], 2);
});

test('frame of reference: i64 sums go round at 2^64, as the format says', () => {
  const rows: Row[] = i64Rows(2n ** 63n - 1n, -(2n ** 63n) + 2n, 2n ** 63n - 1n, -(2n ** 63n));
  const bytes = hex(`${HEAD} 0200000000000000 ffffffffffffff7f 4c00000000000000`);
  const golden = `00 00 0400 20000000 ffffffffffffff7f 0200000000000080 ffffffffffffff7f 0000000000000080`;
  assertGolden(I64, rows, golden);
  assert.deepEqual(rowsOf(I64, decoded(I64, bytes, 4)), rows);
});

test('frame of reference: numbers without an equal value in the type are DAMAGED', () => {
  const base = (words: string): Uint8Array => hex(`${HEAD} 0200000000000000 ${words} 4c00000000000000`);
  assertDamaged(F64, base('feffffffffff1f00'), 4, 8, /no f64/); // 2^53 − 2, + 3
  assertDamaged(F64, base('ffffffffffffff7f'), 4, 8, /no f64/);
  assertDamaged(F64, base('0000000000000080'), 4, 8, /no f64/);
  assertDamaged(F32, base('feffff0000000000'), 4, 8, /no f32/); // 2^24 − 2, + 3
  assertDamaged(F32, base('ffffffffffffff7f'), 4, 8, /no f32/);
  assertDamaged(I32, base('feffff7f00000000'), 4, 8, /no i32/); // 2^31 − 2, + 3
  assertDamaged(I32, base('ffffff7fffffffff'), 4, 8, /no i32/);
  assertDamaged(I32, base('ffffffffffffff7f'), 4, 8, /no i32/);
  assertDamaged(TIME_MS, base('fdffffffffff1f00'), 4, 8, /no ms timestamp/); // 2^53 − 3, + 3
});

test('frame of reference: a width over 52, missing bits or a type without it are DAMAGED', () => {
  const golden = `${HEAD} 0200000000000000 0a00000000000000 4c00000000000000`;
  assertDamaged(I64, hex(golden.replace('02000000000000', '35000000000000')), 4, 8, /width of 53/);
  assertDamaged(I64, hex(golden.replace('02000000000000', '20000000000000')), 4, 24, /do not fit/);
  assertDamaged(I64, hex(golden.replace('02000000000000', '00000000000000')), 4, 4, /end at 24/);
  assertDamaged(I64, hex('02 00 0400 08000000 0200000000000000'), 4, 8, /does not fit/);
  assertDamaged(BOOL, hex(golden), 4, 0, /frame of reference in a column of type bool/);
});
