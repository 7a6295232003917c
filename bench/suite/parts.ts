import type { PartOptions, PartResult } from './figures.ts';

/** A part of the suite. Loaded when it runs: what it needs may not be there. */
export interface Part {
  readonly name: string;
  /** Rounds when none are asked for: quick, and else. */
  readonly rounds: readonly [quick: number, usual: number];
  load(): Promise<(options: PartOptions) => Promise<PartResult>>;
}

/** The parts in the order in which they run. */
export const PARTS: readonly Part[] = [
  { name: 'micro', rounds: [3, 5], load: async () => (await import('../micro/run.ts')).microLayer },
  { name: 'roofline', rounds: [3, 5], load: async () => (await import('../roofline/run.ts')).roofline },
  { name: 'engine', rounds: [1, 5], load: async () => (await import('../engine/run.ts')).engineLayer },
  { name: 'codecs', rounds: [1, 1], load: async () => (await import('./scripts.ts')).codecsPart },
  { name: 'peers', rounds: [1, 5], load: async () => (await import('./scripts.ts')).peersPart },
  { name: 'read', rounds: [1, 5], load: async () => (await import('./scripts.ts')).readPart },
];
