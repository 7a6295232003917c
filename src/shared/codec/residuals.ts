import { invariant } from '../errors.ts';
import { kernels } from '../kernels/kernels.ts';
import { highWord, lowWord, TWO_32, WHOLE_MAX } from './int64.ts';
import { narrowWholes } from './narrow-residuals.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { origin, residuals, stagedF32, stagedF64, stagedWords } = scratch;

/**
 * The integer codecs work on residuals: the values less the first one, as float64. If their range is below 2^51, they,
 * their differences and the differences of those are all whole numbers below 2^52, which float64 holds exactly. Where a
 * residual is too large to be exact the rounded one is too large as well, so the range still tells.
 */
export const RANGE_LIMIT = 2_251_799_813_685_248;

/**
 * What decoders let sums of differences come to, less than this in magnitude: sums of a few differences then are exact in
 * whatever order a kernel makes them.
 */
export const SUM_LIMIT = 4_503_599_627_370_496;

/**
 * Residuals of the staged float64 values, with the first as `origin`. False, at the first value that is not whole, is −0,
 * or is over `limit` (at most 2^53) in magnitude.
 */
export function residualsOfF64(count: number, limit: number): boolean {
  const first = stagedF64[0];
  if (Math.floor(first) !== first) return false;
  if (kernels !== undefined) {
    if (
      !narrowWholes(kernels, count, first) &&
      kernels.wholes(scratch.STAGED_AT, count, limit, scratch.RESIDUALS_AT) === 0
    )
      return false;
    origin[0] = lowWord(first);
    origin[1] = highWord(first);
    return true;
  }
  for (let i = 0; i < count; i++) {
    const value = stagedF64[i];
    if (!(Math.abs(value) <= limit) || Math.floor(value) !== value) return false;
    if (value === 0 && 1 / value < 0) return false;
    residuals[i] = value - first;
  }
  origin[0] = lowWord(first);
  origin[1] = highWord(first);
  return true;
}

/** As `residualsOfF64`, of float32 values and with a limit of 2^53. */
export function residualsOfF32(count: number): boolean {
  const first = stagedF32[0];
  for (let i = 0; i < count; i++) {
    const value = stagedF32[i];
    if (!(Math.abs(value) <= WHOLE_MAX) || Math.floor(value) !== value) return false;
    if (value === 0 && 1 / value < 0) return false;
    residuals[i] = value - first;
  }
  origin[0] = lowWord(first);
  origin[1] = highWord(first);
  return true;
}

/** As `residualsOfF64`, of ms timestamps. −0 counts as 0, as int64 has one zero only. Throws INTERNAL if one is unsafe. */
export function residualsOfTimes(count: number): void {
  if (residualsOfF64(count, Number.MAX_SAFE_INTEGER)) return;
  for (let i = 0; i < count; i++) stagedF64[i] += 0;
  invariant(residualsOfF64(count, Number.MAX_SAFE_INTEGER), 'an ms timestamp is a safe integer');
}

/** Residuals of the staged int32 values, with the first as `origin`. */
export function residualsOfI32(count: number): void {
  const first = stagedWords[0];
  for (let i = 0; i < count; i++) residuals[i] = stagedWords[i] - first;
  origin[0] = first;
  origin[1] = first >> 31;
}

/** Residuals of the staged int64 values, with the first as `origin`. */
export function residualsOfI64(count: number): void {
  const low = stagedWords[0] >>> 0;
  const high = stagedWords[1];
  origin[0] = low;
  origin[1] = high;
  if (kernels !== undefined) {
    kernels.wideInts(scratch.STAGED_AT, count, scratch.RESIDUALS_AT);
    return;
  }
  for (let i = 0; i < count; i++) {
    residuals[i] = (stagedWords[2 * i + 1] - high) * TWO_32 + ((stagedWords[2 * i] >>> 0) - low);
  }
}
