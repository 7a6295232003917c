import type { Kernels } from '../kernels/kernels.ts';
import { putPacked } from './bit-packing.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { narrowResiduals, ranges, residuals } = scratch;

/**
 * Narrow residuals: most vectors of whole numbers and decimals are of numbers that fit into 32 bits once the first one is taken off. Kernels
 * make, measure and pack such i32 in half of the time that float64 take, and to the same bytes. Where there are no kernels, or a number does
 * not fit, residuals are float64, and so they become where a codec has no kernel for narrow ones.
 */
export const narrow = { isOn: false };

/** Magnitudes below which the differences of differences of i32 are i32. */
export const NARROW_LIMIT = 2 ** 28;
/** The first value may be as large as this: see kernels/assembly/narrow-values.ts. */
const FIRST_LIMIT = 2 ** 50;
const SHORT_LEAST = -32_768;
const SHORT_MOST = 32_767;
/** The widest numbers that `packNarrow` packs. */
export const NARROW_PACK_MAX = 14;

/** What `packNarrow` packs: the residuals, their differences, what they are above a line. */
export const PACK_FRAME = 0;
export const PACK_DELTA = 1;
export const PACK_LINEAR = 2;

/** Makes narrow residuals of the staged float64 values, and their ranges, if they are whole numbers near the first one; false if not. */
export function narrowWholes(kernels: Kernels, count: number, first: number): boolean {
  const { NARROW_AT, RANGES_AT, SHORTS_AT, STAGED_AT } = scratch;
  narrow.isOn =
    Math.abs(first) < FIRST_LIMIT &&
    kernels.narrowWholes(STAGED_AT, count, first, NARROW_AT, SHORTS_AT, RANGES_AT) !== 0;
  return narrow.isOn;
}

/** Whether narrow residuals, whose ranges are known, are in the scratch as i16, too: see kernels/assembly/narrow-ranges.ts. */
export function areShort(count: number): boolean {
  const isShort = Math.min(ranges[0], ranges[2]) > SHORT_LEAST && Math.max(ranges[1], ranges[3]) < SHORT_MOST;
  return isShort && count % 16 === 0;
}

/** The residual in a place. */
export function residualAt(place: number): number {
  return narrow.isOn ? narrowResiduals[place] : residuals[place];
}

/** Makes narrow residuals float64. */
export function widenResiduals(kernels: Kernels, count: number): void {
  if (!narrow.isOn) return;
  // Over 10^0, whose factor is the first one.
  kernels.quotients(scratch.NARROW_AT, count, scratch.FACTORS_AT, scratch.RESIDUALS_AT);
  narrow.isOn = false;
}

/**
 * Packs narrow residuals into `out` at `at`, as `kind` says. False, with nothing done but that they are float64 now, if the numbers are
 * too wide; false too if they were float64.
 */
export function packNarrow(
  kernels: Kernels,
  kind: number,
  out: Uint8Array,
  at: number,
  count: number,
  base: number,
  slope: number,
  width: number,
): boolean {
  if (!narrow.isOn) return false;
  if (width > NARROW_PACK_MAX) {
    widenResiduals(kernels, count);
    return false;
  }
  const { NARROW_AT, PACKED_AT, SHORTS_AT } = scratch;
  const shorts = areShort(count) ? SHORTS_AT : 0;
  kernels.packNarrow(kind, NARROW_AT, shorts, count, base, slope, width, PACKED_AT);
  putPacked(out, at, kind === PACK_DELTA ? count - 1 : count, width);
  return true;
}
