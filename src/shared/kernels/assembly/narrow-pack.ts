/** As in pack.ts. */
const FRAME: i32 = 0;
const DELTA: i32 = 1;
const LINEAR: i32 = 2;
/** Sixteen numbers of so many bits are put together by instructions for lanes of 16 bits with their sign. */
const SIXTEENS_MAX: i32 = 7;

/**
 * Packs i32, their differences from the ones before (`count` - 1 numbers), or what they are above a line, less `base`, as numbers of
 * 0…14 bits: as pack.ts says. An instruction that multiplies pairs and adds them moves the second of a pair up by `width`; of up to 7 bits
 * a second one does the same to pairs of pairs. Up to 15 values are written behind the last one, and up to 32 bytes behind the run.
 * @param shorts where the values are as i16, whole sixteens of them, as narrow-ranges.ts leaves them; 0 if they are not
 */
export function packNarrow(
  kind: i32,
  values: usize,
  shorts: usize,
  count: i32,
  base: i32,
  slope: i32,
  width: i32,
  out: usize,
): void {
  const total = kind === DELTA ? count - 1 : count;
  if (width === 0 || total === 0) return;
  if (shorts !== 0 && width <= SIXTEENS_MAX && kind === DELTA) {
    store<i16>(shorts + ((<usize>count) << 1), <i16>(load<i16>(shorts + ((<usize>total) << 1)) + base));
    packShortSteps(shorts + 2, total, base, width, out);
    return;
  }
  if (shorts !== 0 && width > SIXTEENS_MAX && kind === FRAME) {
    packShorts(shorts, total, base, width, out);
    return;
  }
  pad(kind, values, count, total, base, slope);
  if (width <= SIXTEENS_MAX) packSixteens(kind, values, total, base, slope, width, out);
  else packEights(kind, values, total, base, slope, width, out);
}

/** Writes values that make numbers of zero behind the last one, up to a whole sixteen. */
function pad(kind: i32, values: usize, count: i32, total: i32, base: i32, slope: i32): void {
  const end = count + (-total & 15);
  const last = load<i32>(values + ((<usize>count) << 2) - 4);
  for (let i = count; i < end; i++) {
    let value = base;
    if (kind === DELTA) value = last + base * (i + 1 - count);
    else if (kind === LINEAR) value += slope * i;
    store<i32>(values + ((<usize>i) << 2), value);
  }
}

function packSixteens(
  kind: i32,
  values: usize,
  total: i32,
  base: i32,
  slope: i32,
  width: i32,
  out: usize,
): void {
  // Through memory: see unpack-narrow.ts.
  v128.store(out, i32x4.splat(base));
  v128.store(out, i32x4.splat(((<i32>1) << (width + 16)) | 1), 16);
  v128.store(out, i32x4.splat(((<i32>1) << (2 * width + 16)) | 1), 32);
  const bases = v128.load(out);
  const pairFactors = v128.load(out, 16);
  const fourFactors = v128.load(out, 32);
  const steps = i32x4.splat(4 * slope);
  const factor = joinFactor(4 * width, out);
  let line = i32x4.mul(i32x4.splat(slope), i32x4(0, 1, 2, 3));
  let to = out;
  const from = kind === DELTA ? values + 4 : values;
  const end = from + ((<usize>total) << 2);
  for (let at = from; at < end; at += 64) {
    let a = v128.load(at);
    let b = v128.load(at, 16);
    let c = v128.load(at, 32);
    let d = v128.load(at, 48);
    if (kind === DELTA) {
      a = i32x4.sub(a, v128.load(at - 4));
      b = i32x4.sub(b, v128.load(at - 4, 16));
      c = i32x4.sub(c, v128.load(at - 4, 32));
      d = i32x4.sub(d, v128.load(at - 4, 48));
    } else if (kind === LINEAR) {
      a = i32x4.sub(a, line);
      line = i32x4.add(line, steps);
      b = i32x4.sub(b, line);
      line = i32x4.add(line, steps);
      c = i32x4.sub(c, line);
      line = i32x4.add(line, steps);
      d = i32x4.sub(d, line);
      line = i32x4.add(line, steps);
    }
    const low = pairsOf(i32x4.sub(a, bases), i32x4.sub(b, bases), pairFactors);
    const high = pairsOf(i32x4.sub(c, bases), i32x4.sub(d, bases), pairFactors);
    const fours = pairsOf(low, high, fourFactors);
    store<u64>(to, joined(<u64>i64x2.extract_lane(fours, 0), factor));
    to += width;
    store<u64>(to, joined(<u64>i64x2.extract_lane(fours, 1), factor));
    to += width;
  }
}

