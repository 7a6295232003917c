import { renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { W_BATCH_ROWS, W_COLUMNS, type WTable } from '../workload/workload-w.ts';
import type { AppendWork, Contestant, RowsBack } from './contract.ts';
import { PEERS_FOLDER } from './install.ts';

/** The little of @duckdb/node-api that is used here; the package is not part of the main set-up. */
interface Vector {
  readonly items: Float64Array;
  flush(): void;
}
interface Chunk {
  rowCount: number;
  getColumnVector(i: number): Vector;
}
interface Appender {
  appendDataChunk(chunk: Chunk): void;
  closeSync(): void;
}
interface RowWriter {
  appendRow(row: readonly number[]): void;
  flush(): void;
}
interface Connection {
  run(sql: string): Promise<unknown>;
  stream(sql: string): Promise<{ fetchChunk(): Promise<Chunk | null> }>;
  createAppender(table: string): Promise<Appender>;
  closeSync(): void;
}
interface Instance {
  connect(): Promise<Connection>;
  closeSync(): void;
}
interface Duck {
  DuckDBInstance: { create(path: string): Promise<Instance> };
  DuckDBDataChunk: { create(types: readonly unknown[], rows: number): Chunk };
  DuckDBDataChunkWriter: { forAppender(appender: Appender): RowWriter };
  DOUBLE: unknown;
  version(): string;
}

/** Rows of a DuckDB chunk. */
const CHUNK_ROWS = 2048;
const COLUMNS = ['ts', ...W_COLUMNS] as const;

/**
 * DuckDB by its Node client's appenders, one for each table. Row by row through its DataChunkWriter, whose rows cost three
 * fifths of the CPU of appendDouble and endRow; batches as data chunks, filled by their vectors' typed arrays, which is
 * faster than setColumns. All are doubles, times too, so that no bigint is made. Transactions are the appenders' own:
 * one of 122,880 rows of every table, or one of all rows, took a fifth more CPU.
 */
export class Duckdb implements Contestant {
  readonly version: string;
  readonly #duck: Duck;
  #path = '';
  #tables: readonly string[] = [];
  #instance!: Instance;
  #connection!: Connection;

  constructor() {
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

  async append(work: AppendWork, tables: readonly WTable[]): Promise<void> {
    const appenders: Appender[] = [];
    for (const { name } of tables) appenders.push(await this.#connection.createAppender(name));
    if (work === 'w1') this.#appendRows(tables, appenders);
    else this.#appendBatches(tables, appenders);
    for (const appender of appenders) appender.closeSync();
  }

  /** Nothing is left: a commit, as closing an appender is one, returns when DuckDB has synced its log, or its file when that got the rows at once. */
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

  #appendRows(tables: readonly WTable[], appenders: readonly Appender[]): void {
    const writers = appenders.map((appender) => this.#duck.DuckDBDataChunkWriter.forAppender(appender));
    const rows = tables[0]!.ts.length;
    // The writer copies it.
    const row = [0, 0, 0, 0, 0];
    for (let i = 0; i < rows; i++) {
      for (let t = 0; t < tables.length; t++) {
        const { ts, temp, pressure, vib, count } = tables[t]!;
        row[0] = ts[i]!;
        row[1] = temp[i]!;
        row[2] = pressure[i]!;
        row[3] = vib[i]!;
        row[4] = count[i]!;
        writers[t]!.appendRow(row);
      }
    }
    for (const writer of writers) writer.flush();
  }

  #appendBatches(tables: readonly WTable[], appenders: readonly Appender[]): void {
    const rows = tables[0]!.ts.length;
    const types = COLUMNS.map(() => this.#duck.DOUBLE);
    const chunk = this.#duck.DuckDBDataChunk.create(types, CHUNK_ROWS);
    for (let from = 0; from < rows; from += W_BATCH_ROWS) {
      const to = Math.min(rows, from + W_BATCH_ROWS);
      for (let t = 0; t < tables.length; t++) {
        for (let first = from; first < to; first += CHUNK_ROWS) {
          fill(chunk, tables[t]!, first, Math.min(to, first + CHUNK_ROWS));
          appenders[t]!.appendDataChunk(chunk);
        }
      }
    }
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
