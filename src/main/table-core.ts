import type { Table as ArrowTable, RecordBatch } from 'apache-arrow';
import { MillraceError } from '../shared/errors.ts';
import { ALL_TIME, type TimeRange } from '../shared/index/index-reader.ts';
import type { BlockCache } from '../shared/read/block-cache.ts';
import { currentColumns, type TableDefinition } from '../shared/schema/types.ts';
import type { CountedStorage } from '../shared/storage/counted-storage.ts';
import type { Buckets } from './aggregate-types.ts';
import type { ColumnStorage, LastRow, Rows, TableStats } from './api-types.ts';
import { appendBatch } from './append/batch-append.ts';
import { checkBatch } from './append/batch-check.ts';
import { MAX_DOUBLES, type TableAppender } from './append/table-appender.ts';
import { arrowToBatches, isArrowInput } from './arrow/arrow-input.ts';
import { ArrowOutput } from './arrow/arrow-output.ts';
import { loadArrow } from './arrow/load-arrow.ts';
import { runAggregate } from './read/aggregate.ts';
import { type CheckedAggregate, checkAggregate, type RawAggregateOptions } from './read/aggregate-options.ts';
import { columnStorage } from './read/column-storage.ts';
import { checkQuery, type RawQueryOptions, runQuery, runScan } from './read/query.ts';
import type { ScanPool } from './read/scan-pool.ts';
import type { TableSnapshot } from './read/snapshot.ts';
import { SyncScan } from './read/sync-scan.ts';
import type { TableReader } from './read/table-reader.ts';
import { rowsEver, tableStats } from './read/table-stats.ts';
import { checkAborted } from './read/turns.ts';

/** What a table needs of the database that it belongs to. */
export interface TableHost {
  readonly storage: CountedStorage;
  /** Its blocks, those kept in memory included. */
  readonly cache: BlockCache;
  /** Workers for large scans; undefined where other threads cannot open the file. */
  readonly pool: ScanPool | undefined;
  /** Throws unless reads are possible. */
  checkReadable(): void;
  /** Throws unless rows can be taken. */
  checkWritable(): void;
  /** The snapshot's definition is the newest one: rows may have versions that `definition` does not know. */
  snapshot(definition: TableDefinition, range: TimeRange): TableSnapshot;
  /** A snapshot of each table, one after the other. Cheaper than each by itself where there are thousands. */
  snapshots(definitions: readonly TableDefinition[], range: TimeRange): Iterable<TableSnapshot>;
  /** Whether an error of reading comes from a snapshot that is too old, so that a new one helps. */
  isPassing(error: unknown, snapshot: TableSnapshot): boolean;
  /** What takes rows for a version of a table; only where `checkWritable` allows. */
  appender(definition: TableDefinition): TableAppender;
  /** The table with one column more. */
  addColumn(definition: TableDefinition, spec: unknown): TableCore;
  /** The newest row of each table. */
  last(definitions: readonly TableDefinition[]): (LastRow | null)[];
  /** Called after an append: waits for durability if it must. @returns whether the caller may go on at full speed */
  appended(definition: TableDefinition): boolean;
}

/** A read whose snapshots are overwritten so often, each before it is done, is too slow for this file. */
const SNAPSHOTS_MAX = 20;

/** A table without its types: what `Table` wraps. A thread may know thousands, so what only some need is made on first use. */
export class TableCore {
  readonly definition: TableDefinition;
  private readonly host: TableHost;
  private made: TableAppender | undefined = undefined;
  /** The first one of this table that was made here: there is one a version of the schema. */
  private readonly first: TableCore;
  private next: TableCore | undefined = undefined;
  /** Of the first one: which of their appenders may have a chunk open. */
  private active: TableAppender | undefined = undefined;

  /** @param sibling another version of the same table */
  constructor(host: TableHost, definition: TableDefinition, sibling?: TableCore) {
    this.host = host;
    this.definition = definition;
    this.first = sibling?.first ?? this;
    if (sibling === undefined) return;
    this.next = sibling.first.next;
    sibling.first.next = this;
  }

  /** The one of that version, if there is one. */
  ofVersion(version: number): TableCore | undefined {
    let core: TableCore | undefined = this.first;
    while (core !== undefined && core.definition.versions.length !== version) core = core.next;
    return core;
  }

