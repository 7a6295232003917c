import type { DatabaseTicket } from '../shared/control/ticket.ts';
import { MillraceError, show } from '../shared/errors.ts';
import { ALL_TIME } from '../shared/index/index-reader.ts';
import { checkName } from '../shared/schema/check-names.ts';
import type { TableDefinition, TimeUnit } from '../shared/schema/types.ts';
import type { AnyAggregateColumns, AnyBuckets, TablesAggregateOptions } from './aggregate-types.ts';
import type {
  AnySpecs,
  ColumnSpec,
  DatabaseStats,
  Diagnosis,
  LastRow,
  OpenOptions,
  Rows,
  TableInfo,
} from './api-types.ts';
import { checkSeriesRow, SERIES_COLUMNS, SERIES_UNIT } from './append/series-row.ts';
import type { DatabaseCore } from './database-core.ts';
import type { Engine } from './engine.ts';
import { checkCutoff, checkRetention, checkTarget } from './maintenance-options.ts';
import { checkOpenOptions, checkTableOptions } from './options.ts';
import { checkTables } from './read/aggregate-options.ts';
import { rowsEver, tableStats } from './read/table-stats.ts';
import { checkAborted } from './read/turns.ts';
import { ReadOnlyDatabase } from './read-only.ts';
import { SqlRunner } from './sql/run-sql.ts';
import type { SqlBatches, SqlFormat, SqlOptions, SqlParameters, SqlResults } from './sql/sql-types.ts';
import { Table, type TimeSpan } from './table.ts';
import type { TableCore } from './table-core.ts';
import { startThreads } from './thread-engine.ts';
import { WritableDatabase } from './writable-database.ts';

/**
 * An open database. Appends are plain synchronous calls; everything that may take long is a promise.
 *
 * ```ts
 * await using db = await NanoTsDbShared.open('plant.ntt');
 * const press = await db.createTable('press_01', ['temperature', { name: 'state', type: 'utf8' }]);
 * press.appendRow(Date.now(), [21.37, 'RUN']);
 * await db.sync();
 * ```
 */
export class NanoTsDbShared {
  private readonly core: DatabaseCore;
  private readonly series = new Map<string, TableCore>();
  private sqlRunner: SqlRunner | undefined;

  /** @internal Databases come from `open`. */
  constructor(core: DatabaseCore) {
    this.core = core;
  }

  /**
   * Opens a database, making it if there is none (folders above it included).
   * @throws INVALID_OPTION, FILE_NOT_FOUND, NOT_A_FILE, NOT_A_DATABASE, NEWER_VERSION, DATABASE_LOCKED, DAMAGED, IO_ERROR,
   *   ABORTED
   */
  static async open(path: string, options: OpenOptions = {}): Promise<NanoTsDbShared> {
    if (typeof path !== 'string' || path === '' || path.includes('\0')) {
      throw new MillraceError(
        'INVALID_OPTION',
        `the path is ${show(path)}; it must be a string that is not empty, without a NUL`,
      );
    }
    const checked = checkOpenOptions(options);
    checkAborted(options.signal);
    if (checked.readOnly) return new NanoTsDbShared(ReadOnlyDatabase.open(path, checked.readCacheBytes));
    const engine = await startThreads(path, checked, checked.create);
    const db = NanoTsDbShared.over(engine);
    if (options.signal?.aborted) {
      await db.close();
      checkAborted(options.signal);
    }
    return db;
  }

  /** @internal A handle over an engine that is running already: what tests and simulations use. */
  static over(engine: Engine): NanoTsDbShared {
    return new NanoTsDbShared(new WritableDatabase(engine));
  }

  /** Where the file is, as it was given. */
  get path(): string {
    return this.core.path;
  }

  /**
   * The table of that name and shape, made if there is none.
   * @throws TABLE_EXISTS if it has other columns or another unit; INVALID_NAME, RESERVED_NAME, DUPLICATE_COLUMN, NO_COLUMNS,
   *   TOO_MANY, WRONG_TYPE, INVALID_OPTION, READ_ONLY, CLOSED, POISONED
   */
  async createTable<const C extends readonly ColumnSpec[], U extends TimeUnit = 'ms'>(
    name: string,
    columns: C,
    options: { readonly unit?: U } = {},
  ): Promise<Table<C, U>> {
    return this.createTableSync(name, columns, options);
  }

  /** As `createTable`, without a promise: waits for the coordinator, some tenths of a millisecond. */
  createTableSync<const C extends readonly ColumnSpec[], U extends TimeUnit = 'ms'>(
    name: string,
    columns: C,
    options: { readonly unit?: U } = {},
  ): Table<C, U> {
    this.core.checkWritable();
    const { unit } = checkTableOptions(options);
    return new Table<C, U>(this.core.core(this.core.createTable(name, columns, unit)));
  }

  /**
   * What `connect` in another thread of this process needs to append and read here: plain data for `workerData` or a message.
   * @throws READ_ONLY, CLOSED
   */
  ticket(): DatabaseTicket {
    this.core.checkReadable();
    return this.core.ticket();
  }

