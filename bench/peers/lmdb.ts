import { closeSync, fdatasyncSync, openSync, readFileSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { W_BATCH_ROWS, W_ROW_NUMBERS, type WTable } from '../workload/workload-w.ts';
import type { Contestant, RowsBack } from './contract.ts';
import { PEERS_FOLDER } from './install.ts';

/** The little of lmdb that is used here; the package is not part of the main set-up. */
interface Store {
  put(key: number, value: Uint8Array): Promise<boolean>;
  putSync(key: number, value: Uint8Array, options?: { append: boolean }): boolean;
  getRange(range: { start: number }): Iterable<{ key: number; value: Uint8Array }>;
  getCount(range: { start: number }): number;
}
interface KeyEncoder {
  writeKey(key: number, target: Buffer, position: number): number;
  readKey(target: Buffer, start: number): number;
}
interface Environment {
  openDB(options: { name: string; encoding: 'binary'; keyEncoder: KeyEncoder }): Store;
  transactionSync(body: () => void): void;
  backup(path: string, compact: boolean): Promise<void>;
  readonly flushed: PromiseLike<unknown>;
  close(): Promise<void>;
}
type Open = (options: { path: string; noMemInit: boolean; maxDbs: number }) => Environment;

/** A synchronous transaction takes rows for this long: Millrace's commit interval. */
const TRANSACTION_MS = 10;
/** Rows between two looks at the clock. */
const ROWS_A_LOOK = 64;
/** Puts that may wait for lmdb's own writing thread; 10,000 to 100,000 made no difference beyond the noise. */
const WAITING_PUTS = 10_000;
const ROW_DOUBLES = 4;
/**
 * lmdb reads the bytes of an asynchronous put when it writes them, so that each needs memory of its own. It asks for the
 * address of every ArrayBuffer once, so that many share one.
 */
const SLAB_ROWS = 1024;
/** Times go up, so that lmdb may put each at the end of its tree without looking for its place. */
const APPEND = { append: true };

/**
 * The time as its 8 bytes, highest first: they sort as times do. lmdb's own ordered-binary takes a sixth more CPU for a
 * whole put, and 'uint32' has no room for a time in ms.
 */
const TIME_KEY: KeyEncoder = {
  writeKey(key, target, position) {
    target.writeDoubleBE(key, position);
    return position + 8;
  },
  readKey: (target, start) => target.readDoubleBE(start),
};

/**
 * lmdb with a store for each table: the time is the key, the four doubles are the value, as bytes. Everything else is at
 * its default except `noMemInit`, which its documentation recommends; `useWritemap`, which it warns of, stays off.
 * `isSync` has the caller's thread write, in transactions, with LMDB's append flag, which asynchronous puts lack; else
 * lmdb's writing thread takes the puts, as its documentation recommends: two cores for it. Which is faster depends on the
 * machine, so that both are measured.
 */
export class Lmdb implements Contestant {
  readonly version: string;
  readonly #open: Open;
  readonly #isSync: boolean;
  #path = '';
  #environment!: Environment;
  readonly #stores = new Map<string, Store>();
  readonly #row = new Float64Array(ROW_DOUBLES);
  readonly #value = Buffer.from(this.#row.buffer);
  #slab = new Float64Array(SLAB_ROWS * ROW_DOUBLES);
  #slabRows = 0;

  constructor(isSync: boolean) {
    const require = createRequire(join(PEERS_FOLDER, 'package.json'));
    this.#open = (require('lmdb') as { open: Open }).open;
    this.#isSync = isSync;
    // Not among what the package exports.
    const own = readFileSync(join(PEERS_FOLDER, 'node_modules', 'lmdb', 'package.json'), 'utf8');
    this.version = (JSON.parse(own) as { version: string }).version;
  }

  async open(folder: string, tables: readonly WTable[]): Promise<void> {
    this.#path = join(folder, 'w.lmdb');
    for (const { name } of tables) this.#stores.set(name, null as never);
    await this.reopen();
  }

  async appendRows(tables: readonly string[], rows: Float64Array): Promise<void> {
    const stores = tables.map((name) => this.#stores.get(name)!);
    await (this.#isSync ? this.#rowsSync(stores, rows) : this.#rows(stores, rows));
  }

  async appendBatches(tables: readonly WTable[]): Promise<void> {
    const stores = tables.map(({ name }) => this.#stores.get(name)!);
    await (this.#isSync ? this.#batchesSync(tables, stores) : this.#batches(tables, stores));
  }

  async makeDurable(): Promise<void> {
    await this.#environment.flushed;
    // Costs nothing when lmdb has synced all, as it says it has.
    const fd = openSync(this.#path, 'r+');
    fdatasyncSync(fd);
    closeSync(fd);
  }

  async close(): Promise<void> {
    await this.#environment.close();
  }

  async reopen(): Promise<void> {
    const maxDbs = this.#stores.size;
    this.#environment = this.#open({ path: this.#path, noMemInit: true, maxDbs });
    for (const name of this.#stores.keys()) {
      const options = { name, encoding: 'binary', keyEncoder: TIME_KEY } as const;
      this.#stores.set(name, this.#environment.openDB(options));
    }
  }

  /** A compacted copy takes the place of the file. */
  async compact(): Promise<void> {
    const copy = `${this.#path}-compacted`;
    await this.#environment.backup(copy, true);
    await this.#environment.close();
    renameSync(copy, this.#path);
    await this.reopen();
  }

  async read(table: string): Promise<RowsBack> {
    const store = this.#stores.get(table)!;
    // Its default start is a key of its own encoding.
    const make = (): Float64Array => new Float64Array(store.getCount({ start: 0 }));
    const back = { ts: make(), temp: make(), pressure: make(), vib: make(), count: make() };
    let i = 0;
    for (const { key, value } of store.getRange({ start: 0 })) {
      this.#value.set(value.subarray(0, this.#value.length));
      back.ts[i] = key;
      back.temp[i] = this.#row[0]!;
      back.pressure[i] = this.#row[1]!;
      back.vib[i] = this.#row[2]!;
      back.count[i] = this.#row[3]!;
      i++;
    }
    return back;
  }

  /** Row i as bytes of its own. */
  #valueOf({ temp, pressure, vib, count }: WTable, i: number): Buffer {
    if (this.#slabRows === SLAB_ROWS) {
      this.#slab = new Float64Array(SLAB_ROWS * ROW_DOUBLES);
      this.#slabRows = 0;
    }
    const at = ROW_DOUBLES * this.#slabRows++;
    this.#slab[at] = temp[i]!;
    this.#slab[at + 1] = pressure[i]!;
    this.#slab[at + 2] = vib[i]!;
    this.#slab[at + 3] = count[i]!;
    return Buffer.from(this.#slab.buffer, 8 * at, 8 * ROW_DOUBLES);
  }

  /** Row i as bytes that are gone with the next row: enough for synchronous puts. */
  #passingValueOf({ temp, pressure, vib, count }: WTable, i: number): Buffer {
    const row = this.#row;
    row[0] = temp[i]!;
    row[1] = pressure[i]!;
    row[2] = vib[i]!;
    row[3] = count[i]!;
    return this.#value;
  }

  async #rows(stores: readonly Store[], rows: Float64Array): Promise<void> {
    let last: Promise<boolean> | undefined;
    let waiting = 0;
    let t = 0;
    for (let at = 0; at < rows.length; at += W_ROW_NUMBERS) {
      // A view on the row itself, which stays as it is.
      last = stores[t]!.put(rows[at]!, Buffer.from(rows.buffer, 8 * (at + 1), 8 * ROW_DOUBLES));
      if (++t === stores.length) t = 0;
      if (++waiting < WAITING_PUTS) continue;
      await last;
      waiting = 0;
    }
    await last;
  }

  async #rowsSync(stores: readonly Store[], rows: Float64Array): Promise<void> {
    const row = this.#row;
    let t = 0;
    let at = 0;
    const putSome = (): void => {
      const end = performance.now() + TRANSACTION_MS;
      do {
        const to = Math.min(rows.length, at + ROWS_A_LOOK * W_ROW_NUMBERS);
        for (; at < to; at += W_ROW_NUMBERS) {
          for (let i = 0; i < ROW_DOUBLES; i++) row[i] = rows[at + 1 + i]!;
          stores[t]!.putSync(rows[at]!, this.#value, APPEND);
          if (++t === stores.length) t = 0;
        }
      } while (at < rows.length && performance.now() < end);
    };
    while (at < rows.length) this.#environment.transactionSync(putSome);
  }

  async #batches(tables: readonly WTable[], stores: readonly Store[]): Promise<void> {
    const rows = tables[0]!.ts.length;
    let earlier: Promise<boolean> | undefined;
    for (let from = 0; from < rows; from += W_BATCH_ROWS) {
      const to = Math.min(rows, from + W_BATCH_ROWS);
      for (let t = 0; t < tables.length; t++) {
        const table = tables[t]!;
        let last: Promise<boolean> | undefined;
        for (let i = from; i < to; i++) last = stores[t]!.put(table.ts[i]!, this.#valueOf(table, i));
        // Its writing thread has one batch while the next is put.
        await earlier;
        earlier = last;
      }
    }
    await earlier;
  }

  async #batchesSync(tables: readonly WTable[], stores: readonly Store[]): Promise<void> {
    const rows = tables[0]!.ts.length;
    for (let from = 0; from < rows; from += W_BATCH_ROWS) {
      const to = Math.min(rows, from + W_BATCH_ROWS);
      for (let t = 0; t < tables.length; t++) {
        const table = tables[t]!;
        const store = stores[t]!;
        this.#environment.transactionSync(() => {
          for (let i = from; i < to; i++) store.putSync(table.ts[i]!, this.#passingValueOf(table, i), APPEND);
        });
      }
    }
  }
}
