/**
 * int64 without bigint: a pair of 32-bit words, as an Int32Array over the bytes holds them. Bigints allocate, which costs
 * the inner loops a factor of ten and more. All arrays of this room lie in the host's byte order, which on every platform
 * that Node 20 has prebuilt binaries for, apart from s390x and AIX, is the file's own: little-endian.
 */

export const TWO_32 = 4_294_967_296;
/** Whole numbers up to this magnitude have a float64 of equal value, and no two of them the same. */
export const WHOLE_MAX = 9_007_199_254_740_992;

/** The low word of a whole number below 2^63 in magnitude. */
export function lowWord(value: number): number {
  return value | 0;
}

/** The high word of a whole number below 2^63 in magnitude. */
export function highWord(value: number): number {
  return Math.floor(value / TWO_32) | 0;
}

/** The number that two words are, or NaN if it is over 2^53 in magnitude, where float64 begins to round. */
export function wordsToNumber(low: number, high: number): number {
  const exact = high >= -0x200000 && (high < 0x200000 || (high === 0x200000 && low === 0));
  return exact ? high * TWO_32 + (low >>> 0) : Number.NaN;
}

/** Writes (low, high) + addend as an i64, modulo 2^64. `addend` is a whole number below 2^53 in magnitude. */
export function writeSum(view: DataView, at: number, low: number, high: number, addend: number): void {
  const sum = (low >>> 0) + (addend >>> 0);
  view.setUint32(at, sum, true);
  view.setUint32(at + 4, high + Math.floor(addend / TWO_32) + (sum >= TWO_32 ? 1 : 0), true);
}

/** Reads an i32, of any alignment. Decoders use this instead of a DataView, which would be made anew for each vector. */
export function readI32(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

/** Reads a u32, of any alignment. */
export function readU32(bytes: Uint8Array, at: number): number {
  return readI32(bytes, at) >>> 0;
}

/** Reads an i64 as a number; NaN if it is over 2^53 in magnitude. */
export function readWhole(bytes: Uint8Array, at: number): number {
  return wordsToNumber(readI32(bytes, at), readI32(bytes, at + 4));
}

/** Rounds a number of bytes up to a multiple of 8. For numbers below 2^53. */
export function padded8(bytes: number): number {
  const rest = bytes % 8;
  return rest === 0 ? bytes : bytes + 8 - rest;
}
