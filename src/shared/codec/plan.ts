import { RAW } from './codec-ids.ts';

/** The best codec found so far for the staged numbers: its exact bytes, and the parameters of the integer codecs. */
export const plan = { codec: RAW, size: 0, width: 0, min: 0 };

/** Makes a codec the best one. */
export function choosePlan(codec: number, size: number, width: number, min: number): void {
  plan.codec = codec;
  plan.size = size;
  plan.width = width;
  plan.min = min;
}

/**
 * Residuals, differences and so on are measured in steps of so many. After each step a codec that can no longer give fewer
 * bytes than the plan is dropped, as ranges only grow: mostly after the first, which saves 1 ns per value and codec.
 */
export const MEASURE_STEP = 128;
