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
  UTF8,
} from './columns.ts';
import { rowsBy } from './recipes.ts';

const SQUARES = [0n, 1n, 4n, 9n, 16n, 25n].map((square) => 7n + square * 2n ** 32n);
const GOLDEN = '04 00 0600 20000000 0000000000000000 0700000000000000 0000000001000000 0000000002000000';
/** Differences of differences 2^33 + 0, 1, 0, 1. */
const BENT = [0n, 0n, 0n, 1n, 2n, 4n].map((more, i) => SQUARES[i] + more);
const BENT_GOLDEN =
  '04 00 0600 28000000 0100000000000000 0700000000000000 0000000001000000 0000000002000000 0a00000000000000';

test('delta of delta: golden bytes', () => {
  assertGolden(I64, i64Rows(...SQUARES), GOLDEN);
  assertGolden(TIME_MS, i64Rows(...SQUARES), GOLDEN);
  assertGolden(F64, f64Rows(...SQUARES.map(Number)), GOLDEN);
  assertGolden(I64, i64Rows(...BENT), BENT_GOLDEN);
});

test('delta of delta: golden bytes of falling values', () => {
  const rows = i64Rows(...BENT.map((value) => -value));
  // Of −2^33 − 0, 1, 0, 1 the base is −2^33 − 1.
  assertGolden(
    I64,
    rows,
    '04 00 0600 28000000 0100000000000000 f9ffffffffffffff 00000000ffffffff fffffffffdffffff 0500000000000000',
  );
});

test('delta of delta: taken where differences change steadily', () => {
  for (const shape of [I64, F64, TIME_MS]) {
    assert.equal(encodedVector(shape, rowsBy(shape, 'faster', 1024, 1))[0], 4);
    assert.equal(encodedVector(shape, rowsBy(shape, 'falling', 1024, 1))[0], 4);
  }
  assert.equal(encodedVector(I32, rowsBy(I32, 'faster', 1024, 1)).length, 8 + 24 + 32);
});

test('delta of delta: sums that leave the whole numbers of float64 are DAMAGED', () => {
  const change = (from: string, to: string): Uint8Array => hex(GOLDEN.replace(from, to));
  assertDamaged(I64, change('0000000001000000', '0000000000002000'), 6, 8, /over 2\^52/);
  assertDamaged(I64, change('0000000001000000', '0000000000000080'), 6, 8, /over 2\^52/);
  assertDamaged(I64, change('0000000002000000', '0000000000001000'), 6, 8, /over 2\^52/);
  assertDamaged(I64, change('0000000002000000', 'ffffffffffffff7f'), 6, 8, /over 2\^52/);
  assertDamaged(I64, change('0000000002000000', '0000000000000080'), 6, 8, /over 2\^52/);
  assertDamaged(F64, change('0700000000000000', '0000000000002000'), 6, 8, /no f64/);
});

test('delta of delta: less than two values, missing bits or a type without it are DAMAGED', () => {
  assertDamaged(I64, hex(GOLDEN.replace('0600', '0100')), 1, 8, /less than 2/);
  assertDamaged(I64, hex(GOLDEN.replace('20000000 00', '20000000 35')), 6, 8, /width of 53/);
  assertDamaged(I64, hex(GOLDEN.replace('20000000 00', '20000000 01')), 6, 40, /do not fit/);
  assertDamaged(I64, hex('04 00 0200 08000000 0000000000000000'), 2, 8, /does not fit/);
  assertDamaged(UTF8, hex(GOLDEN), 6, 0, /delta of delta in a column of type utf8/);
});
