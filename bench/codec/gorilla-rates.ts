import { checkBits } from './check-bits.ts';
import type { Corpus } from './corpora.ts';
import type { Gorilla } from './gorilla-baseline.ts';
import { rateOf } from './rate.ts';

const VECTOR = 1024;

/** Bits a value, and millions of values a second. */
export interface GorillaRates {
  readonly bits: number;
  readonly encode: number;
  readonly decode: number;
}

/** What Gorilla makes of a column in vectors of 1,024, of as many as it has slots for. Throws unless every value comes back. */
export function gorillaRates(baseline: Gorilla, { name, values }: Corpus, seconds: number): GorillaRates {
  const parts: Float64Array[] = [];
  for (let at = 0; at < values.length && parts.length < baseline.slots; at += VECTOR)
    parts.push(values.subarray(at, at + VECTOR));
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  parts.forEach((part, slot) => {
    baseline.valuesOf(slot).set(part);
  });
  let bits = 0;
  const encode = (): void => {
    bits = 0;
    parts.forEach((part, slot) => {
      bits += baseline.encode(slot, part.length);
    });
  };
  encode();
  parts.forEach((part, slot) => {
    baseline.decode(slot, part.length);
    checkBits(name, part, [baseline.decoded.subarray(0, part.length)]);
  });
  const decode = (): void => {
    parts.forEach((part, slot) => {
      baseline.decode(slot, part.length);
    });
  };
  return {
    bits: bits / total,
    encode: rateOf(total, seconds, encode),
    decode: rateOf(total, seconds, decode),
  };
}
