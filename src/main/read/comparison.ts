import type { VectorStatistics } from '../../shared/codec/statistics.ts';
import type { ComparisonOp } from '../api-types.ts';

/** How a value stands to the one that a predicate names; UNORDERED: one of them is NaN. */
export const LESS = 1;
export const EQUAL = 2;
export const GREATER = 4;
export const UNORDERED = 8;

/** Which outcomes each comparison accepts. */
export const ACCEPTED: Readonly<Record<ComparisonOp, number>> = {
  '=': EQUAL,
  '!=': LESS | GREATER | UNORDERED,
  '<': LESS,
  '<=': LESS | EQUAL,
  '>': GREATER,
  '>=': GREATER | EQUAL,
};

/** The outcome of a comparison. */
export function outcome<T extends number | bigint | string>(a: T, b: T): number {
  return a < b ? LESS : a > b ? GREATER : a === b ? EQUAL : UNORDERED;
}

/**
 * Keeps those of `count` picked rows whose value is present and compares as accepted; returns how many. For numbers and
 * bools: one loop for all comparisons and without a call a row.
 */
export function keepNumbers(
  values: ArrayLike<number>,
  validity: Uint8Array | undefined,
  wanted: number,
  accepted: number,
  picks: Uint32Array,
  count: number,
): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = picks[i]!;
    const value = values[row]!;
    const found = value < wanted ? LESS : value > wanted ? GREATER : value === wanted ? EQUAL : UNORDERED;
    if ((found & accepted) === 0) continue;
    if (validity !== undefined && ((validity[row >>> 3]! >>> (row & 7)) & 1) === 0) continue;
    picks[kept++] = row;
  }
  return kept;
}

/** The same for int64 values as pairs of words: no bigint a row. `wanted` may be beyond int64. */
export function keepInt64(
  values: BigInt64Array,
  validity: Uint8Array | undefined,
  wanted: bigint,
  accepted: number,
  picks: Uint32Array,
  count: number,
): number {
  const words = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  const isBeyond = wanted !== BigInt.asIntN(64, wanted);
  const always = isBeyond ? (wanted > 0n ? LESS : GREATER) : 0;
  const wantedLow = Number(BigInt.asUintN(32, wanted));
  const wantedHigh = Number(BigInt.asIntN(64, wanted) >> 32n);
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = picks[i]!;
    const low = words[2 * row]! >>> 0;
    const high = words[2 * row + 1]!;
    const byLow = low < wantedLow ? LESS : low > wantedLow ? GREATER : EQUAL;
    const found = always || (high < wantedHigh ? LESS : high > wantedHigh ? GREATER : byLow);
    if ((found & accepted) === 0) continue;
    if (validity !== undefined && ((validity[row >>> 3]! >>> (row & 7)) & 1) === 0) continue;
    picks[kept++] = row;
  }
  return kept;
}

/** Whether a vector can have a value that compares as accepted, by what its statistics say. */
export function mayHave(
  { count, nulls, min, max, sum }: VectorStatistics,
  wanted: number | bigint,
  accepted: number,
): boolean {
  if (nulls === count) return false;
  // NaN is in no range of statistics, but it makes the sum NaN.
  const mayHaveNaN = Number.isNaN(sum);
  if (mayHaveNaN && (accepted & UNORDERED) !== 0) return true;
  if (Number.isNaN(wanted)) return (accepted & UNORDERED) !== 0;
  if ((accepted & LESS) !== 0 && min < wanted) return true;
  if ((accepted & GREATER) !== 0 && max > wanted) return true;
  return (accepted & EQUAL) !== 0 && min <= wanted && wanted <= max;
}
