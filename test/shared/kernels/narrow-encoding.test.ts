import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areShort, PACK_DELTA, PACK_FRAME, PACK_LINEAR } from '../../../src/shared/codec/narrow-residuals.ts';
import * as scratch from '../../../src/shared/codec/scratch.ts';
import { kernels } from '../../../src/shared/kernels/kernels.ts';
import {
  decoded,
  encoded,
  F64,
  f64Rows,
  i64Rows,
  type Row,
  rowsOf,
  type Shape,
  TIME_MS,
} from '../codec/columns.ts';
import { dice } from '../codec/recipes.ts';
import { packedBits } from './packed-bits.ts';
import { byTwins } from './twin-rounds.ts';

const { NARROW_AT, PACKED_AT, RANGES_AT, SHORTS_AT, STAGED_AT } = scratch;
const { factors, narrowResiduals, packedBytes, ranges, stagedF64 } = scratch;
const COUNTS = [1, 2, 3, 5, 7, 8, 15, 16, 17, 64, 65, 128, 129, 1008, 1023, 1024];

/** Whether the staged values are whole numbers near the first one, as the kernel says. */
function areWhole(values: readonly number[], first = values[0]!): boolean {
  stagedF64.set(values);
  return kernels!.narrowWholes(STAGED_AT, values.length, first, NARROW_AT, SHORTS_AT, RANGES_AT) !== 0;
}

test('whole numbers less the first one are i32 exactly where they fit, for every sign and size of the first', () => {
  const roll = dice(51);
  for (const first of [0, 1, -1, 1000, -(2 ** 31), 1.7e12, 2 ** 50 - 1, -(2 ** 50) + 1]) {
    for (const count of COUNTS) {
      const offsets = Array.from({ length: count }, (_, i) => (i === 0 ? 0 : roll(2 ** 32) - 2 ** 31));
      if (count > 2) offsets.splice(1, 2, 2 ** 31 - 1, -(2 ** 31));
      assert.ok(areWhole(offsets.map((offset) => first + offset)), `${count} about ${first}`);
      assert.deepEqual([...narrowResiduals.subarray(0, count)], offsets);
    }
  }
});

test('one value that is no such whole number is noticed wherever it is: fractions, −0, NaN, infinities, what does not fit', () => {
  for (const first of [0, 5, 1.7e12]) {
    const rows = Array.from({ length: 1024 }, (_, i) => first + (i % 7));
    const others = [
      0.5,
      -0.5,
      1e-300,
      -0,
      Number.NaN,
      Infinity,
      -Infinity,
      2 ** 31,
      -(2 ** 31) - 1,
      2 ** 32,
      2 ** 52,
      1e300,
    ];
    for (const other of others) {
      // What is added to the first one's size is what it is then, but for numbers too small to matter: these stand alone.
      const value = Object.is(other, -0) || Math.abs(other) === 1e-300 ? other : first + other;
      for (const place of [0, 1, 2, 3, 127, 128, 500, 1021, 1023]) {
        assert.equal(areWhole(rows.with(place, value), first), false, `${value} at ${place} of ${first}`);
      }
    }
  }
});

test('decimals become the whole numbers they are, and one that is none is found within 128 places', () => {
  const roll = dice(52);
  for (let decimals = 1; decimals <= 9; decimals++) {
    const power = 10 ** decimals;
    const [, high, low] = factors.subarray(3 * decimals);
    const run = (values: readonly number[]): number => {
      stagedF64.set(values);
      const first = Math.round(values[0]! * power);
      return kernels!.narrowDecimals(
        STAGED_AT,
        values.length,
        power,
        first,
        high!,
        low!,
        NARROW_AT,
        SHORTS_AT,
        RANGES_AT,
      );
    };
    for (const count of COUNTS) {
      const wholes = Array.from({ length: count }, () => roll(2 ** 27 - 1) - 2 ** 26 + 1);
      const values = wholes.map((whole) => whole / power);
      assert.equal(run(values), count, `${count} of ${decimals} digits`);
      const wanted = wholes.map((whole) => whole - wholes[0]!);
      assert.deepEqual([...narrowResiduals.subarray(0, count)], wanted);
      const place = roll(count);
      const whole = wholes[place]!;
      const bits = new BigInt64Array(new Float64Array([values[place]!]).buffer);
      bits[0]!++;
      for (const other of [
        new Float64Array(bits.buffer)[0]!,
        -0,
        (whole + 0.5) / power,
        whole / power / 10 + 1e-7,
      ]) {
        const found = run(values.with(place, other));
        // Some of these are decimals of so many digits after all.
        if (!Object.is(Math.round(other * power) / power, other) || Object.is(other, -0))
          assert.ok(found <= place && place - found < 128, `${other} at ${place}: ${found}`);
      }
    }
  }
});

