import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NanoTsDbShared, type Table } from '../../src/main/index.ts';
import { partOf, W_BATCH_ROWS, W_COLUMNS, type WTable } from '../workload/workload-w.ts';
import type { AllColumns, Reader } from './contract.ts';

type MachineTable = Table<typeof W_COLUMNS, 'ms'>;

/** Millrace, its tables packed and the file opened anew after writing. */
export class MillraceReader implements Reader {
  readonly version: string;
  #db!: NanoTsDbShared;
  #table!: MachineTable;

  constructor() {
    const own = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
    this.version = (JSON.parse(own) as { version: string }).version;
  }

  async load(folder: string, tables: readonly WTable[]): Promise<void> {
    const path = join(folder, 'w.ntt');
    const db = await NanoTsDbShared.open(path);
    for (const rows of tables) {
      const table = await db.createTable(rows.name, W_COLUMNS);
      for (let from = 0; from < rows.ts.length; from += W_BATCH_ROWS) {
        if (!table.append(partOf(rows, from, from + W_BATCH_ROWS))) await db.drained();
      }
    }
    // As CHECKPOINT for DuckDB and the index for SQLite: maintenance would do it by itself, later.
    for (const { name } of tables) await db.packTable(name);
    await db.close();
    this.#db = await NanoTsDbShared.open(path);
    this.#table = this.#db.table('m0') as unknown as MachineTable;
  }

  async column(): Promise<Float64Array> {
    return (await this.#table.query({ columns: ['temp'], ts: false })).columns.temp;
  }

  async rows(from: number, to: number): Promise<AllColumns> {
    const { ts, columns } = await this.#table.query({ from, to });
    return { ts, ...columns };
  }

  async means(): Promise<ArrayLike<number>> {
    const { columns } = await this.#table.aggregate({ every: '1m', columns: { temp: ['mean'] } });
    return columns.temp.mean;
  }

  async close(): Promise<void> {
    await this.#db.close();
  }
}
