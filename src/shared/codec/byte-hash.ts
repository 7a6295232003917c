const C1 = 0xcc9e2d51 | 0;
const C2 = 0x1b873593;

/**
 * MurmurHash3_x86_32 (Austin Appleby, public domain) of bytes, with seed 0. `view` covers the same bytes as `bytes`: it
 * reads four at a time, of any alignment, in shared memory too.
 */
export function hashBytes(bytes: Uint8Array, view: DataView, start: number, length: number): number {
  let hash = 0;
  let at = start;
  for (const end = start + (length & ~3); at < end; at += 4) {
    hash ^= scramble(view.getInt32(at, true));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  const rest = length & 3;
  if (rest !== 0) {
    let tail = bytes[at];
    if (rest > 1) tail |= bytes[at + 1] << 8;
    if (rest > 2) tail |= bytes[at + 2] << 16;
    hash ^= scramble(tail);
  }
  return mix(hash ^ length);
}

/** Values up to this length have a hash of their own that tells them apart: no two of them have the same. */
export const SHORT_BYTES = 3;

/** A hash of 0…3 bytes, another for each value: the mixer of MurmurHash3 gives each word another one. */
export function hashShort(bytes: Uint8Array, start: number, length: number): number {
  let word = length << 24;
  if (length > 0) word |= bytes[start];
  if (length > 1) word |= bytes[start + 1] << 8;
  if (length > 2) word |= bytes[start + 2] << 16;
  return mix(word);
}

/** Whether `length` bytes at two places are the same. */
export function sameBytes(
  bytes: Uint8Array,
  view: DataView,
  first: number,
  second: number,
  length: number,
): boolean {
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) {
    if (view.getInt32(first + i, true) !== view.getInt32(second + i, true)) return false;
  }
  for (let i = whole; i < length; i++) if (bytes[first + i] !== bytes[second + i]) return false;
  return true;
}

function mix(word: number): number {
  let hash = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function scramble(word: number): number {
  const product = Math.imul(word, C1);
  return Math.imul((product << 15) | (product >>> 17), C2);
}
