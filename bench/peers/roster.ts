import type { ContestantName, Work } from './contract.ts';

/** What is known of a contestant before it runs. */
export interface Entry {
  /** Its npm package below bench/peers, or its package in the virtual environment; Millrace has none. */
  readonly package?: string;
  /** Run by Python: only with --python. */
  readonly isPython?: true;
  readonly works: readonly Work[];
  /** How it keeps what it took, in the words of the report. */
  readonly durability: string;
  /** What W4 has it do to its files. */
  readonly compaction?: string;
}

const ALL: readonly Work[] = ['w1', 'w2', 'w4'];

/** Every contestant, in the order of the report. */
export const ROSTER: Readonly<Record<ContestantName, Entry>> = {
  millrace: {
    works: ALL,
    durability:
      'commits with fdatasync every 10 ms, sync() at the end: a power cut on the way loses the last 10 ms at most',
    compaction: 'packTable of every table, close',
  },
  'better-sqlite3': {
    package: 'better-sqlite3',
    works: ALL,
    durability:
      'WAL, synchronous=NORMAL, prepared inserts in transactions of 10,000 rows, fdatasync of the WAL at the end: ' +
      'a power cut on the way loses what came after the last checkpoint',
    compaction: 'VACUUM, close',
  },
  // Row by row there is nothing to put into one INSERT.
  'better-sqlite3-multirow': {
    package: 'better-sqlite3',
    works: ['w2'],
    durability: 'the same, but 1,000 rows by each INSERT … VALUES (…), (…), …',
  },
  lmdb: {
    package: 'lmdb',
    works: ALL,
    durability:
      'put() in the asynchronous transactions of its writing thread, at most 10,000 rows (W2: two batches) waiting, each ' +
      'transaction synced (overlappingSync, its default), flushed and an fdatasync at the end: a power cut on the way ' +
      'loses what was not flushed yet',
    compaction: 'a compacted copy (backup) in place of the file',
  },
  'lmdb-sync': {
    package: 'lmdb',
    works: ['w1', 'w2'],
    durability:
      'the same, but putSync with append in transactionSync of 10 ms each (W2: a batch each), in the calling thread',
  },
  duckdb: {
    package: '@duckdb/node-api',
    works: ALL,
    durability:
      'appenders, which commit 204,800 rows of a table at a time and the rest at the end, each commit synced: a power cut on ' +
      'the way loses what was not committed',
    compaction: 'a copy of every table in a new file, times as BIGINT, FORCE CHECKPOINT, close',
  },
  'classic-level': {
    package: 'classic-level',
    works: ALL,
    durability:
      'chained batches written every 10 ms (W2: a batch each) without sync, a put with sync and an fdatasync of its logs ' +
      'at the end: a power cut on the way loses what the system had not written yet',
    compaction: 'compactRange of everything, close',
  },
  parquet: {
    package: 'pyarrow',
    isPython: true,
    works: ['w2', 'w4'],
    durability:
      'Python, pyarrow with zstd, a file for each table, a row group for each batch, fsync of all files at the end: ' +
      'a power cut on the way loses everything, as a file without its footer cannot be read',
    compaction: 'written anew with one row group',
  },
  'nanots-db': {
    package: 'nanots-db',
    isPython: true,
    works: ALL,
    durability: 'Python, append_row (W2: Arrow capsules), flush() and an fsync of all files at the end',
    compaction: 'every table in a file of its own, as it cannot pack two of one file, pack_table, close',
  },
  nanots: {
    package: 'nanots',
    isPython: true,
    works: ['w1', 'w2'],
    durability:
      'Python, a frame for each row (W2: for each batch) in a file made at full size, fsync of all files at the end: ' +
      'a power cut on the way loses what the system had not written yet',
  },
};

export function isPython(name: ContestantName): boolean {
  return ROSTER[name].isPython === true;
}
