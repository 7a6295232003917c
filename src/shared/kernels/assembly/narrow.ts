import { prefixSums } from './prefix-sums';

// Numbers of up to 25 bits, unpacked to i32 (unpack-narrow.ts), made into doubles in one pass. What they come to is in docs/format.md,
// section 6.1. All sums are whole numbers below 2^52 in magnitude: the caller has seen to that. Sums of i32 have faster ways: small.ts.

/** Writes (base + numbers[i]) / power. Up to 3 more are written. */
export function narrowFrame(numbers: usize, count: i32, base: f64, power: f64, out: usize): void {
  const isDivided = power !== 1;
  const bases = f64x2.splat(base);
  const powers = f64x2.splat(power);
  const end = out + ((<usize>count) << 3);
  for (let at = numbers, to = out; to < end; to += 32, at += 16) {
    const four = v128.load(at);
    let first = f64x2.add(bases, lowPair(four));
    let second = f64x2.add(bases, highPair(four));
    if (isDivided) {
      first = f64x2.div(first, powers);
      second = f64x2.div(second, powers);
    }
    v128.store(to, first);
    v128.store(to, second, 16);
  }
}

/** Writes (base + step · i + numbers[i]) / power. Up to 7 more are written, as by the one below; `out` has 72 bytes at least. */
export function narrowLine(numbers: usize, count: i32, base: f64, step: f64, power: f64, out: usize): void {
  const isDivided = power !== 1;
  v128.store(out, f64x2.splat(power));
  v128.store(out, f64x2.splat(8 * step), 16);
  v128.store(out, f64x2.splat(2 * step), 32);
  const powers = v128.load(out);
  const steps = v128.load(out, 16);
  const twoSteps = v128.load(out, 32);
  let line = f64x2.replace_lane(f64x2.splat(base), 1, base + step);
  let line2 = f64x2.add(line, f64x2.splat(4 * step));
  const end = out + ((<usize>count) << 3);
  for (let at = numbers, to = out; to < end; to += 64, at += 32) {
    const four = v128.load(at);
    const four2 = v128.load(at, 16);
    put(to, f64x2.add(line, lowPair(four)), isDivided, powers);
    put(to + 16, f64x2.add(f64x2.add(line, twoSteps), highPair(four)), isDivided, powers);
    put(to + 32, f64x2.add(line2, lowPair(four2)), isDivided, powers);
    put(to + 48, f64x2.add(f64x2.add(line2, twoSteps), highPair(four2)), isDivided, powers);
    line = f64x2.add(line, steps);
    line2 = f64x2.add(line2, steps);
  }
}

/**
 * Writes the sums of base, step + numbers[0], step + numbers[1] …, each over power: `count` of them, from `count` - 1 numbers
 * below 2^28. Four are summed as i32, so that a turn hangs on the one before by a single addition.
 */
export function narrowDelta(numbers: usize, count: i32, base: f64, step: f64, power: f64, out: usize): void {
  const isDivided = power !== 1;
  v128.store(out, f64x2.splat(power));
  v128.store(out, f64x2.splat(4 * step), 16);
  v128.store(out, f64x2.splat(2 * step), 32);
  const powers = v128.load(out);
  const steps = v128.load(out, 16);
  const twoSteps = v128.load(out, 32);
  const zero = i32x4.splat(0);
  let before = f64x2.replace_lane(f64x2.splat(base + step), 1, base + 2 * step);
  store<f64>(out, base / power);
  const end = out + ((<usize>count) << 3);
  for (let at = numbers, to = out + 8; to < end; to += 64, at += 32) {
    const sums = prefixSums(v128.load(at), zero);
    const sums2 = prefixSums(v128.load(at, 16), zero);
    put(to, f64x2.add(before, lowPair(sums)), isDivided, powers);
    put(to + 16, f64x2.add(f64x2.add(before, twoSteps), highPair(sums)), isDivided, powers);
    before = f64x2.add(before, f64x2.add(steps, lowPair(i32x4.shuffle(sums, sums, 3, 3, 3, 3))));
    put(to + 32, f64x2.add(before, lowPair(sums2)), isDivided, powers);
    put(to + 48, f64x2.add(f64x2.add(before, twoSteps), highPair(sums2)), isDivided, powers);
    before = f64x2.add(before, f64x2.add(steps, lowPair(i32x4.shuffle(sums2, sums2, 3, 3, 3, 3))));
  }
}

function put(to: usize, pair: v128, isDivided: bool, powers: v128): void {
  v128.store(to, isDivided ? f64x2.div(pair, powers) : pair);
}

function lowPair(four: v128): v128 {
  return f64x2.convert_low_i32x4_s(four);
}

function highPair(four: v128): v128 {
  return f64x2.convert_low_i32x4_s(i64x2.shuffle(four, four, 1, 1));
}
