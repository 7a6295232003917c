/** What `i64` sums may not reach: so far no sum of two can overflow. */
const HALF: i64 = 0x4000000000000000;

/**
 * Writes the least, the greatest and the sum of doubles, NaNs left out of the first two (NaN if all are). The sum is added in
 * four parts: see codec/statistics.ts.
 */
export function statisticsF64(values: usize, count: i32, out: usize): void {
  const end = values + ((<usize>count) << 3);
  let least = f64x2.splat(Infinity);
  let most = f64x2.splat(-Infinity);
  let sum = f64x2.splat(0);
  let least2 = least;
  let most2 = most;
  let sum2 = sum;
  let at = values;
  // Two of each, as an addition takes longer than a load.
  for (; at + 32 <= end; at += 32) {
    const value = v128.load(at);
    const value2 = v128.load(at, 16);
    // pmin(a, b) is b < a ? b : a, so a NaN as b never gets in.
    least = f64x2.pmin(least, value);
    most = f64x2.pmax(most, value);
    sum = f64x2.add(sum, value);
    least2 = f64x2.pmin(least2, value2);
    most2 = f64x2.pmax(most2, value2);
    sum2 = f64x2.add(sum2, value2);
  }
  least = f64x2.min(least, least2);
  most = f64x2.max(most, most2);
  sum = f64x2.add(sum, sum2);
  let low = min(f64x2.extract_lane(least, 0), f64x2.extract_lane(least, 1));
  let high = max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1));
  let all = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  for (; at < end; at += 8) {
    const value = load<f64>(at);
    all += value;
    if (isNaN(value)) continue;
    low = min(low, value);
    high = max(high, value);
  }
  // Only NaNs: nothing was ever less than infinity, or all were infinite.
  const none = low === Infinity && high === -Infinity;
  // Plus 0, as −0 counts as 0.
  store<f64>(out, none ? NaN : low + 0);
  store<f64>(out + 8, none ? NaN : high + 0);
  // One NaN for all: which one a sum gives is the processor's business.
  store<f64>(out + 16, isNaN(all) ? NaN : all);
}

/** The same of int64, as int64. False if the sum came near the ends of int64; it then means nothing. */
export function statisticsI64(values: usize, count: i32, out: usize): bool {
  const end = values + ((<usize>count) << 3);
  let least = load<i64>(values);
  let most = least;
  let sum: i64 = 0;
  for (let at = values; at < end; at += 8) {
    const value = load<i64>(at);
    if (value < least) least = value;
    if (value > most) most = value;
    if (value >= HALF || value <= -HALF) return false;
    sum += value;
    if (sum >= HALF || sum <= -HALF) return false;
  }
  store<i64>(out, least);
  store<i64>(out + 8, most);
  store<i64>(out + 16, sum);
  return true;
}

/** The same of int32, as int64. */
export function statisticsI32(values: usize, count: i32, out: usize): void {
  const end = values + ((<usize>count) << 2);
  let least = load<i32>(values);
  let most = least;
  let sum: i64 = 0;
  for (let at = values; at < end; at += 4) {
    const value = load<i32>(at);
    if (value < least) least = value;
    if (value > most) most = value;
    sum += value;
  }
  store<i64>(out, least);
  store<i64>(out + 8, most);
  store<i64>(out + 16, sum);
}
