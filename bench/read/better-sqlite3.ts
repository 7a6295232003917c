import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PEERS_FOLDER } from '../peers/install.ts';
import { W_COLUMNS, type WTable } from '../workload/workload-w.ts';
import type { AllColumns, Reader } from './contract.ts';

interface Statement<R> {
  run(...values: unknown[]): unknown;
  raw(): Statement<number[]>;
  pluck(): Statement<number>;
  iterate(...values: unknown[]): IterableIterator<R>;
  get(...values: unknown[]): R;
  all(...values: unknown[]): R[];
}
interface Database {
  pragma(source: string): unknown;
  exec(sql: string): void;
  prepare(sql: string): Statement<Record<string, unknown>>;
  transaction<A extends unknown[]>(body: (...args: A) => void): (...args: A) => void;
  close(): void;
}

/** better-sqlite3 with the time as its table's key, so that a range of time is one walk; statements are prepared once. */
export class SqliteReader implements Reader {
  readonly version: string;
  readonly #Sqlite: new (
    path: string,
  ) => Database;
  #db!: Database;
  #count!: Statement<number>;
  #column!: Statement<number>;
  #rows!: Statement<number[]>;
  #means!: Statement<number>;

  constructor() {
    const require = createRequire(join(PEERS_FOLDER, 'package.json'));
    this.#Sqlite = require('better-sqlite3') as new (path: string) => Database;
    this.version = (require('better-sqlite3/package.json') as { version: string }).version;
  }

  async load(folder: string, tables: readonly WTable[]): Promise<void> {
    const db = (this.#db = new this.#Sqlite(join(folder, 'w.db')));
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    const columns = W_COLUMNS.map((name) => `, ${name} REAL`).join('');
    for (const { name, ts, temp, pressure, vib, count } of tables) {
      db.exec(`CREATE TABLE ${name} (ts INTEGER PRIMARY KEY${columns})`);
      const insert = db.prepare(`INSERT INTO ${name} VALUES (?, ?, ?, ?, ?)`);
      db.transaction(() => {
        for (let i = 0; i < ts.length; i++) insert.run(ts[i], temp[i], pressure[i], vib[i], count[i]);
      })();
    }
    db.pragma('wal_checkpoint(TRUNCATE)');
    this.#count = db.prepare('SELECT count(*) FROM m0').pluck();
    this.#column = db.prepare('SELECT temp FROM m0 ORDER BY ts').pluck();
    this.#rows = db.prepare('SELECT * FROM m0 WHERE ts BETWEEN ? AND ? ORDER BY ts').raw();
    this.#means = db.prepare('SELECT avg(temp) FROM m0 GROUP BY ts / 60000 ORDER BY ts / 60000').pluck();
  }

  async column(): Promise<Float64Array> {
    const column = new Float64Array(this.#count.get());
    let row = 0;
    for (const value of this.#column.iterate()) column[row++] = value;
    return column;
  }

  async rows(from: number, to: number): Promise<AllColumns> {
    const all = this.#rows.all(from, to);
    const back = [0, 1, 2, 3, 4].map(() => new Float64Array(all.length));
    const [ts, temp, pressure, vib, count] = back as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    for (let i = 0; i < all.length; i++) {
      const row = all[i]!;
      ts[i] = row[0]!;
      temp[i] = row[1]!;
      pressure[i] = row[2]!;
      vib[i] = row[3]!;
      count[i] = row[4]!;
    }
    return { ts, temp, pressure, vib, count };
  }

  async means(): Promise<ArrayLike<number>> {
    return this.#means.all();
  }

  async close(): Promise<void> {
    this.#db.close();
  }
}
