import { timeKind } from '../chunk/layout.ts';
import { rethrowIoError } from '../errors.ts';
import { type BlockRef, compareRefs } from '../format/block-ref.ts';
import { NO_PAGE } from '../format/page.ts';
import { decodePiece } from '../format/piece.ts';
import { type Extent, extentOf, type Root } from '../format/root.ts';
import type { Superblock } from '../format/superblock.ts';
import { NO_CUTOFF, type TableEntry, type TableState } from '../format/table-record.ts';
import { IndexReader } from '../index/index-reader.ts';
import { copyRun, type RowRun } from '../rows/row-run.ts';
import type { TableDefinition } from '../schema/types.ts';
import type { Storage } from '../storage/storage.ts';
import { readCurrentRoot } from './superblocks.ts';
import { type WalkedLog, walkLog } from './walk-log.ts';

/** A table as recovery finds it: what the index has, and what only the log has. */
export interface RecoveredTable {
  readonly entry: TableEntry;
  /** Blocks of the log that the index does not have, in order of arrival. */
  readonly blocks: readonly BlockRef[];
  /** Rows of pieces that no block has, in order of arrival. */
  readonly runs: readonly RowRun[];
  /** Whether the catalog's pages do not say all of `entry`. */
  readonly isNews: boolean;
}

export interface Recovery {
  readonly superblock: Superblock;
  readonly root: Root;
  readonly tables: ReadonlyMap<number, RecoveredTable>;
  /** The log's extents. */
  readonly logExtents: readonly Extent[];
  /** Where the blocks lie that only the log refers to. */
  readonly blockExtents: readonly Extent[];
  /** Those blocks of the log that no frame says were synced: perhaps they are in the system's cache only. */
  readonly unsyncedBlocks: readonly Extent[];
  readonly frames: number;
  /** Rows that came from the log. */
  readonly rows: number;
  readonly droppedBytes: number;
  readonly damage: readonly string[];
}

export const EMPTY_STATE: TableState = {
  root: NO_PAGE,
  height: 0,
  blocks: 0,
  rows: 0,
  minTs: 0n,
  maxTs: 0n,
  nextOrdinal: 0,
  rowsEver: 0,
  cutoff: NO_CUTOFF,
  retentionMs: -1,
};

/** A table while its log is read. */
export interface Collected {
  isNews: boolean;
  definition: TableDefinition;
  state: TableState;
  blocks: BlockRef[];
  /** Blocks that the index has, or had: one that has left it covers its rows all the same. */
  settled: BlockRef[];
  pieces: RowRun[];
}

/**
 * Reads what a database holds: the newest checkpoint and the logs since. Changes nothing, so it serves readers as well as
 * the opening for writing, and a crash during it costs nothing.
 * @throws NOT_A_DATABASE, NEWER_VERSION, DAMAGED (only where neither root can be read)
 */
export function recover(storage: Storage): Recovery {
  const { superblock, root, damage: rootDamage } = readCurrentRoot(storage);
  const damage = [...rootDamage];
  const reader = new IndexReader(storage);
  const tables = catalogTables(reader, root, damage);
  const logs = root.writers.map((entry, writer) => ({ entry, log: walkLog(storage, writer, entry) }));
  for (const { entry, log } of logs) collect(log, entry.indexed, tables, damage);

  const blockExtents: Extent[] = [];
  const result = new Map<number, RecoveredTable>();
  let rows = 0;
  for (const [id, table] of tables) {
    const recovered = resolve(table, reader, damage);
    rows += recovered.blocks.reduce((sum, ref) => sum + ref.rows, 0);
    rows += recovered.runs.reduce((sum, run) => sum + run.rows, 0);
    blockExtents.push(...recovered.blocks.map(extentOf));
    result.set(id, recovered);
  }
  return {
    superblock,
    root,
    tables: result,
    logExtents: logs.flatMap(({ log }) => log.extents.map(({ offset, bytes }) => ({ offset, bytes }))),
    blockExtents,
    unsyncedBlocks: logs.flatMap(({ log }) => blocksAbove(log, log.synced)),
    frames: logs.reduce((sum, { log }) => sum + log.frames.length, 0),
    rows,
    droppedBytes: logs.reduce((sum, { log }) => sum + log.droppedBytes, 0),
    damage: [...damage, ...logs.flatMap(({ log }) => log.damage)],
  };
}

function blocksAbove({ frames }: WalkedLog, number: number): Extent[] {
  return frames
    .filter(({ header }) => header.number > number)
    .flatMap(({ payload }) => payload.blocks.map(({ ref }) => extentOf(ref)));
}

function nothing(): Pick<Collected, 'blocks' | 'settled' | 'pieces'> {
  return { blocks: [], settled: [], pieces: [] };
}

/** The tables of a checkpoint, as far as its catalog can be read. */
export function catalogTables(reader: IndexReader, root: Root, damage: string[]): Map<number, Collected> {
  const tables = new Map<number, Collected>();
  for (const page of root.catalog) {
    try {
      for (const { definition, state } of reader.tables({ ...root, catalog: [page] })) {
        tables.set(definition.id, { definition, state, ...nothing(), isNews: false });
      }
    } catch (error) {
      rethrowIoError(error);
      damage.push(
        `${page.tables} tables from id ${page.firstTable} on are lost from the catalog: ${(error as Error).message}`,
      );
    }
  }

  return tables;
}

