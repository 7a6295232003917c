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
 */
export function packNarrow(
  kind: i32,
  values: usize,
  count: i32,
  base: i32,
  slope: i32,
  width: i32,
  out: usize,
): void {
  const total = kind === DELTA ? count - 1 : count;
  if (width === 0 || total === 0) return;
  pad(kind, values, count, total, base, slope);
  // Narrow differences and wide values are the commonest: they go without a branch.
  if (width <= SIXTEENS_MAX && kind === DELTA) packSteps(values + 4, total, base, width, out);
  else if (width > SIXTEENS_MAX && kind === FRAME) packValues(values, total, base, width, out);
  else if (width <= SIXTEENS_MAX) packSixteens(kind, values, total, base, slope, width, out);
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
  const factor = joinFactor(4 * width);
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

/** What `packSixteens` does of differences. */
function packSteps(values: usize, total: i32, base: i32, width: i32, out: usize): void {
  v128.store(out, i32x4.splat(base));
  v128.store(out, i32x4.splat(((<i32>1) << (width + 16)) | 1), 16);
  v128.store(out, i32x4.splat(((<i32>1) << (2 * width + 16)) | 1), 32);
  const bases = v128.load(out);
  const pairFactors = v128.load(out, 16);
  const fourFactors = v128.load(out, 32);
  const factor = joinFactor(4 * width);
  let to = out;
  const end = values + ((<usize>total) << 2);
  for (let at = values; at < end; at += 64) {
    const a = i32x4.sub(i32x4.sub(v128.load(at), v128.load(at - 4)), bases);
    const b = i32x4.sub(i32x4.sub(v128.load(at, 16), v128.load(at - 4, 16)), bases);
    const c = i32x4.sub(i32x4.sub(v128.load(at, 32), v128.load(at - 4, 32)), bases);
    const d = i32x4.sub(i32x4.sub(v128.load(at, 48), v128.load(at - 4, 48)), bases);
    const fours = pairsOf(pairsOf(a, b, pairFactors), pairsOf(c, d, pairFactors), fourFactors);
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
  const factor = joinFactor(2 * width);
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

/** What `packEights` does of values. */
function packValues(values: usize, total: i32, base: i32, width: i32, out: usize): void {
  v128.store(out, i32x4.splat(base));
  v128.store(out, i32x4.splat(((<i32>1) << (width + 16)) | 1), 16);
  const bases = v128.load(out);
  const factors = v128.load(out, 16);
  const factor = joinFactor(2 * width);
  const bits = <u64>(4 * width);
  const rest = 64 - bits;
  let to = out;
  const end = values + ((<usize>total) << 2);
  for (let at = values; at < end; at += 64) {
    const a = i32x4.sub(v128.load(at), bases);
    const b = i32x4.sub(v128.load(at, 16), bases);
    const c = i32x4.sub(v128.load(at, 32), bases);
    const d = i32x4.sub(v128.load(at, 48), bases);
    const low = pairsOf(a, b, factors);
    const high = pairsOf(c, d, factors);
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

/** Of eight numbers below 2^15 the pairs, each in 32 bits, the second one times the factor. */
function pairsOf(a: v128, b: v128, factors: v128): v128 {
  return i32x4.dot_i16x8_s(i16x8.narrow_i32x4_s(a, b), factors);
}

/** The high half of a word moved down beside the low half: what comes off above, and is added below. */
function joined(word: u64, factor: u64): u64 {
  return word + (word >> 32) * factor;
}

/** For halves of so many bits. */
function joinFactor(bits: i32): u64 {
  return ((<u64>1) << (<u64>bits)) - ((<u64>1) << 32);
}
