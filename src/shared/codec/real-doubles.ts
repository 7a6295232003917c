import type { ByteSink } from '../format/byte-sink.ts';
import { pack, packedSize, unpack, widthOf } from './bit-packing.ts';
import { REAL_DOUBLES } from './codec-ids.ts';
import { damaged } from './damage.ts';
import { padded8 } from './int64.ts';
import { PLACE_BITS } from './integer-head.ts';
import { readPlaces } from './patches.ts';
import { choosePlan, plan } from './plan.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { numbers, stagedWords } = scratch;

/**
 * Real doubles, after ALP-RD (Afroozeh, Kuffó and Boncz, SIGMOD 2023): where mantissas are noise, sign, exponent and the first
 * bits of the mantissa still are few. These left bits are kept as places in a dictionary of at most 8, the right bits as they are;
 * values with other left bits keep them apart.
 */
const HEAD_BYTES = 8;
const ENTRIES_MAX = 8;
const DICTIONARY_BYTES = 2 * ENTRIES_MAX;
/** The right part has at least these bits, so the left one has 16 at most. */
const RIGHT_MIN = 48;
const RIGHT_MAX = 63;
const LEFT_BITS = 16;
const SAMPLE = 64;
const ROWS_MIN = SAMPLE;
/** With more left parts than this in the sample a dictionary of 8 is of no use. */
const DISTINCT_MAX = 24;

const sample = new Int32Array(SAMPLE);
const lefts = new Int32Array(SAMPLE);
const counts = new Int32Array(SAMPLE);
const best = { right: 0, entries: 0, bits: 0 };
const dictionary = new Int32Array(ENTRIES_MAX);
const exceptionPlaces = new Uint16Array(scratch.places.length);
const exceptionLefts = new Uint16Array(scratch.places.length);
const indexes = new Uint8Array(scratch.places.length);
let exceptions = 0;

/** Makes this the plan for `count` staged doubles if it gives fewer bytes than the plan. */
export function considerRealDoubles(count: number): void {
  if (count < ROWS_MIN) return;
  for (let i = 0; i < SAMPLE; i++) sample[i] = stagedWords[2 * Math.floor(((i + 0.5) * count) / SAMPLE) + 1];
  best.bits = 64;
  // From the shortest left part on: longer ones are ever more distinct.
  for (let right = RIGHT_MAX; right >= RIGHT_MIN; right--) {
    const distinct = countLefts(right);
    if (distinct > DISTINCT_MAX) break;
    const entries = Math.min(ENTRIES_MAX, distinct);
    let hits = 0;
    for (let i = 0; i < entries; i++) hits += counts[i];
    const bits = right + widthOf(entries - 1) + ((SAMPLE - hits) / SAMPLE) * (PLACE_BITS + LEFT_BITS);
    if (bits >= best.bits) continue;
    best.bits = bits;
    best.right = right;
    best.entries = entries;
    dictionary.fill(0);
    for (let i = 0; i < entries; i++) dictionary[i] = lefts[i];
  }
  if (best.bits === 64) return;
  findExceptions(count);
  const size = sizeOf(count, best.right, best.entries, exceptions);
  if (size < plan.size) choosePlan(REAL_DOUBLES, size, best.right, 0);
}

/** Writes what `considerRealDoubles` has just found. */
export function encodeRealDoubles(out: ByteSink, at: number, count: number): void {
  const { entries, right } = best;
  const { bytes, view } = out;
  const shift = right - 32;
  const mask = 2 ** shift - 1;
  bytes.fill(0, at, at + HEAD_BYTES);
  bytes[at] = right;
  bytes[at + 1] = entries;
  view.setUint16(at + 2, exceptions, true);
  for (let i = 0; i < ENTRIES_MAX; i++) view.setUint16(at + HEAD_BYTES + 2 * i, dictionary[i], true);
  let next = at + HEAD_BYTES + DICTIONARY_BYTES;
  for (let i = 0; i < count; i++) view.setInt32(next + 4 * i, stagedWords[2 * i], true);
  bytes.fill(0, next + 4 * count, next + padded8(4 * count));
  next += padded8(4 * count);
  for (let i = 0; i < count; i++) numbers[i] = (stagedWords[2 * i + 1] & mask) >>> 0;
  next = put(bytes, next, count, shift);
  for (let i = 0; i < count; i++) numbers[i] = indexes[i];
  next = put(bytes, next, count, widthOf(entries - 1));
  for (let i = 0; i < exceptions; i++) numbers[i] = exceptionPlaces[i];
  next = put(bytes, next, exceptions, PLACE_BITS);
  for (let i = 0; i < exceptions; i++) numbers[i] = exceptionLefts[i];
  put(bytes, next, exceptions, LEFT_BITS);
}

