import type { WSize, WTable } from '../workload/workload-w.ts';

/**
 * The parts of workload W that are measured here: W1 row by row, W2 in batches of 10,000 rows of one table, W4 the bytes on
 * disk after each engine's own compaction.
 */
export const WORKS = ['w1', 'w2', 'w4'] as const;
export type Work = (typeof WORKS)[number];
/** Those that are raced. */
export type AppendWork = Exclude<Work, 'w4'>;

export const CONTESTANTS = [
  'millrace',
  'better-sqlite3',
  'better-sqlite3-multirow',
  'better-sqlite3-10ms',
  'lmdb',
  'lmdb-sync',
  'duckdb',
  'duckdb-10ms',
  'duckdb-appender-10ms',
  'classic-level',
  'classic-level-10ms',
  'questdb',
  'parquet',
  'nanots-db',
  'nanots',
] as const;
export type ContestantName = (typeof CONTESTANTS)[number];

/** What one child process is told to do. */
export interface Job {
  readonly contestant: ContestantName;
  readonly work: Work;
  readonly size: WSize;
  /** Rows a table that the database takes first, into other tables and untimed: code is compiled and memory is touched then. */
  readonly warmUpRows: number;
  /** An empty folder of its own. */
  readonly folder: string;
}

/** What it tells of it. */
export interface Outcome {
  readonly rows: number;
  /** From the first append to everything durable on disk. */
  readonly seconds: number;
  /** Of them after the last append: waiting for the disk and for what was still to do. */
  readonly endSeconds: number;
  /** Bytes of all files at that moment. */
  readonly durableBytes: number;
  /** Bytes of all files after closing. */
  readonly closedBytes: number;
  /** Bytes of all files after its own compaction and closing; of W4 only. */
  readonly packedBytes?: number;
  /** User and system CPU seconds of the process with all its threads, from first append to durable. */
  readonly cpuSeconds: number;
  /** Of the rows given: the same for every contestant, or they did not do the same work. */
  readonly fingerprint: number;
  /** What was wrong with the answers, in words; empty when all was right. */
  readonly wrong: readonly string[];
  /** Version of the engine, as it says itself. */
  readonly version: string;
}

/** A table's rows as an engine gives them back: sorted by time, bits untouched. */
export type RowsBack = Omit<WTable, 'name'>;

/** One engine under test. Its methods are called in the order in which they stand here, of the two that append one. */
export interface Contestant {
  readonly version: string;
  /** User and system CPU seconds so far of another process that does its work; absent when this one does all. */
  cpuSeconds?(): number;
  /** Makes the database and its tables; not timed. */
  open(folder: string, tables: readonly WTable[], work: AppendWork): Promise<void>;
  /** W1: appends rows one by one, the first to the first of these tables, the second to the second, and so on in turn; `rows` as from `inTurn`. */
  appendRows(tables: readonly string[], rows: Float64Array): Promise<void>;
  /** W2: appends all rows of some of the tables, which are all of one length, in batches. */
  appendBatches(tables: readonly WTable[]): Promise<void>;
  /** Returns when everything appended survives a power cut. */
  makeDurable(): Promise<void>;
  /** Closes the database. */
  close(): Promise<void>;
  /** Opens it again, so that answers come from the files. */
  reopen(): Promise<void>;
  /** Makes its files as small as it can; W4 calls it after `reopen`, when nothing else was done. */
  compact(): Promise<void>;
  /** Reads a whole table. */
  read(table: string): Promise<RowsBack>;
}
