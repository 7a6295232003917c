import { narrowDelta, narrowFrame, narrowLine, unpackNarrow } from './narrow';
import { smallDelta, smallLine } from './small';

/** As in codec/codec-ids.ts. */
const FRAME_OF_REFERENCE: u32 = 2;
const DELTA: u32 = 3;
const LINEAR: u32 = 9;
/** As in codec/vector-header.ts, codec/statistics.ts and schema/limits.ts. */
export const HEADER_BYTES: usize = 8;
export const HAS_STATISTICS: u32 = 2;
export const STATISTICS_BYTES: usize = 24;
export const VECTOR_ROWS: i32 = 1024;
/** As in codec/narrow.ts and codec/residuals.ts. */
const NARROW_MAX: u32 = 25;
const PATCH_WIDTH_MAX: u32 = 28;
const SUM_LIMIT: f64 = 4503599627370496.0;
const SMALL_LIMIT: f64 = 67108864.0;
const DECIMALS_MAX: u32 = 15;
const PLACE_BITS: u32 = 10;
const FACTOR_BYTES: usize = 24;

/**
 * Decodes vectors of doubles one after the other, as long as they have no nulls, are in an integer codec with narrow numbers,
 * patched or not, and have neither exceptions nor ulps: most are. The first that is anything else, or that is not as it should be,
 * is left to those who know what to make of it or what to say of it.
 * @param at where the first one begins, and `end` where the bytes end
 * @param rows of the column, from the first vector's on
 * @param wanted of these: whole vectors, and as many as `out` has room for
 * @param factors for each number of decimals: the power of ten, and the two parts of its inverse or 0
 * @param numbers room for the numbers of a vector
 * @param next receives where the vectors that are decoded end
 * @returns how many rows they have
 */
export function narrowRows(
  at: usize,
  end: usize,
  rows: i32,
  wanted: i32,
  isTime: bool,
  factors: usize,
  numbers: usize,
  out: usize,
  next: usize,
): i32 {
  let done = 0;
  let from = at;
  while (done < wanted) {
    const count = min<i32>(VECTOR_ROWS, rows - done);
    const to = narrowVector(from, end, count, isTime, factors, numbers, out + ((<usize>done) << 3));
    if (to === 0) break;
    from = to;
    done += count;
  }
  store<u32>(next, <u32>from);
  return done;
}

/** Decodes one and returns where it ends; 0 if it is not for this way. */
export function narrowVector(
  at: usize,
  end: usize,
  count: i32,
  isTime: bool,
  factors: usize,
  numbers: usize,
  out: usize,
): usize {
  if (at + HEADER_BYTES > end) return 0;
  const codec = <u32>load<u8>(at);
  const flags = <u32>load<u8>(at, 1);
  const isFrame = codec === FRAME_OF_REFERENCE;
  const isDelta = codec === DELTA;
  if (!isFrame && !isDelta && codec !== LINEAR) return 0;
  if ((flags & ~HAS_STATISTICS) !== 0 || <i32>load<u16>(at, 2) !== count) return 0;
  const body = <usize>load<u32>(at, 4);
  if ((body & 7) !== 0 || body > end - at - HEADER_BYTES) return 0;
  const vectorEnd = at + HEADER_BYTES + body;
  const head = at + HEADER_BYTES + (flags !== 0 ? STATISTICS_BYTES : 0);
  const packed = head + (isFrame ? 16 : 24);
  if (packed > vectorEnd) return 0;

  const width = <u32>load<u8>(head);
  const decimals = <u32>load<u8>(head, 1);
  const ulpsOrExceptions = <u32>load<u8>(head, 3) | <u32>load<u16>(head, 6);
  if (width > NARROW_MAX || decimals > (isTime ? 0 : DECIMALS_MAX) || ulpsOrExceptions !== 0) return 0;
  const total = isDelta ? count - 1 : count;
  const patches = <i32>load<u16>(head, 4);
  const patchWidth = patches > 0 ? <u32>load<u8>(head, 2) : 0;
  if (patches > total || patchWidth > PATCH_WIDTH_MAX) return 0;
  const places = packed + packedSize(total, width);
  const values = places + packedSize(patches, PLACE_BITS);
  if (values + packedSize(patches, patchWidth) !== vectorEnd) return 0;

  // Rounded where they are over 2^53 in magnitude, and refused then.
  const base = <f64>load<i64>(head, 8);
  const step: f64 = isFrame ? 0 : <f64>load<i64>(head, 16);
  const most = <f64>((<i64>1) << (<i64>max(width, patchWidth)));
  const largest = abs(base) + (abs(step) + most) * <f64>(count + 4);
  if (!(largest < SUM_LIMIT)) return 0;

  unpackNarrow(packed, total, width, numbers);
  if (patches > 0 && !putPatches(places, values, patches, patchWidth, total, numbers)) return 0;
  const factor = factors + <usize>decimals * FACTOR_BYTES;
  const high = load<f64>(factor, 8);
  if (largest < SMALL_LIMIT && high !== 0) {
    const low = load<f64>(factor, 16);
    if (isDelta) smallDelta(numbers, count, <i32>base, <i32>step, high, low, out);
    else smallLine(numbers, count, <i32>base, <i32>step, high, low, out);
  } else {
    const power = load<f64>(factor);
    if (isDelta) narrowDelta(numbers, count, base, step, power, out);
    else if (isFrame) narrowFrame(numbers, count, base, power, out);
    else narrowLine(numbers, count, base, step, power, out);
  }
  return vectorEnd;
}

/** Puts patches over the numbers in their places. False unless these rise and are below `total`. */
function putPatches(
  places: usize,
  values: usize,
  patches: i32,
  width: u32,
  total: i32,
  numbers: usize,
): bool {
  const mask: u64 = ((<u64>1) << (<u64>width)) - 1;
  let before = -1;
  for (let i: u32 = 0; i < <u32>patches; i++) {
    const placeBit = i * PLACE_BITS;
    const place = <i32>((load<u32>(places + (placeBit >> 3)) >> (placeBit & 7)) & 1023);
    if (place <= before || place >= total) return false;
    before = place;
    const bit = i * width;
    const value = <u32>((load<u64>(values + (bit >> 3)) >> <u64>(bit & 7)) & mask);
    store<i32>(numbers + ((<usize>place) << 2), <i32>(value >> 1) ^ -(<i32>(value & 1)));
  }
  return true;
}

/** As in codec/bit-packing.ts. */
function packedSize(count: i32, width: u32): usize {
  return ((((<usize>count * <usize>width + 7) >> 3) + 7) >> 3) << 3;
}
