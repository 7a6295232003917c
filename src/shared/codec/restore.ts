import { kernels } from '../kernels/kernels.ts';
import type { ColumnTarget } from './column-target.ts';
import { damaged } from './damage.ts';
import { POWERS, undoDecimals } from './decimal.ts';
import { addUlps, form, putExceptions } from './form.ts';
import { TWO_32, WHOLE_MAX, wordsToNumber } from './int64.ts';
import { narrow, undoSingles } from './loose-decimals.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { origin, residuals, stagedF32, stagedF64, stagedWords } = scratch;

/**
 * Adds `origin` to the first `count` of `residuals` and stores what `form` makes of the sums at `row` of the target. Throws
 * DAMAGED, naming `at`, if a sum has no equal value in the target's type. The sums are made in the staging scratch and copied from there,
 * which costs less than to store them in an array that changes from call to call.
 */
export function restore(target: ColumnTarget, row: number, count: number, at: number): void {
  const low = origin[0];
  const high = origin[1];
  const base = wordsToNumber(low, high);
  let sound = true;
  if (target.type === 'i64') {
    if (kernels === undefined) restoreI64(count, low, high);
    else kernels.restoreI64(scratch.RESIDUALS_AT, count, low, high, scratch.STAGED_AT);
    target.words.set(stagedWords.subarray(0, 2 * count), 2 * row);
  } else if (target.type === 'i32') {
    sound = restoreI32(count, base);
    target.words.set(stagedWords.subarray(0, count), row);
  } else if (target.type === 'f32' && form.isSingle) {
    sound = restoreDoubles(count, base, WHOLE_MAX);
    narrow(count);
    putExceptions(true);
    target.f32.set(stagedF32.subarray(0, count), row);
  } else if (target.type === 'f32') {
    sound = restoreF32(count, base);
    target.f32.set(stagedF32.subarray(0, count), row);
  } else {
    sound = restoreDoubles(count, base, target.isTime ? WHOLE_MAX - 1 : WHOLE_MAX);
    if (form.ulpsWidth > 0) addUlps(count);
    putExceptions(false);
    target.f64.set(stagedF64.subarray(0, count), row);
  }
  if (!sound) throw damaged(at, `a number that no ${target.isTime ? 'ms timestamp' : target.type} has`);
}

/** Sums as float64, divided and rounded as `form` says; false as `restoreF64`. */
function restoreDoubles(count: number, base: number, limit: number): boolean {
  const { decimals, isSingle } = form;
  if (kernels !== undefined) {
    const power = isSingle ? 1 : POWERS[decimals];
    const { RESIDUALS_AT, STAGED_AT } = scratch;
    if (kernels.restoreF64(RESIDUALS_AT, count, base, limit, power, STAGED_AT) === 0) return false;
  } else {
    if (!restoreF64(count, base, limit)) return false;
    if (decimals > 0 && !isSingle) undoDecimals(count, decimals);
  }
  if (isSingle) undoSingles(count, decimals);
  return true;
}

/** int64 as words, modulo 2^64. */
function restoreI64(count: number, low: number, high: number): void {
  const base = low >>> 0;
  for (let i = 0; i < count; i++) {
    const residual = residuals[i];
    const sum = base + (residual >>> 0);
    stagedWords[2 * i] = sum;
    stagedWords[2 * i + 1] = high + Math.floor(residual / TWO_32) + (sum >= TWO_32 ? 1 : 0);
  }
}

/** False if a sum is no int32. With a base of NaN none is. */
function restoreI32(count: number, base: number): boolean {
  for (let i = 0; i < count; i++) {
    const sum = base + residuals[i];
    if ((sum | 0) !== sum) return false;
    stagedWords[i] = sum;
  }
  return true;
}

/** False if a sum is no float32, or was rounded: then taking the base off again tells. */
function restoreF32(count: number, base: number): boolean {
  for (let i = 0; i < count; i++) {
    const sum = base + residuals[i];
    if (!(Math.abs(sum) <= WHOLE_MAX) || sum - base !== residuals[i] || Math.fround(sum) !== sum)
      return false;
    stagedF32[i] = sum;
  }
  return true;
}

/** False if a sum is over `limit` in magnitude, or was rounded. */
function restoreF64(count: number, base: number, limit: number): boolean {
  for (let i = 0; i < count; i++) {
    const sum = base + residuals[i];
    if (!(Math.abs(sum) <= limit) || sum - base !== residuals[i]) return false;
    stagedF64[i] = sum;
  }
  return true;
}
