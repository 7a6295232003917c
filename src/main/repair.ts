import { MillraceError } from '../shared/errors.ts';
import { type BlockRef, compareRefs } from '../shared/format/block-ref.ts';
import { BlockCache } from '../shared/read/block-cache.ts';
import { type RecoveredTable, recover } from '../shared/recovery/recover.ts';
import type { RowRun } from '../shared/rows/row-run.ts';
import { currentColumns } from '../shared/schema/types.ts';
import { CountedStorage } from '../shared/storage/counted-storage.ts';
import { fileKind } from '../shared/storage/file-storage.ts';
import type { Storage } from '../shared/storage/storage.ts';
import { type CheckedBlock, checkBlock } from '../shared/verify/check-block.ts';
import { checkIndex } from '../shared/verify/check-index.ts';
import { findBlocks } from '../shared/verify/find-blocks.ts';
import { NanoTsDbShared } from './database.ts';
import { checkQuery, runQuery } from './read/query.ts';
import type { TableReader } from './read/table-reader.ts';

/** What was copied of a table. */
export interface RepairedTable {
  readonly name: string;
  /** Rows that the copy has. */
  readonly rows: number;
  /** Of these, rows that lack the value of a damaged column: it is null there. */
  readonly incomplete: number;
  /** Rows that the index does not lead to any more and that were found by searching the file. */
  readonly found: number;
}

/**
 * Copies everything that is sound into a new database. The old file is only read.
 * @param storage the damaged file
 * @param out path of the copy; there must be no file
 * @throws INVALID_OPTION if there is one; what `verify` and `NanoTsDbShared.open` throw
 */
export async function repair(storage: Storage, out: string): Promise<RepairedTable[]> {
  const recovery = recover(storage);
  if (fileKind(out) !== 'none') {
    throw new MillraceError('INVALID_OPTION', `there is a file ${out}; name one that does not exist`, {
      path: out,
    });
  }
  const copy = await NanoTsDbShared.open(out);
  try {
    const tables: RepairedTable[] = [];
    for (const table of recovery.tables.values()) tables.push(await copyTable(storage, table, copy));
    return tables;
  } finally {
    await copy.close();
  }
}

/** Rows of the log were checked with their frame. */
const WHOLE: Pick<CheckedBlock, 'isReadable' | 'lost'> = { isReadable: true, lost: [] };

async function copyTable(
  storage: Storage,
  table: RecoveredTable,
  copy: NanoTsDbShared,
): Promise<RepairedTable> {
  const { entry } = table;
  const { definition } = entry;
  const columns = currentColumns(definition);
  const into = await copy.createTable(
    definition.name,
    columns.map(({ name, type }) => ({ name, type })),
    { unit: definition.unit },
  );
  const reader: TableReader = {
    storage: new CountedStorage(storage),
    // Each block is read once.
    cache: new BlockCache(storage, 0),
    definition,
    pool: undefined,
    parallelFrom: Number.POSITIVE_INFINITY,
    checkReadable: () => {},
  };
  const index = checkIndex(storage, entry);
  const known = [...index.refs, ...table.blocks];
  const strays = index.findings.length === 0 ? [] : strayBlocks(storage, table, known);
  const stray = new Set(strays);
  const parts: (BlockRef | RowRun)[] = [...known, ...strays, ...table.runs];
  parts.sort((a, b) => ordinalOf(a) - ordinalOf(b) || a.indexFirst - b.indexFirst);
  const sum = { rows: 0, incomplete: 0, found: 0 };
  for (const part of parts) {
    const isBlock = 'offset' in part;
    const { isReadable, lost } = isBlock ? checkBlock(storage, definition, part) : WHOLE;
    if (!isReadable) continue;
    const sound = columns.filter((column) => !lost.includes(column)).map(({ name }) => name);
    const snapshot = {
      definition,
      blocks: isBlock ? [part] : [],
      runs: isBlock ? [] : [part],
      cutoff: entry.state.cutoff,
      entry,
      isExpired: () => false,
      release: () => {},
    };
    const rows = await runQuery(reader, snapshot, checkQuery(definition, { columns: sound }));
    if (rows.rowCount === 0) continue;
    const nulls = lost.map(({ name }): [string, null[]] => [name, Array(rows.rowCount).fill(null)]);
    const batch = { ...rows, columns: { ...rows.columns, ...Object.fromEntries(nulls) } };
    if (!into.append(batch as never)) await copy.drained();
    sum.rows += rows.rowCount;
    if (lost.length > 0) sum.incomplete += rows.rowCount;
    if (isBlock && stray.has(part)) sum.found += rows.rowCount;
  }
  return { name: definition.name, ...sum };
}

/**
 * Blocks of a table with a damaged index that nothing leads to any more. A block that was given up has rows that others have
 * too, or that are expired, so only rows by names that no other block has are taken.
 */
function strayBlocks(storage: Storage, table: RecoveredTable, known: readonly BlockRef[]): BlockRef[] {
  const { definition, state } = table.entry;
  const taken = [...known];
  const strays: BlockRef[] = [];
  for (const ref of findBlocks(storage, definition.id).sort(compareRefs)) {
    const isOurs =
      ref.ordinalLast < state.nextOrdinal &&
      definition.versions.some(({ version }) => version === ref.schemaVersion);
    if (!isOurs || taken.some((other) => share(other, ref))) continue;
    taken.push(ref);
    strays.push(ref);
  }
  return strays;
}

/** Whether two blocks have rows of one name. */
function share(a: BlockRef, b: BlockRef): boolean {
  if (a.ordinalLast < b.ordinalFirst || b.ordinalLast < a.ordinalFirst) return false;
  const isOne = a.ordinalFirst === a.ordinalLast && b.ordinalFirst === b.ordinalLast;
  return !isOne || (a.indexFirst < b.indexFirst + b.rows && b.indexFirst < a.indexFirst + a.rows);
}

function ordinalOf(part: BlockRef | RowRun): number {
  return 'offset' in part ? part.ordinalFirst : part.ordinal;
}