/** Reads `count` doubles as pairs of words from place 2 · row on; returns where they end. Throws DAMAGED. */
export function decodeRealDoubles(
  bytes: Uint8Array,
  at: number,
  end: number,
  to: Int32Array,
  row: number,
  count: number,
): number {
  if (at + HEAD_BYTES + DICTIONARY_BYTES > end)
    throw damaged(at, `real doubles do not fit before byte ${end}`);
  const right = bytes[at];
  const entries = bytes[at + 1];
  const kept = bytes[at + 2] | (bytes[at + 3] << 8);
  if (right < RIGHT_MIN || right > RIGHT_MAX || entries < 1 || entries > ENTRIES_MAX || kept > count) {
    throw damaged(at, `real doubles with ${right} bits, ${entries} entries and ${kept} exceptions`);
  }
  if (at + sizeOf(count, right, entries, kept) > end)
    throw damaged(at, `${count} doubles do not fit before byte ${end}`);
  const shift = right - 32;
  let next = at + HEAD_BYTES + DICTIONARY_BYTES;
  const pairs = to.subarray(2 * row, 2 * (row + count));
  for (let i = 0; i < count; i++) {
    const from = next + 4 * i;
    pairs[2 * i] = bytes[from] | (bytes[from + 1] << 8) | (bytes[from + 2] << 16) | (bytes[from + 3] << 24);
  }
  next = unpack(bytes, next + padded8(4 * count), end, count, shift);
  for (let i = 0; i < count; i++) pairs[2 * i + 1] = numbers[i];
  next = unpack(bytes, next, end, count, widthOf(entries - 1));
  for (let i = 0; i < ENTRIES_MAX; i++) {
    const from = at + HEAD_BYTES + 2 * i;
    dictionary[i] = (bytes[from] | (bytes[from + 1] << 8)) << shift;
  }
  for (let i = 0; i < count; i++) pairs[2 * i + 1] |= dictionary[numbers[i]];
  const placesAt = next;
  next = unpack(bytes, next, end, kept, PLACE_BITS);
  readPlaces(exceptionPlaces, kept, count, placesAt);
  next = unpack(bytes, next, end, kept, LEFT_BITS);
  const mask = 2 ** shift - 1;
  for (let i = 0; i < kept; i++) {
    const place = 2 * exceptionPlaces[i] + 1;
    pairs[place] = (pairs[place] & mask) | (numbers[i] << shift);
  }
  return next;
}

function put(bytes: Uint8Array, at: number, count: number, width: number): number {
  pack(bytes, at, count, width);
  return at + packedSize(count, width);
}

function sizeOf(count: number, right: number, entries: number, kept: number): number {
  const rights = padded8(4 * count) + packedSize(count, right - 32);
  const apart = packedSize(kept, PLACE_BITS) + packedSize(kept, LEFT_BITS);
  return HEAD_BYTES + DICTIONARY_BYTES + rights + packedSize(count, widthOf(entries - 1)) + apart;
}

/** Fills `lefts` and `counts` from the sample, the most frequent first; returns how many there are. */
function countLefts(right: number): number {
  const shift = right - 32;
  let distinct = 0;
  for (let i = 0; i < SAMPLE; i++) {
    const left = sample[i] >>> shift;
    let at = 0;
    while (at < distinct && lefts[at] !== left) at++;
    if (at === distinct) {
      lefts[distinct] = left;
      counts[distinct++] = 0;
      if (distinct > DISTINCT_MAX) return distinct;
    }
    const count = ++counts[at];
    // Kept in order as it grows: a left that is met more often moves before those met less often.
    while (at > 0 && counts[at - 1] < count) {
      lefts[at] = lefts[at - 1];
      counts[at] = counts[at - 1];
      at--;
      lefts[at] = left;
      counts[at] = count;
    }
  }
  return distinct;
}

/** Fills `indexes` and the exceptions. */
function findExceptions(count: number): void {
  const shift = best.right - 32;
  exceptions = 0;
  for (let i = 0; i < count; i++) {
    const left = stagedWords[2 * i + 1] >>> shift;
    let entry = 0;
    while (entry < best.entries && dictionary[entry] !== left) entry++;
    if (entry === best.entries) {
      exceptionPlaces[exceptions] = i;
      exceptionLefts[exceptions++] = left;
      entry = 0;
    }
    indexes[i] = entry;
  }
}
