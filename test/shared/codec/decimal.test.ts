import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  assertDamaged,
  assertGolden,
  decoded,
  encoded,
  encodedVector,
  F32,
  F64,
  f64Rows,
  hex,
  I32,
  I64,
  type Row,
  rowsOf,
  type Shape,
  TIME_MS,
  TIME_NS,
} from './columns.ts';
import { naiveColumn } from './naive-vector.ts';
import { dice, rowsBy } from './recipes.ts';

/** Vectors of hundredths and thousandths: header; width and decimals; base or first value and so on; packed numbers. */
const FRAME = '02 00 0500 18000000  0902000000000000 b5ffffffffffffff 7d90012033110000';
const DELTA = '03 00 0600 18000000  0003000000000000 24faffffffffffff e903000000000000';
const DELTA_OF_DELTA =
  '04 00 0600 28000000  0102000000000000 0700000000000000 0000000001000000 0000000002000000 0800000000000000';

const LIMIT = 2 ** 50;
const divided = (wholes: number[], decimals: number): number[] =>
  wholes.map((whole) => whole / Number(`1e${decimals}`));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
/** Hundredths with others among them, so many that a codec with a head would win if it could hold them all. */
const among = (...others: number[]): number[] =>
  upTo(100).flatMap((i) => [i / 100, others[i % others.length]]);

/** Asserts that both decoders give every bit back. Returns codec, decimals and exceptions; 0 for codecs without them. */
function roundTrip(rows: Row[]): [codec: number, decimals: number, exceptions: number] {
  const bytes = encoded(F64, rows);
  assert.deepEqual(rowsOf(F64, decoded(F64, bytes, rows.length)), rows);
  assert.deepEqual(naiveColumn(F64, bytes), rows);
  const validity = rows.includes(null) ? 8 * Math.ceil(rows.length / 64) : 0;
  const head = 8 + ((bytes[1] & 2) === 2 ? 24 : 0) + validity;
  const present = rows.filter((row) => row !== null).length;
  assert.ok(bytes.length <= head + 8 * present);
  const hasForm = (bytes[0] >= 2 && bytes[0] <= 4) || bytes[0] === 9;
  return hasForm ? [bytes[0], bytes[head + 1], bytes[head + 6]] : [bytes[0], 0, 0];
}

function assertRaw(...values: number[]): void {
  assert.deepEqual(roundTrip(f64Rows(...values)), [0, 0, 0]);
}

test('decimals: golden bytes in every codec that has them', () => {
  assertGolden(F64, f64Rows(0.5, 1.25, -0.75, 0.25, 2), FRAME);
  assertGolden(F64, f64Rows(-1.5, -0.499, 0.502, 1.503, 2.504, 3.505), DELTA);
  const values = f64Rows(0.07, 42949673.03, 171798691.91, 386547056.71, 687194767.43, 1073741824.08);
  assertGolden(F64, values, DELTA_OF_DELTA);
});

test('decimals: 0 to 15 of them come back bit by bit, in as few as the values need', () => {
  for (let decimals = 0; decimals <= 15; decimals++) {
    const roll = dice(decimals);
    for (const scale of [10, 1e5, 2 ** 32]) {
      // The first needs all the decimals, others fewer, and half are negative.
      const wholes = [1, ...upTo(200).map(() => (roll(scale) - scale / 2) * 10 ** roll(3))];
      assert.deepEqual(roundTrip(f64Rows(...divided(wholes, decimals))), [2, decimals, 0], `${decimals}`);
    }
  }
});

test('decimals: values with more and more of them, or fewer and fewer, are coded with the most', () => {
  const values = upTo(160).map((i) => (i % 2) / Number(`1e${Math.floor(i / 10)}`));
  assert.deepEqual(roundTrip(f64Rows(...values)), [2, 15, 0]);
  assert.deepEqual(roundTrip(f64Rows(...values.toReversed())), [2, 15, 0]);
  assert.deepEqual(roundTrip(f64Rows(...upTo(100), 0.5)), [2, 1, 0]);
  assert.deepEqual(roundTrip(f64Rows(0.125, ...upTo(100))), [3, 3, 0]);
});

