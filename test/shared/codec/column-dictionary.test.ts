import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MillraceError } from '../../../src/shared/errors.ts';
import {
  BYTES,
  decoded,
  encoded,
  F32,
  F64,
  I64,
  i64Rows,
  type Row,
  rowsOf,
  type Shape,
  TIME_MS,
  TIME_NS,
  UTF8,
} from './columns.ts';
import { naiveColumn } from './naive-vector.ts';
import { dice, rowsBy } from './recipes.ts';

/** `count` rows, each one of so many distinct ones. */
function fewDistinct(
  shape: Shape,
  recipe: string,
  distinct: number,
  count: number,
  seed: number,
  nulls = 0,
): Row[] {
  const roll = dice(seed);
  const values = rowsBy(shape, recipe, distinct, seed);
  return Array.from({ length: count }, () => (roll(8) < nulls ? null : values[roll(distinct)]!));
}

function roundTrip(shape: Shape, rows: Row[]): Uint8Array {
  const bytes = encoded(shape, rows);
  assert.deepEqual(rowsOf(shape, decoded(shape, bytes, rows.length)), rows);
  assert.deepEqual(naiveColumn(shape, bytes, rows.length), rows);
  return bytes;
}

test('a dictionary: doubles of any bits, of which few are distinct, cost their places', () => {
  const rows = fewDistinct(F64, 'random', 200, 8192, 1);
  const bytes = roundTrip(F64, rows);
  assert.equal(bytes[0], 11);
  assert.ok(bytes.length < 8192 + 200 * 8 + 8 * 80, `${bytes.length} bytes`);
  // Within one vector too, where nothing better is found.
  assert.equal(roundTrip(F64, fewDistinct(F64, 'random', 50, 1024, 1))[0], 11);
  assert.equal(roundTrip(F32, fewDistinct(F32, 'random', 50, 1024, 1))[0], 11);
});

test('a dictionary: strings are kept once for all vectors of a column', () => {
  const rows = fewDistinct(UTF8, 'distinct', 300, 8192, 1);
  const bytes = roundTrip(UTF8, rows);
  assert.equal(bytes[0], 11);
  const apart = [0, 1024].map((from) => encoded(UTF8, rows.slice(from, from + 1024)).length);
  assert.ok(bytes.length < 6 * Math.min(...apart), `${bytes.length}, ${apart}`);
});

test('a dictionary: columns of few or many distinct values, with nulls or not, come back', () => {
  const column = fc.record({
    shape: fc.constantFrom(F64, F32, UTF8, BYTES, I64),
    distinct: fc.integer({ min: 1, max: 900 }),
    count: fc.integer({ min: 1, max: 3000 }),
    seed: fc.nat(),
    nulls: fc.constantFrom(0, 0, 1, 7, 8),
  });
  fc.assert(
    fc.property(column, ({ shape, distinct, count, seed, nulls }) => {
      const recipe =
        shape === UTF8 || shape === BYTES ? 'unicodeDistinct' : shape === I64 ? 'extremes' : 'random';
      roundTrip(shape, fewDistinct(shape, recipe, distinct, count, seed, nulls));
    }),
    { numRuns: 60 },
  );
});

test('one vector for all: an exact cadence and a constant cost 40 bytes at most, however many rows they have', () => {
  for (const [shape, step] of [
    [TIME_MS, 1000n],
    [TIME_NS, 10_000_000n],
    [I64, -3n],
    [TIME_MS, 0n],
  ] as const) {
    const rows = i64Rows(...Array.from({ length: 8192 }, (_, i) => 1_700_000_000_000n + BigInt(i) * step));
    assert.ok(roundTrip(shape, rows).length <= 40);
  }
  for (const recipe of ['sameFraction', 'minusZeros']) {
    const bytes = roundTrip(F64, rowsBy(F64, recipe, 8192, 1));
    assert.equal(bytes.length, 24);
  }
  const bent = i64Rows(...Array.from({ length: 3000 }, (_, i) => BigInt(i === 2999 ? 5 : i)));
  roundTrip(TIME_MS, bent);
  roundTrip(I64, bent);
});

test('any byte that is changed in such columns gives rows of their number or DAMAGED', () => {
  const columns: [Shape, Row[]][] = [
    [F64, fewDistinct(F64, 'random', 20, 1100, 1, 1)],
    [UTF8, fewDistinct(UTF8, 'distinct', 20, 1100, 1)],
    [TIME_MS, rowsBy(TIME_MS, 'regular', 1100, 1)],
    [F64, rowsBy(F64, 'sameFraction', 1100, 1)],
  ];
  for (const [shape, rows] of columns) {
    const bytes = roundTrip(shape, rows);
    for (let at = 0; at < bytes.length; at++) {
      const hurt = bytes.slice();
      hurt[at]! ^= 1 << (at % 8);
      try {
        assert.equal(decoded(shape, hurt, rows.length).values.length, rows.length);
      } catch (error) {
        assert.ok(MillraceError.is(error) && error.code === 'DAMAGED', String(error));
      }
    }
  }
});