  /** A table by its name, with the columns that it has now. @throws UNKNOWN_TABLE */
  table(name: string): Table<AnySpecs, TimeUnit> {
    return new Table(this.core.core(this.definition(name)));
  }

  hasTable(name: string): boolean {
    this.core.checkReadable();
    return this.core.find(name) !== undefined;
  }

  /** The names of all tables, sorted. */
  listTables(): string[] {
    this.core.checkReadable();
    return this.core
      .definitions()
      .map((definition) => definition.name)
      .sort();
  }

  /** Name, unit and columns of a table. @throws UNKNOWN_TABLE */
  schema(name: string): TableInfo {
    return this.table(name).schema();
  }

  /**
   * Appends to a series: a table with one f64 column called `value`, made on first use.
   * @returns as `Table.appendRow`
   * @throws TABLE_EXISTS if there is another table of that name; else as `createTable` and `Table.appendRow`
   */
  appendValue(series: string, ts: number | bigint, value: number): boolean {
    let core = this.series.get(series);
    if (core === undefined) {
      this.core.checkWritable();
      // Before the table is made: a row that is refused leaves no table behind.
      checkName('table', series);
      checkSeriesRow(series, ts, value);
      core = this.core.core(this.core.createTable(series, SERIES_COLUMNS, SERIES_UNIT));
      this.series.set(series, core);
    }
    return core.appendRow(ts, [value]);
  }

  /** Rows of a table's time range, both ends inclusive: `table(name).query({ from, to })`. */
  async queryTableRangeColumns(table: string, from: number | bigint, to: number | bigint): Promise<Rows> {
    return this.core.core(this.definition(table)).query({ from, to });
  }

  /**
   * Aggregates several tables by the same options: an object with the buckets of each table by its name. Everything is
   * checked before the first row is read.
   *
   * ```ts
   * const perHour = await db.aggregate({ tables: ['press_01', 'press_02'], every: '1h', columns: { temperature: ['mean'] } });
   * perHour['press_01'].columns['temperature'].mean;
   * ```
   * @throws UNKNOWN_TABLE, and as `Table.aggregate`
   */
  async aggregate<const T extends string, const A extends AnyAggregateColumns>(
    options: TablesAggregateOptions<T, A>,
  ): Promise<{ readonly [K in T]: AnyBuckets<A> }> {
    const { tables, ...rest } = checkTables(options);
    const checked = tables.map((name) => {
      const core = this.core.core(this.definition(name));
      return { name, core, query: core.checkAggregate(rest) };
    });
    // All begin before this call returns: the rows of later appends are in none of them.
    const results = await Promise.all(
      checked.map(async ({ name, core, query }) => [name, await core.runAggregate(query)] as const),
    );
    return Object.fromEntries(results) as unknown as { [K in T]: AnyBuckets<A> };
  }

  /**
   * The newest row of each table, or of some: an object with a row, or null, by the table's name. Costs no more than one
   * block read a table, and none for rows in memory.
   * @throws UNKNOWN_TABLE, DAMAGED, CLOSED
   */
  async lastValues<const T extends string>(
    tables?: readonly T[],
  ): Promise<{ readonly [K in T]: LastRow | null }> {
    this.core.checkReadable();
    if (tables !== undefined && !Array.isArray(tables)) {
      throw new MillraceError(
        'INVALID_OPTION',
        `tables is ${show(tables)}; it must be an array of table names`,
      );
    }
    const definitions = tables?.map((name) => this.definition(name)) ?? this.core.definitions();
    const rows = this.core.last(definitions);
    return Object.fromEntries(rows.map((row, i) => [definitions[i]!.name, row])) as {
      [K in T]: LastRow | null;
    };
  }

  /** The smallest and largest timestamp of a table, or null. @throws UNKNOWN_TABLE */
  async timeRange(table: string): Promise<TimeSpan | null> {
    return this.table(table).timeRange();
  }

  /** How many rows a table, or all tables together, have ever taken. @throws UNKNOWN_TABLE */
  async lastSeq(table?: string): Promise<number> {
    if (table !== undefined) return this.table(table).lastSeq();
    let sum = 0;
    this.core.checkReadable();
    for (const snapshot of this.core.snapshots(this.core.definitions(), ALL_TIME)) sum += rowsEver(snapshot);
    return sum;
  }

  /**
   * Runs one SQL statement: DuckDB's whole SELECT dialect over the tables of this database, rows just appended included;
   * CREATE TABLE and INSERT INTO … VALUES go to the engine. Only the columns and the times that a statement needs are read.
   * @param params values for `?` and `$1` (array) or `$name` (object)
   * @returns row objects, or columns or an Arrow table as `format` says
   * @throws SQL_ERROR, MISSING_PACKAGE (SELECT needs the package @duckdb/node-api), UNKNOWN_TABLE, TABLE_EXISTS,
   *   WRONG_TYPE, INVALID_OPTION, ABORTED, DAMAGED, READ_ONLY, CLOSED; INSERT also what `Table.append` throws
   */
  sql<F extends SqlFormat = 'rows'>(
    text: string,
    params?: SqlParameters,
    options: SqlOptions<F> = {},
  ): Promise<SqlResults[F]> {
    return this.runner().run(text, params, options);
  }

