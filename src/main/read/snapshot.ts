import { type SharedState, writerOf } from '../../shared/control/shared-state.ts';
import { EXPIRED, P_PIN, producerWord } from '../../shared/control/words.ts';
import { isDamaged } from '../../shared/errors.ts';
import { type BlockRef, compareRefs } from '../../shared/format/block-ref.ts';
import type { TableEntry } from '../../shared/format/table-record.ts';
import type { IndexReader, TimeRange } from '../../shared/index/index-reader.ts';
import { uncovered } from '../../shared/recovery/recover.ts';
import type { RowRun } from '../../shared/rows/row-run.ts';
import type { TableDefinition } from '../../shared/schema/types.ts';

/** What a reader sees of a table: blocks that may hold rows of its range, and rows that no block has yet. */
export interface TableSnapshot {
  readonly definition: TableDefinition;
  /** In order of arrival. */
  readonly blocks: readonly BlockRef[];
  /** In order of arrival; they come after the blocks of the same producer. */
  readonly runs: readonly RowRun[];
  /** Rows with a smaller timestamp are hidden. */
  readonly cutoff: bigint;
  /** What the index says of the whole table; undefined before its first checkpoint. */
  readonly entry: TableEntry | undefined;
  /** Whether what it reads may be overwritten by now. */
  isExpired(): boolean;
  /** Lets the space of what this snapshot reads be used again. */
  release(): void;
}

/**
 * Keeps the newest checkpoint that this thread reads from being overwritten. The word holds the oldest one that any
 * snapshot of the thread reads.
 */
export class CheckpointPins {
  private readonly shared: SharedState;
  private readonly word: number;
  private readonly pinned = new Map<number, number>();

  constructor(shared: SharedState, slot: number) {
    this.shared = shared;
    this.word = producerWord(slot) + P_PIN;
  }

  /** Pins the newest checkpoint, which cannot be let go of between finding and pinning it. */
  pin(): { sequence: number; root: ReturnType<SharedState['control']['root']>['pointer'] } {
    for (;;) {
      const { sequence, pointer } = this.shared.control.root();
      this.pinned.set(sequence, (this.pinned.get(sequence) ?? 0) + 1);
      this.publish();
      if (this.shared.control.root().sequence === sequence) return { sequence, root: pointer };
      this.release(sequence);
    }
  }

  /** Whether what a checkpoint had may be overwritten, pinned or not: a full file does not wait for readers. */
  isExpired(sequence: number): boolean {
    return ((Atomics.load(this.shared.control.words, EXPIRED) - sequence) | 0) > 0;
  }

  release(sequence: number): void {
    const count = (this.pinned.get(sequence) ?? 1) - 1;
    if (count === 0) this.pinned.delete(sequence);
    else this.pinned.set(sequence, count);
    this.publish();
  }

  private publish(): void {
    let oldest = Number.POSITIVE_INFINITY;
    // One that has expired protects nothing, and must not hide one that does.
    for (const sequence of this.pinned.keys())
      if (sequence < oldest && !this.isExpired(sequence)) oldest = sequence;
    Atomics.store(this.shared.control.words, this.word, oldest === Number.POSITIVE_INFINITY ? 0 : oldest + 1);
  }
}

/** A snapshot of a table that is being written, made without a message to anyone. */
export function liveSnapshot(
  shared: SharedState,
  pins: CheckpointPins,
  index: IndexReader,
  definition: TableDefinition,
  range: TimeRange,
  copyLive: (bound: number) => RowRun[],
): TableSnapshot {
  return guarded(pins, (guard) => snapshotUnder(guard, shared, pins, index, definition, range, copyLive));
}

/**
 * Makes a snapshot under a pin that is older than it: what the directory names must stay where it is until the newest index
 * says what became of it. Made anew if that expired meanwhile.
 */
export function guarded<T>(pins: CheckpointPins, make: (guard: number) => T): T {
  for (;;) {
    const guard = pins.pin().sequence;
    try {
      return make(guard);
    } catch (error) {
      pins.release(guard);
      if (!isDamaged(error) || !pins.isExpired(guard)) throw error;
    }
  }
}

function snapshotUnder(
  guard: number,
  shared: SharedState,
  pins: CheckpointPins,
  index: IndexReader,
  definition: TableDefinition,
  range: TimeRange,
  copyLive: (bound: number) => RowRun[],
): TableSnapshot {
  const writer = writerOf(definition.id, shared.memories.length);
  // The order matters: rows go from chunk to directory to index, so reading in that order misses none.
  const live = copyLive(shared.tables.nextOrdinal(definition.id));
  const recent = shared.directories[writer]!.ofTable(definition.id).sort(compareRefs);
  const { sequence, root } = pins.pin();
  try {
    const entry = index.table(index.root(root), definition.id);
    const indexed = entry === undefined ? [] : index.blocks(entry, range);
    const blocks = mergeRefs(indexed, notPacked(recent, indexed));
    return {
      definition,
      blocks: blocks.filter((ref) => ref.maxTs >= range.from && ref.minTs <= range.to),
      // A block left out by its time has only rows that are left out too, so it need not take part here.
      runs: uncovered(live, blocks),
      cutoff: entry?.state.cutoff ?? NO_CUTOFF_TS,
      entry,
      isExpired: () => pins.isExpired(guard),
      release: () => {
        pins.release(sequence);
        pins.release(guard);
      },
    };
  } catch (error) {
    pins.release(sequence);
    throw error;
  }
}

const NO_CUTOFF_TS = -(2n ** 63n);

/**
 * Recent blocks without those that pack has merged into segments since the directory was read. Those of their rows that are
 * in the range wanted lie in segments that reach into it, so these are among the indexed ones.
 */
function notPacked(recent: readonly BlockRef[], indexed: readonly BlockRef[]): readonly BlockRef[] {
  if (recent.length === 0) return recent;
  const packed = indexed.filter((ref) => ref.packed);
  return recent.filter(
    ({ ordinalFirst }) =>
      !packed.some((ref) => ref.ordinalFirst <= ordinalFirst && ordinalFirst <= ref.ordinalLast),
  );
}

/** Joins two sorted lists of references; one that is in both counts once. */
export function mergeRefs(a: readonly BlockRef[], b: readonly BlockRef[]): BlockRef[] {
  if (b.length === 0) return [...a];
  const merged: BlockRef[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const order = i >= a.length ? 1 : j >= b.length ? -1 : compareRefs(a[i]!, b[j]!);
    if (order <= 0) merged.push(a[i++]!);
    else merged.push(b[j++]!);
    if (order === 0) j++;
  }
  return merged;
}
