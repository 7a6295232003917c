import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { NanoTsDbShared, type OpenOptions, type Table } from '../../src/main/index.ts';
import { partOf, W_BATCH_ROWS, W_COLUMNS, W_ROW_NUMBERS, type WTable } from '../workload/workload-w.ts';
import type { Contestant, RowsBack, Work } from './contract.ts';

type MachineTable = Table<typeof W_COLUMNS, 'ms'>;

/**
 * Rounds of a row of each table that are appended before it looks whether to slow down. One loop over all rows would be
 * compiled anew in the middle of each run (on-stack replacement); a function that is called often is compiled once.
 */
const CALL_ROUNDS = 100;

type RowAppender = ReturnType<MachineTable['rowAppender']>;

/** Appends rows from…to - 1, given in numbers, the first to the first table. @returns whether to go on at full speed */
function appendRounds(
  appenders: readonly RowAppender[],
  rows: Float64Array,
  from: number,
  to: number,
): boolean {
  let goOn = true;
  for (let at = from; at < to; ) {
    for (let t = 0; t < appenders.length; t++, at += W_ROW_NUMBERS)
      goOn = appenders[t]!(rows[at]!, rows[at + 1]!, rows[at + 2]!, rows[at + 3]!, rows[at + 4]!);
  }
  return goOn;
}

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

  async appendRows(tables: readonly string[], rows: Float64Array): Promise<void> {
    // Made by push: what `map` makes is another kind of array the second time, and the loop would be compiled anew.
    const appenders = [];
    for (const name of tables) appenders.push(this.#handles.get(name)!.rowAppender());
    const roundNumbers = appenders.length * W_ROW_NUMBERS;
    for (let at = 0; at < rows.length; at += CALL_ROUNDS * roundNumbers) {
      const goOn = appendRounds(appenders, rows, at, Math.min(rows.length, at + CALL_ROUNDS * roundNumbers));
      if (!goOn) await this.#db.drained();
    }
  }

  async appendBatches(tables: readonly WTable[]): Promise<void> {
    const handles = tables.map(({ name }) => this.#handles.get(name)!);
    const rows = tables[0]!.ts.length;
    for (let from = 0; from < rows; from += W_BATCH_ROWS) {
      for (let t = 0; t < handles.length; t++) {
        const batch = partOf(tables[t]!, from, from + W_BATCH_ROWS);
        if (!handles[t]!.append(batch)) await this.#db.drained();
      }
    }
  }
}
