import type { WriterDeath } from '../shared/control/api.ts';
import type { Latency } from '../shared/control/latency.ts';
import type { AutoMaintenanceOptions, MaintenanceStats } from '../shared/control/maintenance.ts';
import type { CacheCounters } from '../shared/read/block-cache.ts';
import type { ColumnType, TimeUnit } from '../shared/schema/types.ts';
import type { ReadCounters } from '../shared/storage/counted-storage.ts';

export type { CacheCounters } from '../shared/read/block-cache.ts';
export type { ReadCounters } from '../shared/storage/counted-storage.ts';

export type { WriterDeath };

/** How a column is named when a table is made: a name alone is an `f64` column. */
export type ColumnSpec = string | { readonly name: string; readonly type?: ColumnType };

/** Name of a column as its spec gives it. */
export type NameOf<S extends ColumnSpec> = S extends string
  ? S
  : S extends { readonly name: infer N }
    ? N & string
    : never;

/** Type of a column as its spec gives it. */
export type TypeOf<S extends ColumnSpec> = S extends string
  ? 'f64'
  : S extends { readonly type: infer T extends ColumnType }
    ? T
    : 'f64';

/** Names and types of a table's columns. */
export type ColumnsOf<C extends readonly ColumnSpec[]> = { [S in C[number] as NameOf<S>]: TypeOf<S> };

/** What a table with unknown columns is: any name, any type. */
// biome-ignore lint/suspicious/noExplicitAny: stands for every tuple of specs
export type AnySpecs = readonly any[];

interface ValueOfType {
  f64: number;
  f32: number;
  i64: bigint | number;
  i32: number;
  bool: boolean | 0 | 1;
  utf8: string;
  bytes: Uint8Array;
}

/** One value of a row. i64 columns take bigints, or numbers that are safe integers. */
export type ValueOf<T extends ColumnType> = ValueOfType[T];

/** The values of a row, in the order of the table's columns; null is allowed in every column. */
export type RowValues<C extends readonly ColumnSpec[]> = {
  readonly [I in keyof C]: ValueOf<TypeOf<C[I]>> | null;
};

/** A timestamp as the unit wants it: ms tables take safe integers, as numbers or bigints; others bigints. */
export type Timestamp<U extends TimeUnit = TimeUnit> = U extends 'ms' ? number | bigint : bigint;

/**
 * Appends a row, its values being parameters. (The type of a method: a table of known columns is a table.)
 * @returns and throws as `Table.appendRow`
 */
export type RowAppender<C extends readonly ColumnSpec[], U extends TimeUnit> = {
  append(ts: Timestamp<U>, ...values: RowValues<C>): boolean;
}['append'];

interface ArrayOfType {
  f64: Float64Array;
  f32: Float32Array;
  i64: BigInt64Array;
  i32: Int32Array;
  bool: Uint8Array;
  utf8: string[];
  bytes: Uint8Array[];
}

/** A column of a result: bool as 0/1; a null holds 0, '' or an empty array and a 0 bit in `validity`. */
export type ColumnArray<T extends ColumnType> = ArrayOfType[T];

/** A column of a batch to append: the arrays that query returns, or plain arrays in which null stands for no value. */
export type ColumnInput<T extends ColumnType> = ColumnArray<T> | readonly (ValueOf<T> | null)[];

/** Rows in columns: what `query` returns and what `append` takes. Owns plain ArrayBuffers. */
export interface Rows<
  M extends Record<string, ColumnType> = Record<string, ColumnType>,
  U extends TimeUnit = TimeUnit,
> {
  readonly rowCount: number;
  /** Sorted by time, ties in order of arrival. ms tables: numbers; us and ns tables: bigints. */
  readonly ts: U extends 'ms' ? Float64Array : BigInt64Array;
  readonly columns: { readonly [K in keyof M]: ColumnArray<M[K]> };
  /** Per column a bitmap, 1 = present, least significant bit first, as in Arrow; absent = no nulls. */
  readonly validity: { readonly [K in keyof M]?: Uint8Array };
}

/** What a query gives: without `ts` if its options say so. */
export type Answer<
  M extends Record<string, ColumnType>,
  U extends TimeUnit,
  T extends boolean,
> = T extends false ? Omit<Rows<M, U>, 'ts'> : Rows<M, U>;

/** Columns of rows to append. Every column of the table must be there, all of one length. */
export interface Batch<
  M extends Record<string, ColumnType> = Record<string, ColumnType>,
  U extends TimeUnit = TimeUnit,
> {
  readonly ts:
    | (U extends 'ms' ? Float64Array | readonly (number | bigint)[] : never)
    | BigInt64Array
    | readonly bigint[];
  readonly columns: { readonly [K in keyof M]: ColumnInput<M[K]> };
  readonly validity?: { readonly [K in keyof M]?: Uint8Array | undefined };
}

