// Packing: number i takes bits i·width … of the run, least significant first. Numbers are whole, 0 ≤ n < 2^width ≤ 2^52.
// Eight of up to 16 bits are made and put together at once: they take `width` bytes. Of others, and of those that are left, first
// the numbers are made, as u64, in `numbers`; then their bits are put together. Two loops cost less than one that does both, as the
// first one takes two at a time.

/** Adding 2^52 leaves a whole number 0 ≤ n < 2^52 in the low bits of the sum, which costs less than a conversion. */
const LIFT: f64 = 4503599627370496.0;
const LOW: u64 = 0xfffffffffffff;

const FRAME: i32 = 0;
const DELTA: i32 = 1;
const LINEAR: i32 = 2;
const EIGHTS_MAX: u32 = 16;

/** Packs values less `base`. */
export function packFrame(
  values: usize,
  count: i32,
  base: f64,
  width: u32,
  numbers: usize,
  out: usize,
): void {
  const done = packEights(FRAME, values, count, base, 0, width, out);
  const lift = f64x2.splat(LIFT);
  const low = i64x2.splat(LOW);
  const bases = f64x2.splat(base);
  const end = values + ((<usize>count) << 3);
  let to = numbers;
  for (let at = values + ((<usize>done) << 3); at < end; at += 16, to += 16) {
    v128.store(to, v128.and(f64x2.add(f64x2.sub(v128.load(at), bases), lift), low));
  }
  packBits(numbers, count - done, width, out + <usize>(done >> 3) * width);
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
  const done = packEights(DELTA, values + 8, count - 1, base, 0, width, out);
  const lift = f64x2.splat(LIFT);
  const low = i64x2.splat(LOW);
  const bases = f64x2.splat(base);
  const end = values + ((<usize>count) << 3);
  let to = numbers;
  for (let at = values + 8 + ((<usize>done) << 3); at < end; at += 16, to += 16) {
    const step = f64x2.sub(v128.load(at), v128.load(at - 8));
    v128.store(to, v128.and(f64x2.add(f64x2.sub(step, bases), lift), low));
  }
  packBits(numbers, count - 1 - done, width, out + <usize>(done >> 3) * width);
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
  const done = packEights(LINEAR, values, count, base, slope, width, out);
  const lift = f64x2.splat(LIFT);
  const low = i64x2.splat(LOW);
  const bases = f64x2.splat(base);
  const twoSlopes = f64x2.splat(2 * slope);
  const end = values + ((<usize>count) << 3);
  const begun = slope * <f64>done;
  let line = f64x2.replace_lane(f64x2.splat(begun), 1, begun + slope);
  let to = numbers;
  for (let at = values + ((<usize>done) << 3); at < end; at += 16, to += 16) {
    const rest = f64x2.sub(v128.load(at), line);
    line = f64x2.add(line, twoSlopes);
    v128.store(to, v128.and(f64x2.add(f64x2.sub(rest, bases), lift), low));
  }
  packBits(numbers, count - done, width, out + <usize>(done >> 3) * width);
}

/**
 * Packs numbers of 1…16 bits, eight at a time, as long as there are eight: values, their differences from the ones before, or what
 * they are above a line, less `base`. Up to 16 - `width` zero bytes are written beyond. Returns how many numbers are packed.
 */
function packEights(
  kind: i32,
  values: usize,
  count: i32,
  base: f64,
  slope: f64,
  width: u32,
  out: usize,
): i32 {
  if (width === 0 || width > EIGHTS_MAX) return 0;
  // Both are whole and below 2^53, so nothing is rounded.
  const lift = f64x2.splat(LIFT - base);
  const low = i64x2.splat(0xffffffff);
  const width2 = <u64>(2 * width);
  const width4 = <u64>(4 * width);
  const done = count & ~7;
  const twoSlopes = f64x2.splat(2 * slope);
  let line = f64x2.replace_lane(f64x2.splat(0), 1, slope);
  let to = out;
  const end = values + ((<usize>done) << 3);
  for (let at = values; at < end; at += 64, to += width) {
    let a = v128.load(at);
    let b = v128.load(at, 16);
    let c = v128.load(at, 32);
    let d = v128.load(at, 48);
    if (kind === DELTA) {
      a = f64x2.sub(a, v128.load(at - 8));
      b = f64x2.sub(b, v128.load(at - 8, 16));
      c = f64x2.sub(c, v128.load(at - 8, 32));
      d = f64x2.sub(d, v128.load(at - 8, 48));
    } else if (kind === LINEAR) {
      a = f64x2.sub(a, line);
      line = f64x2.add(line, twoSlopes);
      b = f64x2.sub(b, line);
      line = f64x2.add(line, twoSlopes);
      c = f64x2.sub(c, line);
      line = f64x2.add(line, twoSlopes);
      d = f64x2.sub(d, line);
      line = f64x2.add(line, twoSlopes);
    }
    // The low halves of the lifted numbers, of which pairs are put together, then the pairs.
    const first = i32x4.shuffle(f64x2.add(a, lift), f64x2.add(b, lift), 0, 2, 4, 6);
    const second = i32x4.shuffle(f64x2.add(c, lift), f64x2.add(d, lift), 0, 2, 4, 6);
    const pairs = v128.or(v128.and(first, low), i64x2.shl(i64x2.shr_u(first, 32), width));
    const pairs2 = v128.or(v128.and(second, low), i64x2.shl(i64x2.shr_u(second, 32), width));
    const four = <u64>i64x2.extract_lane(pairs, 0) | ((<u64>i64x2.extract_lane(pairs, 1)) << width2);
    const four2 = <u64>i64x2.extract_lane(pairs2, 0) | ((<u64>i64x2.extract_lane(pairs2, 1)) << width2);
    // A shift by 64 is one by 0, hence the two steps.
    store<u64>(to, four | ((four2 << (width4 - 1)) << 1));
    store<u64>(to, four2 >> (64 - width4), 8);
  }
  return done;
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
