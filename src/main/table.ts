import type { Table as ArrowTable, RecordBatch } from 'apache-arrow';
import { type ColumnType, currentColumns, type TimeUnit } from '../shared/schema/types.ts';
import type { AggregateColumns, AggregateOptions, Buckets } from './aggregate-types.ts';
import type {
  Answer,
  AnySpecs,
  Batch,
  ColumnSpec,
  ColumnStorage,
  ColumnsOf,
  LastRow,
  QueryOptions,
  RowAppender,
  RowValues,
  ScanOptions,
  TableInfo,
  Timestamp,
} from './api-types.ts';
import type { TableCore } from './table-core.ts';

type Picked<C extends readonly ColumnSpec[], N extends keyof ColumnsOf<C> & string> = {
  [K in N]: Extract<ColumnsOf<C>[K], ColumnType>;
};

/** Names and types of all columns. */
type TypesOf<C extends readonly ColumnSpec[]> = Picked<C, keyof ColumnsOf<C> & string>;

/** The first and the last timestamp of a table, as its unit has them. */
export interface TimeSpan<U extends TimeUnit = TimeUnit> {
  readonly from: U extends 'ms' ? number : bigint;
  readonly to: U extends 'ms' ? number : bigint;
}

/**
 * A table of an open database. Its column types follow from how it was made.
 * @typeParam C the column specs that it was made with
 * @typeParam U the unit of its timestamps
 */
export class Table<C extends readonly ColumnSpec[] = AnySpecs, U extends TimeUnit = TimeUnit> {
  private readonly core: TableCore;

  /** @internal Tables come from `createTable` and `table`. */
  constructor(core: TableCore) {
    this.core = core;
  }

  get name(): string {
    return this.core.definition.name;
  }

  get unit(): U {
    return this.core.definition.unit as U;
  }

  /** The columns, `ts` left out, in the order in which rows have them. */
  get columns(): TableInfo['columns'] {
    return currentColumns(this.core.definition).map(({ name, type }) => ({ name, type }));
  }

  /** Name, unit and columns. */
  schema(): TableInfo {
    return { name: this.name, unit: this.unit, columns: this.columns };
  }

  /**
   * Appends a row. It is visible to queries at once, and durable as the database's `durability` says.
   * @param values in the order of the columns; null where there is none
   * @returns false if rows come faster than they can be written: taken, but slow down (`await db.drained()`)
   * @throws WRONG_ARITY, WRONG_TYPE, INVALID_TIMESTAMP, LONE_SURROGATE, VALUE_TOO_LARGE, ROW_TOO_LARGE, CLOSED, POISONED,
   *   READ_ONLY; nothing is changed then
   */
  appendRow(ts: Timestamp<U>, values: RowValues<C>): boolean {
    return this.core.appendRow(ts, values as readonly unknown[]);
  }

  /**
   * The fastest way to append row by row: a function like `appendRow` whose parameters are the timestamp and the values, for
   * which no array is made. Made for tables of up to eight f64 columns and times in ms; others it takes as `appendRow` does.
   * @example
   * const append = table.rowAppender();
   * append(Date.now(), 21.37, 0.5);
   * @returns a function that returns and throws as `appendRow`
   */
  rowAppender(): RowAppender<C, U> {
    return this.core.rowAppender() as RowAppender<C, U>;
  }

  /**
   * Appends rows in columns: the shape that `query` returns, or an Arrow RecordBatch or Table, by column name (an Arrow
   * column `ts` has the timestamps). Every row is checked before the first one is taken; a crash may keep a prefix.
   * @returns as `appendRow`
   * @throws as `appendRow`, and WRONG_LENGTH, UNKNOWN_COLUMN
   */
  append(batch: Batch<ColumnsOf<C>, U> | ArrowInput): boolean {
    return this.core.append(batch);
  }

  /**
   * Rows of a time range, sorted by time, ties in order of arrival.
   * @throws INVALID_OPTION, INVALID_TIMESTAMP, UNKNOWN_COLUMN, WRONG_TYPE, ABORTED, DAMAGED, CLOSED
   */
  query<
    const N extends keyof ColumnsOf<C> & string = keyof ColumnsOf<C> & string,
    const T extends boolean = true,
  >(options: QueryOptions<ColumnsOf<C>, U, N, T> = {}): Promise<Answer<Picked<C, N>, U, T>> {
    return this.core.query(options) as unknown as Promise<Answer<Picked<C, N>, U, T>>;
  }