/**
 * Adds what a log's frames hold to the tables.
 * @returns the tables that have something new
 */
export function collect(
  log: WalkedLog,
  indexed: number,
  tables: Map<number, Collected>,
  damage: string[],
): Set<number> {
  const changed = new Set<number>();
  for (const { header, payload } of log.frames) {
    for (const definition of payload.definitions) {
      changed.add(definition.id);
      const known = tables.get(definition.id);
      if (known === undefined) {
        tables.set(definition.id, { definition, state: EMPTY_STATE, ...nothing(), isNews: true });
      } else if (definition.versions.length > known.definition.versions.length) {
        known.definition = definition;
        known.isNews = true;
      }
    }
    if (header.number > indexed) {
      for (const { tableId, ref } of payload.blocks) {
        changed.add(tableId);
        const table = tables.get(tableId);
        if (table === undefined) damage.push(`a block of unknown table ${tableId} was left out`);
        else table.blocks.push(ref);
      }
    } else {
      for (const { tableId, ref } of payload.blocks) tables.get(tableId)?.settled.push(ref);
    }
    for (const piece of payload.pieces) {
      changed.add(piece.tableId);
      const table = tables.get(piece.tableId);
      const version = table?.definition.versions.find(
        (candidate) => candidate.version === piece.schemaVersion,
      );
      if (table === undefined || version === undefined) {
        damage.push(`a piece of unknown table ${piece.tableId} was left out`);
        continue;
      }
      const kinds = version.columns.map((column) => column.type);
      const sources = decodePiece(piece, piece.body, timeKind(table.definition.unit), kinds);
      table.pieces.push({ ...piece, sources });
    }
  }
  return changed;
}

/** Settles rows found twice: blocks win over pieces, and each block and row counts once (docs/format.md, 4.4). */
export function resolve(table: Collected, reader: IndexReader, damage: string[]): RecoveredTable {
  const entry: TableEntry = { definition: table.definition, state: table.state };
  const blocks: BlockRef[] = [];
  const pieces = [...table.pieces].sort((a, b) => a.ordinal - b.ordinal || a.indexFirst - b.indexFirst);
  const oldest = Math.min(
    ...pieces.map((piece) => piece.ordinal),
    ...table.blocks.map((ref) => ref.ordinalFirst),
  );
  let indexed: BlockRef[] = [];
  // Blocks that have left the index cover their rows; not where it cannot be read, for there a piece may be all that is left.
  let { settled } = table;
  try {
    if (oldest !== Number.POSITIVE_INFINITY) indexed = reader.blocksSince(entry, oldest);
  } catch (error) {
    rethrowIoError(error);
    settled = [];
    damage.push(
      `part of the index of table ${table.definition.name} cannot be read: ${(error as Error).message}`,
    );
  }
  const names = new Set(indexed.map(nameOf));
  for (const ref of [...table.blocks].sort(compareRefs)) {
    if (names.has(nameOf(ref))) continue;
    names.add(nameOf(ref));
    blocks.push(ref);
  }
  const runs = pieces.length === 0 ? [] : uncovered(pieces, [...indexed, ...blocks, ...settled]);
  const nextOrdinal = Math.max(
    table.state.nextOrdinal,
    (blocks.at(-1)?.ordinalLast ?? -1) + 1,
    (pieces.at(-1)?.ordinal ?? -1) + 1,
  );
  const isNews = table.isNews || nextOrdinal !== table.state.nextOrdinal;
  return { entry: { ...entry, state: { ...table.state, nextOrdinal } }, blocks, runs, isNews };
}

/** The name of a block's first row, which no other block has. */
function nameOf(ref: BlockRef): string {
  return `${ref.ordinalFirst} ${ref.indexFirst}`;
}

/** The parts of sorted runs whose rows no block has and no earlier run either. */
export function uncovered(runs: readonly RowRun[], blocks: readonly BlockRef[]): RowRun[] {
  const covered = new Map<number, { from: number; to: number }[]>();
  const cover = (ordinal: number, from: number, to: number): void => {
    const known = covered.get(ordinal);
    if (known === undefined) covered.set(ordinal, [{ from, to }]);
    else known.push({ from, to });
  };
  const wanted = new Set(runs.map((run) => run.ordinal));
  const wide: BlockRef[] = [];
  for (const ref of blocks) {
    if (ref.packed) wide.push(ref);
    else if (wanted.has(ref.ordinalFirst)) cover(ref.ordinalFirst, ref.indexFirst, ref.indexFirst + ref.rows);
  }
  const result: RowRun[] = [];
  for (const run of runs) {
    // A packed block has whole ordinals.
    if (wide.some((ref) => ref.ordinalFirst <= run.ordinal && run.ordinal <= ref.ordinalLast)) continue;
    const end = run.indexFirst + run.rows;
    let at = run.indexFirst;
    const ranges = (covered.get(run.ordinal) ?? []).sort((a, b) => a.from - b.from);
    for (const { from, to } of [...ranges, { from: end, to: end }]) {
      if (to <= at) continue;
      const until = Math.min(Math.max(from, at), end);
      if (until > at)
        result.push(
          at === run.indexFirst && until === end ? run : copyRun(run, at - run.indexFirst, until - at),
        );
      at = Math.max(at, to);
      if (at >= end) break;
    }
    cover(run.ordinal, run.indexFirst, end);
  }
  return result;
}
