import { prefixSums } from './prefix-sums';

// Numbers whose sums stay below 2^26 in magnitude, as those of most decimals do: they are summed as i32, and a product and its
// correction stand for the division by a power of ten. Eight a turn: up to 7 more are read and written than there are.
//
// `high` + `low` is 10^-k, k from 0 to 9. `high` has 27 bits, so the first product is exact; the second one and the sum then miss the
// quotient by less than 2^-77 of it. A quotient that is no double itself is further than that from the middle between two doubles,
// 2^-54 / 5^k of itself at least, and none lies right in the middle. So what comes out is what a division rounds to.

/** Writes (base + step · i + numbers[i]) / 10^k. `out` has 64 bytes at least. */
export function smallLine(
  numbers: usize,
  count: i32,
  base: i32,
  step: i32,
  high: f64,
  low: f64,
  out: usize,
): void {
  const isDivided = high !== 1;
  // Through memory: see unpackNarrow.
  v128.store(out, f64x2.splat(high));
  v128.store(out, f64x2.splat(low), 16);
  v128.store(out, i32x4.splat(4 * step), 32);
  const highs = v128.load(out);
  const lows = v128.load(out, 16);
  const steps = v128.load(out, 32);
  let line = i32x4.add(i32x4.splat(base), i32x4.mul(i32x4.splat(step), i32x4(0, 1, 2, 3)));
  const end = out + ((<usize>count) << 3);
  for (let at = numbers, to = out; to < end; to += 64, at += 32) {
    const sums = i32x4.add(line, v128.load(at));
    line = i32x4.add(line, steps);
    const sums2 = i32x4.add(line, v128.load(at, 16));
    line = i32x4.add(line, steps);
    put(to, sums, isDivided, highs, lows);
    put(to + 32, sums2, isDivided, highs, lows);
  }
}

/**
 * Writes the sums of base, step + numbers[0], step + numbers[1] …, each over 10^k: `count` of them, from `count` - 1 numbers. `out` has
 * 72 bytes at least.
 */
export function smallDelta(
  numbers: usize,
  count: i32,
  base: i32,
  step: i32,
  high: f64,
  low: f64,
  out: usize,
): void {
  const isDivided = high !== 1;
  v128.store(out, f64x2.splat(high));
  v128.store(out, f64x2.splat(low), 16);
  v128.store(out, i32x4.splat(4 * step), 32);
  const highs = v128.load(out);
  const lows = v128.load(out, 16);
  const steps = v128.load(out, 32);
  const zero = i32x4.splat(0);
  // What precedes the next four: the sum so far, and a step for each of them.
  let before = i32x4.add(i32x4.splat(base), i32x4.mul(i32x4.splat(step), i32x4(1, 2, 3, 4)));
  store<f64>(out, <f64>base * high + <f64>base * low);
  const end = out + ((<usize>count) << 3);
  for (let at = numbers, to = out + 8; to < end; to += 64, at += 32) {
    const fours = prefixSums(v128.load(at), zero);
    const fours2 = prefixSums(v128.load(at, 16), zero);
    const sums = i32x4.add(before, fours);
    before = i32x4.add(i32x4.add(before, steps), i32x4.shuffle(fours, fours, 3, 3, 3, 3));
    const sums2 = i32x4.add(before, fours2);
    before = i32x4.add(i32x4.add(before, steps), i32x4.shuffle(fours2, fours2, 3, 3, 3, 3));
    put(to, sums, isDivided, highs, lows);
    put(to + 32, sums2, isDivided, highs, lows);
  }
}

/** Stores four as doubles, divided or not. */
function put(to: usize, four: v128, isDivided: bool, highs: v128, lows: v128): void {
  let first = f64x2.convert_low_i32x4_s(four);
  let second = f64x2.convert_low_i32x4_s(i64x2.shuffle(four, four, 1, 1));
  if (isDivided) {
    first = f64x2.add(f64x2.mul(first, highs), f64x2.mul(first, lows));
    second = f64x2.add(f64x2.mul(second, highs), f64x2.mul(second, lows));
  }
  v128.store(to, first);
  v128.store(to, second, 16);
}
