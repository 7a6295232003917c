import type { WSize, WTable } from '../workload/workload-w.ts';

/** The reads of workload W. */
export const READS = ['w3a', 'w3b', 'w3c', 'w3d'] as const;
export type Read = (typeof READS)[number];

export const READERS = ['millrace', 'better-sqlite3', 'duckdb', 'lmdb'] as const;
export type ReaderName = (typeof READERS)[number];

/** What one child process is told to do. */
export interface ReadJob {
  readonly reader: ReaderName;
  readonly size: WSize;
  readonly repeats: number;
  /** An empty folder of its own. */
  readonly folder: string;
}

/** What it tells of each read. */
export interface ReadOutcome {
  readonly version: string;
  /** Median ms of a call. */
  readonly ms: Readonly<Record<Read, number>>;
  /** 99th percentile of W3c's calls, in ms. */
  readonly p99: number;
  /** What was wrong with the answers, in words; empty when all was right. */
  readonly wrong: readonly string[];
}

/** Rows of all columns. */
export type AllColumns = Readonly<Record<'ts' | 'temp' | 'pressure' | 'vib' | 'count', ArrayLike<number>>>;

/** One engine under test, its tables written and closed before it reads. */
export interface Reader {
  readonly version: string;
  /** Writes the tables and brings them to the form that the engine reads fastest; not timed. */
  load(folder: string, tables: readonly WTable[]): Promise<void>;
  /** Column `temp` of `m0` as a Float64Array. */
  column(): Promise<Float64Array>;
  /** All columns of `m0` from a time to another, both inclusive, in arrays. */
  rows(from: number, to: number): Promise<AllColumns>;
  /** Mean of `temp` of `m0` per minute, by time. */
  means(): Promise<ArrayLike<number>>;
  close(): Promise<void>;
}
