import { resolve } from 'node:path';
import { inFile, MillraceError } from '../shared/errors.ts';
import { type BlockRef, compareRefs } from '../shared/format/block-ref.ts';
import { IndexReader, type TimeRange } from '../shared/index/index-reader.ts';
import { type Recovery, recover } from '../shared/recovery/recover.ts';
import type { TableDefinition } from '../shared/schema/types.ts';
import { CountedStorage } from '../shared/storage/counted-storage.ts';
import { FILE_STORAGE_MODULE, fileKind, openStorage } from '../shared/storage/file-storage.ts';
import type { Storage } from '../shared/storage/storage.ts';
import type { LastRow } from './api-types.ts';
import type { DatabaseCore, EngineStats } from './database-core.ts';
import { LastRows } from './read/last.ts';
import { newestRef, newestRow } from './read/newest.ts';
import { ScanPool } from './read/scan-pool.ts';
import { mergeRefs, type TableSnapshot } from './read/snapshot.ts';
import { readOnlyError, TableCore } from './table-core.ts';

/** A database opened for reading: no lock, no thread; it shows what the file held when it was opened. */
export class ReadOnlyDatabase implements DatabaseCore {
  readonly path: string;
  readonly storage: CountedStorage;
  readonly pool: ScanPool;
  private readonly recovery: Recovery;
  private readonly index: IndexReader;
  private readonly lastRows: LastRows;
  private readonly byName = new Map<string, TableDefinition>();
  private readonly cores = new Map<number, TableCore>();
  private closed = false;

  /** @throws FILE_NOT_FOUND, NOT_A_FILE, NOT_A_DATABASE, NEWER_VERSION, DAMAGED, IO_ERROR */
  static open(path: string): ReadOnlyDatabase {
    checkPath(path, false);
    const storage = openStorage(path, false);
    try {
      return inFile(path, () => new ReadOnlyDatabase(path, storage));
    } catch (error) {
      storage.close();
      throw error;
    }
  }

  constructor(path: string, storage: Storage) {
    this.path = path;
    this.storage = new CountedStorage(storage);
    const ref = { module: FILE_STORAGE_MODULE, location: resolve(path) };
    this.pool = new ScanPool({ storage: ref, identity: storage.identity() });
    this.recovery = recover(this.storage);
    this.index = new IndexReader(this.storage);
    this.lastRows = new LastRows(this.storage);
    for (const { entry } of this.recovery.tables.values())
      this.byName.set(entry.definition.name, entry.definition);
  }

  checkReadable(): void {
    if (this.closed) throw new MillraceError('CLOSED', 'the database is closed; open it again');
  }

  checkWritable(): void {
    this.checkReadable();
    throw readOnlyError();
  }

  definitions(): readonly TableDefinition[] {
    return [...this.byName.values()];
  }

  find(name: string): TableDefinition | undefined {
    return this.byName.get(name);
  }

  core(definition: TableDefinition): TableCore {
    let core = this.cores.get(definition.id);
    if (core === undefined) {
      core = new TableCore(this, definition, undefined);
      this.cores.set(definition.id, core);
    }
    return core;
  }

  snapshot(definition: TableDefinition, range: TimeRange): TableSnapshot {
    const table = this.recovery.tables.get(definition.id)!;
    const within = (ref: BlockRef): boolean => ref.maxTs >= range.from && ref.minTs <= range.to;
    const logged = table.blocks.filter(within).sort(compareRefs);
    return {
      definition,
      blocks: mergeRefs(this.index.blocks(table.entry, range), logged),
      runs: table.runs,
      cutoff: table.entry.state.cutoff,
      entry: table.entry,
      release: () => {},
    };
  }

  last(definitions: readonly TableDefinition[]): (LastRow | null)[] {
    const tables = definitions.map((definition) => {
      const { entry, blocks, runs } = this.recovery.tables.get(definition.id)!;
      const refs = [this.index.newest(entry), ...blocks].filter((ref) => ref !== undefined);
      const { cutoff } = entry.state;
      return { definition, live: newestRow(runs), ref: newestRef(refs), cutoff };
    });
    return this.lastRows.all({ tables, release: () => {} });
  }

  appended(): boolean {
    throw readOnlyError();
  }

  createTable(): never {
    throw readOnlyError();
  }

  async sync(): Promise<void> {
    this.checkWritable();
  }

  async flush(): Promise<void> {
    this.checkWritable();
  }

  async packTable(): Promise<void> {
    this.checkWritable();
  }

  async compactRetentionNow(): Promise<void> {
    this.checkWritable();
  }

  async setRetention(): Promise<void> {
    this.checkWritable();
  }

  async drained(): Promise<void> {
    this.checkWritable();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.pool.close();
    this.storage.close();
  }

  async stats(): Promise<EngineStats> {
    const { frames, rows, droppedBytes, damage, superblock, root } = this.recovery;
    return {
      path: this.path,
      readOnly: true,
      state: this.closed ? 'closed' : 'open',
      fileBytes: this.storage.length(),
      freeBytes: 0,
      checkpoint: superblock.sequence,
      retentionMs: root.retentionMs < 0 ? null : root.retentionMs,
      maintenance: undefined,
      writers: [],
      memory: { budgetBytes: 0, slabBytes: 0 },
      recovery: { frames, rows, droppedBytes, damage },
    };
  }
}

/**
 * Checks that a path can be a database.
 * @returns whether there is a file
 * @throws NOT_A_FILE, FILE_NOT_FOUND
 */
export function checkPath(path: string, create: boolean): boolean {
  const kind = fileKind(path);
  if (kind === 'directory' || kind === 'other') {
    throw new MillraceError(
      'NOT_A_FILE',
      `${path} is a ${kind === 'other' ? 'device' : kind}; a Millrace database is a file, such as ${path}/plant.ntt`,
      {
        path,
      },
    );
  }
  if (kind === 'none' && !create) {
    throw new MillraceError(
      'FILE_NOT_FOUND',
      `there is no file ${path}; open it with create (the default) to make it`,
      { path },
    );
  }
  return kind === 'file';
}
