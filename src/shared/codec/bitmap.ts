import type { ByteSink } from '../format/byte-sink.ts';
import { damaged } from './damage.ts';
import { padded8 } from './int64.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { stagedBytes } = scratch;

/** Bitmap: one bit per bool, least significant first. */

/** Exact bytes of `count` bools. */
export function bitmapSize(count: number): number {
  return padded8((count + 7) >>> 3);
}

/** Writes `count` staged bytes of 0 or 1 as bits. */
export function encodeBitmap(out: ByteSink, at: number, count: number): void {
  // Ends the last byte with zero bits, so that the kernel needs no case for it.
  stagedBytes.fill(0, count, (count + 7) & ~7);
  toBits((count + 7) >>> 3, out.bytes, at);
}

/** Reads `count` bools into bytes at `row`; returns where the values end. Throws DAMAGED. */
export function decodeBitmap(
  bytes: Uint8Array,
  at: number,
  end: number,
  to: Uint8Array,
  row: number,
  count: number,
): number {
  const next = at + bitmapSize(count);
  if (next > end) throw damaged(at, `a bitmap of ${count} bits does not fit before byte ${end}`);
  fromBits(bytes, at, count, to, row);
  return next;
}

/** All bits that are set in any of the staged bytes. */
export function bitsOfAll(count: number): number {
  let bits = 0;
  for (let i = 0; i < count; i++) bits |= stagedBytes[i];
  return bits;
}

function toBits(count: number, to: Uint8Array, at: number): void {
  for (let i = 0; i < count; i++) {
    const bit = 8 * i;
    to[at + i] =
      stagedBytes[bit] |
      (stagedBytes[bit + 1] << 1) |
      (stagedBytes[bit + 2] << 2) |
      (stagedBytes[bit + 3] << 3) |
      (stagedBytes[bit + 4] << 4) |
      (stagedBytes[bit + 5] << 5) |
      (stagedBytes[bit + 6] << 6) |
      (stagedBytes[bit + 7] << 7);
  }
}

function fromBits(from: Uint8Array, at: number, count: number, to: Uint8Array, row: number): void {
  for (let i = 0; i < count; i++) to[row + i] = (from[at + (i >>> 3)] >>> (i & 7)) & 1;
}
