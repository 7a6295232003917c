import { kernels } from '../kernels/kernels.ts';
import type { ColumnType } from '../schema/types.ts';
import { TWO_32 } from './int64.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { stagedF32, stagedF64, stagedWords, statisticsF64, statisticsWords } = scratch;

/** Vectors with fewer values have no statistics: they are read as fast. */
export const STATISTICS_ROWS_MIN = 64;
/** Least, greatest and sum, 8 bytes each. */
export const STATISTICS_BYTES = 24;

/**
 * What a vector's header says of its present values. Floats: NaNs are left out of `min` and `max` (NaN if all are); −0 counts as
 * 0; the sum is made in float64 of four, of the values at places 0, 4, 8 …, at 1, 5 … and so
 * on, as (first + third) + (second + fourth), and then of the last values, which are no whole four.
 */
export interface VectorStatistics {
  /** Rows, nulls included. */
  readonly count: number;
  readonly nulls: number;
  readonly min: number | bigint;
  readonly max: number | bigint;
  readonly sum: number | bigint;
}

/**
 * Fills the statistics of `count` staged values, as f64 or as int64.
 * @returns false if the sum of int64 might leave int64: they then mean nothing
 */
export function measureStatistics(kind: ColumnType, count: number): boolean {
  const { STAGED_AT, STATISTICS_AT } = scratch;
  if (kind === 'f64') {
    if (kernels !== undefined) kernels.statisticsF64(STAGED_AT, count, STATISTICS_AT);
    else ofDoubles(stagedF64, count);
  } else if (kind === 'f32') ofDoubles(stagedF32, count);
  else if (kind === 'i64') {
    if (kernels !== undefined) return kernels.statisticsI64(STAGED_AT, count, STATISTICS_AT) !== 0;
    return ofInt64(count);
  } else if (kernels !== undefined) kernels.statisticsI32(STAGED_AT, count, STATISTICS_AT);
  else ofInt32(stagedWords, count);
  return true;
}

/** The greatest magnitude of the doubles measured last; infinity if one is NaN. */
export function largestMagnitude(): number {
  const [min, max, sum] = statisticsF64;
  return Number.isNaN(sum) ? Number.POSITIVE_INFINITY : Math.max(Math.abs(min), Math.abs(max));
}

/** In four parts, as the kernel does. */
function ofDoubles(values: Float64Array | Float32Array, count: number): void {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  const whole = count - (count % 4);
  for (let i = 0; i < whole; i += 4) {
    s0 += values[i];
    s1 += values[i + 1];
    s2 += values[i + 2];
    s3 += values[i + 3];
  }
  let sum = s0 + s2 + (s1 + s3);
  for (let i = whole; i < count; i++) sum += values[i];
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (Number.isNaN(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const isNone = min === Number.POSITIVE_INFINITY && max === Number.NEGATIVE_INFINITY;
  // Plus 0, as −0 counts as 0.
  statisticsF64[0] = isNone ? Number.NaN : min + 0;
  statisticsF64[1] = isNone ? Number.NaN : max + 0;
  statisticsF64[2] = Number.isNaN(sum) ? Number.NaN : sum;
}

/** In halves, which add up exactly; false as soon as a value or the sum is 2^62 or more in magnitude. */
function ofInt64(count: number): boolean {
  let min = 0;
  let max = 0;
  let low = 0;
  let high = 0;
  const isLess = (a: number, b: number): boolean => {
    const byHigh = stagedWords[2 * a + 1] - stagedWords[2 * b + 1];
    return byHigh < 0 || (byHigh === 0 && stagedWords[2 * a] >>> 0 < stagedWords[2 * b] >>> 0);
  };
  for (let i = 0; i < count; i++) {
    if (isLess(i, min)) min = i;
    if (isLess(max, i)) max = i;
    if (!isInHalf(stagedWords[2 * i] >>> 0, stagedWords[2 * i + 1])) return false;
    low += stagedWords[2 * i] >>> 0;
    high += stagedWords[2 * i + 1];
    if (low >= TWO_32) {
      low -= TWO_32;
      high++;
    }
    if (!isInHalf(low, high)) return false;
  }
  statisticsWords[0] = stagedWords[2 * min];
  statisticsWords[1] = stagedWords[2 * min + 1];
  statisticsWords[2] = stagedWords[2 * max];
  statisticsWords[3] = stagedWords[2 * max + 1];
  statisticsWords[4] = low;
  statisticsWords[5] = high;
  return true;
}

/** Whether high · 2^32 + low is below 2^62 and above −2^62. */
function isInHalf(low: number, high: number): boolean {
  return high < 0x4000_0000 && (high > -0x4000_0000 || (high === -0x4000_0000 && low > 0));
}

function ofInt32(values: Int32Array, count: number): void {
  let min = values[0];
  let max = min;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
  }
  writeWhole(0, min);
  writeWhole(2, max);
  writeWhole(4, sum);
}

function writeWhole(at: number, value: number): void {
  statisticsWords[at] = value | 0;
  statisticsWords[at + 1] = Math.floor(value / TWO_32);
}

/** Reads statistics that lie at `at`: numbers of floats and i32, bigints of i64. */
export function readStatistics(
  bytes: Uint8Array,
  at: number,
  kind: ColumnType,
  count: number,
  nulls: number,
): VectorStatistics {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, STATISTICS_BYTES);
  const read = (i: number): number | bigint => {
    if (kind === 'f64' || kind === 'f32') return view.getFloat64(8 * i, true);
    const value = view.getBigInt64(8 * i, true);
    return kind === 'i64' ? value : Number(value);
  };
  return { count, nulls, min: read(0), max: read(1), sum: read(2) };
}
