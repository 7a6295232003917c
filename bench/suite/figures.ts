import type { Machine } from '../harness/machine.ts';

/** One thing that was measured, once in each round. */
export interface Figure {
  /** Stable, for comparing runs: `engine/tables/8/rows`. */
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly values: readonly number[];
}

/** How two figures compare: values of one over those of the other, round by round. */
export interface Ratio {
  readonly id: string;
  readonly title: string;
  readonly better: 'higher' | 'lower';
  readonly values: readonly number[];
  /** What is wanted of the median; undefined where nothing is. */
  readonly goal: number | undefined;
}

/** What a part of the suite gives. */
export interface PartResult {
  readonly part: string;
  readonly title: string;
  /** The command that measures just this. */
  readonly command: string;
  readonly figures: readonly Figure[];
  readonly ratios: readonly Ratio[];
  /** What a reader must know: durability, versions, what is cached. */
  readonly notes: readonly string[];
  /** Wrong answers, in words. */
  readonly wrong: readonly string[];
}

/** What `npm run bench` writes. */
export interface SuiteResult {
  readonly version: 1;
  readonly when: string;
  readonly commit: string;
  /** What was typed. */
  readonly command: string;
  readonly millrace: string;
  readonly isQuick: boolean;
  readonly machine: Machine;
  readonly parts: readonly PartResult[];
}

/** What a part is told. */
export interface PartOptions {
  readonly rounds: number;
  readonly isQuick: boolean;
  /** With what takes long: gigabytes. */
  readonly isFull: boolean;
  /** A folder on the disk to be measured; what is left in it is removed. */
  readonly folder: string;
  /** Progress. */
  say(line: string): void;
}
