import type { Corpus } from './corpora.ts';
import type { Gorilla } from './gorilla-baseline.ts';
import { gorillaRates } from './gorilla-rates.ts';
import { kernelRates } from './kernels-alone.ts';

/** Millions of values a second of several columns together, round by round. */
export interface Comparison {
  readonly ours: readonly number[];
  readonly gorilla: readonly number[];
}

/**
 * The kernels alone beside Gorilla's over several columns together: as many values of each, all by the time that they take. Each round
 * does every column by both, one after the other. Throws if the kernels are not for a column.
 */
export function measureAgainstGorilla(
  baseline: Gorilla,
  columns: readonly Corpus[],
  rounds: number,
  seconds: number,
): { readonly encode: Comparison; readonly decode: Comparison } {
  const encode = { ours: [] as number[], gorilla: [] as number[] };
  const decode = { ours: [] as number[], gorilla: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const ours = columns.map((column) => {
      const rates = kernelRates(column, seconds);
      if (rates === undefined) throw new Error(`no kernel is for ${column.name}`);
      return { ours: rates, gorilla: gorillaRates(baseline, column, seconds) };
    });
    encode.ours.push(together(ours.map((each) => each.ours.encode)));
    encode.gorilla.push(together(ours.map((each) => each.gorilla.encode)));
    decode.ours.push(together(ours.map((each) => each.ours.decode)));
    decode.gorilla.push(together(ours.map((each) => each.gorilla.decode)));
  }
  return { encode, decode };
}

/** The rate of all, of as many values each: the harmonic mean. */
function together(rates: readonly number[]): number {
  return rates.length / rates.reduce((sum, rate) => sum + 1 / rate, 0);
}
