import { invariant } from '../errors.ts';
import { VECTOR_ROWS } from '../schema/limits.ts';
import { isVariable } from '../schema/types.ts';
import type { ColumnSource } from './column-data.ts';
import { widthInWords } from './column-target.ts';
import * as scratch from './scratch.ts';
import { areAllOnes, compact8, compact32, compact64, copyBits } from './validity.ts';

// Constants of this module for speed: see scratch.ts.
const { stagedBytes, stagedF32, stagedF64, stagedI64, stagedWords, validityBits } = scratch;

/**
 * Copies the present values of rows from…from + count - 1 to the staging scratch, without gaps, and returns how many they
 * are; if fewer than `count`, `validityBits` says which. Of variable kinds the [offset, length] pairs are staged.
 * Throws INTERNAL if the source has not these rows or a timestamp is null.
 */
export function stage(source: ColumnSource, from: number, count: number): number {
  const { kind, values, validity } = source;
  const elements = isVariable(kind) ? 2 : 1;
  // `subarray` would quietly cut what is too long, and the rest would come from an earlier vector.
  invariant(count >= 1 && count <= VECTOR_ROWS, 'a vector has 1…1,024 rows');
  invariant(from >= 0 && elements * (from + count) <= values.length, 'a column source has its rows');
  let present = count;
  if (validity !== undefined) {
    invariant(from + count <= 8 * validity.length, 'a column source has the validity of its rows');
    // Most vectors are whole, and have no nulls.
    const isPlain = (from & 7) === 0 && (count & 7) === 0 && areAllOnes(validity, from >>> 3, count);
    if (!isPlain) present = copyBits(validity, from, count, validityBits);
  }
  invariant(present === count || !source.isTime, 'a timestamp is never null');
  if (present === 0) return 0;
  copyRows(source, elements * from, elements * (from + count));
  if (present === count) return count;
  if (kind === 'bool') compact8(stagedBytes, validityBits, count);
  else if (!isVariable(kind) && widthInWords(kind) === 1) {
    compact32(stagedWords, validityBits, count);
  } else compact64(stagedWords, validityBits, count);
  return present;
}

/** Copies elements start…end - 1 to the start of the staging, between arrays of one type: bits stay as they are. */
function copyRows({ kind, values }: ColumnSource, start: number, end: number): void {
  if (kind === 'f64') stagedF64.set((values as Float64Array).subarray(start, end));
  else if (kind === 'f32') stagedF32.set((values as Float32Array).subarray(start, end));
  else if (kind === 'i64') stagedI64.set((values as BigInt64Array).subarray(start, end));
  else if (kind === 'i32') stagedWords.set((values as Int32Array).subarray(start, end));
  else if (kind === 'bool') stagedBytes.set((values as Uint8Array).subarray(start, end));
  else stagedWords.set((values as Uint32Array).subarray(start, end));
}
