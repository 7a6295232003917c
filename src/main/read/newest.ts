import {
  chunkCount,
  FREE,
  headerWord,
  INCARNATION,
  ordinalOf,
  STATE,
  TABLE,
} from '../../shared/chunk/header.ts';
import type { MemoryViews } from '../../shared/chunk/views.ts';
import { type SharedState, writerOf } from '../../shared/control/shared-state.ts';
import type { BlockRef } from '../../shared/format/block-ref.ts';
import type { IndexReader } from '../../shared/index/index-reader.ts';
import { copyRun, type RowRun } from '../../shared/rows/row-run.ts';
import type { TableDefinition } from '../../shared/schema/types.ts';
import { type Candidate, isSameLife, runInPlace } from './live-rows.ts';
import type { CheckpointPins } from './snapshot.ts';

/** Where a table's newest row may be: in memory, in a block, or in the later of both. */
export interface Newest {
  readonly definition: TableDefinition;
  /** The newest row in memory, a run of its own. */
  readonly live: RowRun | undefined;
  /** The block whose newest row is the newest of all blocks'. */
  readonly ref: BlockRef | undefined;
  /** Rows with a smaller timestamp are hidden. */
  readonly cutoff: bigint;
}

/** Where the newest row of each of some tables may be. */
export interface NewestRows {
  readonly tables: readonly Newest[];
  /** Lets the space of the blocks be used again. */
  release(): void;
}

const NO_CUTOFF_TS = -(2n ** 63n);

/**
 * Finds where tables have their newest rows, without copying or decoding others: chunks are walked once for all tables, and
 * of the index one page a level is read. The order is that of `liveSnapshot`: chunks, directory, index.
 */
export function liveNewest(
  shared: SharedState,
  pins: CheckpointPins,
  index: IndexReader,
  definitions: readonly TableDefinition[],
): NewestRows {
  const live = new Map<number, RowRun>();
  for (const [writer, views] of shared.memories.entries()) {
    const own = definitions.filter(({ id }) => writerOf(id, shared.memories.length) === writer);
    const bounds = new Map(own.map(({ id }) => [id, shared.tables.nextOrdinal(id)]));
    const candidates = candidatesOf(views, bounds);
    for (const definition of own) {
      const run = newestLive(views, definition, candidates.get(definition.id) ?? []);
      if (run !== undefined) live.set(definition.id, run);
    }
  }
  const recent = definitions.map(({ id }) =>
    newestRef(shared.directories[writerOf(id, shared.memories.length)]!.ofTable(id)),
  );
  const { sequence, root } = pins.pin();
  const release = (): void => pins.release(sequence);
  try {
    const opened = index.root(root);
    const tables = definitions.map((definition, i) => {
      const entry = index.table(opened, definition.id);
      const indexed = entry === undefined ? undefined : index.newest(entry);
      const refs = [indexed, recent[i]].filter((ref) => ref !== undefined);
      const cutoff = entry?.state.cutoff ?? NO_CUTOFF_TS;
      return { definition, live: live.get(definition.id), ref: newestRef(refs), cutoff };
    });
    return { tables, release };
  } catch (error) {
    release();
    throw error;
  }
}

/** The chunks of some tables, newest ordinal first. `bounds` has each table's counter as it was before. */
function candidatesOf(views: MemoryViews, bounds: ReadonlyMap<number, number>): Map<number, Candidate[]> {
  const found = new Map<number, Candidate[]>();
  const { i32 } = views;
  for (let chunk = 0; chunk < chunkCount(views); chunk++) {
    const word = headerWord(chunk);
    if (Atomics.load(i32, word + STATE) === FREE) continue;
    const table = i32[word + TABLE]!;
    const bound = bounds.get(table);
    if (bound === undefined) continue;
    const incarnation = Atomics.load(i32, word + INCARNATION);
    const ordinal = ordinalOf(views, word);
    if (ordinal >= bound) continue;
    const known = found.get(table);
    if (known === undefined) found.set(table, [{ word, ordinal, incarnation }]);
    else known.push({ word, ordinal, incarnation });
  }
  for (const candidates of found.values()) candidates.sort((a, b) => b.ordinal - a.ordinal);
  return found;
}

function newestLive(
  views: MemoryViews,
  definition: TableDefinition,
  candidates: readonly Candidate[],
): RowRun | undefined {
  const runs: RowRun[] = [];
  for (const candidate of candidates) {
    const run = runInPlace(views, definition, candidate);
    if (run === undefined) continue;
    const copy = copyRun(run, newestIndex(run), 1);
    if (isSameLife(views, candidate)) runs.push(copy);
  }
  return newestRun(runs);
}

/** The newest row of some runs, as a run of its own: of equal times the last in order of arrival. */
export function newestRun(runs: readonly RowRun[]): RowRun | undefined {
  let newest: RowRun | undefined;
  for (const run of runs) {
    const row = run.rows === 1 ? run : copyRun(run, newestIndex(run), 1);
    if (newest === undefined || isLater(row, newest)) newest = row;
  }
  return newest;
}

/** The block with the newest row: of equal times the last in order of arrival. */
export function newestRef(refs: readonly BlockRef[]): BlockRef | undefined {
  let newest: BlockRef | undefined;
  for (const ref of refs) {
    const isNewer =
      newest === undefined ||
      ref.maxTs > newest.maxTs ||
      (ref.maxTs === newest.maxTs &&
        (ref.ordinalFirst > newest.ordinalFirst ||
          (ref.ordinalFirst === newest.ordinalFirst && ref.indexFirst > newest.indexFirst)));
    if (isNewer) newest = ref;
  }
  return newest;
}

/** The last of the rows with the greatest time. */
function newestIndex({ rows, sources }: RowRun): number {
  const time = sources[0]!.values as Float64Array;
  let newest = 0;
  for (let i = 1; i < rows; i++) if (time[i]! >= time[newest]!) newest = i;
  return newest;
}

function isLater(a: RowRun, b: RowRun): boolean {
  const [ofA, ofB] = [a.sources[0]!.values[0]!, b.sources[0]!.values[0]!];
  if (ofA !== ofB) return ofA > ofB;
  return a.ordinal > b.ordinal || (a.ordinal === b.ordinal && a.indexFirst > b.indexFirst);
}
