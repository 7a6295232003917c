import { prefixSums } from './prefix-sums';

// Integers of up to 25 bits, four at a time: their numbers are unpacked to i32, then made into doubles in one pass. What they
// come to is in docs/format.md, section 6.1. All sums are whole numbers below 2^52 in magnitude: the caller has seen to that.

/**
 * Unpacks `count` numbers of `width` bits (0…25) to i32, eight a turn: up to 7 more are written, and up to 48 bytes beyond the
 * run are read; `out` has 64 bytes at least. Each lane gets the four bytes that its number begins in, is shifted left until the
 * number's highest bit is the lane's (by a multiplication, as lanes have no shifts of their own), and then all are shifted right.
 */
export function unpackNarrow(packed: usize, count: i32, width: i32, out: usize): void {
  if (width === 0) {
    memory.fill(out, 0, (<usize>count) << 2);
    return;
  }
  // The fifth of eight numbers begins at bit 4 · width; eight take `width` bytes, so each turn begins at a whole byte.
  const fifth = width << 2;
  // Through memory, for V8 would make them anew in each turn, which takes three times as long (Node 20.20).
  v128.store(out, bytesOf(0, width));
  v128.store(out, bytesOf(fifth & 7, width), 16);
  v128.store(out, factorsOf(0, width), 32);
  v128.store(out, factorsOf(fifth & 7, width), 48);
  const bytes = v128.load(out);
  const bytes2 = v128.load(out, 16);
  const factors = v128.load(out, 32);
  const factors2 = v128.load(out, 48);
  const apart = <usize>(fifth >> 3);
  const right = 32 - width;
  const end = out + ((<usize>count) << 2);
  let from = packed;
  for (let to = out; to < end; to += 32, from += width) {
    const low = i32x4.mul(i8x16.swizzle(v128.load(from), bytes), factors);
    const high = i32x4.mul(i8x16.swizzle(v128.load(from + apart), bytes2), factors2);
    v128.store(to, i32x4.shr_u(low, right));
    v128.store(to, i32x4.shr_u(high, right), 16);
  }
}

/** Of four numbers, the first of which begins at bit `first`, the bytes that each begins in, for a swizzle. */
function bytesOf(first: i32, width: i32): v128 {
  let lanes = i32x4.splat(0x03020100 + (first >> 3) * 0x01010101);
  lanes = i32x4.replace_lane(lanes, 1, 0x03020100 + ((first + width) >> 3) * 0x01010101);
  lanes = i32x4.replace_lane(lanes, 2, 0x03020100 + ((first + 2 * width) >> 3) * 0x01010101);
  return i32x4.replace_lane(lanes, 3, 0x03020100 + ((first + 3 * width) >> 3) * 0x01010101);
}

/** The factors that shift those to the top of their lanes. */
function factorsOf(first: i32, width: i32): v128 {
  const top = 32 - width;
  let lanes = i32x4.splat(1 << (top - (first & 7)));
  lanes = i32x4.replace_lane(lanes, 1, 1 << (top - ((first + width) & 7)));
  lanes = i32x4.replace_lane(lanes, 2, 1 << (top - ((first + 2 * width) & 7)));
  return i32x4.replace_lane(lanes, 3, 1 << (top - ((first + 3 * width) & 7)));
}

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
