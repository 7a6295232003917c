import { closeSync, fdatasyncSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { W_BATCH_ROWS, W_COLUMNS, W_ROW_NUMBERS, type WTable } from '../workload/workload-w.ts';
import type { Contestant, RowsBack } from './contract.ts';
import { PEERS_FOLDER } from './install.ts';

/** The little of better-sqlite3 that is used here; the package has no types and is not part of the main set-up. */
interface Statement {
  run(...values: unknown[]): unknown;
  raw(): Statement;
  iterate(): IterableIterator<number[]>;
  get(): Record<string, unknown>;
}
interface Database {
  pragma(source: string): unknown;
  exec(sql: string): void;
  prepare(sql: string): Statement;
  transaction<A extends unknown[]>(body: (...args: A) => void): (...args: A) => void;
  close(): void;
}
type Sqlite3 = new (path: string) => Database;

/** Rows of a transaction: what spreads a commit's cost over enough rows that it no longer counts. */
const TRANSACTION_ROWS = 10_000;
/** Or else a transaction takes rows for this long: Millrace's commit interval. */
const TRANSACTION_MS = 10;
/** Rows between two looks at the clock. */
const ROWS_A_LOOK = 64;
/** Rows of one multi-row INSERT: 5,000 of SQLite's 32,766 parameters; 50 to 1,000 rows were within 7 % of each other. */
const MULTIROW = 1_000;
/** A parameter for ts and each column. */
const PARAMETERS = `(?${',?'.repeat(W_COLUMNS.length)})`;

/** Which way of using it. */
interface Way {
  /** 1,000 rows by one statement, in W2. */
  readonly isMultiRow: boolean;
  /** Transactions of 10 ms, each of them synced. */
  readonly isTimed: boolean;
}

/**
 * better-sqlite3 as its documentation says is fastest: WAL, synchronous=NORMAL, prepared inserts in transactions of
 * 10,000 rows, everything else at its default; or timed, with synchronous=FULL.
 */
export class BetterSqlite3 implements Contestant {
  readonly version: string;
  readonly #Sqlite: Sqlite3;
  readonly #way: Way;
  #path = '';
  #db!: Database;
  readonly #inserts = new Map<string, Statement>();
  readonly #multiInserts = new Map<string, Statement>();

  constructor(way: Way) {
    const require = createRequire(join(PEERS_FOLDER, 'package.json'));
    this.#Sqlite = require('better-sqlite3') as Sqlite3;
    this.#way = way;
    const own = (require('better-sqlite3/package.json') as { version: string }).version;
    const db = new this.#Sqlite(':memory:');
    this.version = `${own} (SQLite ${String(db.prepare('SELECT sqlite_version() AS v').get()['v'])})`;
    db.close();
  }

  async open(folder: string, tables: readonly WTable[]): Promise<void> {
    this.#path = join(folder, 'w.db');
    const db = (this.#db = new this.#Sqlite(this.#path));
    db.pragma('journal_mode = WAL');
    db.pragma(`synchronous = ${this.#way.isTimed ? 'FULL' : 'NORMAL'}`);
    const columns = W_COLUMNS.map((name) => `, ${name} REAL`).join('');
    // No index and no key besides the rowid: what SQLite appends to fastest.
    for (const { name } of tables) db.exec(`CREATE TABLE ${name} (ts INTEGER${columns})`);
    const insert = (name: string, rows: number): Statement =>
      db.prepare(`INSERT INTO ${name} VALUES ${Array(rows).fill(PARAMETERS).join(',')}`);
    for (const { name } of tables) {
      this.#inserts.set(name, insert(name, 1));
      if (this.#way.isMultiRow) this.#multiInserts.set(name, insert(name, MULTIROW));
    }
  }

  /** The data file was synced before SQLite began this WAL anew, so that its fdatasync is all that is left to do. */
  async makeDurable(): Promise<void> {
    // Faster than wal_checkpoint(TRUNCATE) by 1-7 ms, which are SQLite's to have.
    const fd = openSync(`${this.#path}-wal`, 'r+');
    fdatasyncSync(fd);
    closeSync(fd);
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  async reopen(): Promise<void> {
    this.#db = new this.#Sqlite(this.#path);
  }

  async compact(): Promise<void> {
    this.#db.exec('VACUUM');
  }

  async read(table: string): Promise<RowsBack> {
    const count = Number(this.#db.prepare(`SELECT count(*) AS n FROM ${table}`).get()['n']);
    const make = (): Float64Array => new Float64Array(count);
    const back = { ts: make(), temp: make(), pressure: make(), vib: make(), count: make() };
    let row = 0;
    for (const values of this.#db.prepare(`SELECT * FROM ${table} ORDER BY ts`).raw().iterate()) {
      back.ts[row] = values[0]!;
      back.temp[row] = values[1]!;
      back.pressure[row] = values[2]!;
      back.vib[row] = values[3]!;
      back.count[row] = values[4]!;
      row++;
    }
    return back;
  }

  async appendRows(tables: readonly string[], rows: Float64Array): Promise<void> {
    const inserts = tables.map((name) => this.#inserts.get(name)!);
    let at = 0;
    let t = 0;
    const insertSome = (count: number): void => {
      for (const end = Math.min(rows.length, at + count * W_ROW_NUMBERS); at < end; at += W_ROW_NUMBERS) {
        inserts[t]!.run(rows[at], rows[at + 1], rows[at + 2], rows[at + 3], rows[at + 4]);
        if (++t === inserts.length) t = 0;
      }
    };
    const insertRows = this.#db.transaction(() => {
      if (!this.#way.isTimed) return insertSome(TRANSACTION_ROWS);
      const end = performance.now() + TRANSACTION_MS;
      do insertSome(ROWS_A_LOOK);
      while (at < rows.length && performance.now() < end);
    });
    while (at < rows.length) insertRows();
  }

  async appendBatches(tables: readonly WTable[]): Promise<void> {
    const rows = tables[0]!.ts.length;
    const inserts = tables.map(({ name }) => this.#inserts.get(name)!);
    const batches = Math.ceil(rows / W_BATCH_ROWS) * tables.length;
    const insertBatch = (batch: number): void => {
      const t = batch % tables.length;
      const from = Math.floor(batch / tables.length) * W_BATCH_ROWS;
      const to = Math.min(rows, from + W_BATCH_ROWS);
      const rest = this.#way.isMultiRow ? this.#insertMultiRow(tables[t]!, from, to) : from;
      const { ts, temp, pressure, vib, count } = tables[t]!;
      const insert = inserts[t]!;
      for (let i = rest; i < to; i++) insert.run(ts[i], temp[i], pressure[i], vib[i], count[i]);
    };
    const transactionMs = this.#way.isTimed ? TRANSACTION_MS : 0;
    let done = 0;
    const insertBatches = this.#db.transaction(() => {
      const end = performance.now() + transactionMs;
      do insertBatch(done++);
      while (done < batches && performance.now() < end);
    });
    while (done < batches) insertBatches();
  }

  /** Inserts whole groups of rows and returns the first row that is left. */
  #insertMultiRow(table: WTable, from: number, to: number): number {
    const { name, ts, temp, pressure, vib, count } = table;
    const insert = this.#multiInserts.get(name)!;
    const values = new Array<number>(MULTIROW * (1 + W_COLUMNS.length));
    let first = from;
    for (; first + MULTIROW <= to; first += MULTIROW) {
      for (let i = first, p = 0; i < first + MULTIROW; i++) {
        values[p++] = ts[i]!;
        values[p++] = temp[i]!;
        values[p++] = pressure[i]!;
        values[p++] = vib[i]!;
        values[p++] = count[i]!;
      }
      insert.run(values);
    }
    return first;
  }
}
