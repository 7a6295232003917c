// Packing: number i takes bits i·width … of the run, least significant first. Numbers are whole, 0 ≤ n < 2^width ≤ 2^52.
// First they are made, as u64, in `numbers`; then their bits are put together. Two loops cost less than one that does both,
// as the first one takes two at a time.

/** Adding 2^52 leaves a whole number 0 ≤ n < 2^52 in the low bits of the sum, which costs less than a conversion. */
const LIFT: f64 = 4503599627370496.0;
const LOW: u64 = 0xfffffffffffff;

/** Packs values less `base`. */
export function packFrame(
  values: usize,
  count: i32,
  base: f64,
  width: u32,
  numbers: usize,
  out: usize,
): void {
  const lift = f64x2.splat(LIFT);
  const low = i64x2.splat(LOW);
  const bases = f64x2.splat(base);
  const end = values + ((<usize>count) << 3);
  let to = numbers;
  for (let at = values; at < end; at += 16, to += 16) {
    v128.store(to, v128.and(f64x2.add(f64x2.sub(v128.load(at), bases), lift), low));
  }
  packBits(numbers, count, width, out);
}

/** Packs the differences of values less `base`: `count` - 1 numbers. */
export function packDelta(
  values: usize,
  count: i32,
  base: f64,
  width: u32,
  numbers: usize,
  out: usize,
): void {
  const lift = f64x2.splat(LIFT);
  const low = i64x2.splat(LOW);
  const bases = f64x2.splat(base);
  const end = values + ((<usize>count) << 3);
  let to = numbers;
  for (let at = values + 8; at < end; at += 16, to += 16) {
    const step = f64x2.sub(v128.load(at), v128.load(at - 8));
    v128.store(to, v128.and(f64x2.add(f64x2.sub(step, bases), lift), low));
  }
  packBits(numbers, count - 1, width, out);
}

/** Packs the differences of differences of values less `base`: `count` - 2 numbers. */
export function packDeltaOfDelta(
  values: usize,
  count: i32,
  base: f64,
  width: u32,
  numbers: usize,
  out: usize,
): void {
  const lift = f64x2.splat(LIFT);
  const low = i64x2.splat(LOW);
  const bases = f64x2.splat(base);
  const end = values + ((<usize>count) << 3);
  let to = numbers;
  for (let at = values + 16; at < end; at += 16, to += 16) {
    const before = v128.load(at - 8);
    const turn = f64x2.sub(f64x2.sub(v128.load(at), before), f64x2.sub(before, v128.load(at - 16)));
    v128.store(to, v128.and(f64x2.add(f64x2.sub(turn, bases), lift), low));
  }
  packBits(numbers, count - 2, width, out);
}

/** Packs values less `base` and `slope` times their place. */
export function packLinear(
  values: usize,
  count: i32,
  base: f64,
  slope: f64,
  width: u32,
  numbers: usize,
  out: usize,
): void {
  const lift = f64x2.splat(LIFT);
  const low = i64x2.splat(LOW);
  const bases = f64x2.splat(base);
  const twoSlopes = f64x2.splat(2 * slope);
  const end = values + ((<usize>count) << 3);
  let line = f64x2.replace_lane(f64x2.splat(0), 1, slope);
  let to = numbers;
  for (let at = values; at < end; at += 16, to += 16) {
    const rest = f64x2.sub(v128.load(at), line);
    line = f64x2.add(line, twoSlopes);
    v128.store(to, v128.and(f64x2.add(f64x2.sub(rest, bases), lift), low));
  }
  packBits(numbers, count, width, out);
}

/** Packs u64 below 2^width. Several go into the word at once where they fit: fewer branches on whether it is full. */
function packBits(numbers: usize, count: i32, width: u32, out: usize): void {
  if (width === 0) return;
  let word: u64 = 0;
  let used: u32 = 0;
  let at = numbers;
  let to = out;
  const end = numbers + ((<usize>count) << 3);
  if (width <= 16) {
    const group = width * 4;
    const width2 = <u64>(width * 2);
    const width3 = <u64>(width * 3);
    for (; at + 32 <= end; at += 32) {
      const bits =
        load<u64>(at) |
        (load<u64>(at, 8) << (<u64>width)) |
        (load<u64>(at, 16) << width2) |
        (load<u64>(at, 24) << width3);
      word |= bits << used;
      used += group;
      if (used >= 64) {
        store<u64>(to, word);
        to += 8;
        used -= 64;
        // A shift by 64 is one by 0, hence the two steps.
        word = (bits >> 1) >> (group - used - 1);
      }
    }
  } else if (width <= 32) {
    const group = width * 2;
    for (; at + 16 <= end; at += 16) {
      const bits = load<u64>(at) | (load<u64>(at, 8) << (<u64>width));
      word |= bits << used;
      used += group;
      if (used >= 64) {
        store<u64>(to, word);
        to += 8;
        used -= 64;
        word = (bits >> 1) >> (group - used - 1);
      }
    }
  }
  for (; at < end; at += 8) {
    const bits = load<u64>(at);
    word |= bits << used;
    used += width;
    if (used >= 64) {
      store<u64>(to, word);
      to += 8;
      used -= 64;
      word = (bits >> 1) >> (width - used - 1);
    }
  }
  store<u64>(to, word);
}
