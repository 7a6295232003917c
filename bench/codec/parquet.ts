import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';

/** Rows of a DuckDB chunk. */
const CHUNK_ROWS = 2048;

/** What Parquet with zstd makes of a column, by DuckDB: writing and reading a file, its metadata counted. */
export interface ParquetColumn {
  readonly bits: number;
  /** Millions of values a second, the better of two passes. */
  readonly encode: number;
  readonly decode: number;
}

/** Measures columns one after the other; undefined where DuckDB's package is not there. */
export class ParquetBaseline {
  private readonly duck: typeof import('@duckdb/node-api');
  private readonly connection: DuckDBConnection;
  private readonly folder = mkdtempSync(join(tmpdir(), 'millrace-parquet-'));

  private constructor(duck: typeof import('@duckdb/node-api'), connection: DuckDBConnection) {
    this.duck = duck;
    this.connection = connection;
  }

  static async open(): Promise<ParquetBaseline | undefined> {
    try {
      const duck = await import('@duckdb/node-api');
      const instance = await duck.DuckDBInstance.create(':memory:', { threads: '1' });
      return new ParquetBaseline(duck, await instance.connect());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined;
      throw error;
    }
  }

  /** @throws if a value does not come back */
  async measure(values: Float64Array): Promise<ParquetColumn> {
    const { connection, duck } = this;
    const path = join(this.folder, 'column.parquet');
    await connection.run('CREATE OR REPLACE TABLE t (v DOUBLE)');
    const appender = await connection.createAppender('t');
    for (let at = 0; at < values.length; at += CHUNK_ROWS) {
      const chunk = duck.DuckDBDataChunk.create([duck.DOUBLE], Math.min(CHUNK_ROWS, values.length - at));
      chunk.setColumnValues(0, Array.from(values.subarray(at, at + chunk.rowCount)));
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
    const write = await fastest(() =>
      connection.run(`COPY t TO '${path}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3)`),
    );
    let read = Number.POSITIVE_INFINITY;
    for (let pass = 0; pass < 2; pass++) {
      const target = new Float64Array(values.length);
      const start = performance.now();
      const result = await connection.stream(`SELECT v FROM '${path}'`);
      let at = 0;
      for (
        let chunk = await result.fetchChunk();
        chunk && chunk.rowCount > 0;
        chunk = await result.fetchChunk()
      ) {
        const { items } = chunk.getColumnVector(0) as unknown as { items: Float64Array };
        target.set(items.subarray(0, chunk.rowCount), at);
        at += chunk.rowCount;
      }
      read = Math.min(read, performance.now() - start);
      // All NaNs become one, and zeros lose their sign.
      const isSame = (value: number, i: number): boolean =>
        value === values[i] || Object.is(value, values[i]);
      if (at !== values.length || !target.every(isSame)) throw new Error('Parquet gave other values back');
    }
    return {
      bits: (8 * statSync(path).size) / values.length,
      encode: values.length / write / 1000,
      decode: values.length / read / 1000,
    };
  }

  close(): void {
    this.connection.closeSync();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The fewer ms of two calls. */
async function fastest(call: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < 2; pass++) {
    const start = performance.now();
    await call();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
