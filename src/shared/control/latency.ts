import type { Control } from './control.ts';
import { LATENCY_WORDS, type LatencyOwner, latencyWord } from './words.ts';

/** Four to a doubling, from 1 µs up to 14 s: a bucket's edges are 19 % apart. */
const PER_DOUBLING = 4;
/** The last word of a histogram is the longest time in µs. */
const BUCKETS = LATENCY_WORDS - 1;
const MAX_WORD = BUCKETS;
const MAX_MICROS = 2 ** 31 - 1;

/** How long something took, in ms; each quantile is at most 19 % too high. All 0 where nothing was timed yet. */
export interface Latency {
  readonly count: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** Takes note of a time. Only the thread that owns the histogram does. */
export function noteLatency(control: Control, owner: LatencyOwner, ms: number): void {
  const at = latencyWord(owner);
  const micros = Math.min(MAX_MICROS, Math.max(0, Math.round(ms * 1000)));
  const bucket = micros <= 1 ? 0 : Math.min(BUCKETS - 1, Math.ceil(PER_DOUBLING * Math.log2(micros)));
  Atomics.add(control.words, at + bucket, 1);
  if (micros > Atomics.load(control.words, at + MAX_WORD))
    Atomics.store(control.words, at + MAX_WORD, micros);
}

/** What several histograms say together. */
export function latencyOf(control: Control, owners: readonly LatencyOwner[]): Latency {
  const buckets = new Float64Array(BUCKETS);
  let [count, most] = [0, 0];
  for (const owner of owners) {
    const at = latencyWord(owner);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      // As unsigned: after 2³¹ of them a bucket would count backwards.
      const seen = Atomics.load(control.words, at + bucket) >>> 0;
      buckets[bucket]! += seen;
      count += seen;
    }
    most = Math.max(most, Atomics.load(control.words, at + MAX_WORD));
  }
  const quantileMs = (share: number): number => {
    let left = share * count;
    const bucket = buckets.findIndex((seen) => {
      left -= seen;
      return left <= 0 && seen > 0;
    });
    // The upper edge, but never beyond what was seen; the last bucket has no edge.
    const edge = bucket === BUCKETS - 1 ? most : 2 ** (bucket / PER_DOUBLING);
    return bucket < 0 ? 0 : Math.min(edge, most) / 1000;
  };
  return {
    count,
    p50Ms: quantileMs(0.5),
    p90Ms: quantileMs(0.9),
    p99Ms: quantileMs(0.99),
    p999Ms: quantileMs(0.999),
    maxMs: most / 1000,
  };
}
