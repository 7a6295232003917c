import { RAW } from './codec-ids.ts';

/** The best codec found so far for the staged numbers: its exact bytes, and the parameters of the integer codecs. */
export const plan = { codec: RAW, size: 0, width: 0, min: 0, slope: 0, patches: 0, patchWidth: 0 };

/** Makes a codec the best one. */
export function choosePlan(codec: number, size: number, width: number, min: number, slope = 0): void {
  plan.codec = codec;
  plan.size = size;
  plan.width = width;
  plan.min = min;
  plan.slope = slope;
  plan.patches = 0;
  plan.patchWidth = 0;
}
