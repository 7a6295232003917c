// Numbers of up to 25 bits, unpacked eight a turn. Eight numbers of `width` bits take `width` bytes, so each turn begins at a whole
// byte, with the same places of the numbers in their bytes: how these are moved into lanes stands in a row of the tables for each width
// (codec/unpack-tables.ts), loaded once, for V8 would make constants anew in each turn (Node 20.20). A lane gets the bytes that its
// number begins in, and a multiplication, as lanes have no shifts of their own, moves the number up to bit 7, whence one shift brings all down.

/** Bytes of a row of the tables, and where in it the parts are. */
const ROW_BYTES: usize = 128;
const SHORT_BYTES: usize = 0;
const SHORT_FACTORS: usize = 16;
const SHORT_MASK: usize = 32;
const LOW_BYTES: usize = 48;
const LOW_FACTORS: usize = 64;
const HIGH_BYTES: usize = 80;
const HIGH_FACTORS: usize = 96;
const MASK: usize = 112;
/** Eight numbers of so many bits lie in the 16 bytes of one load. */
const ONE_LOAD_MAX: i32 = 16;
const ALIGNED: i32 = 7;

/**
 * Unpacks `count` numbers of `width` bits (0…25) to i32, with `base` added to each. Up to 15 more are written, and up to 48 bytes beyond
 * the run are read. Of up to 16 bits they may be left where the multiplication puts them, raised: 128 times as large, as the base is then.
 */
export function unpackNarrow(
  packed: usize,
  count: i32,
  width: i32,
  base: i32,
  isRaised: bool,
  tables: usize,
  out: usize,
): void {
  const row = tables + <usize>width * ROW_BYTES;
  const lows = v128.load(row, LOW_BYTES);
  const lowFactors = v128.load(row, LOW_FACTORS);
  const highs = v128.load(row, HIGH_BYTES);
  const highFactors = v128.load(row, HIGH_FACTORS);
  const mask = v128.load(row, MASK);
  v128.store(out, i32x4.splat(base));
  const bases = v128.load(out);
  const end = out + ((<usize>count) << 2);
  let from = packed;
  if (isRaised) {
    for (let to = out; to < end; to += 64) {
      const bytes = v128.load(from);
      from += width;
      const bytes2 = v128.load(from);
      from += width;
      v128.store(to, i32x4.add(raised(bytes, lows, lowFactors, mask), bases));
      v128.store(to, i32x4.add(raised(bytes, highs, highFactors, mask), bases), 16);
      v128.store(to, i32x4.add(raised(bytes2, lows, lowFactors, mask), bases), 32);
      v128.store(to, i32x4.add(raised(bytes2, highs, highFactors, mask), bases), 48);
    }
    return;
  }
  if (width <= ONE_LOAD_MAX) {
    for (let to = out; to < end; to += 64) {
      const bytes = v128.load(from);
      from += width;
      const bytes2 = v128.load(from);
      from += width;
      v128.store(to, i32x4.add(fourOf(bytes, lows, lowFactors, mask), bases));
      v128.store(to, i32x4.add(fourOf(bytes, highs, highFactors, mask), bases), 16);
      v128.store(to, i32x4.add(fourOf(bytes2, lows, lowFactors, mask), bases), 32);
      v128.store(to, i32x4.add(fourOf(bytes2, highs, highFactors, mask), bases), 48);
    }
    return;
  }
  // The fifth number begins at bit 4 · width.
  let second = packed + <usize>(width >> 1);
  for (let to = out; to < end; to += 32, from += width, second += width) {
    v128.store(to, i32x4.add(fourOf(v128.load(from), lows, lowFactors, mask), bases));
    v128.store(to, i32x4.add(fourOf(v128.load(second), highs, highFactors, mask), bases), 16);
  }
}

/** The four numbers that lie in these bytes. */
function fourOf(bytes: v128, places: v128, factors: v128, mask: v128): v128 {
  return i32x4.shr_u(raised(bytes, places, factors, mask), ALIGNED);
}

function raised(bytes: v128, places: v128, factors: v128, mask: v128): v128 {
  return v128.and(i32x4.mul(i8x16.swizzle(bytes, places), factors), mask);
}

/**
 * Unpacks `count` numbers of up to 9 bits to i16, with the i16 that lies at `step` added to each. Up to 31 more are written, and up to 48
 * bytes beyond the run are read. They may be left raised, as above, with a step that is.
 */
export function unpackShort(
  packed: usize,
  count: i32,
  width: i32,
  step: usize,
  isRaised: bool,
  tables: usize,
  out: usize,
): void {
  const row = tables + <usize>width * ROW_BYTES;
  const places = v128.load(row, SHORT_BYTES);
  const factors = v128.load(row, SHORT_FACTORS);
  const mask = v128.load(row, SHORT_MASK);
  const steps = v128.load16_splat(step);
  const end = out + ((<usize>count) << 1);
  let from = packed;
  if (isRaised) {
    for (let to = out; to < end; to += 64) {
      v128.store(to, i16x8.add(raisedShorts(from, places, factors, mask), steps));
      from += width;
      v128.store(to, i16x8.add(raisedShorts(from, places, factors, mask), steps), 16);
      from += width;
      v128.store(to, i16x8.add(raisedShorts(from, places, factors, mask), steps), 32);
      from += width;
      v128.store(to, i16x8.add(raisedShorts(from, places, factors, mask), steps), 48);
      from += width;
    }
    return;
  }
  for (let to = out; to < end; to += 64) {
    v128.store(to, shorts(from, places, factors, mask, steps));
    from += width;
    v128.store(to, shorts(from, places, factors, mask, steps), 16);
    from += width;
    v128.store(to, shorts(from, places, factors, mask, steps), 32);
    from += width;
    v128.store(to, shorts(from, places, factors, mask, steps), 48);
    from += width;
  }
}

/** Eight numbers. */
function shorts(from: usize, places: v128, factors: v128, mask: v128, steps: v128): v128 {
  return i16x8.add(i16x8.shr_u(raisedShorts(from, places, factors, mask), ALIGNED), steps);
}

function raisedShorts(from: usize, places: v128, factors: v128, mask: v128): v128 {
  return v128.and(i16x8.mul(i8x16.swizzle(v128.load(from), places), factors), mask);
}
