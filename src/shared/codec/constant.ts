import type { ByteSink } from '../format/byte-sink.ts';
import { kernels } from '../kernels/kernels.ts';
import { type ColumnTarget, widthInWords } from './column-target.ts';
import { damaged } from './damage.ts';
import { readI32, wordsToNumber } from './int64.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { stagedBytes, stagedWords } = scratch;

/** Constant: all present values have the same bits, which are written once. So −0 is not 0, and NaNs may differ. */

/** Bytes of the value, padded. */
export const CONSTANT_BYTES = 8;

/** Whether the first `count` staged bytes are the same. */
export function allSame8(count: number): boolean {
  const first = stagedBytes[0];
  for (let i = 1; i < count; i++) if (stagedBytes[i] !== first) return false;
  return true;
}

/** Whether the first `count` staged words are the same. */
export function allSame32(count: number): boolean {
  if (kernels !== undefined) return kernels.same32(scratch.STAGED_AT, count) !== 0;
  const first = stagedWords[0];
  for (let i = 1; i < count; i++) if (stagedWords[i] !== first) return false;
  return true;
}

/** Whether the first `count` staged pairs of words are the same. */
export function allSame64(count: number): boolean {
  if (kernels !== undefined) return kernels.same64(scratch.STAGED_AT, count) !== 0;
  const low = stagedWords[0];
  const high = stagedWords[1];
  for (let i = 2; i < 2 * count; i += 2) {
    if (stagedWords[i] !== low || stagedWords[i + 1] !== high) return false;
  }
  return true;
}

/** Writes the first staged value, of `width` bytes. */
export function encodeConstant(out: ByteSink, at: number, width: number): void {
  for (let i = 0; i < width; i++) out.bytes[at + i] = stagedBytes[i];
}

/** Fills `count` rows with the one value; returns where the values end. Throws DAMAGED. */
export function decodeConstant(
  bytes: Uint8Array,
  at: number,
  end: number,
  target: ColumnTarget,
  row: number,
  count: number,
): number {
  const next = at + CONSTANT_BYTES;
  if (next > end) throw damaged(at, `a constant does not fit before byte ${end}`);
  const low = readI32(bytes, at);
  const high = readI32(bytes, at + 4);
  if (target.type === 'bool') {
    if (bytes[at] > 1) throw damaged(at, `${bytes[at]} is no bool`);
    target.bytes.fill(bytes[at], row, row + count);
  } else if (target.isTime && target.type === 'f64') {
    const value = wordsToNumber(low, high);
    if (!Number.isSafeInteger(value)) throw damaged(at, 'a number that no ms timestamp has');
    target.f64.fill(value, row, row + count);
  } else if (widthInWords(target.type) === 1) {
    target.words.fill(low, row, row + count);
  } else {
    fillPairs(target.words, row, count, low, high);
  }
  return next;
}

function fillPairs(words: Int32Array, row: number, count: number, low: number, high: number): void {
  for (let i = 2 * row; i < 2 * (row + count); i += 2) {
    words[i] = low;
    words[i + 1] = high;
  }
}
