import type { WriterEntry } from '../../shared/format/root.ts';
import type { TableDefinition } from '../../shared/schema/types.ts';
import type { ProducerRings } from './messages.ts';

/** Moments of a writer's work at which tests may kill it. */
export type WriterStep =
  | 'messages taken'
  | 'hints taken'
  | 'block staged'
  | 'frames gathered'
  | 'data written'
  | 'log written'
  | 'synced'
  | 'directory published'
  | 'logged published'
  | 'chunk freed'
  | 'commit published'
  | 'log read'
  | 'taken over';

/** Thrown by a test's `onStep` to end a writer where it stands, as a terminated thread would end: nothing is poisoned. */
export class WriterKilled extends Error {
  override readonly name = 'WriterKilled';
}

/** How much of the file a writer asks for at once, and how much log it writes between checkpoints. */
export interface WriterAppetite {
  /** The largest extents that it asks for. */
  readonly dataBytes: number;
  readonly logBytes: number;
  readonly checkpointLogBytes: number;
}

/** Where the file may grow as it likes. */
export const UNBOUNDED_APPETITE: WriterAppetite = {
  dataBytes: 4 << 20,
  logBytes: 1 << 20,
  // Recovery reads it in well under a second.
  checkpointLogBytes: 16 << 20,
};

export interface WriterOptions {
  readonly writer: number;
  readonly durability: 'interval' | 'always' | 'none';
  readonly commitIntervalMs: number;
  readonly appetite: WriterAppetite;
  /** Where its log is read from after a crash: of the last checkpoint. For a first writer nothing has been written there. */
  readonly entry: WriterEntry;
  readonly definitions: readonly TableDefinition[];
  /** Definitions that no checkpoint has. */
  readonly newDefinitions: readonly TableDefinition[];
  readonly producers: readonly ProducerRings[];
  /** Whether it takes the place of a writer that died. The dead one's thread must have ended. */
  readonly succeeds: boolean;
  /** Called at each step; whoever throws from it has killed the writer. */
  readonly onStep?: (step: WriterStep) => void;
}