test('ranges are exact, and those of codecs that cannot win are no wider than they are', () => {
  const roll = dice(53);
  const bits = (least: number, most: number): number => 32 - Math.clz32(most - least);
  for (let round = 0; round < 600; round++) {
    const count = COUNTS[roll(COUNTS.length)]!;
    const spread = 2 ** (1 + roll(round % 2 === 0 ? 16 : 28));
    const slope = roll(3) === 0 ? roll(2 ** 17) : 0;
    let sum = 0;
    const isWalk = roll(2) === 0;
    const numbers = Array.from({ length: count }, (_, i) => {
      sum += roll(spread) - spread / 2;
      return i === 0 ? 0 : ((isWalk ? sum : roll(spread) - spread / 2) + slope * i) % 2 ** 28;
    });
    assert.ok(areWhole(numbers, 0));
    const steps = numbers.slice(1).map((number, i) => number - numbers[i]!);
    const turns = steps.slice(1).map((step, i) => step - steps[i]!);
    const rise = count < 3 ? 0 : Math.round((numbers.at(-1)! - numbers[0]!) / (count - 1));
    const rests = numbers.map((number, i) => number - rise * i);
    const wanted = [numbers, steps, turns, rests].flatMap((all) =>
      all.length === 0 ? [0, 0] : [Math.min(...all), Math.max(...all)],
    );
    assert.deepEqual([...ranges.subarray(0, 4)], wanted.slice(0, 4), `round ${round}`);
    const least = Math.min(bits(wanted[0]!, wanted[1]!), bits(wanted[2]!, wanted[3]!));
    for (const at of [4, 6]) {
      const found = bits(ranges[at]!, ranges[at + 1]!);
      if (found < least)
        assert.deepEqual([ranges[at], ranges[at + 1]], wanted.slice(at, at + 2), `round ${round}`);
      else assert.ok(ranges[at]! >= wanted[at]! && ranges[at + 1]! <= wanted[at + 1]!, `round ${round}`);
    }
  }
});

test('values, differences and distances from a line are packed as the format says, of each width and count, as i32 and as i16', () => {
  const roll = dice(54);
  for (let width = 0; width <= 14; width++) {
    for (const count of COUNTS) {
      for (const kind of [PACK_FRAME, PACK_DELTA, PACK_LINEAR]) {
        for (const isFar of [false, true]) {
          const base = isFar ? roll(2 ** 20) - 2 ** 19 : -roll(2 ** width);
          const slope = kind === PACK_LINEAR ? roll(2000) - 1000 : 0;
          const numbers = Array.from({ length: kind === PACK_DELTA ? count - 1 : count }, () =>
            roll(2 ** width),
          );
          let sum = 0;
          const values =
            kind === PACK_DELTA
              ? [0, ...numbers.map((number) => (sum += number + base))]
              : numbers.map((number, i) => number + base + slope * i);
          assert.ok(areWhole(values, 0));
          const shorts = areShort(count) ? SHORTS_AT : 0;
          packedBytes.fill(0xff);
          kernels!.packNarrow(kind, NARROW_AT, shorts, count, base, slope, width, PACKED_AT);
          const wanted = packedBits(numbers, width);
          const found = packedBytes.subarray(0, wanted.length);
          assert.deepEqual(
            found,
            wanted,
            `kind ${kind}, ${count} of ${width} bits from ${base}, ${shorts > 0}`,
          );
        }
      }
    }
  }
});

test('columns at the edges of what is i16, i32, and exact give the twin’s bytes and come back', () => {
  const roll = dice(55);
  const edges = [
    2 ** 15,
    2 ** 16,
    2 ** 26,
    2 ** 27,
    2 ** 28,
    2 ** 29,
    2 ** 31,
    2 ** 32,
    2 ** 50,
    2 ** 51,
    2 ** 53,
  ];
  for (const edge of edges) {
    for (const power of [1, 10, 1000]) {
      for (const sign of [1, -1]) {
        for (const count of [2, 64, 100, 1024]) {
          const at = sign * edge;
          // Small values with one or two at the edge, values about the edge, and steps from side to side.
          const lone = Array.from({ length: count }, () => roll(9)).with(roll(count), at - 3 + roll(6));
          const about = Array.from({ length: count }, () => at - 3 + roll(6));
          const sides = Array.from({ length: count }, (_, i) => (i % 2 === 0 ? at - roll(3) : -at + roll(3)));
          for (const wholes of [lone, about, sides]) {
            check(
              F64,
              f64Rows(...wholes.map((whole) => whole / power)),
              `${edge}, power ${power}, ${count} rows`,
            );
            if (power === 1 && edge < 2 ** 53)
              check(TIME_MS, i64Rows(...wholes.map(BigInt)), `${edge}, ${count} times`);
          }
        }
      }
    }
  }
});

function check(shape: Shape, rows: readonly Row[], where: string): void {
  const bytes = encoded(shape, rows);
  const twin = byTwins(() => encoded(shape, rows));
  if (Buffer.compare(bytes, twin) !== 0) assert.deepEqual(bytes, twin, where);
  assert.deepEqual(rowsOf(shape, decoded(shape, bytes, rows.length)), rows, where);
}