  /** As `sql`, batch by batch as DuckDB makes them: for results larger than memory. Ending the loop early is fine. */
  sqlStream<F extends SqlFormat = 'rows'>(
    text: string,
    params?: SqlParameters,
    options: SqlOptions<F> = {},
  ): AsyncGenerator<SqlBatches[F]> {
    return this.runner().stream(text, params, options);
  }

  /** Resolves once every row whose append had returned before, in any thread, survives a power cut. @throws POISONED */
  sync(): Promise<void> {
    return this.core.sync();
  }

  /** Resolves once every row appended before is encoded, written and part of a checkpoint. @throws POISONED */
  flush(): Promise<void> {
    return this.core.flush();
  }

  /**
   * Merges a table's blocks into segments sorted by time, with the best codecs. Resolves once the segments are in the index;
   * what they replace is used again some checkpoints later. Rows that arrive meanwhile are left for the next time.
   * @param target rows that a segment should have, 64…1,048,576; default: `targetSegmentPoints`
   * @throws UNKNOWN_TABLE, INVALID_OPTION, PACK_FAILED, POISONED, CLOSED, READ_ONLY
   */
  async packTable(table: string, target?: number): Promise<void> {
    this.core.checkWritable();
    const definition = this.definition(table);
    if (target !== undefined) checkTarget('target', target);
    await this.core.packTable(definition, target);
  }

  /**
   * Hides rows that are older than retention allows, and drops blocks that have no other rows. "Now" is the earlier of the
   * wall clock and the table's newest timestamp plus a day.
   * @param cutoff ms since 1970: rows of every table before it go, whatever its retention. Their space is used again, so
   *   this cannot be taken back
   * @throws INVALID_OPTION, POISONED, CLOSED, READ_ONLY
   */
  async compactRetentionNow(cutoff?: number): Promise<void> {
    this.core.checkWritable();
    if (cutoff !== undefined) checkCutoff(cutoff);
    await this.core.compactRetentionNow(cutoff);
  }

  /**
   * Sets how long rows are kept, and stores it in the file. Takes effect when retention is next looked at, or at once with
   * `compactRetentionNow`.
   * @param retention ms, or a duration such as `'30d'`; null: for ever, or for a table as long as the database says
   * @param table the table it is for; none: every table without a retention of its own
   * @throws UNKNOWN_TABLE, INVALID_OPTION, POISONED, CLOSED, READ_ONLY
   */
  async setRetention(retention: number | string | null, table?: string): Promise<void> {
    this.core.checkWritable();
    const ms = checkRetention(retention);
    await this.core.setRetention(table === undefined ? undefined : this.definition(table), ms ?? -1);
  }

  /** Resolves once the writers have caught up with this thread's appends. @throws POISONED, CLOSED */
  drained(): Promise<void> {
    return this.core.drained();
  }

  /** What the database holds and does; counts of tables are of the moment of the call. */
  async stats(): Promise<DatabaseStats> {
    this.core.checkReadable();
    const read = this.core.storage.counters;
    const cache = this.core.cache.counters;
    const tables = Array.from(this.core.snapshots(this.core.definitions(), ALL_TIME), (snapshot) =>
      tableStats(this.core.cache, snapshot),
    );
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    return { ...(await this.core.stats()), read, cache, tables, rows };
  }

  /** How the database was found when it was opened, without a look at any table: what recovery read, dropped and missed. */
  async diagnose(): Promise<Diagnosis> {
    this.core.checkReadable();
    const { path, state, fileBytes, checkpoint, recovery } = await this.core.stats();
    return { path, state, fileBytes, checkpoint, recovery };
  }

  /**
   * Flushes and closes, for all threads: their handles then throw CLOSED, also where they waited. Every row appended before
   * is durable when it resolves. A second call does the same as the first. On a handle from `connect`: every row of all
   * threads so far is durable then, and only this handle is closed.
   * @throws POISONED if the database was poisoned: what was acknowledged is safe, reopening finds it
   */
  async close(): Promise<void> {
    // Both at once: from here on nothing is taken and nothing begins, and statements that run end with CLOSED.
    const [, closed] = await Promise.allSettled([this.sqlRunner?.close(), this.core.close()]);
    if (closed.status === 'rejected') throw closed.reason;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private runner(): SqlRunner {
    this.sqlRunner ??= new SqlRunner(this.core);
    return this.sqlRunner;
  }

  private definition(name: string): TableDefinition {
    this.core.checkReadable();
    const definition = this.core.find(name);
    if (definition !== undefined) return definition;
    throw new MillraceError(
      'UNKNOWN_TABLE',
      `there is no table ${show(name)}; make it with createTable, or see listTables()`,
      {
        table: show(name),
      },
    );
  }
}
