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
  flushSync(): void;
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
/** Rows of a row group: what DuckDB writes to its file at once, without the detour of its log. */
const ROW_GROUP_ROWS = 122_880;
const COLUMNS = ['ts', ...W_COLUMNS] as const;

/**
 * DuckDB by its Node client's appenders, one for each table. Row by row through its DataChunkWriter, whose rows cost three
 * fifths of the CPU of appendDouble and endRow; batches as data chunks, filled by their vectors' typed arrays, which is
 * faster than setColumns. All are doubles, times too, so that no bigint is made. A transaction takes a row group of every
 * table: the appender's own commits of 204,800 rows were no faster, and come table by table, with a sync each.
 */
export class Duckdb implements Contestant {
  readonly version: string;
  readonly #duck: Duck;
  #path = '';
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
    await this.reopen();
    const columns = COLUMNS.map((name) => `${name} DOUBLE`).join(', ');
    for (const { name } of tables) await this.#connection.run(`CREATE TABLE ${name} (${columns})`);
  }

  async append(work: AppendWork, tables: readonly WTable[]): Promise<void> {
    const appenders: Appender[] = [];
    for (const { name } of tables) appenders.push(await this.#connection.createAppender(name));
    await this.#connection.run('BEGIN');
    if (work === 'w1') await this.#appendRows(tables, appenders);
    else await this.#appendBatches(tables, appenders);
    for (const appender of appenders) appender.closeSync();
    await this.#connection.run('COMMIT');
  }

  /** Nothing is left: a COMMIT returns when DuckDB has synced its log, or its file when that got the rows at once. */
  async makeDurable(): Promise<void> {}

  async close(): Promise<void> {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async reopen(): Promise<void> {
    this.#instance = await this.#duck.DuckDBInstance.create(this.#path);
    this.#connection = await this.#instance.connect();
  }

  async compact(): Promise<void> {
    await this.#connection.run('FORCE CHECKPOINT');
  }

  async read(table: string): Promise<RowsBack> {
    const result = await this.#connection.stream(`SELECT * FROM ${table} ORDER BY ts`);
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

  async #appendRows(tables: readonly WTable[], appenders: readonly Appender[]): Promise<void> {
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
      if ((i + 1) % ROW_GROUP_ROWS > 0) continue;
      for (const writer of writers) writer.flush();
      await this.#commit(appenders);
    }
    for (const writer of writers) writer.flush();
  }

  async #appendBatches(tables: readonly WTable[], appenders: readonly Appender[]): Promise<void> {
    const rows = tables[0]!.ts.length;
    const types = COLUMNS.map(() => this.#duck.DOUBLE);
    const chunk = this.#duck.DuckDBDataChunk.create(types, CHUNK_ROWS);
    let committed = 0;
    for (let from = 0; from < rows; from += W_BATCH_ROWS) {
      const to = Math.min(rows, from + W_BATCH_ROWS);
      for (let t = 0; t < tables.length; t++) {
        for (let first = from; first < to; first += CHUNK_ROWS) {
          fill(chunk, tables[t]!, first, Math.min(to, first + CHUNK_ROWS));
          appenders[t]!.appendDataChunk(chunk);
        }
      }
      if (to - committed < ROW_GROUP_ROWS) continue;
      await this.#commit(appenders);
      committed = to;
    }
  }

  async #commit(appenders: readonly Appender[]): Promise<void> {
    for (const appender of appenders) appender.flushSync();
    await this.#connection.run('COMMIT');
    await this.#connection.run('BEGIN');
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
