import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PEERS_FOLDER } from '../peers/install.ts';
import { W_COLUMNS, type WTable } from '../workload/workload-w.ts';
import type { AllColumns, Reader } from './contract.ts';

/** The little of @duckdb/node-api that is used here; the package is not part of the main set-up. */
interface Chunk {
  rowCount: number;
  getColumnVector(i: number): { readonly items: Float64Array };
}
interface Result {
  fetchChunk(): Promise<Chunk | null>;
}
interface Prepared {
  bindDouble(i: number, value: number): void;
  stream(): Promise<Result>;
}
interface Appender {
  appendDataChunk(chunk: Chunk): void;
  closeSync(): void;
}
interface Connection {
  run(sql: string): Promise<unknown>;
  stream(sql: string): Promise<Result>;
  prepare(sql: string): Promise<Prepared>;
  createAppender(table: string): Promise<Appender>;
  closeSync(): void;
}
interface Duck {
  DuckDBInstance: {
    create(path: string): Promise<{ connect(): Promise<Connection>; closeSync(): void }>;
  };
  DuckDBDataChunk: { create(types: readonly unknown[], rows: number): Chunk };
  DOUBLE: unknown;
}

/** Rows of a DuckDB chunk. */
const CHUNK_ROWS = 2048;
const COLUMNS = ['ts', ...W_COLUMNS] as const;

/**
 * DuckDB by its Node client: results as the vectors' own typed arrays, chunk by chunk. Times are doubles there too, so that
 * no bigint is made of them.
 */
export class DuckdbReader implements Reader {
  readonly version: string;
  readonly #duck: Duck;
  #connection!: Connection;
  #close!: () => void;
  #rows!: Prepared;
  #total = 0;

  constructor() {
    const require = createRequire(join(PEERS_FOLDER, 'package.json'));
    this.#duck = require('@duckdb/node-api') as Duck;
    this.version = (require('@duckdb/node-api/package.json') as { version: string }).version;
  }

  async load(folder: string, tables: readonly WTable[]): Promise<void> {
    const { DuckDBInstance, DuckDBDataChunk, DOUBLE } = this.#duck;
    const instance = await DuckDBInstance.create(join(folder, 'w.duckdb'));
    const connection = (this.#connection = await instance.connect());
    this.#close = () => {
      connection.closeSync();
      instance.closeSync();
    };
    for (const table of tables) {
      await connection.run(
        `CREATE TABLE ${table.name} (${COLUMNS.map((name) => `${name} DOUBLE`).join(', ')})`,
      );
      const appender = await connection.createAppender(table.name);
      for (let from = 0; from < table.ts.length; from += CHUNK_ROWS) {
        const rows = Math.min(CHUNK_ROWS, table.ts.length - from);
        const chunk = DuckDBDataChunk.create(
          COLUMNS.map(() => DOUBLE),
          rows,
        );
        for (const [i, name] of COLUMNS.entries()) {
          const vector = chunk.getColumnVector(i) as { items: Float64Array; flush?(): void };
          vector.items.set(table[name].subarray(from, from + rows));
          vector.flush?.();
        }
        appender.appendDataChunk(chunk);
      }
      appender.closeSync();
    }
    await connection.run('CHECKPOINT');
    this.#total = tables[0]!.ts.length;
    this.#rows = await connection.prepare('SELECT * FROM m0 WHERE ts BETWEEN ? AND ? ORDER BY ts');
  }

  async column(): Promise<Float64Array> {
    // Insertion order is DuckDB's order of a plain scan, and that of time here.
    const result = await this.#connection.stream('SELECT temp FROM m0');
    return (await collect(result, 1, this.#total))[0]!;
  }

  async rows(from: number, to: number): Promise<AllColumns> {
    this.#rows.bindDouble(1, from);
    this.#rows.bindDouble(2, to);
    const result = await this.#rows.stream();
    const [ts, temp, pressure, vib, count] = await collect(result, 5, this.#total);
    return { ts: ts!, temp: temp!, pressure: pressure!, vib: vib!, count: count! };
  }

  async means(): Promise<ArrayLike<number>> {
    const result = await this.#connection.stream(
      'SELECT avg(temp) FROM m0 GROUP BY floor(ts / 60000) ORDER BY floor(ts / 60000)',
    );
    return (await collect(result, 1, this.#total))[0]!;
  }

  async close(): Promise<void> {
    this.#close();
  }
}

/** Chunks joined; of a result of unknown length the chunks are kept until it is known. */
async function collect(result: Result, columns: number, atMost: number): Promise<Float64Array[]> {
  const parts: Float64Array[][] = [];
  let rows = 0;
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; ) {
    const { rowCount } = chunk;
    const own = chunk;
    parts.push(Array.from({ length: columns }, (_, i) => own.getColumnVector(i).items.subarray(0, rowCount)));
    rows += rowCount;
    if (rows > atMost) throw new RangeError(`${rows} rows of ${atMost}`);
    chunk = await result.fetchChunk();
  }
  return Array.from({ length: columns }, (_, i) => {
    const all = new Float64Array(rows);
    let at = 0;
    for (const part of parts) {
      all.set(part[i]!, at);
      at += part[i]!.length;
    }
    return all;
  });
}
