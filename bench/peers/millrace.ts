import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { NanoTsDbShared, type OpenOptions, type Table } from '../../src/main/index.ts';
import { partOf, W_BATCH_ROWS, W_COLUMNS, type WTable } from '../workload/workload-w.ts';
import type { AppendWork, Contestant, RowsBack, Work } from './contract.ts';

type MachineTable = Table<typeof W_COLUMNS, 'ms'>;

/** Millrace with its default options, a commit every 10 ms among them; for batches a writer for each core, as is documented. */
export class Millrace implements Contestant {
  readonly version: string;
  readonly #options: OpenOptions;
  #path = '';
  #db!: NanoTsDbShared;
  readonly #handles = new Map<string, MachineTable>();

  constructor(work: Work) {
    this.#options = work === 'w2' ? { writers: availableParallelism() } : {};
    const own = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
    this.version = (JSON.parse(own) as { version: string }).version;
  }

  async open(folder: string, tables: readonly WTable[]): Promise<void> {
    this.#path = join(folder, 'w.ntt');
    this.#db = await NanoTsDbShared.open(this.#path, this.#options);
    for (const { name } of tables) this.#handles.set(name, await this.#db.createTable(name, W_COLUMNS));
  }

  async append(work: AppendWork, tables: readonly WTable[]): Promise<void> {
    const handles = tables.map(({ name }) => this.#handles.get(name)!);
    if (work === 'w1') await this.#appendRows(tables, handles);
    else await this.#appendBatches(tables, handles);
  }

  async makeDurable(): Promise<void> {
    await this.#db.sync();
  }

  async close(): Promise<void> {
    await this.#db.close();
  }

  async reopen(): Promise<void> {
    this.#db = await NanoTsDbShared.open(this.#path, this.#options);
  }

  async compact(): Promise<void> {
    for (const name of this.#db.listTables()) await this.#db.packTable(name);
  }

  async read(table: string): Promise<RowsBack> {
    const { ts, columns } = await (this.#db.table(table) as unknown as MachineTable).query();
    return { ts, ...columns };
  }

  async #appendRows(tables: readonly WTable[], handles: readonly MachineTable[]): Promise<void> {
    const rows = tables[0]!.ts.length;
    // Made by push: what `map` makes is another kind of array the second time, and the loop would be compiled anew.
    const appenders = [];
    for (const handle of handles) appenders.push(handle.rowAppender());
    for (let i = 0; i < rows; i++) {
      for (let t = 0; t < appenders.length; t++) {
        const { ts, temp, pressure, vib, count } = tables[t]!;
        const goOn = appenders[t]!(ts[i]!, temp[i]!, pressure[i]!, vib[i]!, count[i]!);
        if (!goOn) await this.#db.drained();
      }
    }
  }

  async #appendBatches(tables: readonly WTable[], handles: readonly MachineTable[]): Promise<void> {
    const rows = tables[0]!.ts.length;
    for (let from = 0; from < rows; from += W_BATCH_ROWS) {
      for (let t = 0; t < handles.length; t++) {
        const batch = partOf(tables[t]!, from, from + W_BATCH_ROWS);
        if (!handles[t]!.append(batch)) await this.#db.drained();
      }
    }
  }
}
