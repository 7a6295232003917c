import { prefixSums } from './prefix-sums';

// Numbers whose sums stay below 2^26 in magnitude, as those of most decimals do: they are summed as i32, and a product and its
// correction stand for the division by a power of ten.
//
// `high` + `low` is 10^-k, k from 0 to 9. `high` has 27 bits, so the first product is exact; the second one and the sum then miss the
// quotient by less than 2^-77 of it. A quotient that is no double itself is further than that from the middle between two doubles,
// 2^-54 / 5^k of itself at least, and none lies right in the middle. So what comes out is what a division rounds to.

/**
 * Writes numbers[i] / 10^k: `count` of them, and up to 31 more.
 * @param factor where 10^k and the two parts of its inverse are
 */
export function quotients(numbers: usize, count: i32, factor: usize, out: usize): void {
  let at = numbers;
  const end = out + ((<usize>count) << 3);
  // Each pair is loaded by itself, which costs less than to move it down from the upper half of four. Offsets are written out: what is
  // handed to a function, inlined or not, is added up first.
  if (load<f64>(factor) === 1) {
    for (let to = out; to < end; to += 128, at += 64) {
      v128.store(to, lowPair(v128.load(at)));
      v128.store(to, lowPair(v128.load(at, 8)), 16);
      v128.store(to, lowPair(v128.load(at, 16)), 32);
      v128.store(to, lowPair(v128.load(at, 24)), 48);
      v128.store(to, lowPair(v128.load(at, 32)), 64);
      v128.store(to, lowPair(v128.load(at, 40)), 80);
      v128.store(to, lowPair(v128.load(at, 48)), 96);
      v128.store(to, lowPair(v128.load(at, 56)), 112);
    }
    return;
  }
  const highs = v128.load64_splat(factor, 8);
  const lows = v128.load64_splat(factor, 16);
  for (let to = out; to < end; to += 256, at += 128) {
    v128.store(to, quotient(lowPair(v128.load(at)), highs, lows));
    v128.store(to, quotient(lowPair(v128.load(at, 8)), highs, lows), 16);
    v128.store(to, quotient(lowPair(v128.load(at, 16)), highs, lows), 32);
    v128.store(to, quotient(lowPair(v128.load(at, 24)), highs, lows), 48);
    v128.store(to, quotient(lowPair(v128.load(at, 32)), highs, lows), 64);
    v128.store(to, quotient(lowPair(v128.load(at, 40)), highs, lows), 80);
    v128.store(to, quotient(lowPair(v128.load(at, 48)), highs, lows), 96);
    v128.store(to, quotient(lowPair(v128.load(at, 56)), highs, lows), 112);
    v128.store(to, quotient(lowPair(v128.load(at, 64)), highs, lows), 128);
    v128.store(to, quotient(lowPair(v128.load(at, 72)), highs, lows), 144);
    v128.store(to, quotient(lowPair(v128.load(at, 80)), highs, lows), 160);
    v128.store(to, quotient(lowPair(v128.load(at, 88)), highs, lows), 176);
    v128.store(to, quotient(lowPair(v128.load(at, 96)), highs, lows), 192);
    v128.store(to, quotient(lowPair(v128.load(at, 104)), highs, lows), 208);
    v128.store(to, quotient(lowPair(v128.load(at, 112)), highs, lows), 224);
    v128.store(to, quotient(lowPair(v128.load(at, 120)), highs, lows), 240);
  }
}

/** Writes (base + step · i + numbers[i]) / 10^k: `count` of them, and up to 7 more. `out` has 64 bytes at least. */
export function smallLine(numbers: usize, count: i32, base: i32, step: i32, factor: usize, out: usize): void {
  const steps = splatThrough(out, 4 * step);
  const highs = v128.load64_splat(factor, 8);
  const lows = v128.load64_splat(factor, 16);
  let line = lineFrom(base, step);
  const end = out + ((<usize>count) << 3);
  for (let at = numbers, to = out; to < end; to += 64, at += 32) {
    const four = i32x4.add(line, v128.load(at));
    line = i32x4.add(line, steps);
    const four2 = i32x4.add(line, v128.load(at, 16));
    line = i32x4.add(line, steps);
    v128.store(to, quotient(lowPair(four), highs, lows));
    v128.store(to, quotient(highPair(four), highs, lows), 16);
    v128.store(to, quotient(lowPair(four2), highs, lows), 32);
    v128.store(to, quotient(highPair(four2), highs, lows), 48);
  }
}

