import type { ByteSink } from '../format/byte-sink.ts';
import { MAX_VALUE_BYTES } from '../schema/limits.ts';
import { pack, packedSize, readWidth, unpack, widthOf } from './bit-packing.ts';
import { damaged } from './damage.ts';
import { padded8, readU32 } from './int64.ts';
import { copyRuns, type Runs } from './runs.ts';
import * as scratch from './scratch.ts';
import { decodeStrings } from './strings.ts';

// A constant of this module for speed: see scratch.ts.
const { numbers } = scratch;

/** Plain: the lengths of the values above the smallest in packed bits, then the bytes of all values. */
const HEAD_BYTES = 16;
/** Widths of lengths and of places in a dictionary. */
export const PLAIN_WIDTH_MAX = 32;
/** Exact bytes of the values, padded. */
export function plainSize(runs: Runs): number {
  const width = widthOf(runs.largest - runs.smallest);
  return HEAD_BYTES + packedSize(runs.count, width) + padded8(runs.total);
}

/** Writes the values; returns where they end. */
export function encodePlain(out: ByteSink, at: number, arena: Uint8Array, runs: Runs): number {
  const width = widthOf(runs.largest - runs.smallest);
  out.view.setUint32(at, runs.total, true);
  out.view.setUint32(at + 4, width, true);
  out.view.setUint32(at + 8, runs.smallest, true);
  out.view.setUint32(at + 12, 0, true);
  lengthsAbove(runs.pairs, runs.count, runs.smallest);
  pack(out.bytes, at + HEAD_BYTES, runs.count, width);
  const values = at + HEAD_BYTES + packedSize(runs.count, width);
  copyRuns(arena, runs.pairs, runs.count, out.bytes, values);
  const end = values + padded8(runs.total);
  out.bytes.fill(0, values + runs.total, end);
  return end;
}

/**
 * Reads `count` values into `strings` at `row`, or into `runs` if that is given, as views on one copy.
 * Returns where they end. Throws DAMAGED.
 */
export function decodePlain(
  bytes: Uint8Array,
  at: number,
  end: number,
  count: number,
  strings: string[],
  runs: Uint8Array[] | undefined,
  row: number,
): number {
  if (at + HEAD_BYTES > end) throw damaged(at, `plain values do not fit before byte ${end}`);
  const total = readU32(bytes, at);
  const width = readWidth(bytes, at + 4, PLAIN_WIDTH_MAX);
  const smallest = readU32(bytes, at + 8);
  const values = unpack(bytes, at + HEAD_BYTES, end, count, width);
  const next = values + padded8(total);
  if (next > end) throw damaged(at, `values of ${total} bytes do not fit before byte ${end}`);
  const sum = addLengths(count, smallest);
  if (Number.isNaN(sum)) throw damaged(at, `a value of over ${MAX_VALUE_BYTES} bytes`);
  if (sum !== total) throw damaged(at, `lengths add up to ${sum} bytes, not to ${total}`);
  if (runs === undefined) decodeStrings(bytes, values, total, count, strings, row);
  else cutRuns(Uint8Array.from(bytes.subarray(values, values + total)), count, runs, row);
  return next;
}

function lengthsAbove(pairs: Int32Array, count: number, smallest: number): void {
  for (let i = 0; i < count; i++) numbers[i] = pairs[2 * i + 1] - smallest;
}

/** Adds `smallest` to each and returns the sum; NaN if a length is over the limit of a value. */
function addLengths(count: number, smallest: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const length = numbers[i] + smallest;
    if (length > MAX_VALUE_BYTES) return Number.NaN;
    numbers[i] = length;
    sum += length;
  }
  return sum;
}

function cutRuns(run: Uint8Array, count: number, to: Uint8Array[], row: number): void {
  let at = 0;
  for (let i = 0; i < count; i++) {
    const end = at + numbers[i];
    to[row + i] = run.subarray(at, end);
    at = end;
  }
}