export type ComparisonOp = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** One condition; several are joined by "and". A null fulfils no comparison; NaN only `!=`. */
export type Predicate<M extends Record<string, ColumnType> = Record<string, ColumnType>> = {
  [K in keyof M & string]:
    | { readonly column: K; readonly op: ComparisonOp; readonly value: ValueOf<M[K]> }
    | { readonly column: K; readonly op: 'is null' | 'is not null' };
}[keyof M & string];

export interface QueryOptions<
  M extends Record<string, ColumnType> = Record<string, ColumnType>,
  U extends TimeUnit = TimeUnit,
  N extends keyof M & string = keyof M & string,
  T extends boolean = boolean,
> {
  /** First timestamp wanted, inclusive. */
  readonly from?: Timestamp<U> | undefined;
  /** Last timestamp wanted, inclusive. */
  readonly to?: Timestamp<U> | undefined;
  /** Columns wanted; only these are decoded. Default: all. */
  readonly columns?: readonly N[] | undefined;
  /** Whether the timestamps are wanted; default true. Without them they are not even decoded where they need not be. */
  readonly ts?: T | undefined;
  readonly where?: readonly Predicate<M>[] | undefined;
  /** At most this many rows: the first ones in the order asked for. */
  readonly limit?: number | undefined;
  /** `asc` (default) or `desc`: newest first; ties then in reverse order of arrival. */
  readonly order?: 'asc' | 'desc' | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ScanOptions<
  M extends Record<string, ColumnType> = Record<string, ColumnType>,
  U extends TimeUnit = TimeUnit,
  N extends keyof M & string = keyof M & string,
  T extends boolean = boolean,
> extends QueryOptions<M, U, N, T> {
  /** Rows of a batch; default 65,536. The last batch is shorter. */
  readonly batchRows?: number | undefined;
}

export interface OpenOptions {
  /** Make the file if there is none. Default true. */
  readonly create?: boolean | undefined;
  /** Open for reading only: takes no lock, starts no thread. Default false. */
  readonly readOnly?: boolean | undefined;
  /** Writer threads, 1…64. Default: cores − 1, at least 1. Large batches from one thread are written fastest with one for each core. */
  readonly writers?: number | undefined;
  /** Threads that may append at once, 1…64. Default 16. */
  readonly maxProducers?: number | undefined;
  /** `interval`: a commit every `commitIntervalMs`; `always`: append returns after the fdatasync; `none`: the OS decides. */
  readonly durability?: 'interval' | 'always' | 'none' | undefined;
  /** ms between commits, 1…60,000. Default 10. */
  readonly commitIntervalMs?: number | undefined;
  /** Bytes for the chunks of all writers together, from 32 MiB a writer. Default 256 MiB. */
  readonly memoryBudgetBytes?: number | undefined;
  /**
   * ms for which bytes of the file that are not needed any more are left as they are, 0…3,600,000, for the sake of readers in
   * other processes: those see reads fail later, and look again. Waived where more than 8 MiB wait. Default 5000.
   */
  readonly reuseDelayMs?: number | undefined;
  /**
   * Bytes of blocks that a handle keeps in memory, encoded, so that reads need not read and check them again; 0 keeps none.
   * Each thread's handle has its own. Default 32 MiB.
   */
  readonly readCacheBytes?: number | undefined;
  /**
   * How long rows are kept: ms, or a duration such as `'30d'` (`ms s m h d w mo y`; a month is 30 days, a year 365). Stored in
   * the file; null clears what is stored. A table's own (`setRetention`) goes before it.
   */
  readonly retention?: number | string | null | undefined;
  /**
   * What the file may come to, in bytes: neither its length nor its blocks on the disk go beyond. In a full file the oldest
   * blocks of all tables make way, of each table the newest one last, and appends go on. At least 4 MiB, and 2 MiB for each
   * writer, or 32 KiB for each table if that is more. Stored in the file; null clears what is stored.
   */
  readonly maxBytes?: number | null | undefined;
  /** Maintenance by itself: true (default), false, or its options. */
  readonly autoMaintenance?: boolean | AutoMaintenanceOptions | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A table's newest row: of rows of one time the last that arrived. */
export interface LastRow<
  M extends Record<string, ColumnType> = Record<string, ColumnType>,
  U extends TimeUnit = TimeUnit,
> {
  readonly ts: U extends 'ms' ? number : bigint;
  readonly columns: { readonly [K in keyof M]: PlainValue<M[K]> | null };
}

interface PlainValueOfType {
  f64: number;
  f32: number;
  i64: bigint;
  i32: number;
  bool: boolean;
  utf8: string;
  bytes: Uint8Array;
}

/** One value as it is given back. */
export type PlainValue<T extends ColumnType> = PlainValueOfType[T];

export interface TableInfo {
  readonly name: string;
  readonly unit: TimeUnit;
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
}

export interface TableStats extends TableInfo {
  /** Rows that a query of the whole table returns. */
  readonly rows: number;
  /** Blocks on disk, those of the index and those since the last checkpoint. */
  readonly blocks: number;
  /** Bytes of those blocks. */
  readonly storedBytes: number;
  /** Bytes of the rows uncoded: 8 for ts, the types' widths, strings and byte arrays by their length where known. */
  readonly rawBytes: number;
  readonly from: number | bigint | null;
  readonly to: number | bigint | null;
}

/** How much of a column is in one codec. */
export interface CodecUse {
  /** As `docs/format.md`, section 6, names it. */
  readonly codec: string;
  readonly vectors: number;
  /** Rows, nulls included; none for a column's dictionary. */
  readonly rows: number;
  /** Bytes of those vectors with their headers and statistics. */
  readonly bytes: number;
}

/** How a column's values are stored in the blocks of a table. Rows that are still in memory are not in it. */
export interface ColumnStorage {
  readonly name: string;
  readonly type: ColumnType | 'ts';
  /** Rows, nulls included, of the blocks that have the column. */
  readonly rows: number;
  readonly nulls: number;
  /** Bytes of those rows uncoded; null for utf8 and bytes, whose lengths would have to be decoded. */
  readonly rawBytes: number | null;
  readonly storedBytes: number;
  /** The codecs in use, the one of most rows first. */
  readonly codecs: readonly CodecUse[];
}

export interface DatabaseStats {
  readonly path: string;
  readonly readOnly: boolean;
  readonly state: 'open' | 'closing' | 'closed' | 'poisoned';
  /** Bytes of the file now. */
  readonly fileBytes: number;
  /** Bytes of the file that nothing refers to, those included that the next checkpoints will free for use. */
  readonly freeBytes: number;
  /** The database's retention in ms; null if rows are kept for ever. */
  readonly retentionMs: number | null;
  /** What the file may come to; null if it may grow as it likes. */
  readonly maxBytes: number | null;
  /** What maintenance does and has done; undefined for a database opened with readOnly. */
  readonly maintenance: MaintenanceStats | undefined;
  /** Number of the newest checkpoint. */
  readonly checkpoint: number;
  readonly tables: readonly TableStats[];
  readonly rows: number;
  readonly writers: readonly WriterStats[];
  /** What this handle has read of the file since it was opened, its scan workers included; this call's own reads are not in it. */
  readonly read: ReadCounters;
  /** Blocks that this handle keeps for its reads. */
  readonly cache: CacheCounters;
  /** Memory that chunks may take, what they take of it, and how many are being filled or on their way to a writer. */
  readonly memory: {
    readonly budgetBytes: number;
    readonly slabBytes: number;
    readonly fillingChunks: number;
    readonly sentChunks: number;
  };
  /** How long things have taken since the database was opened; undefined for a database opened with readOnly. */
  readonly latency: DatabaseLatency | undefined;
  /** Threads that have the database open for appends, those included whose end the writers have not yet seen off. */
  readonly producers: number;
  /** The last 100 ends of writers that nobody asked for; each was replaced, and no row was lost. */
  readonly deaths: readonly WriterDeath[];
  /** What recovery found when the database was opened. */
  readonly recovery: RecoveryReport;
}

/** How a database was found when it was opened. */
export type Diagnosis = Pick<DatabaseStats, 'path' | 'state' | 'fileBytes' | 'checkpoint' | 'recovery'>;

export interface DatabaseLatency {
  /** A commit: what was encoded, and the log, written and (but for `durability: 'none'`) synced. */
  readonly commit: Latency;
  /**
   * An append that needed a new chunk: with what it waited for memory, and rested because maintenance could not keep up. All
   * other appends only copy their values.
   */
  readonly append: Latency;
  /** A checkpoint: the index written and synced, twice. */
  readonly checkpoint: Latency;
}

export interface WriterStats {
  readonly writer: number;
  /** How often its thread ended and was replaced. */
  readonly deaths: number;
  readonly rows: number;
  readonly blocks: number;
  readonly commits: number;
  readonly dataBytes: number;
  readonly logBytes: number;
  /** Share of its time spent encoding, writing and syncing since the database was opened, 0…1. */
  readonly busy: number;
  /** Rows a second since the database was opened. */
  readonly rowsPerSec: number;
  /** How full the fullest of the rings is by which producers tell it of chunks, 0…1. */
  readonly ringUse: number;
}

export interface RecoveryReport {
  /** Frames read from the log. */
  readonly frames: number;
  /** Rows taken from the log, in pieces or in blocks that the index did not have. */
  readonly rows: number;
  /** Bytes of log that did not hold and were dropped: where the power went. */
  readonly droppedBytes: number;
  /** What was lost to damage, in words; empty when nothing was. */
  readonly damage: readonly string[];
}