  private get reader(): TableReader {
    const { host, definition } = this;
    return {
      storage: host.storage,
      cache: host.cache,
      definition,
      pool: host.pool,
      parallelFrom: host.pool?.sharedFrom ?? Number.POSITIVE_INFINITY,
      checkReadable: () => host.checkReadable(),
    };
  }

  private get appender(): TableAppender {
    this.made ??= this.host.appender(this.definition);
    return this.made;
  }

  appendRow(ts: number | bigint, values: readonly unknown[]): boolean {
    this.host.checkWritable();
    const { appender } = this;
    if (!appender.hasLane) this.takeLane();
    appender.appendRow(ts, values);
    return this.host.appended(this.definition);
  }

  /** A function whose parameters are the timestamp and the columns; made for up to eight f64 columns. */
  rowAppender(): (ts: number | bigint, ...values: unknown[]) => boolean {
    this.host.checkWritable();
    // Else the first row would take a branch that compiled code has never seen, and all of it be compiled anew.
    if (!this.appender.hasLane) this.takeLane();
    const { isDoubles, columns } = this.appender.shape;
    return isDoubles && columns.length <= MAX_DOUBLES
      ? this.doublesAppender(this, this.host, this.appender)
      : (ts, ...values) => this.appendRow(ts, values);
  }

  /** What the function needs at each row are parameters here: of a constant V8 would look each time whether it has its value yet. */
  private doublesAppender(
    core: TableCore,
    host: TableHost,
    appender: TableAppender,
  ): (ts: number | bigint, ...values: unknown[]) => boolean {
    return function appendDoubles(ts, a?, b?, c?, d?, e?, f?, g?, h?) {
      host.checkWritable();
      if (!appender.hasLane) core.takeLane();
      // biome-ignore lint/complexity/noArguments: a rest parameter is an array made for each row
      const count = arguments.length - 1;
      return appender.appendDoubles(count, ts, a, b, c, d, e, f, g, h)
        ? host.appended(core.definition)
        : core.appendFirst(count, ts, [a, b, c, d, e, f, g, h]);
    };
  }

  private appendFirst(count: number, ts: number | bigint, values: unknown[]): boolean {
    values.length = count;
    return this.appendRow(ts, values);
  }

  append(batch: unknown): boolean {
    this.host.checkWritable();
    const { appender, definition } = this;
    if (appender.hasLane && appender.trySmallBatch(batch)) return this.host.appended(definition);
    const batches = isArrowInput(batch)
      ? arrowToBatches(batch, currentColumns(definition), definition.unit)
      : [batch];
    const checked = batches.map((part) => checkBatch(appender, part));
    if (!appender.hasLane) this.takeLane();
    for (const part of checked) appendBatch(appender, part);
    return this.host.appended(definition);
  }

  async query(options: RawQueryOptions): Promise<Rows> {
    this.host.checkReadable();
    const query = checkQuery(this.definition, options);
    checkAborted(query.signal);
    return this.fromSnapshot(query.range, (snapshot) => runQuery(this.reader, snapshot, query));
  }

  /** The options are checked, and the snapshot is taken, when the first batch is asked for. */
  async *scan(options: RawQueryOptions): AsyncGenerator<Rows> {
    this.host.checkReadable();
    const query = checkQuery(this.definition, options);
    checkAborted(query.signal);
    const snapshot = this.host.snapshot(this.definition, query.range);
    try {
      for await (const rows of runScan(this.reader, snapshot, query)) {
        yield rows;
        if (snapshot.isExpired()) throw this.expired();
      }
    } catch (error) {
      throw this.host.isPassing(error, snapshot) ? this.expired(error) : error;
    }
  }

  async aggregate(options: RawAggregateOptions): Promise<Buckets> {
    return this.runAggregate(this.checkAggregate(options));
  }

  /** Checks an aggregation and takes nothing yet. @throws as `Table.aggregate` */
  checkAggregate(options: RawAggregateOptions): CheckedAggregate {
    this.host.checkReadable();
    const query = checkAggregate(this.definition, options);
    checkAborted(query.signal);
    return query;
  }

