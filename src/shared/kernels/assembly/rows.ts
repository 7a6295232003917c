import { narrowDelta, narrowFrame, narrowLine } from './narrow';
import { shortSums, shortWholes } from './short-delta';
import { quotients, shortLine, smallDelta, smallLine, wholeLine } from './small';
import { unpackNarrow, unpackShort } from './unpack-narrow';

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
const SHORT_MAX: u32 = 9;
const PATCH_WIDTH_MAX: u32 = 28;
const SUM_LIMIT: f64 = 4503599627370496.0;
const SMALL_LIMIT: f64 = 67108864.0;
/** Sums below this are i32, and single numbers below the next one i16. */
const I32_LIMIT: f64 = 2147483648.0;
const I16_LIMIT: f64 = 32768.0;
/** Where sums of i16 numbers are put behind these, in the room for a vector's numbers. */
const SUMS_AFTER: usize = 2176;
/** Behind all numbers and sums. */
const MASK_AFTER: usize = 8192;
const DECIMALS_MAX: u32 = 15;
const PLACE_BITS: u32 = 10;
const FACTOR_BYTES: usize = 24;
/** Numbers that are left 128 times as large by unpack-narrow.ts have factors of their own, so far behind the others. */
const RAISED_BITS: i32 = 7;
const RAISED_AFTER: usize = 384;
const RAISED_WIDTH_MAX: u32 = 16;
const RAISED_I16_LIMIT: f64 = 256.0;
const RAISED_I32_LIMIT: f64 = 16777216.0;

/**
 * Decodes vectors of doubles one after the other, as long as they have no nulls, are in an integer codec with narrow numbers,
 * patched or not, and have neither exceptions nor ulps: most are. The first that is anything else, or that is not as it should be,
 * is left to those who know what to make of it or what to say of it.
 * @param at where the first one begins, and `end` where the bytes end
 * @param rows of the column, from the first vector's on
 * @param wanted of these: whole vectors, and as many as `out` has room for
 * @param factors for each number of decimals: the power of ten, and the two parts of its inverse or 0
 * @param tables what unpack-narrow.ts reads
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
  tables: usize,
  numbers: usize,
  out: usize,
  next: usize,
): i32 {
  let done = 0;
  let from = at;
  while (done < wanted) {
    const count = min<i32>(VECTOR_ROWS, rows - done);
    const to = narrowVector(from, end, count, isTime, factors, tables, numbers, out + ((<usize>done) << 3));
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
  tables: usize,
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
  // What they are where they are i32.
  const base32 = load<i32>(head, 8);
  const step32 = isFrame ? 0 : load<i32>(head, 16);
  const most = <f64>((<i64>1) << (<i64>max(width, patchWidth)));
  const largest = abs(base) + (abs(step) + most) * <f64>(count + 4);
  if (!(largest < SUM_LIMIT)) return 0;

  const factor = factors + <usize>decimals * FACTOR_BYTES;
  const power = load<f64>(factor);
  const high = load<f64>(factor, 8);
  const isSmall = largest < SMALL_LIMIT && high !== 0;
  // Without the base, which is added as a double where nothing is divided.
  const isWhole = decimals === 0 && largest - abs(base) < I32_LIMIT;
  const mayBeRaised = isSmall && decimals !== 0 && largest < RAISED_I32_LIMIT && width <= RAISED_WIDTH_MAX;
  const isShort = width <= SHORT_MAX && abs(step) + most < I16_LIMIT;
  if (isShort && isWhole && !isDelta) {
    // Nothing is added: of the power of ten, which is 1 here, the lowest bits are zero.
    unpackShort(packed, total, width, factor, false, tables, numbers);
    if (patches > 0 && !putPatches<i16>(places, values, patches, patchWidth, total, 0, 0, numbers)) return 0;
    shortLine(numbers, count, base, step32, out);
    return vectorEnd;
  }
  if (isShort && isDelta && (isSmall || isWhole)) {
    // A difference of 0 first, so that sums and values lie where 16 bytes begin. It is stored before the others, as what is loaded first
    // would wait for what was stored last.
    const first = numbers + 14;
    const sums = numbers + SUMS_AFTER;
    const isRaised = mayBeRaised && abs(step) + most < RAISED_I16_LIMIT;
    const up = isRaised ? RAISED_BITS : 0;
    store<i16>(first, 0);
    store<i16>(sums, <i16>(step32 << up));
    unpackShort(packed, total, width, sums, isRaised, tables, first + 2);
    if (patches > 0 && !putPatches<i16>(places, values, patches, patchWidth, total, step32, up, first + 2))
      return 0;
    if (decimals === 0 && isSmall) shortWholes(first, count, base32, out);
    else {
      shortSums(first, count, isSmall ? base32 << up : 0, sums);
      if (isSmall) quotients(sums, count, isRaised ? factor + RAISED_AFTER : factor, out);
      else wholeLine(sums, count, base, 0, out);
    }
    return vectorEnd;
  }
  const isSmallFrame = isSmall && isFrame;
  const added = isSmallFrame ? base32 : 0;
  const isRaised = isSmallFrame && mayBeRaised;
  const up = isRaised ? RAISED_BITS : 0;
  unpackNarrow(packed, total, width, added << up, isRaised, tables, numbers);
  if (patches > 0 && !putPatches<i32>(places, values, patches, patchWidth, total, added, up, numbers))
    return 0;
  if (isSmallFrame) quotients(numbers, count, isRaised ? factor + RAISED_AFTER : factor, out);
  else if (isWhole && !isDelta) wholeLine(numbers, count, base, step32, out);
  else if (isSmall && !isDelta) smallLine(numbers, count, base32, step32, factor, out);
  else if (isSmall && decimals !== 0) smallDelta(numbers, count, base32, step32, factor, out);
  else if (isDelta) narrowDelta(numbers, count, base, step, power, out);
  else if (isFrame) narrowFrame(numbers, count, base, power, out);
  else narrowLine(numbers, count, base, step, power, out);
  return vectorEnd;
}

/**
 * Puts patches, with `added` and then moved up, over the numbers (i16 or i32) in their places. False unless the places rise and are below
 * `total`: they have 10 bits, so there is room for whatever they say.
 */
