import type { ByteSink } from '../format/byte-sink.ts';
import { kernels } from '../kernels/kernels.ts';
import { pack, packedSize, putPacked, readWidth, WIDTH_MAX, widthOf } from './bit-packing.ts';
import { DELTA } from './codec-ids.ts';
import { damaged } from './damage.ts';
import { readI32, readWhole, writeSum } from './int64.ts';
import { readHead, writeHead, writePatchHead } from './integer-head.ts';
import { PACK_DELTA, packNarrow } from './narrow-residuals.ts';
import { encodePatched, unpackPatched } from './patches.ts';
import { choosePlan, plan } from './plan.ts';
import { SUM_LIMIT } from './residuals.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { numbers, origin, ranges, residuals } = scratch;

/** Delta: the first value, the smallest difference, and how far each difference is above it, in packed bits. */
const HEAD_BYTES = 24;

/** Makes this the plan if it gives fewer bytes than the plan. At least 2 values, whose `ranges` are known. */
export function considerDelta(count: number): void {
  const width = widthOf(ranges[3] - ranges[2]);
  const size = HEAD_BYTES + packedSize(count - 1, width);
  if (size < plan.size) choosePlan(DELTA, size, width, ranges[2]);
}

/** Writes `origin` + `residuals` (the first of which is 0); `min` is their smallest difference. */
export function encodeDelta(out: ByteSink, at: number, count: number, width: number, min: number): void {
  writeHead(out.bytes, at, width);
  writeSum(out.view, at + 8, origin[0], origin[1], 0);
  writeSum(out.view, at + 16, 0, 0, min);
  if (plan.patches > 0) {
    writePatchHead(out.bytes, at, plan.patches, plan.patchWidth);
    encodePatched(out.bytes, at + HEAD_BYTES, count);
    return;
  }
  if (kernels !== undefined) {
    if (packNarrow(kernels, PACK_DELTA, out.bytes, at + HEAD_BYTES, count, min, 0, width)) return;
    kernels.packDelta(scratch.RESIDUALS_AT, count, min, width, scratch.NUMBERS_AT, scratch.PACKED_AT);
    putPacked(out.bytes, at + HEAD_BYTES, count - 1, width);
    return;
  }
  raise(count, min);
  pack(out.bytes, at + HEAD_BYTES, count - 1, width);
}

/** Reads into `origin` and `residuals`; returns where the values end. Throws DAMAGED. */
export function decodeDelta(bytes: Uint8Array, at: number, end: number, count: number): number {
  if (at + HEAD_BYTES > end) throw damaged(at, `a delta does not fit before byte ${end}`);
  const width = readWidth(bytes, at, WIDTH_MAX);
  origin[0] = readI32(bytes, at + 8);
  origin[1] = readI32(bytes, at + 12);
  const min = readWhole(bytes, at + 16);
  readHead(bytes, at, count);
  const next = unpackPatched(bytes, at + HEAD_BYTES, end, count - 1, width, at);
  const sound =
    Math.abs(min) <= SUM_LIMIT &&
    (kernels === undefined
      ? sums(count, min)
      : kernels.sums(scratch.NUMBERS_AT, count, min, scratch.RESIDUALS_AT) !== 0);
  if (!sound) throw damaged(at, 'differences add up to over 2^52');
  return next;
}

function raise(count: number, min: number): void {
  let before = residuals[0];
  for (let i = 1; i < count; i++) {
    const value = residuals[i];
    numbers[i - 1] = value - before - min;
    before = value;
  }
}

/** False if a sum on the way is not below 2^52 in magnitude. */
function sums(count: number, min: number): boolean {
  let value = 0;
  residuals[0] = 0;
  for (let i = 1; i < count; i++) {
    value += numbers[i - 1] + min;
    if (!(Math.abs(value) < SUM_LIMIT)) return false;
    residuals[i] = value;
  }
  return true;
}
