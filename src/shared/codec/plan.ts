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
