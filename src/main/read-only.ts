import { resolve } from 'node:path';
import { inFile, isDamaged, MillraceError } from '../shared/errors.ts';
import { type BlockRef, compareRefs } from '../shared/format/block-ref.ts';
import type { TimeRange } from '../shared/index/index-reader.ts';
import { BlockCache } from '../shared/read/block-cache.ts';
import { Follower } from '../shared/recovery/follower.ts';
import type { TableDefinition } from '../shared/schema/types.ts';
import { CountedStorage } from '../shared/storage/counted-storage.ts';
import {
  FILE_STORAGE_MODULE,
  fileIdentity,
  fileKind,
  fileReplaced,
  openStorage,
} from '../shared/storage/file-storage.ts';
import type { Storage } from '../shared/storage/storage.ts';
import type { LastRow } from './api-types.ts';
import type { DatabaseCore, EngineStats } from './database-core.ts';
import { READ_CACHE_BYTES } from './options.ts';
import { LastRows } from './read/last.ts';
import { newestRef, newestRow } from './read/newest.ts';
import { ScanPool } from './read/scan-pool.ts';
import { mergeRefs, type TableSnapshot } from './read/snapshot.ts';
import { readOnlyError, TableCore } from './table-core.ts';

/**
 * A database opened for reading: no lock, no thread. Each query shows what the file holds at that moment, while another
 * process may be writing it.
 */
export class ReadOnlyDatabase implements DatabaseCore {
  readonly path: string;
  readonly storage: CountedStorage;
  readonly cache: BlockCache;
  readonly pool: ScanPool;
  private readonly lastRows: LastRows;
  private readonly follower: Follower;
  /** The path, whatever folder the process goes to. */
  private readonly file: string;
  /** What the path named when it was opened; undefined for a storage that has no path. */
  private readonly identity: string | undefined;
  private readonly cores = new Map<string, TableCore>();
  private closed = false;

  /** @throws FILE_NOT_FOUND, NOT_A_FILE, NOT_A_DATABASE, NEWER_VERSION, DAMAGED, IO_ERROR */
  static open(path: string, readCacheBytes: number): ReadOnlyDatabase {
    checkPath(path, false);
    const storage = openStorage(path, false);
    try {
      return inFile(path, () => new ReadOnlyDatabase(path, storage, true, readCacheBytes));
    } catch (error) {
      storage.close();
      throw error;
    }
  }

  constructor(path: string, storage: Storage, isFile = false, readCacheBytes = READ_CACHE_BYTES) {
    this.path = path;
    this.storage = new CountedStorage(storage);
    this.cache = new BlockCache(this.storage, readCacheBytes);
    this.file = resolve(path);
    this.identity = isFile ? storage.identity() : undefined;
    const ref = { module: FILE_STORAGE_MODULE, location: this.file };
    this.pool = new ScanPool({ storage: ref, identity: storage.identity() });
    this.lastRows = new LastRows(this.cache);
    this.follower = new Follower(this.storage);
  }

  checkReadable(): void {
    if (this.closed) throw new MillraceError('CLOSED', 'the database is closed; open it again');
  }

  checkWritable(): void {
    this.checkReadable();
    throw readOnlyError();
  }

  definitions(): readonly TableDefinition[] {
    this.follow();
    return this.follower.definitions();
  }

  find(name: string): TableDefinition | undefined {
    this.follow();
    return this.follower.find(name);
  }

  core(definition: TableDefinition): TableCore {
    const key = `${definition.id} ${definition.versions.length}`;
    let core = this.cores.get(key);
    if (core === undefined) {
      core = new TableCore(this, definition);
      this.cores.set(key, core);
    }
    return core;
  }

  appender(): never {
    throw readOnlyError();
  }

  snapshot(definition: TableDefinition, range: TimeRange): TableSnapshot {
    for (;;) {
      this.follow();
      try {
        return this.snapshotNow(definition, range);
      } catch (error) {
        if (!this.isPassing(error)) throw error;
      }
    }
  }

  *snapshots(definitions: readonly TableDefinition[], range: TimeRange): Generator<TableSnapshot> {
    for (const definition of definitions) yield this.snapshot(definition, range);
  }

  /** Whether what could not be read was let go of by a newer checkpoint meanwhile: then a new snapshot will do. */
  isPassing(error: unknown): boolean {
    return isDamaged(error) && this.follower.isOutdated();
  }

  private snapshotNow({ id, name }: TableDefinition, range: TimeRange): TableSnapshot {
    const table = this.follower.table(id);
    if (table === undefined) {
      throw new MillraceError('DAMAGED', `table ${name} is in the file's catalog no longer`, { table: name });
    }
    const within = (ref: BlockRef): boolean => ref.maxTs >= range.from && ref.minTs <= range.to;
    const logged = table.blocks.filter(within).sort(compareRefs);
    return {
      definition: table.entry.definition,
      blocks: mergeRefs(this.follower.reader.blocks(table.entry, range), logged),
      runs: table.runs,
      cutoff: table.entry.state.cutoff,
      entry: table.entry,
      isExpired: () => false,
      release: () => {},
    };
  }

  /** Takes in what was written since. @throws FILE_REPLACED */
  private follow(): void {
    this.checkReadable();
    if (this.identity !== undefined && fileIdentity(this.file) !== this.identity)
      throw fileReplaced(this.file);
    this.follower.follow();
  }

  last(definitions: readonly TableDefinition[]): (LastRow | null)[] {
    for (;;) {
      this.follow();
      try {
        const tables = definitions.map(({ id }) => {
          const { entry, blocks, runs } = this.follower.table(id)!;
          const refs = [this.follower.reader.newest(entry), ...blocks].filter((ref) => ref !== undefined);
          const { cutoff } = entry.state;
          return { definition: entry.definition, live: newestRow(runs), ref: newestRef(refs), cutoff };
        });
        return this.lastRows.all({ tables, isExpired: () => false, release: () => {} });
      } catch (error) {
        if (!this.isPassing(error)) throw error;
      }
    }
  }

  appended(): boolean {
    throw readOnlyError();
  }

  createTable(): never {
    throw readOnlyError();
  }

  addColumn(): never {
    throw readOnlyError();
  }

  ticket(): never {
    throw new MillraceError(
      'READ_ONLY',
      'a database that was opened with readOnly has no ticket; open its path with readOnly in the other thread',
    );
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
    this.cache.clear();
    await this.pool.close();
    this.storage.close();
  }

  async stats(): Promise<EngineStats> {
    this.follow();
    const { frames, rows, droppedBytes, damage } = this.follower.report;
    return {
      path: this.path,
      readOnly: true,
      state: this.closed ? 'closed' : 'open',
      fileBytes: this.storage.length(),
      checkpoint: this.follower.checkpoint,
      freeBytes: 0,
      retentionMs: this.follower.retentionMs < 0 ? null : this.follower.retentionMs,
      maxBytes: this.follower.maxBytes === 0 ? null : this.follower.maxBytes,
      maintenance: undefined,
      writers: [],
      memory: { budgetBytes: 0, slabBytes: 0, fillingChunks: 0, sentChunks: 0 },
      latency: undefined,
      recovery: { frames, rows, droppedBytes, damage },
      producers: 0,
      deaths: [],
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
