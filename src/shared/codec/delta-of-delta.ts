import type { ByteSink } from '../format/byte-sink.ts';
import { kernels } from '../kernels/kernels.ts';
import { pack, packedSize, putPacked, readWidth, WIDTH_MAX, widthOf } from './bit-packing.ts';
import { DELTA_OF_DELTA } from './codec-ids.ts';
import { damaged } from './damage.ts';
import { readI32, readWhole, writeSum } from './int64.ts';
import { readHead, writeHead } from './integer-head.ts';
import { widenResiduals } from './narrow-residuals.ts';
import { unpackPatched } from './patches.ts';
import { choosePlan, plan } from './plan.ts';
import { SUM_LIMIT } from './residuals.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { numbers, origin, ranges, residuals } = scratch;

/**
 * Delta of delta: the first value, the first difference, and how each difference differs from the one before, in packed
 * bits: regular timestamps need none (after Pelkonen et al., "Gorilla", 2015, but with one width for the whole vector).
 */
const HEAD_BYTES = 32;

/** Makes this the plan if it gives fewer bytes than the plan. The values' `ranges` are known. */
export function considerDeltaOfDelta(count: number): void {
  if (count < 3) return;
  const width = widthOf(ranges[5] - ranges[4]);
  const size = HEAD_BYTES + packedSize(count - 2, width);
  // The range of these, alone of all, can reach 2^52 and more.
  if (width <= WIDTH_MAX && size < plan.size) choosePlan(DELTA_OF_DELTA, size, width, ranges[4]);
}

/** Writes `origin` + `residuals` (the first of which is 0); `min` is the smallest difference of differences. */
export function encodeDeltaOfDelta(
  out: ByteSink,
  at: number,
  count: number,
  width: number,
  min: number,
): void {
  if (kernels !== undefined) widenResiduals(kernels, count);
  writeHead(out.bytes, at, width);
  writeSum(out.view, at + 8, origin[0], origin[1], 0);
  writeSum(out.view, at + 16, 0, 0, residuals[1]);
  writeSum(out.view, at + 24, 0, 0, min);
  if (kernels !== undefined) {
    kernels.packDeltaOfDelta(scratch.RESIDUALS_AT, count, min, width, scratch.NUMBERS_AT, scratch.PACKED_AT);
    putPacked(out.bytes, at + HEAD_BYTES, count - 2, width);
    return;
  }
  raise(count, min);
  pack(out.bytes, at + HEAD_BYTES, count - 2, width);
}

/** Reads into `origin` and `residuals`; returns where the values end. Throws DAMAGED. */
export function decodeDeltaOfDelta(bytes: Uint8Array, at: number, end: number, count: number): number {
  if (at + HEAD_BYTES > end) throw damaged(at, `a delta of delta does not fit before byte ${end}`);
  if (count < 2) throw damaged(at, 'a delta of delta of less than 2 values');
  const width = readWidth(bytes, at, WIDTH_MAX);
  origin[0] = readI32(bytes, at + 8);
  origin[1] = readI32(bytes, at + 12);
  const first = readWhole(bytes, at + 16);
  const min = readWhole(bytes, at + 24);
  readHead(bytes, at, count);
  const next = unpackPatched(bytes, at + HEAD_BYTES, end, count - 2, width, at);
  const sound =
    Math.abs(min) <= SUM_LIMIT &&
    (kernels === undefined
      ? sumsOfSums(count, first, min)
      : kernels.sumsOfSums(scratch.NUMBERS_AT, count, first, min, scratch.RESIDUALS_AT) !== 0);
  if (!sound) throw damaged(at, 'differences add up to over 2^52');
  return next;
}

function raise(count: number, min: number): void {
  let before = residuals[1];
  let stepBefore = before - residuals[0];
  for (let i = 2; i < count; i++) {
    const value = residuals[i];
    const step = value - before;
    numbers[i - 2] = step - stepBefore - min;
    before = value;
    stepBefore = step;
  }
}

/** False if a difference or a sum on the way is not below 2^52 in magnitude (or is NaN). */
function sumsOfSums(count: number, first: number, min: number): boolean {
  let step = first;
  let value = first;
  residuals[0] = 0;
  residuals[1] = value;
  if (!(Math.abs(value) < SUM_LIMIT)) return false;
  for (let i = 2; i < count; i++) {
    step += numbers[i - 2] + min;
    value += step;
    if (!(Math.abs(step) < SUM_LIMIT && Math.abs(value) < SUM_LIMIT)) return false;
    residuals[i] = value;
  }
  return true;
}