  /** As `query`, batch by batch: what is read is decoded when it is asked for. Ending the loop early is fine. */
  scan<
    const N extends keyof ColumnsOf<C> & string = keyof ColumnsOf<C> & string,
    const T extends boolean = true,
  >(options: ScanOptions<ColumnsOf<C>, U, N, T> = {}): AsyncGenerator<Answer<Picked<C, N>, U, T>> {
    return this.core.scan(options) as unknown as AsyncGenerator<Answer<Picked<C, N>, U, T>>;
  }

  /**
   * What the columns amount to in each bucket of time that has rows; see `Aggregate` for the rules.
   *
   * ```ts
   * const perMinute = await press.aggregate({ every: '1m', columns: { temperature: ['mean', 'max'] } });
   * perMinute.columns.temperature.mean;   // Float64Array
   * ```
   * @throws INVALID_OPTION, INVALID_TIMESTAMP, UNKNOWN_COLUMN, WRONG_TYPE, ABORTED, DAMAGED, CLOSED
   */
  aggregate<const A extends AggregateColumns<TypesOf<C>>>(
    options: AggregateOptions<TypesOf<C>, U, A>,
  ): Promise<Buckets<TypesOf<C>, U, A>> {
    return this.core.aggregate(options) as unknown as Promise<Buckets<TypesOf<C>, U, A>>;
  }

  /**
   * The newest row, or null if there is none: of rows of one time the last that arrived. Reads one block at most, and none
   * if the row is in memory.
   * @throws DAMAGED, CLOSED
   */
  last(): Promise<LastRow<TypesOf<C>, U> | null> {
    return this.core.last() as unknown as Promise<LastRow<TypesOf<C>, U> | null>;
  }

  /**
   * As `query`, as an apache-arrow Table of one batch: `ts` is a Timestamp of the table's unit without a zone, f64, f32, i64
   * and i32 lie in it as they were decoded, without a copy.
   */
  queryArrow<const N extends keyof TypesOf<C> & string = keyof TypesOf<C> & string>(
    options: QueryOptions<TypesOf<C>, U, N> = {},
  ): Promise<ArrowTable> {
    return this.core.queryArrow(options);
  }

  /** As `scan`, as apache-arrow RecordBatches, all of one schema. */
  scanArrow<const N extends keyof TypesOf<C> & string = keyof TypesOf<C> & string>(
    options: ScanOptions<TypesOf<C>, U, N> = {},
  ): AsyncGenerator<RecordBatch> {
    return this.core.scanArrow(options);
  }

  /** The smallest and the largest timestamp, or null if there is no row. */
  timeRange(): Promise<TimeSpan<U> | null> {
    return this.core.timeRange() as Promise<TimeSpan<U> | null>;
  }

  /**
   * Adds a column, null in all rows so far; does nothing if the table has it already. Other threads may append meanwhile.
   * @returns the table with that column, which other handles get by `db.table(name)`; this object and others of before stay
   *   as they are and go on taking rows without the column
   * @throws DUPLICATE_COLUMN if there is one of that name and another type; INVALID_NAME, RESERVED_NAME, WRONG_TYPE, TOO_MANY,
   *   READ_ONLY, CLOSED, POISONED
   */
  async addColumn<const S extends ColumnSpec>(spec: S): Promise<Table<readonly [...C, S], U>> {
    return new Table<readonly [...C, S], U>(this.core.addColumn(spec));
  }

  /**
   * How each column, `ts` first, is stored: bytes, raw bytes, and how many rows are in which codec. Reads every block of the
   * table; rows still in memory are not counted.
   * @throws DAMAGED, CLOSED, POISONED
   */
  columnStorage(): Promise<ColumnStorage[]> {
    return this.core.columnStorage();
  }

  /** How many rows the table has ever taken: the number of its last row, counting from 1. */
  lastSeq(): Promise<number> {
    return this.core.lastSeq();
  }
}

/** An Arrow RecordBatch or Table, of any copy of apache-arrow. */
export interface ArrowInput {
  readonly schema: { readonly fields: readonly unknown[] };
  readonly numRows: number;
}
