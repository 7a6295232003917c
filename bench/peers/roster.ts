import type { ContestantName, Work } from './contract.ts';

/** What is known of a contestant before it runs. */
export interface Entry {
  /** Its npm package below bench/peers, or its package in the virtual environment; Millrace has none. */
  readonly package?: string;
  /** Run by Python: only with --python. */
  readonly isPython?: true;
  /** A server in Java: only with --java. */
  readonly isJava?: true;
  readonly works: readonly Work[];
  /** How it keeps what it took, in the words of the report. */
  readonly durability: string;
  /**
   * It promises what Millrace promises: all that it takes is on its way to the disk all the time, and of a running append a
   * power cut loses the last 10 ms, or another such piece of work beside it that is being committed. Goals are judged
   * beside these.
   */
  readonly isAsDurable?: true;
  /**
   * In W1 the caller gathers rows and gives the engine many in one call: faster than its call for a row, but until then the
   * engine has none of them. W1's goal is beside those that are given each row as it comes.
   */
  readonly gathersRows?: true;
  /** What W4 has it do to its files. */
  readonly compaction?: string;
}

const ALL: readonly Work[] = ['w1', 'w2', 'w4'];

/** Every contestant, in the order of the report. */
export const ROSTER: Readonly<Record<ContestantName, Entry>> = {
  millrace: {
    works: ALL,
    durability:
      'rows by rowAppender, W2 with a writer for each core; commits with fdatasync every 10 ms, sync() at the end: a power ' +
      'cut on the way loses the last 10 ms at most',
    isAsDurable: true,
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
  'better-sqlite3-10ms': {
    package: 'better-sqlite3',
    works: ['w1', 'w2'],
    durability:
      'WAL, synchronous=FULL, prepared inserts (W2: 1,000 rows each) in transactions of 10 ms (W2: of whole batches), each ' +
      'synced by its commit: a power cut on the way loses the transaction under way',
    isAsDurable: true,
  },
  // overlappingSync is not laxer than this: its documentation has each transaction flushed after it became visible, in parallel
  // with the next one; in its source one waits for that where 500 pages or more are not flushed, as with all of these.
  lmdb: {
    package: 'lmdb',
    works: ALL,
    durability:
      'put() in the asynchronous transactions of its writing thread, at most 10,000 rows (W2: two batches) waiting, each ' +
      'transaction synced when it is visible (overlappingSync, its default), flushed and an fdatasync at the end: a power cut ' +
      'on the way loses what waits and the transactions that are being synced',
    isAsDurable: true,
    compaction: 'a compacted copy (backup) in place of the file',
  },
  'lmdb-sync': {
    package: 'lmdb',
    works: ['w1', 'w2'],
    durability:
      'putSync with append in transactionSync of 10 ms each (W2: a batch each), in the calling thread, synced before it ' +
      'returns, an fdatasync at the end: a power cut on the way loses the transaction under way',
    isAsDurable: true,
  },
  duckdb: {
    package: '@duckdb/node-api',
    works: ALL,
    durability:
      'appenders, which commit 204,800 rows of a table at a time and the rest at the end, each commit synced: a power cut on ' +
      'the way loses what was not committed; W1: its rows are gathered in data chunks of 2,048',
    gathersRows: true,
    compaction: 'a copy of every table in a new file, times as BIGINT, FORCE CHECKPOINT, close',
  },
  'duckdb-10ms': {
    package: '@duckdb/node-api',
    works: ['w1', 'w2'],
    durability:
      'transactions of 10 ms (W2: of whole batches) by appenders of two connections in turn, one committed while the other takes rows, ' +
      'each commit synced: a power cut on the way loses these two; W1: its rows are gathered in data chunks of 2,048',
    isAsDurable: true,
    gathersRows: true,
  },
  'duckdb-appender-10ms': {
    package: '@duckdb/node-api',
    works: ['w1'],
    durability: 'the same with the appenders’ appendDouble and endRow, each commit synced',
    isAsDurable: true,
  },
  'classic-level': {
    package: 'classic-level',
    works: ALL,
    durability:
      'chained batches written every 10 ms (W2: a batch each) without sync, a put with sync and an fdatasync of its logs ' +
      'at the end: a power cut on the way loses what the system had not written yet',
    compaction: 'compactRange of everything, close',
  },
  'classic-level-10ms': {
    package: 'classic-level',
    works: ['w1', 'w2'],
    durability:
      'chained batches of 10 ms (W2: of whole batches), each written with sync while the next one grows: a power cut on the way ' +
      'loses these two',
    isAsDurable: true,
  },
  questdb: {
    package: '@questdb/nodejs-client',
    isJava: true,
    works: ['w1', 'w2'],
    durability:
      'a server on the same machine, rows by its client for Node over line protocol (HTTP) in requests of 75,000, its default, an fdatasync of all ' +
      'files at the end: a power cut on the way loses what the system had not written yet',
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

export function isAsDurable(name: ContestantName): boolean {
  return ROSTER[name].isAsDurable === true;
}

/** The best of some peers in each round, as the report and the suite show it. */
export interface Best {
  readonly words: string;
  readonly isAmong: (name: ContestantName) => boolean;
  /** Whether the goal is beside these. */
  readonly isGoal?: true;
}

/** Whom Millrace is compared with at once in a work: those that promise the same and do the same, then all. */
export function bestsOf(work: 'w1' | 'w2'): readonly Best[] {
  const gathers = (name: ContestantName): boolean => work === 'w1' && ROSTER[name].gathersRows === true;
  const ofAll = { words: 'best peer, whatever it promises', isAmong: () => true };
  const words = 'best peer at the same durability';
  const asDurable = { words, isAmong: isAsDurable };
  if (work === 'w2') return [{ ...asDurable, isGoal: true }, ofAll];
  return [
    { words, isAmong: (name) => isAsDurable(name) && !gathers(name), isGoal: true },
    { words: `${words}, rows gathered by its caller`, isAmong: isAsDurable },
    ofAll,
  ];
}

export function isJava(name: ContestantName): boolean {
  return ROSTER[name].isJava === true;
}
