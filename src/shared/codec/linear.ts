import type { ByteSink } from '../format/byte-sink.ts';
import { kernels } from '../kernels/kernels.ts';
import { pack, packedSize, putPacked, readWidth, WIDTH_MAX, widthOf } from './bit-packing.ts';
import { LINEAR } from './codec-ids.ts';
import { damaged } from './damage.ts';
import { readI32, readWhole, writeSum } from './int64.ts';
import { readHead, writeHead, writePatchHead } from './integer-head.ts';
import { PACK_LINEAR, packNarrow } from './narrow-residuals.ts';
import { encodePatched, unpackPatched } from './patches.ts';
import { choosePlan, plan } from './plan.ts';
import { SUM_LIMIT } from './residuals.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { numbers, origin, ranges, residuals } = scratch;

/**
 * Linear: a line of whole slope, and how far each value is above it, in packed bits. Timestamps that jitter about a fixed
 * cadence need half the range that their differences have, and exact ones need no bits.
 */
const HEAD_BYTES = 24;

/** Makes this the plan if it gives fewer bytes than the plan. The values' `ranges` are those of `slope`. */
export function considerLinear(count: number, slope: number): void {
  if (count < 3) return;
  const width = widthOf(ranges[7] - ranges[6]);
  const size = HEAD_BYTES + packedSize(count, width);
  if (width <= WIDTH_MAX && size < plan.size) choosePlan(LINEAR, size, width, ranges[6], slope);
}

/** Writes `origin` + `residuals` as `plan` says. */
export function encodeLinear(out: ByteSink, at: number, count: number): void {
  const { min, slope, width } = plan;
  writeHead(out.bytes, at, width);
  writeSum(out.view, at + 8, origin[0], origin[1], min);
  writeSum(out.view, at + 16, 0, 0, slope);
  if (plan.patches > 0) {
    writePatchHead(out.bytes, at, plan.patches, plan.patchWidth);
    encodePatched(out.bytes, at + HEAD_BYTES, count);
  } else if (kernels !== undefined) {
    if (packNarrow(kernels, PACK_LINEAR, out.bytes, at + HEAD_BYTES, count, min, slope, width)) return;
    const { RESIDUALS_AT, NUMBERS_AT, PACKED_AT } = scratch;
    kernels.packLinear(RESIDUALS_AT, count, min, slope, width, NUMBERS_AT, PACKED_AT);
    putPacked(out.bytes, at + HEAD_BYTES, count, width);
  } else {
    for (let i = 0; i < count; i++) numbers[i] = residuals[i] - slope * i - min;
    pack(out.bytes, at + HEAD_BYTES, count, width);
  }
}

/** Reads into `origin` and `residuals`; returns where the values end. Throws DAMAGED. */
export function decodeLinear(bytes: Uint8Array, at: number, end: number, count: number): number {
  if (at + HEAD_BYTES > end) throw damaged(at, `a linear does not fit before byte ${end}`);
  const width = readWidth(bytes, at, WIDTH_MAX);
  readHead(bytes, at, count);
  origin[0] = readI32(bytes, at + 8);
  origin[1] = readI32(bytes, at + 12);
  const slope = readWhole(bytes, at + 16);
  const next = unpackPatched(bytes, at + HEAD_BYTES, end, count, width, at);
  const sound =
    Math.abs(slope) * count < SUM_LIMIT &&
    (kernels === undefined
      ? line(count, slope)
      : kernels.line(scratch.NUMBERS_AT, count, slope, scratch.RESIDUALS_AT) !== 0);
  if (!sound) throw damaged(at, 'a line that leaves the whole numbers of float64');
  return next;
}

/** False if a sum is not below 2^52 in magnitude. */
function line(count: number, slope: number): boolean {
  for (let i = 0; i < count; i++) {
    const sum = numbers[i] + slope * i;
    if (!(Math.abs(sum) < SUM_LIMIT)) return false;
    residuals[i] = sum;
  }
  return true;
}
