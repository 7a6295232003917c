import { kernels } from '../kernels/kernels.ts';
import { damaged } from './damage.ts';
import { padded8, TWO_32 } from './int64.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { numbers, packedBytes, packedHalves, packedWords } = scratch;

/** The widest packed number. Differences of differences of residuals below 2^51 need no more. */
export const WIDTH_MAX = 52;

/** Bits that whole numbers 0…max need. */
export function widthOf(max: number): number {
  return max < TWO_32 ? 32 - Math.clz32(max) : 64 - Math.clz32(max / TWO_32);
}

/** Bytes of a run of packed numbers, padded to 8. */
export function packedSize(count: number, width: number): number {
  return padded8(Math.ceil((count * width) / 8));
}

/** Packs the first `count` of `numbers`, each below 2^width, into `out` at `at`; writes `packedSize` bytes. */
export function pack(out: Uint8Array, at: number, count: number, width: number): void {
  if (width === 0) return;
  if (kernels !== undefined) {
    const { NUMBERS_AT, PACKED_AT } = scratch;
    kernels.packFrame(NUMBERS_AT, count, 0, width, NUMBERS_AT, PACKED_AT);
  } else if (width === 8) packBytes(count);
  else if (width === 16) packHalves(count);
  else if (width === 32) packWords(count);
  else if (width < 32) packNarrow(count, width);
  else packWide(count, width);
  putPacked(out, at, count, width);
}

/** Copies packed numbers from `packedBytes` to `out` at `at`, padded with zeros. */
export function putPacked(out: Uint8Array, at: number, count: number, width: number): void {
  const used = Math.ceil((count * width) / 8);
  // A byte's bits beyond the last number are zero already.
  out.set(packedBytes.subarray(0, used), at);
  out.fill(0, at + used, at + packedSize(count, width));
}

/**
 * Unpacks `count` numbers of `width` bits from `bytes` at `at` into `numbers`, and returns where the run ends.
 * Throws DAMAGED if the run does not end at or before `end`.
 */
export function unpack(bytes: Uint8Array, at: number, end: number, count: number, width: number): number {
  const next = at + packedSize(count, width);
  if (next > end) throw damaged(at, `${count} numbers of ${width} bits do not fit before byte ${end}`);
  if (width === 0) {
    numbers.fill(0, 0, count);
    return next;
  }
  packedBytes.set(bytes.subarray(at, next));
  if (kernels !== undefined) kernels.unpack(scratch.PACKED_AT, count, width, scratch.NUMBERS_AT);
  else if (width === 8) unpackBytes(count);
  else if (width === 16) unpackHalves(count);
  else if (width <= 32) unpackNarrow(count, width);
  else unpackWide(count, width);
  return next;
}

/** Reads the width of packed numbers. Throws DAMAGED if it is over `max`. */
export function readWidth(bytes: Uint8Array, at: number, max: number): number {
  const width = bytes[at];
  if (width > max) throw damaged(at, `a width of ${width} bits, the most is ${max}`, { width });
  return width;
}

function packBytes(count: number): void {
  for (let i = 0; i < count; i++) packedBytes[i] = numbers[i];
}

function packHalves(count: number): void {
  for (let i = 0; i < count; i++) packedHalves[i] = numbers[i];
}

function packWords(count: number): void {
  for (let i = 0; i < count; i++) packedWords[i] = numbers[i] | 0;
}

/** Widths 1…31. */
function packNarrow(count: number, width: number): void {
  let word = 0;
  let used = 0;
  let next = 0;
  for (let i = 0; i < count; i++) {
    const value = numbers[i] | 0;
    word |= value << used;
    used += width;
    if (used >= 32) {
      packedWords[next++] = word;
      used -= 32;
      word = value >>> (width - used); // width - used is 1…31 here, or `width` itself, which leaves 0
    }
  }
  packedWords[next] = word;
}

/** Widths 33…52: the low 32 bits, then the rest. */
function packWide(count: number, width: number): void {
  const rest = width - 32;
  let word = 0;
  let used = 0;
  let next = 0;
  for (let i = 0; i < count; i++) {
    const low = numbers[i] | 0;
    const high = (numbers[i] / TWO_32) | 0;
    packedWords[next++] = word | (low << used);
    word = used === 0 ? 0 : low >>> (32 - used);
    word |= high << used;
    used += rest;
    if (used >= 32) {
      packedWords[next++] = word;
      used -= 32;
      word = high >>> (rest - used);
    }
  }
  packedWords[next] = word;
}

function unpackBytes(count: number): void {
  for (let i = 0; i < count; i++) numbers[i] = packedBytes[i];
}

function unpackHalves(count: number): void {
  for (let i = 0; i < count; i++) numbers[i] = packedHalves[i];
}

/**
 * Widths 1…32. Both words that a number may lie in are always read and joined: a branch on whether it does would be
 * mispredicted. Shifting by one first makes a shift of 32 bits possible.
 */
function unpackNarrow(count: number, width: number): void {
  const mask = -1 >>> (32 - width);
  let bit = 0;
  for (let i = 0; i < count; i++) {
    const word = bit >>> 5;
    const value = (packedWords[word] >>> (bit & 31)) | ((packedWords[word + 1] << 1) << (31 - (bit & 31)));
    numbers[i] = (value & mask) >>> 0;
    bit += width;
  }
}

/** Widths 33…52. */
function unpackWide(count: number, width: number): void {
  const mask = -1 >>> (64 - width);
  let bit = 0;
  for (let i = 0; i < count; i++) {
    const word = bit >>> 5;
    const shift = bit & 31;
    const middle = packedWords[word + 1];
    const low = (packedWords[word] >>> shift) | ((middle << 1) << (31 - shift));
    const high = (middle >>> shift) | ((packedWords[word + 2] << 1) << (31 - shift));
    numbers[i] = (high & mask) * TWO_32 + (low >>> 0);
    bit += width;
  }
}