test('decimals: nulls between values change neither the codec nor the bytes of the values', () => {
  const rows = rowsBy(F64, 'sensor', 500, 3);
  const sparse = rows.flatMap((row): Row[] => [null, row]);
  const bytes = encodedVector(F64, rows);
  assert.deepEqual(encodedVector(F64, sparse).subarray(32 + 128), bytes.subarray(32));
  assert.deepEqual(roundTrip(sparse), [3, 2, 0]);
});

test('decimals: whole numbers are coded below 2^50 in magnitude, and not from there on', () => {
  for (let decimals = 1; decimals <= 15; decimals++) {
    const below = divided([LIMIT - 1, 1 - LIMIT, 1, -1, ...upTo(30)], decimals);
    assert.deepEqual(roundTrip(f64Rows(...below)), [2, decimals, 0]);
    for (const over of [LIMIT, -LIMIT, LIMIT + 1]) {
      // All as large, so that the range is small.
      const wholes = upTo(30).map((i) => (i === 20 ? over : Math.sign(over) * (LIMIT - 1 - i)));
      const [, found, exceptions] = roundTrip(f64Rows(...divided(wholes, decimals)));
      assert.ok(exceptions === 1 || found === 0, `${over}, ${decimals} decimals`);
    }
  }
});

test('decimals: large values beside small ones are not scaled beyond the limit, in any order', () => {
  assertRaw(0.001, 1e15);
  assertRaw(1e15, 0.001);
  const columns = [among(1e15, 0.001), among(1e15, 0.001).toReversed(), [...among(2 ** 53), 0.1]];
  for (const values of columns) roundTrip(f64Rows(...values));
  assert.deepEqual(roundTrip(f64Rows(...upTo(50), 1e14, 0.25)), [2, 0, 1]);
  assert.deepEqual(roundTrip(f64Rows(...upTo(50), 1e14, 0.5)), [2, 1, 0]);
});

test('decimals: −0, NaN, infinities, subnormals and doubles of 17 digits are exceptions, wherever they are', () => {
  const others = [-0, Number.NaN, Infinity, -Infinity, 5e-324, -5e-324, 1e-310, Number.MAX_VALUE];
  others.push(
    0.1 + 0.2,
    Math.PI,
    -Math.SQRT2,
    1 / 3,
    1e-16,
    1.5e-15,
    2 ** -50,
    Number.EPSILON,
    1.1e15 + 0.125,
  );
  const values = upTo(100).map((i) => i / 100);
  assert.deepEqual(roundTrip(f64Rows(...values)), [3, 2, 0]);
  for (const other of others) {
    for (const at of [0, 1, 50, 99]) {
      const [, decimals, exceptions] = roundTrip(f64Rows(...values.with(at, other)));
      assert.deepEqual([decimals, exceptions], [2, 1], `${other} at ${at}`);
    }
  }
  const many = values.map((value, i) => (i % 5 === 0 ? others[i % others.length] : value));
  assert.deepEqual(roundTrip(f64Rows(...many)).slice(1), [2, 20]);
  assertRaw(-0, 0);
  assertRaw(-0, 0.5, -0, 0.5, -0, 0.5, -0, 0.5);
});

test('decimals: every bit of a NaN among them is kept', () => {
  const rows: Row[] = [
    ...f64Rows(...upTo(60).map((i) => i / 8)),
    0x7ff0_0000_dead_beefn,
    0xfff8_0000_0000_0001n,
  ];
  assert.deepEqual(roundTrip(rows).slice(1), [3, 2]);
});

test('decimals: float32 in disguise, printed with 16 digits or not, take what their decimals take and a few bits', () => {
  const roll = dice(5);
  const wholes = upTo(1024).map(() => roll(30_000) - 10_000);
  const singles = wholes.map((whole) => Math.fround(whole / 1000));
  const exact = encodedVector(F64, f64Rows(...singles));
  assert.deepEqual([exact[0], exact[33], exact[35]], [2, 0x83, 0]);
  assert.equal(exact.length, 8 + 24 + 16 + (1024 * 15) / 8);
  const printed = encodedVector(F64, f64Rows(...singles.map((value) => Number(value.toPrecision(16)))));
  assert.deepEqual([printed[0], printed[33]], [2, 0x83]);
  assert.ok(printed[35] > 0 && printed[35] <= 4, `${printed[35]} bits of ulps`);
  for (const values of [singles, singles.map((value) => Number(value.toPrecision(16)))]) {
    roundTrip(f64Rows(...values));
    roundTrip(f64Rows(...values.with(7, Math.PI).with(0, Number.NaN)));
  }
});

