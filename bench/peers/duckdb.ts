import { renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { W_BATCH_ROWS, W_COLUMNS, W_ROW_NUMBERS, type WTable } from '../workload/workload-w.ts';
import type { Contestant, RowsBack } from './contract.ts';
import type { Appender, Chunk, Connection, Duck, Instance, Vector } from './duckdb-api.ts';
import { OwnTransactions, TimedTransactions, type Transactions } from './duckdb-transactions.ts';
import { PEERS_FOLDER } from './install.ts';

/** Rows of a DuckDB chunk. */
const CHUNK_ROWS = 2048;
/** Rows between two looks at the clock. */
const ROWS_A_LOOK = 64;
const COLUMNS = ['ts', ...W_COLUMNS] as const;

/** How DuckDB is used. */
export interface DuckdbWay {
  /** Transactions of 10 ms; else the appenders' own. */
  readonly isTimed: boolean;
  /** Rows one by one are given to it by appendDouble and endRow; else they are gathered in data chunks. */
  readonly isSingly: boolean;
}

/**
 * DuckDB by its Node client's appenders, with data chunks that are filled by their vectors' typed arrays: row by row that
 * takes less CPU than its DataChunkWriter, and far less than appendDouble and endRow; of batches less than setColumns. All
 * are doubles, times too, so that no bigint is made.
 */
export class Duckdb implements Contestant {
  readonly version: string;
  readonly #duck: Duck;
  readonly #way: DuckdbWay;
  #path = '';
  #tables: readonly string[] = [];
  #instance!: Instance;
  #connection!: Connection;

  constructor(way: DuckdbWay) {
    this.#way = way;
    const require = createRequire(join(PEERS_FOLDER, 'package.json'));
    this.#duck = require('@duckdb/node-api') as Duck;
    const own = (require('@duckdb/node-api/package.json') as { version: string }).version;
    this.version = `${own} (DuckDB ${this.#duck.version()})`;
  }

  async open(folder: string, tables: readonly WTable[]): Promise<void> {
    this.#path = join(folder, 'w.duckdb');
    this.#tables = tables.map(({ name }) => name);
    await this.reopen();
    const columns = COLUMNS.map((name) => `${name} DOUBLE`).join(', ');
    for (const { name } of tables) await this.#connection.run(`CREATE TABLE ${name} (${columns})`);
  }

  /** Nothing is left: a commit, as closing an appender is one in its own transactions, returns when DuckDB has synced its log, or its file when that got the rows at once. */
  async makeDurable(): Promise<void> {}

  async close(): Promise<void> {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async reopen(): Promise<void> {
    this.#instance = await this.#duck.DuckDBInstance.create(this.#path);
    this.#connection = await this.#instance.connect();
  }

  /** A copy into a new file takes the place of this one: DuckDB's own advice. As whole numbers its times take fewer bytes. */
  async compact(): Promise<void> {
    const copy = `${this.#path}-copy`;
    await this.#connection.run(`ATTACH '${copy.replaceAll("'", "''")}' AS copy`);
    for (const name of this.#tables) {
      await this.#connection.run(
        `CREATE TABLE copy.${name} AS SELECT * REPLACE (ts::BIGINT AS ts) FROM ${name} ORDER BY ts`,
      );
    }
    await this.#connection.run('FORCE CHECKPOINT copy');
    await this.#connection.run('DETACH copy');
    await this.close();
    renameSync(copy, this.#path);
    await this.reopen();
  }

  async read(table: string): Promise<RowsBack> {
    const result = await this.#connection.stream(
      `SELECT * REPLACE (ts::DOUBLE AS ts) FROM ${table} ORDER BY ts`,
    );
    const parts: Float64Array[][] = [];
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      const { rowCount } = chunk;
      parts.push(COLUMNS.map((_, c) => chunk.getColumnVector(c).items.slice(0, rowCount)));
    }
    const rows = parts.reduce((sum, [ts]) => sum + ts!.length, 0);
    const [ts, temp, pressure, vib, count] = COLUMNS.map((_, c) => {
      const all = new Float64Array(rows);
      let at = 0;
      for (const part of parts) {
        all.set(part[c]!, at);
        at += part[c]!.length;
      }
      return all;
    });
    return { ts: ts!, temp: temp!, pressure: pressure!, vib: vib!, count: count! };
  }

  /** Begins to append to some tables. */
  async #transactions(tables: readonly string[]): Promise<Transactions> {
    const transactions = this.#way.isTimed
      ? new TimedTransactions(this.#instance, tables)
      : new OwnTransactions(this.#connection, tables);
    await transactions.start();
    return transactions;
  }

  async appendRows(tables: readonly string[], rows: Float64Array): Promise<void> {
    const transactions = await this.#transactions(tables);
    await (this.#way.isSingly
      ? this.#appendSingly(tables.length, rows, transactions)
      : this.#appendGathered(tables, rows, transactions));
    await transactions.end();
  }

  async #appendSingly(tables: number, rows: Float64Array, transactions: Transactions): Promise<void> {
    let appenders: Appender[] = [];
    let untilLook = ROWS_A_LOOK;
    let t = 0;
    for (let at = 0; at < rows.length; at += W_ROW_NUMBERS) {
      const appender = (appenders[t] ??= await transactions.appenderOf(t));
      for (let i = 0; i < W_ROW_NUMBERS; i++) appender.appendDouble(rows[at + i]!);
      appender.endRow();
      if (++t === tables) t = 0;
      if (--untilLook > 0) continue;
      untilLook = ROWS_A_LOOK;
      if (!transactions.isDue()) continue;
      appenders = [];
      await transactions.next();
    }
  }

  async #appendGathered(
    tables: readonly string[],
    rows: Float64Array,
    transactions: Transactions,
  ): Promise<void> {
    const fillers = tables.map(() => new Filler(this.#newChunk()));
    const appendFilled = async (t: number): Promise<void> =>
      (await transactions.appenderOf(t)).appendDataChunk(fillers[t]!.take());
    const appendAll = async (): Promise<void> => {
      for (const [t, filler] of fillers.entries()) if (filler.rows > 0) await appendFilled(t);
    };
    let untilLook = ROWS_A_LOOK;
    let t = 0;
    for (let at = 0; at < rows.length; at += W_ROW_NUMBERS) {
      if (fillers[t]!.add(rows, at)) await appendFilled(t);
      if (++t === fillers.length) t = 0;
      if (--untilLook > 0) continue;
      untilLook = ROWS_A_LOOK;
      if (!transactions.isDue()) continue;
      await appendAll();
      await transactions.next();
    }
    await appendAll();
  }

  async appendBatches(tables: readonly WTable[]): Promise<void> {
    const transactions = await this.#transactions(tables.map(({ name }) => name));
    const rows = tables[0]!.ts.length;
    const chunk = this.#newChunk();
    for (let from = 0; from < rows; from += W_BATCH_ROWS) {
      const to = Math.min(rows, from + W_BATCH_ROWS);
      for (let t = 0; t < tables.length; t++) {
        const appender = await transactions.appenderOf(t);
        for (let first = from; first < to; first += CHUNK_ROWS) {
          fill(chunk, tables[t]!, first, Math.min(to, first + CHUNK_ROWS));
          appender.appendDataChunk(chunk);
        }
        if (transactions.isDue()) await transactions.next();
      }
    }
    await transactions.end();
  }

  #newChunk(): Chunk {
    const types = COLUMNS.map(() => this.#duck.DOUBLE);
    return this.#duck.DuckDBDataChunk.create(types, CHUNK_ROWS);
  }
}

/** Takes rows one by one into a chunk. */
class Filler {
  rows = 0;
  readonly #chunk: Chunk;
  readonly #vectors: readonly Vector[];
  readonly #items: readonly Float64Array[];

  constructor(chunk: Chunk) {
    this.#chunk = chunk;
    this.#vectors = COLUMNS.map((_, c) => chunk.getColumnVector(c));
    this.#items = this.#vectors.map(({ items }) => items);
  }

  /** @param from where the row is among the numbers @returns whether the chunk is full */
  add(numbers: Float64Array, from: number): boolean {
    const items = this.#items;
    const at = this.rows++;
    items[0]![at] = numbers[from]!;
    items[1]![at] = numbers[from + 1]!;
    items[2]![at] = numbers[from + 2]!;
    items[3]![at] = numbers[from + 3]!;
    items[4]![at] = numbers[from + 4]!;
    return this.rows === CHUNK_ROWS;
  }

  /** The rows so far, for an appender, which copies them; the next row is the first one again. */
  take(): Chunk {
    this.#chunk.rowCount = this.rows;
    for (const vector of this.#vectors) vector.flush();
    this.rows = 0;
    return this.#chunk;
  }
}

/** Rows of a table into a chunk, which is used again and again: a new one each time takes a tenth longer. */
function fill(chunk: Chunk, table: WTable, from: number, to: number): void {
  chunk.rowCount = to - from;
  for (let c = 0; c < COLUMNS.length; c++) {
    const vector = chunk.getColumnVector(c);
    vector.items.set(table[COLUMNS[c]!].subarray(from, to));
    vector.flush();
  }
}
