import { isAscii, isUtf8 } from 'node:buffer';
import { damaged } from './damage.ts';
import * as scratch from './scratch.ts';

// A constant of this module for speed: see scratch.ts.
const { numbers } = scratch;

/**
 * Up to this many bytes the values of a vector are decoded as one string that is then cut, which takes a call into C++ per
 * vector instead of one per value. A cut string of 13 characters and more keeps the whole alive, hence a limit.
 */
const JOINED_MAX = 65_536;

/**
 * Decodes `count` values of well-formed UTF-8 that lie one after the other from `start` on, `total` bytes in all, to
 * strings at `row`. Their lengths in bytes are in `numbers`, which is used up. U+FEFF is kept. Throws DAMAGED if a value
 * is ill-formed.
 */
export function decodeStrings(
  bytes: Uint8Array,
  start: number,
  total: number,
  count: number,
  to: string[],
  row: number,
): void {
  const run = bytes.subarray(start, start + total);
  const ascii = isAscii(run);
  if (!ascii) {
    // Well-formed as a whole and cut between characters: so each value is well-formed.
    if (!isUtf8(run)) throw damaged(start, `${total} bytes that are not well-formed UTF-8`);
    const cut = firstCutCharacter(run, count);
    if (cut < count) throw damaged(start, `value ${cut} begins inside a UTF-8 character`);
  }
  const buffer = Buffer.from(run.buffer, run.byteOffset, run.length);
  const encoding = ascii ? 'latin1' : 'utf8';
  if (total > JOINED_MAX) {
    let at = 0;
    for (let i = 0; i < count; i++) {
      const end = at + numbers[i];
      to[row + i] = buffer.toString(encoding, at, end);
      at = end;
    }
    return;
  }
  if (!ascii) lengthsInUtf16(run, count);
  cutString(buffer.toString(encoding), count, to, row);
}

/** Index of the first value that begins with a continuation byte, else `count`. */
function firstCutCharacter(run: Uint8Array, count: number): number {
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (numbers[i] > 0 && (run[at] & 0xc0) === 0x80) return i;
    at += numbers[i];
  }
  return count;
}

/** Turns lengths in bytes into lengths in UTF-16 code units: one for each first byte, two if it begins four bytes. */
function lengthsInUtf16(run: Uint8Array, count: number): void {
  let at = 0;
  for (let i = 0; i < count; i++) {
    const end = at + numbers[i];
    let units = 0;
    for (; at < end; at++) {
      const byte = run[at];
      if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
    }
    numbers[i] = units;
  }
}

function cutString(joined: string, count: number, to: string[], row: number): void {
  let at = 0;
  for (let i = 0; i < count; i++) {
    const end = at + numbers[i];
    to[row + i] = joined.substring(at, end);
    at = end;
  }
}
