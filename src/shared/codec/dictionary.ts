import type { ByteSink } from '../format/byte-sink.ts';
import { VECTOR_ROWS } from '../schema/limits.ts';
import { pack, packedSize, readWidth, unpack, widthOf } from './bit-packing.ts';
import { hashBytes, hashShort, SHORT_BYTES, sameBytes } from './byte-hash.ts';
import type { ColumnTarget } from './column-target.ts';
import { damaged } from './damage.ts';
import { readU32 } from './int64.ts';
import { decodePlain, encodePlain, PLAIN_WIDTH_MAX, plainSize } from './plain.ts';
import type { Runs } from './runs.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { numbers, stagedWords } = scratch;

/** Dictionary: the distinct values as a plain run in order of first appearance, and each value's place in it. */
const HEAD_BYTES = 16;
/** Heads of the vector's values and of the plain run. */
const HEADS_BYTES = 32;

/** Open addressing with steps of 1; at most a quarter full, so that most searches end at the first slot. */
const SLOTS = 4 * VECTOR_ROWS;
/** Entry + 1 of each slot; 0 is free. */
const slots = new Uint16Array(SLOTS);
const entryPairs = new Int32Array(2 * VECTOR_ROWS);
const hashes = new Int32Array(VECTOR_ROWS);
const places = new Uint16Array(VECTOR_ROWS);
const entries: Runs = { pairs: entryPairs, count: 0, total: 0, smallest: 0, largest: 0 };

/**
 * Values that have the 32-bit hash of an earlier, other one. Chance gives one in 10,000 vectors, so this many are made on
 * purpose, to have each compared with all others: no dictionary for them.
 */
const COLLISIONS_MAX = 32;

/**
 * Finds the distinct ones of `count` staged values and returns the exact bytes that they take as a dictionary, or Infinity
 * as soon as it is certain that these are not below `limit`. `encodeDictionary` then writes them.
 */
export function dictionarySize(arena: Uint8Array, count: number, limit: number): number {
  if (HEADS_BYTES >= limit) return Number.POSITIVE_INFINITY;
  const view = new DataView(arena.buffer, arena.byteOffset, arena.length);
  slots.fill(0);
  if (!findEntries(arena, view, count, limit)) return Number.POSITIVE_INFINITY;
  const width = widthOf(entries.count - 1);
  const size = HEAD_BYTES + plainSize(entries) + packedSize(count, width);
  return size < limit ? size : Number.POSITIVE_INFINITY;
}

/** Writes what `dictionarySize` has just found. */
export function encodeDictionary(out: ByteSink, at: number, arena: Uint8Array, count: number): void {
  const width = widthOf(entries.count - 1);
  out.view.setUint32(at, entries.count, true);
  out.view.setUint32(at + 4, width, true);
  out.view.setUint32(at + 8, plainSize(entries), true);
  out.view.setUint32(at + 12, 0, true);
  const end = encodePlain(out, at + HEAD_BYTES, arena, entries);
  for (let i = 0; i < count; i++) numbers[i] = places[i];
  pack(out.bytes, end, count, width);
}

/**
 * Reads `count` values into a utf8 or bytes target; returns where they end. Rows of one value share one string or one
 * Uint8Array. Throws DAMAGED.
 */
export function decodeDictionary(
  bytes: Uint8Array,
  at: number,
  end: number,
  target: ColumnTarget,
  row: number,
  count: number,
): number {
  if (at + HEAD_BYTES > end) throw damaged(at, `a dictionary does not fit before byte ${end}`);
  const size = readU32(bytes, at);
  const width = readWidth(bytes, at + 4, PLAIN_WIDTH_MAX);
  const dictionaryEnd = at + HEAD_BYTES + readU32(bytes, at + 8);
  if (size === 0 || size > count) throw damaged(at, `a dictionary of ${size} values for ${count} rows`);
  if (dictionaryEnd > end)
    throw damaged(at + 8, `the dictionary ends at ${dictionaryEnd}, the vector at ${end}`);
  const strings: string[] = [];
  const runs: Uint8Array[] | undefined = target.type === 'bytes' ? [] : undefined;
  const after = decodePlain(bytes, at + HEAD_BYTES, dictionaryEnd, size, strings, runs, 0);
  if (after !== dictionaryEnd)
    throw damaged(at + 8, `the dictionary ends at ${after}, not at ${dictionaryEnd}`);
  const next = unpack(bytes, dictionaryEnd, end, count, width);
  const sound =
    runs === undefined ? lookUp(strings, count, target.strings, row) : lookUp(runs, count, target.runs, row);
  if (!sound) throw damaged(dictionaryEnd, `a place outside the dictionary of ${size} values`);
  return next;
}

/**
 * Fills `entries` and `places`. False once entries and places alone take `limit` bytes: both only grow, so the whole
 * cannot be below it.
 */
function findEntries(arena: Uint8Array, view: DataView, count: number, limit: number): boolean {
  let size = 0;
  let total = 0;
  let smallest = stagedWords[1];
  let largest = smallest;
  let collisions = 0;
  for (let i = 0; i < count; i++) {
    const start = stagedWords[2 * i];
    const length = stagedWords[2 * i + 1];
    const isShort = length <= SHORT_BYTES;
    const hash = isShort ? hashShort(arena, start, length) : hashBytes(arena, view, start, length);
    let slot = hash & (SLOTS - 1);
    let entry = slots[slot] - 1;
    let hasTwin = false;
    while (entry >= 0) {
      if (hashes[entry] === hash) {
        const sameLength = entryPairs[2 * entry + 1] === length;
        if (sameLength && (isShort || sameBytes(arena, view, entryPairs[2 * entry], start, length))) break;
        hasTwin = true;
      }
      slot = (slot + 1) & (SLOTS - 1);
      entry = slots[slot] - 1;
    }
    if (entry < 0) {
      if (hasTwin && ++collisions > COLLISIONS_MAX) return false;
      entry = size++;
      slots[slot] = size;
      hashes[entry] = hash;
      entryPairs[2 * entry] = start;
      entryPairs[2 * entry + 1] = length;
      total += length;
      if (length < smallest) smallest = length;
      if (length > largest) largest = length;
      if (HEADS_BYTES + total + ((count * (32 - Math.clz32(entry))) >>> 3) >= limit) return false;
    }
    places[i] = entry;
  }
  entries.count = size;
  entries.total = total;
  entries.smallest = smallest;
  entries.largest = largest;
  return true;
}

/** False if a place is outside the dictionary. */
function lookUp<T>(dictionary: T[], count: number, to: T[], row: number): boolean {
  const size = dictionary.length;
  for (let i = 0; i < count; i++) {
    const place = numbers[i];
    if (place >= size) return false;
    to[row + i] = dictionary[place];
  }
  return true;
}
