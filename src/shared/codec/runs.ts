import { MillraceError } from '../errors.ts';
import { MAX_VALUE_BYTES } from '../schema/limits.ts';
import * as scratch from './scratch.ts';

// A constant of this module for speed: see scratch.ts.
const { stagedWords } = scratch;

/** Shorter runs are copied by a loop: `set` costs about as much as 24 bytes do in it (measured on Node 20.20). */
const SHORT_BYTES = 24;

/** A list of utf8 or bytes values in an arena: [offset, length] pairs, and what their lengths come to. */
export interface Runs {
  /** Two elements for each of `count` values; the array may be longer. Signed, as an arena is below 2^31 bytes. */
  readonly pairs: Int32Array;
  count: number;
  total: number;
  smallest: number;
  largest: number;
}

/** The staged values. */
export const stagedRuns: Runs = { pairs: stagedWords, count: 0, total: 0, smallest: 0, largest: 0 };

/** Sets `stagedRuns` from `count` staged pairs. Throws INTERNAL if a value lies outside the arena or is over 1 MiB. */
export function measureStagedRuns(count: number, arenaBytes: number): void {
  let total = 0;
  let smallest = stagedWords[1];
  let largest = smallest;
  let end = 0;
  let signs = 0;
  for (let i = 0; i < 2 * count; i += 2) {
    const offset = stagedWords[i];
    const length = stagedWords[i + 1];
    signs |= offset | length;
    total += length;
    if (length < smallest) smallest = length;
    if (length > largest) largest = length;
    if (offset + length > end) end = offset + length;
  }
  if (signs < 0 || end > arenaBytes || largest > MAX_VALUE_BYTES) {
    const what = `a value of up to ${largest} bytes that ends at ${end} of an arena of ${arenaBytes}`;
    throw new MillraceError('INTERNAL', `${what}; please report this`, { largest, end, arenaBytes });
  }
  stagedRuns.count = count;
  stagedRuns.total = total;
  stagedRuns.smallest = smallest;
  stagedRuns.largest = largest;
}

/** Copies values one after the other. Values that follow each other in the arena, as they mostly do, are copied at once. */
export function copyRuns(
  arena: Uint8Array,
  pairs: Int32Array,
  count: number,
  to: Uint8Array,
  at: number,
): void {
  let next = at;
  let i = 0;
  while (i < count) {
    const start = pairs[2 * i];
    let end = start + pairs[2 * i + 1];
    i++;
    while (i < count && pairs[2 * i] === end) {
      end += pairs[2 * i + 1];
      i++;
    }
    if (end - start > SHORT_BYTES) {
      to.set(arena.subarray(start, end), next);
      next += end - start;
    } else {
      for (let from = start; from < end; from++) to[next++] = arena[from];
    }
  }
}
