import { spreadOf } from '../harness/stats.ts';
import type { Figure, SuiteResult } from './figures.ts';

/** A figure that differs between two runs beyond the noise. */
export interface Change {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly verdict: 'better' | 'worse';
  /** How good the second run is by the first one: 0.5 is half as good, whatever the unit. */
  readonly ratio: number;
  /** Medians. */
  readonly before: number;
  readonly after: number;
}

/** Smaller changes are not told of, however small the noise. */
const WORTH_TELLING = 0.05;

/**
 * What differs between two runs: figures whose rounds do not overlap, and whose medians are a twentieth apart or more. With
 * five rounds each, equal figures look so once in 126 times; with one round nothing can be told from the noise.
 */
export function compareResults(
  before: SuiteResult,
  after: SuiteResult,
): { readonly changes: Change[]; readonly compared: number; readonly onlyIn: number } {
  const old = new Map(before.parts.flatMap(({ figures }) => figures).map((figure) => [figure.id, figure]));
  const now = after.parts.flatMap(({ figures }) => figures);
  const both = now.filter(({ id }) => old.has(id));
  const changes = both.flatMap((figure) => changeOf(old.get(figure.id)!, figure));
  changes.sort((a, b) => a.ratio - b.ratio);
  return { changes, compared: both.length, onlyIn: old.size + now.length - 2 * both.length };
}

function changeOf(before: Figure, after: Figure): Change[] {
  if (before.values.length < 2 || after.values.length < 2) return [];
  const [a, b] = [spreadOf(before.values), spreadOf(after.values)];
  if (a.min <= b.max && b.min <= a.max) return [];
  const ratio = after.better === 'higher' ? b.median / a.median : a.median / b.median;
  if (Math.abs(ratio - 1) < WORTH_TELLING) return [];
  const { id, title, unit } = after;
  return [
    { id, title, unit, verdict: ratio < 1 ? 'worse' : 'better', ratio, before: a.median, after: b.median },
  ];
}
