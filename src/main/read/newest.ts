import type { MemoryViews } from '../../shared/chunk/views.ts';
import type { ColumnSource } from '../../shared/codec/column-data.ts';
import { type SharedState, writerOf } from '../../shared/control/shared-state.ts';
import type { BlockRef } from '../../shared/format/block-ref.ts';
import { isPresent } from '../../shared/format/piece.ts';
import type { IndexReader } from '../../shared/index/index-reader.ts';
import type { RowRun } from '../../shared/rows/row-run.ts';
import { isVariable, type TableDefinition } from '../../shared/schema/types.ts';
import { type Candidate, isSameLife, liveChunks, runInPlace } from './live-rows.ts';
import { type CheckpointPins, guarded } from './snapshot.ts';

/** One row in memory, copied. */
export interface LiveRow {
  readonly ts: number | bigint;
  readonly ordinal: number;
  readonly index: number;
  readonly schemaVersion: number;
  /** In the order of the schema version's columns; null where there is none. Variable values as bytes. */
  readonly values: readonly (number | bigint | Uint8Array | null)[];
}

/** Where a table's newest row may be: in memory, in a block, or in the later of both. */
export interface Newest {
  readonly definition: TableDefinition;
  /** The newest row in memory. */
  readonly live: LiveRow | undefined;
  /** The block whose newest row is the newest of all blocks'. */
  readonly ref: BlockRef | undefined;
  /** Rows with a smaller timestamp are hidden. */
  readonly cutoff: bigint;
}

/** Where the newest row of each of some tables may be. */
export interface NewestRows {
  readonly tables: readonly Newest[];
  /** Whether what it reads may be overwritten by now. */
  isExpired(): boolean;
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
  return guarded(pins, (guard) => newestUnder(guard, shared, pins, index, definitions));
}

function newestUnder(
  guard: number,
  shared: SharedState,
  pins: CheckpointPins,
  index: IndexReader,
  definitions: readonly TableDefinition[],
): NewestRows {
  const live = new Map<number, LiveRow>();
  for (const [writer, views] of shared.memories.entries()) {
    const own = definitions.filter(({ id }) => writerOf(id, shared.memories.length) === writer);
    const bounds = new Map(own.map(({ id }) => [id, shared.tables.nextOrdinal(id)]));
    const candidates = liveChunks(views, bounds);
    for (const definition of own) {
      const row = newestLive(views, definition, candidates.get(definition.id) ?? []);
      if (row !== undefined) live.set(definition.id, row);
    }
  }
  const recent = definitions.map(({ id }) =>
    newestRef(shared.directories[writerOf(id, shared.memories.length)]!.ofTable(id)),
  );
  const { sequence, root } = pins.pin();
  try {
    const opened = index.root(root);
    const tables = definitions.map((definition, i) => {
      const entry = index.table(opened, definition.id);
      const indexed = entry === undefined ? undefined : index.newest(entry);
      const refs = [indexed, recent[i]].filter((ref) => ref !== undefined);
      const cutoff = entry?.state.cutoff ?? NO_CUTOFF_TS;
      return { definition, live: live.get(definition.id), ref: newestRef(refs), cutoff };
    });
    return {
      tables,
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

function newestLive(
  views: MemoryViews,
  definition: TableDefinition,
  candidates: readonly Candidate[],
): LiveRow | undefined {
  let newest: LiveRow | undefined;
  for (const candidate of candidates) {
    const run = runInPlace(views, definition, candidate);
    if (run === undefined) continue;
    const row = newestOf(run);
    if (isSameLife(views, candidate) && (newest === undefined || isLater(row, newest))) newest = row;
  }
  return newest;
}

/** The newest row of some runs: of equal times the last in order of arrival. */
export function newestRow(runs: readonly RowRun[]): LiveRow | undefined {
  let newest: LiveRow | undefined;
  for (const run of runs) {
    const row = newestOf(run);
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

/** Copies the last of a run's rows with the greatest time. */
function newestOf({ rows, sources, ordinal, indexFirst, schemaVersion }: RowRun): LiveRow {
  const time = sources[0]!.values as Float64Array;
  let newest = 0;
  for (let i = 1; i < rows; i++) if (time[i]! >= time[newest]!) newest = i;
  const values = sources.slice(1).map((source) => valueAt(source, newest));
  return { ts: time[newest]!, ordinal, index: indexFirst + newest, schemaVersion, values };
}

function valueAt({ kind, values, validity, arena }: ColumnSource, row: number): LiveRow['values'][number] {
  if (!isPresent(validity, row)) return null;
  if (!isVariable(kind)) return values[row]!;
  const refs = values as Uint32Array;
  return arena!.slice(refs[2 * row]!, refs[2 * row]! + refs[2 * row + 1]!);
}

function isLater(a: LiveRow, b: LiveRow): boolean {
  if (a.ts !== b.ts) return a.ts > b.ts;
  return a.ordinal > b.ordinal || (a.ordinal === b.ordinal && a.index > b.index);
}