function packEights(
  kind: i32,
  values: usize,
  total: i32,
  base: i32,
  slope: i32,
  width: i32,
  out: usize,
): void {
  v128.store(out, i32x4.splat(base));
  v128.store(out, i32x4.splat(((<i32>1) << (width + 16)) | 1), 16);
  const bases = v128.load(out);
  const factors = v128.load(out, 16);
  const steps = i32x4.splat(4 * slope);
  const factor = joinFactor(2 * width, out);
  let line = i32x4.mul(i32x4.splat(slope), i32x4(0, 1, 2, 3));
  const bits = <u64>(4 * width);
  let to = out;
  const from = kind === DELTA ? values + 4 : values;
  const end = from + ((<usize>total) << 2);
  for (let at = from; at < end; at += 32, to += width) {
    let a = v128.load(at);
    let b = v128.load(at, 16);
    if (kind === DELTA) {
      a = i32x4.sub(a, v128.load(at - 4));
      b = i32x4.sub(b, v128.load(at - 4, 16));
    } else if (kind === LINEAR) {
      a = i32x4.sub(a, line);
      line = i32x4.add(line, steps);
      b = i32x4.sub(b, line);
      line = i32x4.add(line, steps);
    }
    const pairs = pairsOf(i32x4.sub(a, bases), i32x4.sub(b, bases), factors);
    const four = joined(<u64>i64x2.extract_lane(pairs, 0), factor);
    const four2 = joined(<u64>i64x2.extract_lane(pairs, 1), factor);
    store<u64>(to, four | (four2 << bits));
    store<u64>(to, four2 >> (64 - bits), 8);
  }
}

/** What `packSixteens` does of differences, of values that both are i16: they are the commonest of so few bits. */
function packShortSteps(shorts: usize, total: i32, base: i32, width: i32, out: usize): void {
  v128.store(out, i16x8.splat(<i16>base));
  v128.store(out, i32x4.splat(((<i32>1) << (width + 16)) | 1), 16);
  v128.store(out, i32x4.splat(((<i32>1) << (2 * width + 16)) | 1), 32);
  const bases = v128.load(out);
  const pairFactors = v128.load(out, 16);
  const fourFactors = v128.load(out, 32);
  const factor = joinFactor(4 * width, out);
  let to = out;
  const end = shorts + ((<usize>total) << 1);
  for (let at = shorts; at < end; at += 32) {
    const a = i16x8.sub(i16x8.sub(v128.load(at), v128.load(at - 2)), bases);
    const b = i16x8.sub(i16x8.sub(v128.load(at, 16), v128.load(at - 2, 16)), bases);
    const low = i32x4.dot_i16x8_s(a, pairFactors);
    const high = i32x4.dot_i16x8_s(b, pairFactors);
    const fours = pairsOf(low, high, fourFactors);
    store<u64>(to, joined(<u64>i64x2.extract_lane(fours, 0), factor));
    to += width;
    store<u64>(to, joined(<u64>i64x2.extract_lane(fours, 1), factor));
    to += width;
  }
}

/** What `packEights` does of values, whole sixteens of them, that are i16. */
function packShorts(shorts: usize, total: i32, base: i32, width: i32, out: usize): void {
  v128.store(out, i16x8.splat(<i16>base));
  v128.store(out, i32x4.splat(((<i32>1) << (width + 16)) | 1), 16);
  const bases = v128.load(out);
  const factors = v128.load(out, 16);
  const factor = joinFactor(2 * width, out);
  store<u64>(out, <u64>(4 * width), 56);
  store<u64>(out, <u64>(64 - 4 * width), 64);
  const bits = load<u64>(out, 56);
  const rest = load<u64>(out, 64);
  let to = out;
  const end = shorts + ((<usize>total) << 1);
  for (let at = shorts; at < end; at += 32) {
    const low = i32x4.dot_i16x8_s(i16x8.sub(v128.load(at), bases), factors);
    const high = i32x4.dot_i16x8_s(i16x8.sub(v128.load(at, 16), bases), factors);
    const four = joined(<u64>i64x2.extract_lane(low, 1), factor);
    store<u64>(to, joined(<u64>i64x2.extract_lane(low, 0), factor) | (four << bits));
    store<u64>(to, four >> rest, 8);
    to += width;
    const four2 = joined(<u64>i64x2.extract_lane(high, 1), factor);
    store<u64>(to, joined(<u64>i64x2.extract_lane(high, 0), factor) | (four2 << bits));
    store<u64>(to, four2 >> rest, 8);
    to += width;
  }
}

/** Of eight i16 the pairs, each in 32 bits, the second one times the factor. */
function pairsOf(a: v128, b: v128, factors: v128): v128 {
  return i32x4.dot_i16x8_s(i16x8.narrow_i32x4_s(a, b), factors);
}

/** The high half of a word moved down beside the low half: what comes off above, and is added below. */
function joined(word: u64, factor: u64): u64 {
  return word + (word >> 32) * factor;
}

/** For halves of so many bits. It goes through memory, too: V8 would work it out in each turn. */
function joinFactor(bits: i32, room: usize): u64 {
  store<u64>(room, ((<u64>1) << (<u64>bits)) - ((<u64>1) << 32), 48);
  return load<u64>(room, 48);
}