test('decimals: values that a sum made, with rounding, come back and take no more than raw', () => {
  let sum = 0;
  const sums = upTo(100).map(() => (sum += 0.1));
  roundTrip(f64Rows(...sums));
  assert.deepEqual(roundTrip(f64Rows(...sums.map((value) => Number(value.toFixed(1))))), [3, 1, 0]);
});

test('decimals: chosen for sensor values of two digits, with a fraction of the bytes of raw', () => {
  const walk = encodedVector(F64, rowsBy(F64, 'sensor', 1024, 1));
  assert.deepEqual([walk[0], walk[33]], [3, 2]);
  // 21 different steps: 5 bits.
  assert.equal(walk.length, 8 + 24 + 24 + (1024 * 5) / 8);
  const scattered = encodedVector(F64, rowsBy(F64, 'prices', 1024, 1));
  assert.deepEqual([scattered[0], scattered[33]], [2, 2]);
  assert.equal(scattered.length, 8 + 24 + 16 + (1024 * 21) / 8);
  assert.equal(encodedVector(F64, rowsBy(F64, 'steadyDecimals', 1024, 1)).length, 8 + 24 + 24);
  assert.equal(encodedVector(F64, rowsBy(F64, 'fasterDecimals', 1024, 1)).length, 8 + 24 + 32);
});

test('decimals: more than needed are read all the same', () => {
  const rows = f64Rows(50e-15, 125e-15, -75e-15, 25e-15, 200e-15);
  assert.deepEqual(rowsOf(F64, decoded(F64, hex(FRAME.replace('0902', '090f')), 5)), rows);
  assert.deepEqual(
    rowsOf(F64, decoded(F64, hex(FRAME.replace('0902', '0900')), 5)),
    f64Rows(50, 125, -75, 25, 200),
  );
});

test('decimals: over 15, or of a type that has none, are DAMAGED', () => {
  const vectors: [string, number, string, string][] = [
    [FRAME, 5, '0902', '09'],
    [DELTA, 6, '0003', '00'],
    [DELTA_OF_DELTA, 6, '0102', '01'],
  ];
  for (const [golden, count, from, width] of vectors) {
    const bytes = (decimals: string): Uint8Array => hex(golden.replace(from, width + decimals));
    for (const decimals of ['10', '11', '40', 'ff']) {
      assertDamaged(F64, bytes(decimals), count, 9, /form .* in a column of type f64/);
    }
    for (const shape of [F32, I64, I32, TIME_MS, TIME_NS] satisfies Shape[]) {
      for (const decimals of ['01', '0f', '10', 'ff']) {
        assertDamaged(shape, bytes(decimals), count, 9, /form .* in a column of type/);
      }
    }
  }
});

test('decimals: sums without an equal double are DAMAGED before they are divided', () => {
  const base = (words: string): Uint8Array => hex(FRAME.replace('b5ffffffffffffff', words));
  assertDamaged(F64, base('feffffffffff1f00'), 5, 8, /no f64/); // 2^53 − 2, + 275
  assertDamaged(F64, base('ffffffffffffff7f'), 5, 8, /no f64/);
});

test('decimals: random ones, of any digits and sizes and with a stranger now and then, come back', () => {
  const whole = fc.oneof(
    fc.integer(),
    fc.integer({ min: -(LIMIT + 9), max: LIMIT + 9 }),
    fc.integer({ min: -99, max: 99 }),
  );
  const column = fc.record({
    wholes: fc.array(fc.tuple(whole, fc.nat(15)), { minLength: 1, maxLength: 80 }),
    most: fc.nat(16),
    strangers: fc.array(fc.tuple(fc.nat(79), fc.option(fc.double())), { maxLength: 2 }),
    withStrangers: fc.boolean(),
  });
  fc.assert(
    fc.property(column, ({ wholes, most, strangers, withStrangers }) => {
      const rows: Row[] = wholes.flatMap(([value, digits]) =>
        f64Rows(value / Number(`1e${Math.min(digits, most)}`)),
      );
      for (const [at, value] of withStrangers ? strangers : []) {
        rows[at % rows.length] = value === null ? null : f64Rows(value)[0];
      }
      roundTrip(rows);
    }),
    { numRuns: 300 },
  );
});
