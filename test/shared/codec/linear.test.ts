import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertDamaged,
  assertGolden,
  decoded,
  encodedVector,
  F64,
  f64Rows,
  hex,
  I64,
  i64Rows,
  rowsOf,
  TIME_MS,
  TIME_NS,
  UTF8,
} from './columns.ts';
import { naiveColumn } from './naive-vector.ts';
import { rowsBy } from './recipes.ts';

/** Five values about a line of slope 1000: header; width, no patches; base; slope; packed numbers. */
const VALUES = [3n, 1000n, 2001n, 3003n, 4000n, 5002n, 6003n, 7001n];
const GOLDEN = '09 00 0800 20000000 0200000000000000 0000000000000000 e803000000000000 d378000000000000';

test('linear: golden bytes', () => {
  const bytes = hex(GOLDEN);
  for (const shape of [TIME_NS, TIME_MS, I64]) {
    assert.deepEqual(rowsOf(shape, decoded(shape, bytes, 8)), i64Rows(...VALUES));
    assert.deepEqual(naiveColumn(shape, bytes), i64Rows(...VALUES));
  }
  assert.deepEqual(rowsOf(F64, decoded(F64, bytes, 8)), f64Rows(...VALUES.map(Number)));
  // A line without jitter is written so.
  const even = Array.from({ length: 1024 }, (_, i) => BigInt(i) * 1000n + BigInt(i % 2));
  assertGolden(
    TIME_MS,
    i64Rows(...even),
    `09 00 0004 98000000 0100000000000000 0000000000000000 e803000000000000 ${'aa'.repeat(128)}`,
  );
});

test('linear: taken for timestamps that jitter about a cadence', () => {
  for (const shape of [I64, F64, TIME_MS, TIME_NS])
    assert.equal(encodedVector(shape, rowsBy(shape, 'jitter', 1024, 1))[0], 9);
});

test('linear: lines that leave the whole numbers of float64, missing bits or a type without it are DAMAGED', () => {
  const slope = (words: string): Uint8Array => hex(GOLDEN.replace('e803000000000000', words));
  assertDamaged(I64, slope('0000000000000200'), 8, 8, /leaves the whole numbers/);
  assertDamaged(I64, slope('0000000000000080'), 8, 8, /leaves the whole numbers/);
  assertDamaged(I64, hex(GOLDEN.replace('20000000 02', '20000000 35')), 8, 8, /width of 53/);
  assertDamaged(I64, hex(GOLDEN.replace('20000000 02', '20000000 09')), 8, 32, /do not fit/);
  assertDamaged(UTF8, hex(GOLDEN), 8, 0, /linear in a column of type utf8/);
});
