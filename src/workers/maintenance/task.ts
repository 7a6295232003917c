import type { ErrorEnvelope } from '../../shared/errors.ts';
import type { BlockRef } from '../../shared/format/block-ref.ts';
import type { SaltedExtent } from '../../shared/format/root.ts';
import type { TableDefinition } from '../../shared/schema/types.ts';

/** What a maintenance worker is given to do: plain, clonable data. */
export interface PackTask {
  readonly id: number;
  readonly definition: TableDefinition;
  /** Runs of neighbouring blocks, each with all rows of its ordinals; each becomes segments of its own. */
  readonly groups: readonly (readonly BlockRef[])[];
  /** Rows with a smaller timestamp are left out. */
  readonly cutoff: bigint;
  readonly targetSegmentPoints: number;
  /** Where the segments go: nobody else writes there. */
  readonly extent: SaltedExtent;
}

/** Blocks, and the segments that take their place. */
export interface Replacement {
  readonly before: readonly BlockRef[];
  readonly after: readonly BlockRef[];
}

export interface PackFailure {
  /** Offsets of the blocks that cannot be read; none if something else went wrong. */
  readonly damaged: readonly number[];
  readonly error: ErrorEnvelope;
}

export interface PackResult {
  readonly replacements: readonly Replacement[];
  /** Bytes of the extent that the segments take, from its beginning. */
  readonly usedBytes: number;
  /** Of runs that could not be packed. */
  readonly failures: readonly PackFailure[];
  /** Set if the extent was too small: what it must have; nothing was written then. */
  readonly needBytes: number | undefined;
}

/** How a task ended. */
export type TaskOutcome = { readonly id: number } & (
  | { readonly result: PackResult }
  | { readonly error: ErrorEnvelope }
);

/** Where tasks run: in a pool of threads, or in the caller's own under test. */
export interface TaskRunner {
  /** Tasks that may run at once. */
  readonly capacity: number;
  start(task: PackTask): void;
  /** A task that has ended, and writes nothing any more. */
  take(): TaskOutcome | undefined;
  /** Ends every task that runs; they have no outcome. */
  stop(): void;
  /** Whether no thread is left that could write. */
  readonly ended: boolean;
}
