import type { ByteSink } from '../format/byte-sink.ts';
import { type ColumnTarget, widthInWords } from './column-target.ts';
import { damaged } from './damage.ts';
import { highWord, lowWord, padded8, wordsToNumber } from './int64.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { stagedBytes, stagedF64, stagedWords } = scratch;

/** Raw: the present values as they are, 4 or 8 bytes each. Every bit is kept, as only bytes are copied. */

/** Writes `bytes` bytes of staged values at `at`. */
export function encodeRaw(out: ByteSink, at: number, bytes: number): void {
  out.bytes.set(stagedBytes.subarray(0, bytes), at);
}

/** Reads `count` values; returns where they end. Throws DAMAGED. */
export function decodeRaw(
  bytes: Uint8Array,
  at: number,
  end: number,
  target: ColumnTarget,
  row: number,
  count: number,
): number {
  const width = 4 * widthInWords(target.type);
  const last = at + count * width;
  const next = at + padded8(count * width);
  if (next > end) throw damaged(at, `${count} values of ${width} bytes do not fit before byte ${end}`);
  if (target.isTime && target.type === 'f64') {
    stagedBytes.set(bytes.subarray(at, last));
    const bad = wordsToTimes(count);
    if (bad < count) throw damaged(at + 8 * bad, 'a number that no ms timestamp has');
    target.f64.set(stagedF64.subarray(0, count), row);
  } else {
    target.bytes.set(bytes.subarray(at, last), row * width);
  }
  return next;
}

/** Turns staged float64 that are whole into int64, in place. */
export function timesToWords(count: number): void {
  for (let i = 0; i < count; i++) {
    const value = stagedF64[i];
    stagedWords[2 * i] = lowWord(value);
    stagedWords[2 * i + 1] = highWord(value);
  }
}

/** Turns staged int64 into float64, in place; returns the index of the first that is no safe integer, else `count`. */
function wordsToTimes(count: number): number {
  for (let i = 0; i < count; i++) {
    const value = wordsToNumber(stagedWords[2 * i], stagedWords[2 * i + 1]);
    if (!Number.isSafeInteger(value)) return i;
    stagedF64[i] = value;
  }
  return count;
}
