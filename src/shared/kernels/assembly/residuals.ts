/** Adding and taking off 2^52 + 2^51 rounds a double below 2^51 in magnitude to the nearest whole number. */
const ROUNDER: f64 = 6755399441055744.0;
const SIGN: u64 = 0x8000000000000000;
const ASK_BYTES: usize = 512;
const SMALL_BYTES: usize = 256;
/** As in rows.ts. */
const SMALL_LIMIT: f64 = 67108864.0;

/**
 * Writes values less the first one, as f64. False if one is not whole, is −0, or is over `limit` in magnitude; the residuals
 * then mean nothing. One value beyond the last is written at both places, so that pairs come out even.
 */
export function wholes(values: usize, count: i32, limit: f64, out: usize): bool {
  const end = values + ((<usize>count) << 3);
  store<f64>(end, load<f64>(end - 8));
  const first = f64x2.splat(load<f64>(values));
  const limits = f64x2.splat(limit);
  const minusZero = i64x2.splat(SIGN);
  let sound = i64x2.splat(-1);
  let to = out;
  let at = values;
  // Columns of decimals end here after a few values, so it is asked now and then.
  while (at < end) {
    const stop = min<usize>(end, at + ASK_BYTES);
    for (; at < stop; at += 16, to += 16) {
      const value = v128.load(at);
      sound = v128.and(sound, f64x2.le(f64x2.abs(value), limits));
      sound = v128.and(sound, f64x2.eq(f64x2.floor(value), value));
      sound = v128.andnot(sound, i64x2.eq(value, minusZero));
      v128.store(to, f64x2.sub(value, first));
    }
    if (!i64x2.all_true(sound)) return false;
  }
  return true;
}

/**
 * Writes values times a power of ten, rounded, less `first`. Returns the place of the first value that such a number,
 * divided by the power, does not give back bit for bit, or that is not below `limit` (2^50 at most) then; `count` if none.
 * `high` + `low` is the inverse of the power, or 0: while numbers are below 2^26 in magnitude, they stand for the division (small.ts).
 */
export function decimals(
  values: usize,
  count: i32,
  power: f64,
  first: f64,
  limit: f64,
  high: f64,
  low: f64,
  out: usize,
): i32 {
  const end = values + ((<usize>count) << 3);
  store<f64>(end, load<f64>(end - 8));
  // Through memory: see unpackNarrow in narrow.ts.
  v128.store(out, f64x2.splat(power));
  v128.store(out, f64x2.splat(ROUNDER), 16);
  v128.store(out, f64x2.splat(first), 32);
  v128.store(out, f64x2.splat(high), 48);
  v128.store(out, f64x2.splat(low), 64);
  const powers = v128.load(out);
  const rounder = v128.load(out, 16);
  const firsts = v128.load(out, 32);
  let to = out;
  let at = values;
  if (high !== 0 && limit >= SMALL_LIMIT) {
    const highs = v128.load(out, 48);
    const lows = v128.load(out, 64);
    while (at + 32 <= end) {
      const stop = min<usize>(end - 31, at + SMALL_BYTES);
      let other = i64x2.splat(0);
      // If the sum of the squares is below the limit's, so is each number; a NaN or infinity makes it one.
      let squares = f64x2.splat(0);
      let next = to;
      let from = at;
      for (; from < stop; from += 32, next += 32) {
        const value = v128.load(from);
        const value2 = v128.load(from, 16);
        const whole = f64x2.sub(f64x2.add(f64x2.mul(value, powers), rounder), rounder);
        const whole2 = f64x2.sub(f64x2.add(f64x2.mul(value2, powers), rounder), rounder);
        const quotient = f64x2.add(f64x2.mul(whole, highs), f64x2.mul(whole, lows));
        const quotient2 = f64x2.add(f64x2.mul(whole2, highs), f64x2.mul(whole2, lows));
        other = v128.or(other, v128.or(v128.xor(quotient, value), v128.xor(quotient2, value2)));
        squares = f64x2.add(squares, f64x2.mul(whole, whole));
        squares = f64x2.add(squares, f64x2.mul(whole2, whole2));
        v128.store(next, f64x2.sub(whole, firsts));
        v128.store(next, f64x2.sub(whole2, firsts), 16);
      }
      const sum = f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1);
      // Which of them it is the loop below finds out.
      if (v128.any_true(other) || !(sum < SMALL_LIMIT * SMALL_LIMIT)) break;
      at = from;
      to = next;
    }
  }
  const limits = f64x2.splat(limit);
  for (; at < end; at += 16, to += 16) {
    const value = v128.load(at);
    const whole = f64x2.sub(f64x2.add(f64x2.mul(value, powers), rounder), rounder);
    const sound = v128.and(i64x2.eq(f64x2.div(whole, powers), value), f64x2.lt(f64x2.abs(whole), limits));
    if (!i64x2.all_true(sound))
      return <i32>((at - values) >> 3) + (i64x2.extract_lane(sound, 0) === 0 ? 0 : 1);
    v128.store(to, f64x2.sub(whole, firsts));
  }
  return count;
}

/** Writes int64 less the first one, as f64: rounded where it is over 2^53 in magnitude. */
export function wideInts(values: usize, count: i32, out: usize): void {
  const low = <i64>load<u32>(values);
  const high = <i64>load<i32>(values + 4);
  for (let i = 0; i < count; i++) {
    const at = values + ((<usize>i) << 3);
    const lows = <f64>(<i64>load<u32>(at) - low);
    store<f64>(out + ((<usize>i) << 3), <f64>(<i64>load<i32>(at + 4) - high) * 4294967296.0 + lows);
  }
}