/**
 * Writes base + step · i + numbers[i], whole and with a base of any size: `count` of them, and up to 7 more. What is added to the
 * base is i32. `out` has 64 bytes at least.
 */
export function wholeLine(numbers: usize, count: i32, base: f64, step: i32, out: usize): void {
  wholesOnLine<i32>(numbers, count, base, step, out);
}

/** The same of i16. */
export function shortLine(numbers: usize, count: i32, base: f64, step: i32, out: usize): void {
  wholesOnLine<i16>(numbers, count, base, step, out);
}

function wholesOnLine<T>(numbers: usize, count: i32, base: f64, step: i32, out: usize): void {
  const steps = splatThrough(out, 4 * step);
  v128.store(out, f64x2.splat(base));
  const bases = v128.load(out);
  let line = lineFrom(0, step);
  const end = out + ((<usize>count) << 3);
  for (let at = numbers, to = out; to < end; to += 64, at += 8 * sizeof<T>()) {
    const four = i32x4.add(line, fourAt<T>(at));
    line = i32x4.add(line, steps);
    const four2 = i32x4.add(line, fourAt<T>(at + 4 * sizeof<T>()));
    line = i32x4.add(line, steps);
    v128.store(to, f64x2.add(bases, lowPair(four)));
    v128.store(to, f64x2.add(bases, highPair(four)), 16);
    v128.store(to, f64x2.add(bases, lowPair(four2)), 32);
    v128.store(to, f64x2.add(bases, highPair(four2)), 48);
  }
}

/** Four numbers, of i16 or i32. */
function fourAt<T>(at: usize): v128 {
  return sizeof<T>() === 2 ? v128.load16x4_s(at) : v128.load(at);
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
  factor: usize,
  out: usize,
): void {
  const steps = splatThrough(out, 4 * step);
  const highs = v128.load64_splat(factor, 8);
  const lows = v128.load64_splat(factor, 16);
  const zero = i32x4.splat(0);
  // What precedes the next four: the sum so far, and a step for each of them.
  let before = i32x4.add(lineFrom(base, step), i32x4.splat(step));
  store<f64>(out, <f64>base * load<f64>(factor, 8) + <f64>base * load<f64>(factor, 16));
  const end = out + ((<usize>count) << 3);
  for (let at = numbers, to = out + 8; to < end; to += 64, at += 32) {
    const fours = prefixSums(v128.load(at), zero);
    const fours2 = prefixSums(v128.load(at, 16), zero);
    const sums = i32x4.add(before, fours);
    before = i32x4.add(i32x4.add(before, steps), i32x4.shuffle(fours, fours, 3, 3, 3, 3));
    const sums2 = i32x4.add(before, fours2);
    before = i32x4.add(i32x4.add(before, steps), i32x4.shuffle(fours2, fours2, 3, 3, 3, 3));
    v128.store(to, quotient(lowPair(sums), highs, lows));
    v128.store(to, quotient(highPair(sums), highs, lows), 16);
    v128.store(to, quotient(lowPair(sums2), highs, lows), 32);
    v128.store(to, quotient(highPair(sums2), highs, lows), 48);
  }
}

/** A number in all lanes. It goes through memory: a constant made before a loop is made anew in each turn of it (Node 20.20). */
function splatThrough(room: usize, number: i32): v128 {
  v128.store(room, i32x4.splat(number), 32);
  return v128.load(room, 32);
}

/** The first four of a line. */
function lineFrom(base: i32, step: i32): v128 {
  return i32x4.add(i32x4.splat(base), i32x4.mul(i32x4.splat(step), i32x4(0, 1, 2, 3)));
}

function lowPair(four: v128): v128 {
  return f64x2.convert_low_i32x4_s(four);
}

function highPair(four: v128): v128 {
  return f64x2.convert_low_i32x4_s(i64x2.shuffle(four, four, 1, 1));
}

/** Two over a power of ten. With 1 and 0 it is they themselves. */
function quotient(pair: v128, highs: v128, lows: v128): v128 {
  return f64x2.add(f64x2.mul(pair, highs), f64x2.mul(pair, lows));
}
