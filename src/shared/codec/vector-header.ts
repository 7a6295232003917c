import type { ByteSink } from '../format/byte-sink.ts';
import { VECTOR_ROWS } from '../schema/limits.ts';
import { CODEC_NAMES } from './codec-ids.ts';
import { damaged } from './damage.ts';
import { padded8, readU32 } from './int64.ts';
import { statisticsBytes, validityBits } from './scratch.ts';
import { STATISTICS_BYTES } from './statistics.ts';
import { copyBits } from './validity.ts';

export const VECTOR_HEADER_BYTES = 8;
const HAS_NULLS = 1;
export const HAS_STATISTICS = 2;
/** The vector stands for all rows of its column. */
export const IS_WHOLE = 4;

/** What the first 8 bytes of a vector and its validity say. Offsets count from the start of the given bytes. */
export interface VectorHeader {
  readonly codec: number;
  /** Rows, nulls included. */
  readonly count: number;
  /** Rows that have a value. If below `count`, `validityBits` says which. */
  readonly present: number;
  /** Where the statistics are, or −1. */
  readonly statistics: number;
  /** Where the values begin. */
  readonly values: number;
  /** Where the vector ends. */
  readonly end: number;
}

/**
 * Appends a vector's header, its statistics from `statisticsBytes` if it has them, its validity from `validityBits` if `present` is below `count`, and room for `valueBytes` of
 * values, padded to 8: the last 8 of them are zero, so a codec need not pad. Returns where they are to be written.
 */
export function openVector(
  out: ByteSink,
  codec: number,
  count: number,
  present: number,
  valueBytes: number,
  hasStatistics = false,
): number {
  const bitmapBytes = present < count ? (count + 7) >>> 3 : 0;
  const bitmapRoom = padded8(bitmapBytes);
  const room = padded8(valueBytes);
  const statisticsRoom = hasStatistics ? STATISTICS_BYTES : 0;
  const at = out.reserve(VECTOR_HEADER_BYTES + statisticsRoom + bitmapRoom + room);
  out.view.setUint8(at, codec);
  out.view.setUint8(at + 1, (bitmapBytes > 0 ? HAS_NULLS : 0) | (hasStatistics ? HAS_STATISTICS : 0));
  out.view.setUint16(at + 2, count, true);
  out.view.setUint32(at + 4, statisticsRoom + bitmapRoom + room, true);
  if (hasStatistics) out.bytes.set(statisticsBytes, at + VECTOR_HEADER_BYTES);
  const bitmap = at + VECTOR_HEADER_BYTES + statisticsRoom;
  const values = bitmap + bitmapRoom;
  if (bitmapBytes > 0) {
    out.bytes.set(validityBits.subarray(0, bitmapBytes), bitmap);
    out.bytes.fill(0, bitmap + bitmapBytes, values);
  }
  if (room > 0) out.bytes.fill(0, values + room - 8, values + room);
  return values;
}

/** Bytes of a vector before its values. */
export function headBytes(count: number, present: number, hasStatistics: boolean): number {
  const bitmap = present < count ? padded8((count + 7) >>> 3) : 0;
  return VECTOR_HEADER_BYTES + (hasStatistics ? STATISTICS_BYTES : 0) + bitmap;
}

/**
 * Reads the header of the vector at `at` of `bytes` and, if it has nulls, its validity into `validityBits`.
 * Throws DAMAGED unless the vector lies inside `bytes`, its codec is known, its count is 1…1,024, and, if it is part of
 * another one, it has neither nulls nor statistics.
 */
export function readVectorHeader(bytes: Uint8Array, at: number, isNested = false): VectorHeader {
  if (!(at >= 0 && at + VECTOR_HEADER_BYTES <= bytes.length)) {
    throw damaged(at, `the bytes end at ${bytes.length}, inside a vector's header`);
  }
  const codec = bytes[at];
  const flags = bytes[at + 1];
  const count = bytes[at + 2] | (bytes[at + 3] << 8);
  const body = readU32(bytes, at + 4);
  const end = at + VECTOR_HEADER_BYTES + body;
  if (codec >= CODEC_NAMES.length) throw damaged(at, `no codec has the id ${codec}`, { codec });
  if (isNested && flags !== 0) throw damaged(at + 1, `a nested vector with flags ${flags}`, { flags });
  // A flag that this version does not know changes what follows the header, so nothing after it can be trusted.
  if (flags > (HAS_NULLS | HAS_STATISTICS)) throw damaged(at + 1, `unknown flags ${flags}`, { flags });
  if (count === 0 || count > VECTOR_ROWS) throw damaged(at + 2, `a vector of ${count} rows`, { count });
  if (body % 8 !== 0) throw damaged(at + 4, `${body} bytes are no multiple of 8`, { body });
  if (end > bytes.length) throw damaged(at + 4, `the vector ends at ${end}, the bytes at ${bytes.length}`);
  let values = at + VECTOR_HEADER_BYTES;
  let statistics = -1;
  if ((flags & HAS_STATISTICS) !== 0) {
    statistics = values;
    values += STATISTICS_BYTES;
    if (values > end) throw damaged(at + 4, `${body} bytes are too few for statistics`);
  }
  if ((flags & HAS_NULLS) === 0) return { codec, count, present: count, statistics, values, end };
  const bitmapBytes = (count + 7) >>> 3;
  values += padded8(bitmapBytes);
  if (values > end) throw damaged(at + 4, `${body} bytes are too few for the validity of ${count} rows`);
  const first = values - padded8(bitmapBytes);
  const present = copyBits(bytes.subarray(first, first + bitmapBytes), 0, count, validityBits);
  return { codec, count, present, statistics, values, end };
}
