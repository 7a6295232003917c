/** As in codec/patches.ts, whose twin of this says what they are. */
const DELTA: i32 = 3;
const SAMPLE: i32 = 64;
const MIDDLES: i32 = 9;
const OUTSIDE_MAX: i32 = 16;
const WIDTH_MAX: i32 = 52;
const PLACE_BITS: f64 = 10;

/**
 * Estimates from a sample of the numbers that a codec makes of values which width gives the fewest bytes if numbers outside of
 * a window of that width are patched. Writes these bytes and the middle of the numbers as f64, or nothing.
 * @param isNarrow the values are i32, not f64
 * @param room 512 bytes to work in
 * @returns the width, or −1 if there is none that gives less than `limit` bytes
 */
export function estimate(
  codec: i32,
  values: usize,
  isNarrow: bool,
  count: i32,
  headBytes: f64,
  limit: f64,
  out: usize,
  room: usize,
): i32 {
  const isDelta = codec === DELTA;
  const total = isDelta ? count - 1 : count;
  // The middles of 64 equal parts of the numbers, rounded down.
  for (let i = 0, part = total; i < SAMPLE; i++, part += 2 * total) {
    let number: f64;
    if (isNarrow) {
      const at = values + ((<usize>part >> 7) << 2);
      number = <f64>(isDelta ? load<i32>(at, 4) - load<i32>(at) : load<i32>(at));
    } else {
      const at = values + ((<usize>part >> 7) << 3);
      number = isDelta ? load<f64>(at, 8) - load<f64>(at) : load<f64>(at);
    }
    store<f64>(room + ((<usize>i) << 3), number);
  }
  const middle = middleOf(room);
  const b0 = bitsOf(room, middle);
  const b1 = bitsOf(room + 128, middle);
  const b2 = bitsOf(room + 256, middle);
  const b3 = bitsOf(room + 384, middle);
  const most = mostOf(i8x16.max_u(i8x16.max_u(b0, b1), i8x16.max_u(b2, b3)));
  let best = -1;
  let least = limit;
  let outside = 0;
  const bytesPerBit = <f64>total / 8;
  const bytesPerPatch = (bytesPerBit / <f64>SAMPLE) * (PLACE_BITS + <f64>most + 1);
  for (let width = most; width >= 0 && outside <= OUTSIDE_MAX; width--) {
    const size = headBytes + bytesPerBit * <f64>width + bytesPerPatch * <f64>outside;
    if (size < least && width <= WIDTH_MAX) {
      least = size;
      best = width;
    }
    // Those of this width and more are outside of the next one.
    const below = i8x16.splat(<i8>(width - 1));
    const far = wide(b0, below) | (wide(b1, below) << 16);
    const far2 = wide(b2, below) | (wide(b3, below) << 16);
    outside = popcnt(far) + popcnt(far2);
  }
  if (best < 0) return best;
  store<f64>(out, least);
  store<f64>(out, middle, 8);
  return best;
}

/** A bit for each of 16 bytes that is above `below`. Bytes are up to 65. */
function wide(bytes: v128, below: v128): i32 {
  return i8x16.bitmask(i8x16.gt_s(bytes, below));
}

/** For each of 16 numbers of the sample, how many bits it needs, as far as it is from the middle with the sign in the lowest one. */
function bitsOf(sample: usize, middle: f64): v128 {
  const middles = f64x2.splat(middle);
  return i8x16.narrow_i16x8_u(
    i16x8.narrow_i32x4_s(bitsOfFour(sample, middles), bitsOfFour(sample + 32, middles)),
    i16x8.narrow_i32x4_s(bitsOfFour(sample + 64, middles), bitsOfFour(sample + 96, middles)),
  );
}

function bitsOfFour(sample: usize, middles: v128): v128 {
  const a = i64x2.shr_u(zigzag(f64x2.sub(v128.load(sample), middles)), 52);
  const b = i64x2.shr_u(zigzag(f64x2.sub(v128.load(sample, 16), middles)), 52);
  // The exponent of a whole number is its bits less one; that of 0 is far below.
  const bits = i32x4.sub(i32x4.shuffle(a, b, 0, 2, 4, 6), i32x4.splat(1022));
  return i32x4.max_s(bits, i32x4.splat(0));
}

/** 2n for n ≥ 0, else −2n − 1: without a branch, as the sign of noise cannot be foretold. */
function zigzag(far: v128): v128 {
  const isBelow = f64x2.lt(far, f64x2.splat(0));
  const twice = f64x2.abs(f64x2.add(far, far));
  return f64x2.sub(twice, v128.and(isBelow, f64x2.splat(1)));
}

function mostOf(bytes: v128): i32 {
  let most = i8x16.max_u(bytes, i64x2.shuffle(bytes, bytes, 1, 0));
  most = i8x16.max_u(most, i32x4.shuffle(most, most, 1, 0, 3, 2));
  most = i8x16.max_u(most, i16x8.shuffle(most, most, 1, 0, 3, 2, 5, 4, 7, 6));
  const pair = <i32>i16x8.extract_lane_u(most, 0);
  return max<i32>(pair & 0xff, pair >> 8);
}

/** The middle one of nine of the sample: of the greatest least, the middle middle and the least greatest of three threes. */
function middleOf(sample: usize): f64 {
  const a = pick(sample, 0);
  const b = pick(sample, 1);
  const c = pick(sample, 2);
  const d = pick(sample, 3);
  const e = pick(sample, 4);
  const f = pick(sample, 5);
  const g = pick(sample, 6);
  const h = pick(sample, 7);
  const i = pick(sample, 8);
  const least = f64x2.pmax(f64x2.pmax(least3(a, b, c), least3(d, e, f)), least3(g, h, i));
  const middle = middle3(middle3(a, b, c), middle3(d, e, f), middle3(g, h, i));
  const most = f64x2.pmin(f64x2.pmin(most3(a, b, c), most3(d, e, f)), most3(g, h, i));
  // Plus 0: which of 0 and −0 comes out depends on the order.
  return f64x2.extract_lane(middle3(least, middle, most), 0) + 0;
}

/** The i-th of nine, in both lanes. */
function pick(sample: usize, i: i32): v128 {
  const at = <i32>(((<f64>i + 0.5) * <f64>SAMPLE) / <f64>MIDDLES);
  return v128.load64_splat(sample + ((<usize>at) << 3));
}

function least3(a: v128, b: v128, c: v128): v128 {
  return f64x2.pmin(f64x2.pmin(a, b), c);
}

function most3(a: v128, b: v128, c: v128): v128 {
  return f64x2.pmax(f64x2.pmax(a, b), c);
}

function middle3(a: v128, b: v128, c: v128): v128 {
  return f64x2.pmax(f64x2.pmin(a, b), f64x2.pmin(f64x2.pmax(a, b), c));
}
