import type { ByteSink } from '../format/byte-sink.ts';
import { kernels } from '../kernels/kernels.ts';
import { pack, packedSize, putPacked, readWidth, WIDTH_MAX, widthOf } from './bit-packing.ts';
import { FRAME_OF_REFERENCE } from './codec-ids.ts';
import { damaged } from './damage.ts';
import { readI32, writeSum } from './int64.ts';
import { readHead, writeHead, writePatchHead } from './integer-head.ts';
import { PACK_FRAME, packNarrow } from './narrow-residuals.ts';
import { encodePatched, unpackPatched } from './patches.ts';
import { choosePlan, plan } from './plan.ts';
import { RANGE_LIMIT } from './residuals.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { numbers, origin, ranges, residuals } = scratch;

/**
 * Frame of reference: the smallest value, and how far each is above it, in packed bits (Goldstein, Ramakrishnan and
 * Shaft, "Compressing relations and indexes", 1998).
 */
const HEAD_BYTES = 16;

/**
 * Makes this the plan if it gives fewer bytes than the plan. The residuals' `ranges` are known. False if the range of the residuals is too large for this and
 * the other integer codecs.
 */
export function considerFrame(count: number): boolean {
  const range = ranges[1] - ranges[0];
  if (!(range < RANGE_LIMIT)) return false;
  const width = widthOf(range);
  const size = HEAD_BYTES + packedSize(count, width);
  if (size < plan.size) choosePlan(FRAME_OF_REFERENCE, size, width, ranges[0]);
  return true;
}

/** Writes `origin` + `residuals`, of which `min` is the smallest and none is 2^width above it. */
export function encodeFrame(out: ByteSink, at: number, count: number, width: number, min: number): void {
  writeHead(out.bytes, at, width);
  writeSum(out.view, at + 8, origin[0], origin[1], min);
  if (plan.patches > 0) {
    writePatchHead(out.bytes, at, plan.patches, plan.patchWidth);
    encodePatched(out.bytes, at + HEAD_BYTES, count);
    return;
  }
  if (kernels !== undefined) {
    if (packNarrow(kernels, PACK_FRAME, out.bytes, at + HEAD_BYTES, count, min, 0, width)) return;
    kernels.packFrame(scratch.RESIDUALS_AT, count, min, width, scratch.NUMBERS_AT, scratch.PACKED_AT);
    putPacked(out.bytes, at + HEAD_BYTES, count, width);
    return;
  }
  raise(count, min);
  pack(out.bytes, at + HEAD_BYTES, count, width);
}

/** Reads into `origin` and `residuals`; returns where the values end. Throws DAMAGED. */
export function decodeFrame(bytes: Uint8Array, at: number, end: number, count: number): number {
  if (at + HEAD_BYTES > end) throw damaged(at, `a frame of reference does not fit before byte ${end}`);
  const width = readWidth(bytes, at, WIDTH_MAX);
  origin[0] = readI32(bytes, at + 8);
  origin[1] = readI32(bytes, at + 12);
  readHead(bytes, at, count);
  const next = unpackPatched(bytes, at + HEAD_BYTES, end, count, width, at);
  residuals.set(numbers.subarray(0, count));
  return next;
}

function raise(count: number, min: number): void {
  for (let i = 0; i < count; i++) numbers[i] = residuals[i] - min;
}