  async runAggregate(query: CheckedAggregate): Promise<Buckets> {
    this.host.checkReadable();
    return this.fromSnapshot(query.range, (snapshot) => runAggregate(this.reader, snapshot, query));
  }

  async last(): Promise<LastRow | null> {
    this.host.checkReadable();
    return this.host.last([this.definition])[0]!;
  }

  async queryArrow(options: RawQueryOptions): Promise<ArrowTable> {
    const rows = await this.query(options);
    const output = await this.arrowOutput(options);
    return output.table([output.batch(rows)]);
  }

  async *scanArrow(options: RawQueryOptions): AsyncGenerator<RecordBatch> {
    let output: ArrowOutput | undefined;
    for await (const rows of this.scan(options)) {
      output ??= await this.arrowOutput(options);
      yield output.batch(rows);
    }
  }

  /**
   * As `scan`, but synchronous, for a caller that must not wait. The snapshot is taken at once; the caller releases it.
   */
  openScan(options: RawQueryOptions): SyncScan {
    this.host.checkReadable();
    const query = checkQuery(this.definition, options);
    const snapshot = this.host.snapshot(this.definition, query.range);
    return new SyncScan(this.host.cache, snapshot, query, {
      checkReadable: () => this.host.checkReadable(),
      explain: (error) => (this.host.isPassing(error, snapshot) ? this.expired(error) : error),
    });
  }

  async timeRange(): Promise<{ from: number | bigint; to: number | bigint } | null> {
    const stats = this.stats();
    return stats.from === null || stats.to === null ? null : { from: stats.from, to: stats.to };
  }

  async lastSeq(): Promise<number> {
    this.host.checkReadable();
    return rowsEver(this.host.snapshot(this.definition, ALL_TIME));
  }

  stats(): TableStats {
    this.host.checkReadable();
    return tableStats(this.host.cache, this.host.snapshot(this.definition, ALL_TIME));
  }

  async columnStorage(): Promise<ColumnStorage[]> {
    this.host.checkReadable();
    return this.fromSnapshot(ALL_TIME, async (snapshot) => {
      try {
        return await columnStorage(this.host.storage, snapshot);
      } finally {
        snapshot.release();
      }
    });
  }

  /** @throws UNKNOWN_TABLE, DUPLICATE_COLUMN, TOO_MANY and as `createTable` */
  addColumn(spec: unknown): TableCore {
    this.host.checkWritable();
    return this.host.addColumn(this.definition, spec);
  }

  /** Reads from a snapshot; from a newer one where what it reads was overwritten meanwhile. */
  private async fromSnapshot<T>(range: TimeRange, read: (snapshot: TableSnapshot) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      const snapshot = this.host.snapshot(this.definition, range);
      try {
        return await read(snapshot);
      } catch (error) {
        if (!this.host.isPassing(error, snapshot)) throw error;
        if (tries === SNAPSHOTS_MAX) throw this.expired(error);
      }
    }
  }

  private expired(cause?: unknown): MillraceError {
    return new MillraceError(
      'SNAPSHOT_EXPIRED',
      'what this reads was overwritten meanwhile by newer rows; read again, less at once, or open for writing with a larger maxBytes or reuseDelayMs',
      { table: this.definition.name },
      cause,
    );
  }

  /** Rows of another version came before: what they fill goes first, so that this thread's rows keep their order. */
  private takeLane(): void {
    const { first, appender } = this;
    if (first.active !== undefined) {
      first.active.sendChunk();
      first.active.hasLane = false;
    }
    first.active = appender;
    appender.hasLane = true;
  }

  /** For options that were checked. */
  private async arrowOutput({ columns, ts }: RawQueryOptions): Promise<ArrowOutput> {
    const all = currentColumns(this.definition);
    const wanted = (columns as readonly string[] | undefined)?.map(
      (name) => all.find((column) => column.name === name)!,
    );
    return new ArrowOutput(await loadArrow(), this.definition.unit, wanted ?? all, ts !== false);
  }
}

/** The error for appends to a database that was opened for reading. */
export function readOnlyError(): MillraceError {
  return new MillraceError('READ_ONLY', 'the database was opened with readOnly; open it without to append');
}
