import type { RecordBatch, Table } from 'apache-arrow';

/** A value for a parameter (`?`, `$1`, `$name`). Integers are bound as BIGINT, other numbers as DOUBLE, Dates as TIMESTAMP. */
export type SqlParameter = null | boolean | number | bigint | string | Date | Uint8Array;

/** Parameters by position, or by name without the `$`. */
export type SqlParameters = readonly SqlParameter[] | Readonly<Record<string, SqlParameter>>;

/** A row: values by column name. See `SqlOptions.times` for times. */
export type SqlRow = Record<string, unknown>;

/** A result in columns. */
export interface SqlColumns {
  readonly rowCount: number;
  /** Numbers, times and integers as typed arrays, everything else as plain arrays with null. */
  readonly columns: Readonly<Record<string, ArrayLike<unknown>>>;
  /** Per column a bitmap, 1 = present, least significant bit first; absent = no nulls. */
  readonly validity: Readonly<Record<string, Uint8Array>>;
  /** DuckDB's names of the types. */
  readonly types: Readonly<Record<string, string>>;
}

export type SqlFormat = 'rows' | 'columns' | 'arrow';

export interface SqlOptions<F extends SqlFormat = SqlFormat> {
  /** `rows` (default): an array of objects; `columns`: typed arrays; `arrow`: an apache-arrow Table. */
  readonly format?: F | undefined;
  /**
   * TIMESTAMP and TIMESTAMPTZ in rows and columns: `ms` (default), a number of ms since 1970 with µs as its fraction, or
   * `bigint`, µs. TIMESTAMP_NS is a bigint of ns in either case.
   */
  readonly times?: 'ms' | 'bigint' | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What `sql` resolves to. */
export interface SqlResults {
  rows: SqlRow[];
  columns: SqlColumns;
  arrow: Table;
}

/** What `sqlStream` yields. */
export interface SqlBatches {
  rows: SqlRow[];
  columns: SqlColumns;
  arrow: RecordBatch;
}