function putPatches<T>(
  places: usize,
  values: usize,
  patches: i32,
  width: u32,
  total: i32,
  added: i32,
  up: i32,
  numbers: usize,
): bool {
  const mask = maskOf(width, numbers);
  let before = -1;
  // Negative as soon as a place does not rise.
  let risen = 0;
  let bit: u32 = 0;
  const end = <u32>patches * PLACE_BITS;
  for (let placeBit: u32 = 0; placeBit < end; placeBit += PLACE_BITS, bit += width) {
    const place = placeAt(places, placeBit);
    risen |= place - before - 1;
    before = place;
    store<T>(numbers + <usize>place * sizeof<T>(), <T>((added + patchAt(values, bit, mask)) << up));
  }
  return risen >= 0 && before < total;
}

/** Through memory, for V8 would make it anew in each turn. */
function maskOf(width: u32, numbers: usize): u64 {
  store<u64>(numbers + MASK_AFTER, ((<u64>1) << (<u64>width)) - 1);
  return load<u64>(numbers + MASK_AFTER);
}

function placeAt(places: usize, bit: u32): i32 {
  return (load<i32>(places + (bit >> 3)) >> (bit & 7)) & 1023;
}

/** The sign is in the lowest bit. */
function patchAt(values: usize, bit: u32, mask: u64): i32 {
  const value = <i32>((load<u64>(values + (bit >> 3)) >> (<u64>bit & 7)) & mask);
  return (value >>> 1) ^ -(value & 1);
}

/** As in codec/bit-packing.ts. */
function packedSize(count: i32, width: u32): usize {
  return ((((<usize>count * <usize>width + 7) >> 3) + 7) >> 3) << 3;
}
