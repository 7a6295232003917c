import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { W_BATCH_ROWS, W_ROW_NUMBERS, type WTable } from '../workload/workload-w.ts';
import type { Contestant, RowsBack } from './contract.ts';
import { PEERS_FOLDER } from './install.ts';
import { syncFile } from './sync-file.ts';

/** The little of classic-level that is used here; the package is not part of the main set-up. */
interface Chain {
  readonly length: number;
  put(key: Buffer, value: Buffer): Chain;
  write(options?: { sync: boolean }): Promise<void>;
}
interface Range {
  readonly gte: Buffer;
  readonly lt: Buffer;
}
interface Level {
  open(): Promise<void>;
  close(): Promise<void>;
  batch(): Chain;
  put(key: Buffer, value: Buffer, options: { sync: boolean }): Promise<void>;
  iterator(range: Range): { nextv(size: number): Promise<[Buffer, Buffer][]>; close(): Promise<void> };
  compactRange(start: Buffer, end: Buffer): Promise<void>;
}
interface LevelOptions {
  readonly keyEncoding: 'buffer';
  readonly valueEncoding: 'buffer';
  readonly writeBufferSize: number;
}
type ClassicLevelClass = new (path: string, options: LevelOptions) => Level;

/** A chain of puts grows for this long: Millrace's commit interval. */
const CHAIN_MS = 10;
/** Puts between two looks at the clock. */
const ROWS_A_LOOK = 64;
/** For bulk loads its documentation recommends a larger one than 4 MiB: a quarter less CPU; 64 MB of log at most. */
const WRITE_BUFFER_BYTES = 64 * 1024 * 1024;
/** The number of the table, then the time, highest byte first: they sort as tables and times do. */
const KEY_BYTES = 10;
/** Above every table. */
const LAST_TABLE = 0xff_ff;

/**
 * classic-level (LevelDB) with chained batches, which copy a key and a value at once, so that neither needs a buffer of
 * its own: batch() of an array of operations took three to twelve times the CPU. The threads of libuv write one chain while
 * the next one grows. Snappy stays on, as its documentation wants. `isSynced` has each chain synced before its write ends, and
 * lets a chain of batches grow for 10 ms as one of rows does.
 */
export class ClassicLevel implements Contestant {
  readonly version: string;
  readonly #Level: ClassicLevelClass;
  readonly #isSynced: boolean;
  #path = '';
  #db!: Level;
  readonly #numbers = new Map<string, number>();
  readonly #key = Buffer.alloc(KEY_BYTES);
  readonly #row = new Float64Array(4);
  readonly #value = Buffer.from(this.#row.buffer);
  /** The write under way. */
  #writing: Promise<void> = Promise.resolve();

  constructor(isSynced: boolean) {
    this.#isSynced = isSynced;
    const require = createRequire(join(PEERS_FOLDER, 'package.json'));
    this.#Level = (require('classic-level') as { ClassicLevel: ClassicLevelClass }).ClassicLevel;
    this.version = (require('classic-level/package.json') as { version: string }).version;
  }

  async open(folder: string, tables: readonly WTable[]): Promise<void> {
    this.#path = join(folder, 'w.level');
    if (tables.length >= LAST_TABLE)
      throw new RangeError(`${tables.length} tables do not fit the keys used here`);
    for (const [i, { name }] of tables.entries()) this.#numbers.set(name, i);
    await this.reopen();
  }

  async makeDurable(): Promise<void> {
    await this.#db.put(prefix(LAST_TABLE), this.#value, { sync: true });
    // That syncs the newest log alone. An older one, whose rows are not yet in a (synced) table, is left to the system.
    for (const name of readdirSync(this.#path)) if (name.endsWith('.log')) syncFile(join(this.#path, name));
  }

  async close(): Promise<void> {
    await this.#db.close();
  }

  async reopen(): Promise<void> {
    const options = {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      writeBufferSize: WRITE_BUFFER_BYTES,
    } as const;
    this.#db = new this.#Level(this.#path, options);
    await this.#db.open();
  }

  async compact(): Promise<void> {
    await this.#db.compactRange(prefix(0), Buffer.alloc(KEY_BYTES, 0xff));
  }

  async read(table: string): Promise<RowsBack> {
    const number = this.#numbers.get(table)!;
    const rows: number[][] = [[], [], [], [], []];
    const iterator = this.#db.iterator({ gte: prefix(number), lt: prefix(number + 1) });
    for (;;) {
      const some = await iterator.nextv(1000);
      if (some.length === 0) break;
      for (const [key, value] of some) {
        this.#value.set(value);
        rows[0]!.push(key.readDoubleBE(2));
        for (let c = 0; c < this.#row.length; c++) rows[c + 1]!.push(this.#row[c]!);
      }
    }
    await iterator.close();
    const [ts, temp, pressure, vib, count] = rows.map((values) => Float64Array.from(values));
    return { ts: ts!, temp: temp!, pressure: pressure!, vib: vib!, count: count! };
  }

  /** Puts the row whose values are in `#row`. */
  #put(chain: Chain, table: number, ts: number): void {
    this.#key.writeUInt16BE(table, 0);
    this.#key.writeDoubleBE(ts, 2);
    chain.put(this.#key, this.#value);
  }

  /** Has a chain written while the caller goes on, once the one before is. */
  async #write(chain: Chain): Promise<void> {
    await this.#writing;
    this.#writing = chain.write({ sync: this.#isSynced });
  }

  async appendRows(tables: readonly string[], rows: Float64Array): Promise<void> {
    const numbers = tables.map((name) => this.#numbers.get(name)!);
    const row = this.#row;
    let chain = this.#db.batch();
    let end = performance.now() + CHAIN_MS;
    let untilLook = ROWS_A_LOOK;
    let t = 0;
    for (let at = 0; at < rows.length; at += W_ROW_NUMBERS) {
      for (let i = 0; i < row.length; i++) row[i] = rows[at + 1 + i]!;
      this.#put(chain, numbers[t]!, rows[at]!);
      if (++t === numbers.length) t = 0;
      if (--untilLook > 0) continue;
      untilLook = ROWS_A_LOOK;
      if (performance.now() < end) continue;
      await this.#write(chain);
      chain = this.#db.batch();
      end = performance.now() + CHAIN_MS;
    }
    await this.#write(chain);
    await this.#writing;
  }

  async appendBatches(tables: readonly WTable[]): Promise<void> {
    const row = this.#row;
    const rows = tables[0]!.ts.length;
    const numbers = tables.map(({ name }) => this.#numbers.get(name)!);
    // Without sync nothing is won by longer chains.
    const chainMs = this.#isSynced ? CHAIN_MS : 0;
    let chain = this.#db.batch();
    let end = performance.now() + chainMs;
    for (let from = 0; from < rows; from += W_BATCH_ROWS) {
      const to = Math.min(rows, from + W_BATCH_ROWS);
      for (let t = 0; t < tables.length; t++) {
        const { ts, temp, pressure, vib, count } = tables[t]!;
        for (let i = from; i < to; i++) {
          row[0] = temp[i]!;
          row[1] = pressure[i]!;
          row[2] = vib[i]!;
          row[3] = count[i]!;
          this.#put(chain, numbers[t]!, ts[i]!);
        }
        if (performance.now() < end) continue;
        await this.#write(chain);
        chain = this.#db.batch();
        end = performance.now() + chainMs;
      }
    }
    await this.#write(chain);
  }
}

function prefix(table: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(table, 0);
  return bytes;
}
