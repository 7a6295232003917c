import type { ByteSink } from '../format/byte-sink.ts';
import { pack, packedSize, readWidth, unpack, WIDTH_MAX, widthOf } from './bit-packing.ts';
import { DELTA } from './codec-ids.ts';
import { damaged } from './damage.ts';
import { readI32, readWhole, WHOLE_MAX, writeSum } from './int64.ts';
import { choosePlan, MEASURE_STEP, plan } from './plan.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { numbers, origin, residuals } = scratch;
const range = new Float64Array(2);

/** Delta: the first value, the smallest difference, and how far each difference is above it, in packed bits. */
const HEAD_BYTES = 24;

/** Makes this the plan if it gives fewer bytes than the plan. At least 2 values. */
export function considerDelta(count: number): void {
  range[0] = range[1] = residuals[1] - residuals[0];
  let width = 0;
  let size = 0;
  for (let from = 1; from < count; from += MEASURE_STEP) {
    measure(from, Math.min(count, from + MEASURE_STEP));
    width = widthOf(range[1] - range[0]);
    size = HEAD_BYTES + packedSize(count - 1, width);
    if (size >= plan.size) return;
  }
  choosePlan(DELTA, size, width, range[0]);
}

/** Writes `origin` + `residuals` (the first of which is 0); `min` is their smallest difference. */
export function encodeDelta(out: ByteSink, at: number, count: number, width: number, min: number): void {
  out.bytes.fill(0, at, at + 8);
  out.bytes[at] = width;
  writeSum(out.view, at + 8, origin[0], origin[1], 0);
  writeSum(out.view, at + 16, 0, 0, min);
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
  const next = unpack(bytes, at + HEAD_BYTES, end, count - 1, width);
  if (!sums(count, min)) throw damaged(at, 'differences add up to over 2^53');
  return next;
}

/** Widens `range` by the differences at from…to - 1, each from the value before. */
function measure(from: number, to: number): void {
  let min = range[0];
  let max = range[1];
  let before = residuals[from - 1];
  for (let i = from; i < to; i++) {
    const value = residuals[i];
    const step = value - before;
    if (step < min) min = step;
    if (step > max) max = step;
    before = value;
  }
  range[0] = min;
  range[1] = max;
}

function raise(count: number, min: number): void {
  let before = residuals[0];
  for (let i = 1; i < count; i++) {
    const value = residuals[i];
    numbers[i - 1] = value - before - min;
    before = value;
  }
}

/** False if a number on the way is not below 2^53 in magnitude (or is NaN), where sums stop being exact. */
function sums(count: number, min: number): boolean {
  let value = 0;
  residuals[0] = 0;
  for (let i = 1; i < count; i++) {
    const step = numbers[i - 1] + min;
    value += step;
    if (!(Math.abs(step) < WHOLE_MAX && Math.abs(value) < WHOLE_MAX)) return false;
    residuals[i] = value;
  }
  return true;
}
