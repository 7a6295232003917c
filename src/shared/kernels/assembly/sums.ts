/**
 * What sums must stay below in magnitude. Residuals do by far (their range is below 2^51), and sums of a few differences then
 * are exact in whatever order they are made.
 */
const LIMIT: f64 = 4503599627370496.0;

/**
 * Writes 0 and `count` - 1 running sums of the numbers, each with `base` added; no number with its base is over 2^53 in
 * magnitude. False if a sum is not below 2^52 in magnitude.
 */
export function sums(numbers: usize, count: i32, base: f64, out: usize): bool {
  store<f64>(out, 0);
  const bases = f64x2.splat(base);
  const zero = f64x2.splat(0);
  let carry = zero;
  let largest = zero;
  let at = numbers;
  const end = out + ((<usize>count) << 3);
  let to = out + 8;
  // The sums of four differences hang on the last sum by one addition only.
  for (; to + 32 <= end; to += 32, at += 32) {
    const first = f64x2.add(v128.load(at), bases);
    const second = f64x2.add(v128.load(at, 16), bases);
    const firstSums = f64x2.add(first, i64x2.shuffle(zero, first, 0, 2));
    const secondSums = f64x2.add(second, i64x2.shuffle(zero, second, 0, 2));
    const four = f64x2.add(secondSums, i64x2.shuffle(firstSums, firstSums, 1, 1));
    const low = f64x2.add(firstSums, carry);
    const high = f64x2.add(four, carry);
    v128.store(to, low);
    v128.store(to, high, 16);
    carry = i64x2.shuffle(high, high, 1, 1);
    largest = f64x2.pmax(largest, f64x2.pmax(f64x2.abs(low), f64x2.abs(high)));
  }
  let value = f64x2.extract_lane(carry, 0);
  let isSound = f64x2.extract_lane(largest, 0) < LIMIT && f64x2.extract_lane(largest, 1) < LIMIT;
  for (; to < end; to += 8, at += 8) {
    value += load<f64>(at) + base;
    store<f64>(to, value);
    if (!(abs(value) < LIMIT)) isSound = false;
  }
  return isSound;
}

/** `sums` twice over: the numbers are differences of differences, and `first` is the first difference. */
export function sumsOfSums(numbers: usize, count: i32, first: f64, base: f64, out: usize): bool {
  store<f64>(out, 0);
  store<f64>(out + 8, first);
  let step = first;
  let value = first;
  let isSound = abs(first) < LIMIT;
  let at = numbers;
  const end = out + ((<usize>count) << 3);
  for (let to = out + 16; to < end; to += 8, at += 8) {
    step += load<f64>(at) + base;
    value += step;
    store<f64>(to, value);
    if (!(abs(step) < LIMIT) || !(abs(value) < LIMIT)) isSound = false;
  }
  return isSound;
}

/** Writes slope · i + numbers[i]. False as above; slope · count is below 2^52 in magnitude. */
export function line(numbers: usize, count: i32, slope: f64, out: usize): bool {
  const end = out + ((<usize>count) << 3);
  const twoSlopes = f64x2.splat(2 * slope);
  let value = f64x2.replace_lane(f64x2.splat(0), 1, slope);
  let largest = f64x2.splat(0);
  let at = numbers;
  let to = out;
  for (; to + 16 <= end; to += 16, at += 16) {
    const sum = f64x2.add(v128.load(at), value);
    v128.store(to, sum);
    largest = f64x2.pmax(largest, f64x2.abs(sum));
    value = f64x2.add(value, twoSlopes);
  }
  let isSound = f64x2.extract_lane(largest, 0) < LIMIT && f64x2.extract_lane(largest, 1) < LIMIT;
  if (to < end) {
    const sum = load<f64>(at) + f64x2.extract_lane(value, 0);
    store<f64>(to, sum);
    if (!(abs(sum) < LIMIT)) isSound = false;
  }
  return isSound;
}
