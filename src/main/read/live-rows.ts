import { chunkSources } from '../../shared/chunk/chunk-source.ts';
import {
  CAPACITY,
  chunkCount,
  DATA_BYTES,
  dataOffset,
  FREE,
  headerWord,
  INCARNATION,
  ordinalOf,
  ROWS,
  SCHEMA_VERSION,
  STATE,
  TABLE,
} from '../../shared/chunk/header.ts';
import { chunkLayout, timeKind } from '../../shared/chunk/layout.ts';
import type { MemoryViews } from '../../shared/chunk/views.ts';
import { copyRun, type RowRun } from '../../shared/rows/row-run.ts';
import type { TableDefinition } from '../../shared/schema/types.ts';

/** A chunk that had rows of a table when it was looked at. */
export interface Candidate {
  readonly word: number;
  readonly ordinal: number;
  readonly incarnation: number;
}

/**
 * Copies a table's rows out of the chunks that are filling or on their way. Must come before the directory is read, and
 * that before the index: whatever leaves a chunk meanwhile is then found there.
 *
 * Only ordinals below `bound`, the table's counter as it was before: so a chunk opened during the walk cannot show up while
 * an older one of its producer, opened during it too, is missed. Newest first: once a producer's newer chunk was seen, its
 * older ones are whole, so what is copied of each producer is a prefix.
 */
export function copyLiveRows(views: MemoryViews, definition: TableDefinition, bound: number): RowRun[] {
  const { id } = definition;
  return copyChunks(views, definition, liveChunks(views, new Map([[id, bound]])).get(id) ?? []);
}

/**
 * The chunks of some tables, found in one walk: one for each of ten thousand tables would take seconds.
 * @param bounds each table's counter as it was before
 * @returns by table, newest ordinal first
 */
export function liveChunks(
  views: MemoryViews,
  bounds: ReadonlyMap<number, number>,
): ReadonlyMap<number, readonly Candidate[]> {
  const found = new Map<number, Candidate[]>();
  const { i32 } = views;
  const count = chunkCount(views);
  for (let chunk = 0; chunk < count; chunk++) {
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

/** Copies the rows of a table's chunks, in order of arrival. @param candidates newest ordinal first */
export function copyChunks(
  views: MemoryViews,
  definition: TableDefinition,
  candidates: readonly Candidate[],
): RowRun[] {
  const runs: RowRun[] = [];
  for (const candidate of candidates) {
    const run = copyChunk(views, definition, candidate);
    if (run !== undefined) runs.push(run);
  }
  return runs.reverse();
}

/** Copies a chunk's rows, or returns undefined if it began another life meanwhile: its rows are in a block then. */
function copyChunk(
  views: MemoryViews,
  definition: TableDefinition,
  candidate: Candidate,
): RowRun | undefined {
  const run = runInPlace(views, definition, candidate);
  if (run === undefined) return undefined;
  const copy = copyRun(run, 0, run.rows);
  return isSameLife(views, candidate) ? copy : undefined;
}

/**
 * A chunk's rows where they are. What is read of them counts only if `isSameLife` holds afterwards.
 * @returns undefined if there are none, or the chunk began another life
 */
export function runInPlace(
  views: MemoryViews,
  definition: TableDefinition,
  candidate: Candidate,
): RowRun | undefined {
  const { i32 } = views;
  const { word, ordinal } = candidate;
  const schemaVersion = i32[word + SCHEMA_VERSION]!;
  const capacity = i32[word + CAPACITY]!;
  const bytes = i32[word + DATA_BYTES]!;
  const data = dataOffset(views, word);
  const rows = Atomics.load(i32, word + ROWS);
  if (!isSameLife(views, candidate)) return undefined;
  const version = definition.versions.find((known) => known.version === schemaVersion);
  if (version === undefined || rows === 0) return undefined;
  const layout = chunkLayout(
    version.columns.map((column) => column.type),
    capacity,
    bytes,
  );
  const sources = chunkSources(views, layout, data, timeKind(definition.unit));
  return { ordinal, indexFirst: 0, rows, schemaVersion, sources };
}

/** A read-modify-write, because a plain load could move before the copy that it is to vouch for. */
export function isSameLife(views: MemoryViews, { word, incarnation, ordinal }: Candidate): boolean {
  return Atomics.add(views.i32, word + INCARNATION, 0) === incarnation && ordinalOf(views, word) === ordinal;
}
