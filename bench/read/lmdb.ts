import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PEERS_FOLDER } from '../peers/install.ts';
import type { WTable } from '../workload/workload-w.ts';
import type { AllColumns, Reader } from './contract.ts';

/** The little of lmdb that is used here; the package is not part of the main set-up. */
interface Store {
  put(key: number, value: Uint8Array): Promise<boolean>;
  getRange(range: { start?: number; end?: number }): Iterable<{ key: number; value: Uint8Array }>;
  getCount(): number;
}
interface Environment {
  openDB(options: { name: string; encoding: 'binary' }): Store;
  flushed: Promise<unknown>;
  close(): Promise<void>;
}

type Open = (options: { path: string }) => Environment;

const ROW_BYTES = 32;
const MINUTE_MS = 60_000;

/** lmdb with a store for each table: the time is the key, the four doubles are the value, as bytes. */
export class LmdbReader implements Reader {
  readonly version: string;
  readonly #open: Open;
  #environment!: Environment;
  #store!: Store;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #buffer: ArrayBufferLike | undefined;

  constructor() {
    const require = createRequire(join(PEERS_FOLDER, 'package.json'));
    this.#open = (require('lmdb') as { open: Open }).open;
    // Not among what the package exports.
    const own = readFileSync(join(PEERS_FOLDER, 'node_modules', 'lmdb', 'package.json'), 'utf8');
    this.version = (JSON.parse(own) as { version: string }).version;
  }

  async load(folder: string, tables: readonly WTable[]): Promise<void> {
    const environment = (this.#environment = this.#open({ path: join(folder, 'w.lmdb') }));
    for (const { name, ts, temp, pressure, vib, count } of tables) {
      const store = environment.openDB({ name, encoding: 'binary' });
      if (name === 'm0') this.#store = store;
      let last: Promise<unknown> = Promise.resolve();
      for (let i = 0; i < ts.length; i++) {
        const row = Float64Array.of(temp[i]!, pressure[i]!, vib[i]!, count[i]!);
        last = store.put(ts[i]!, new Uint8Array(row.buffer));
        if (i % 10_000 === 9_999) await last;
      }
      await last;
    }
    await environment.flushed;
  }

  async column(): Promise<Float64Array> {
    const column = new Float64Array(this.#store.getCount());
    let row = 0;
    for (const { value } of this.#store.getRange({})) column[row++] = this.#double(value, 0);
    return column;
  }

  async rows(from: number, to: number): Promise<AllColumns> {
    const back: number[][] = [[], [], [], [], []];
    for (const { key, value } of this.#store.getRange({ start: from, end: to + 1 })) {
      back[0]!.push(key);
      for (let i = 0; i < ROW_BYTES / 8; i++) back[i + 1]!.push(this.#double(value, 8 * i));
    }
    const [ts, temp, pressure, vib, count] = back.map((values) => Float64Array.from(values));
    return { ts: ts!, temp: temp!, pressure: pressure!, vib: vib!, count: count! };
  }

  async means(): Promise<ArrayLike<number>> {
    const means: number[] = [];
    let minute = Number.NaN;
    let sum = 0;
    let count = 0;
    for (const { key, value } of this.#store.getRange({})) {
      const own = Math.floor(key / MINUTE_MS);
      if (own !== minute) {
        if (count > 0) means.push(sum / count);
        minute = own;
        sum = 0;
        count = 0;
      }
      sum += this.#double(value, 0);
      count++;
    }
    means.push(sum / count);
    return means;
  }

  async close(): Promise<void> {
    await this.#environment.close();
  }

  /** Values mostly lie in one buffer that lmdb uses again. */
  #double(value: Uint8Array, at: number): number {
    if (value.buffer !== this.#buffer) {
      this.#buffer = value.buffer;
      this.#view = new DataView(value.buffer);
    }
    return this.#view.getFloat64(value.byteOffset + at, true);
  }
}
