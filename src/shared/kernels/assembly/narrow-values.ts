import { narrowRanges } from './narrow-ranges';

// Doubles that are whole numbers, or that are once multiplied by a power of ten, as i32: less the first of them, which is taken off what
// is added to round. Adding 2^52 + 2^51 leaves a whole number in the low half of the sum; what comes back from it must have the very bits
// of the value, so nothing else passes.

/** Less than 2^50 taken off, it stays between 2^52 and 2^53, where the doubles are the whole numbers. */
const ROUNDER: f64 = 6755399441055744.0;
/** With this, too, the high half of the sum is the same for all numbers that fit into an i32, and only for these. */
const HALF: f64 = 2147483648.0;
const ROUNDER_HIGH: i32 = 0x43380000;
const SIGN: i32 = <i32>0x80000000;
/** Columns of other values end here after a few, so it is asked now and then: after so many bytes. */
const ASK_BYTES: usize = 1024;

/**
 * Writes values less `first` as i32, and their ranges (narrow-ranges.ts), if all are whole numbers (−0 is none) and this fits. False if not;
 * what is written then means nothing. `first` is whole and below 2^50 in magnitude. Up to 3 more values are written and read.
 */
export function narrowWholes(
  values: usize,
  count: i32,
  first: f64,
  out: usize,
  shorts: usize,
  ranges: usize,
): bool {
  v128.store(out, f64x2.splat(ROUNDER + HALF - first));
  v128.store(out, i32x4.splat(ROUNDER_HIGH), 16);
  v128.store(out, i32x4.splat(SIGN), 32);
  const lift = v128.load(out);
  const high = v128.load(out, 16);
  const sign = v128.load(out, 32);
  const end = repeatLast(values, count);
  let at = values;
  let to = out;
  while (at < end) {
    let other = i32x4.splat(0);
    for (const stop = min<usize>(end, at + ASK_BYTES); at < stop; at += 32, to += 16) {
      const a = v128.load(at);
      const b = v128.load(at, 16);
      const sumA = f64x2.add(a, lift);
      const sumB = f64x2.add(b, lift);
      v128.store(to, v128.xor(i32x4.shuffle(sumA, sumB, 0, 2, 4, 6), sign));
      const backA = f64x2.sub(i32x4.shuffle(sumA, high, 0, 5, 2, 7), lift);
      const backB = f64x2.sub(i32x4.shuffle(sumB, high, 0, 5, 2, 7), lift);
      other = v128.or(other, v128.or(v128.xor(backA, a), v128.xor(backB, b)));
    }
    if (v128.any_true(other)) return false;
  }
  narrowRanges(out, count, shorts, ranges);
  return true;
}

/**
 * Writes values times a power of ten, rounded, less `first` as i32, and their ranges, if each, divided by the power, gives its value back
 * bit for bit. The values are no NaN and below 2^26 / power in magnitude: `high` + `low` is the inverse of the power (small.ts), which then
 * stands for the division. `first` is whole and below 2^26. Returns `count`, or a place at or up to 127 before that of a value that is no such decimal.
 * Up to 3 more values are written and read.
 */
export function narrowDecimals(
  values: usize,
  count: i32,
  power: f64,
  first: f64,
  high: f64,
  low: f64,
  out: usize,
  shorts: usize,
  ranges: usize,
): i32 {
  v128.store(out, f64x2.splat(power));
  v128.store(out, f64x2.splat(ROUNDER - first), 16);
  v128.store(out, f64x2.splat(high), 32);
  v128.store(out, f64x2.splat(low), 48);
  const powers = v128.load(out);
  const rounder = v128.load(out, 16);
  const highs = v128.load(out, 32);
  const lows = v128.load(out, 48);
  const end = repeatLast(values, count);
  let at = values;
  let to = out;
  while (at < end) {
    const start = at;
    let other = i32x4.splat(0);
    for (const stop = min<usize>(end, at + ASK_BYTES); at < stop; at += 32, to += 16) {
      const a = v128.load(at);
      const b = v128.load(at, 16);
      const sumA = f64x2.add(f64x2.mul(a, powers), rounder);
      const sumB = f64x2.add(f64x2.mul(b, powers), rounder);
      v128.store(to, i32x4.shuffle(sumA, sumB, 0, 2, 4, 6));
      const wholeA = f64x2.sub(sumA, rounder);
      const wholeB = f64x2.sub(sumB, rounder);
      const otherA = v128.xor(f64x2.add(f64x2.mul(wholeA, highs), f64x2.mul(wholeA, lows)), a);
      const otherB = v128.xor(f64x2.add(f64x2.mul(wholeB, highs), f64x2.mul(wholeB, lows)), b);
      other = v128.or(other, v128.or(otherA, otherB));
    }
    if (v128.any_true(other)) return <i32>((start - values) >> 3);
  }
  narrowRanges(out, count, shorts, ranges);
  return count;
}

/** Writes the last of the values three times more behind them, so that fours come out even, and returns where they end. */
function repeatLast(values: usize, count: i32): usize {
  const end = values + ((<usize>count) << 3);
  const last = v128.load64_splat(end - 8);
  store<f64>(end, f64x2.extract_lane(last, 0));
  v128.store(end, last, 8);
  return end;
}
