import type { ColumnType, TimeUnit } from '../../shared/schema/types.ts';
import type { ColumnArray } from '../api-types.ts';

/** A column as a source delivers it. */
export interface IngestColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** Rows of a file in columns. It is valid until the next batch is asked for: a source fills the same arrays again. */
export interface IngestBatch {
  readonly rowCount: number;
  /** In the source's unit: numbers for ms, bigints for us and ns. */
  readonly ts: Float64Array | BigInt64Array;
  /** One array for each of the source's columns, in their order. A null holds 0, '' or no bytes. */
  readonly columns: readonly ColumnArray<ColumnType>[];
  /** For each column a bitmap, 1 = present, least significant bit first; undefined = no nulls. */
  readonly validity: readonly (Uint8Array | undefined)[];
  /** The name of each row's table, when the source was opened with `tableBy`. */
  readonly keys: readonly string[] | undefined;
}

/** The kinds of files that can be ingested; `arrow` is both of Arrow's, file and stream. */
export type InputFormat = 'csv' | 'parquet' | 'arrow';

/** A file opened for ingestion: its columns are known, its rows come in batches. */
export interface IngestSource {
  readonly file: string;
  readonly format: InputFormat;
  readonly columns: readonly IngestColumn[];
  readonly unit: TimeUnit;
  /** What was decided on the user's behalf (time format, types), one sentence each. */
  readonly notes: readonly string[];
  readonly totalBytes: number;
  /** Bytes of the file that have been read so far. */
  readonly bytesRead: number;
  /** Timestamps with digits finer than the unit, which were cut off (towards the past). */
  readonly cutTimestamps: number;
  /** All rows, in the file's order. Rows before a bad one are delivered before BAD_INPUT_FILE is thrown. */
  batches(): AsyncGenerator<IngestBatch, void, undefined>;
  close(): Promise<void>;
}

/** What all kinds of source can be told. */
export interface SourceOptions {
  /** Name of the column that holds the time. Default: one named ts, time, timestamp, date or datetime, in any case. */
  readonly ts?: string | undefined;
  /** Name of the column whose value is the name of the row's table; it is no column of the tables. */
  readonly tableBy?: string | undefined;
  /** Columns wanted, apart from the time and `tableBy`. Default: all. */
  readonly columns?: readonly string[] | undefined;
  /** Types that go before what the file says or what its first rows suggest. */
  readonly types?: Readonly<Record<string, ColumnType>> | undefined;
  /** Types of the columns of the table that the rows go to; unlike `types`, the file need not have them all. */
  readonly knownTypes?: Readonly<Record<string, ColumnType>> | undefined;
  /** `iso`, `s`, `ms`, `us`, `ns` (since 1970), or a pattern such as `DD.MM.YYYY HH:mm`. Default: detected. */
  readonly timeFormat?: string | undefined;
  /** IANA zone of times that name no zone themselves. Default: UTC. */
  readonly timeZone?: string | undefined;
  /** Unit of the tables' timestamps. Default: the coarsest that holds the file's times. */
  readonly unit?: TimeUnit | undefined;
}
