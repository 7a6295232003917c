import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { runInterleaved } from '../harness/rounds.ts';
import { ratioSpread, type Spread, spreadOf } from '../harness/stats.ts';
import { generateW, W_COLUMNS } from '../workload/workload-w.ts';

const ROUNDS = 15;
const CALLS = 12;

/** Milliseconds for all five columns of one table of W, and how the ways compare. */
export interface ReadPath {
  readonly query: Spread;
  /** Raw columns by `fs.readSync` from the page cache, each into a new Float64Array, as a query gives. */
  readonly copy: Spread;
  /** The same into one array that is used again and again. */
  readonly copyReused: Spread;
  /** Rate of the query over that of the copy. */
  readonly ratio: Spread;
  readonly ratioReused: Spread;
}

/** Reads W's columns from a packed file to Float64Arrays by `query`, beside raw copies of the same columns. */
export async function measureReadPath(): Promise<ReadPath> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-read-path-'));
  try {
    const [table] = generateW({ tables: 1 });
    const path = join(folder, 'w.ntt');
    const columns = W_COLUMNS.map((name) => ({ name, type: 'f64' as const }));
    {
      await using db = await NanoTsDbShared.open(path);
      const made = await db.createTable('w', columns);
      made.append({
        ts: table!.ts,
        columns: Object.fromEntries(W_COLUMNS.map((name) => [name, table![name]])) as never,
      });
      await db.flush();
      await db.packTable('w');
    }
    const names = ['ts', ...W_COLUMNS] as const;
    const files = names.map((name) => {
      const file = join(folder, name);
      writeFileSync(file, new Uint8Array(table![name].buffer));
      return openSync(file, 'r');
    });
    const rows = table!.ts.length;
    const reused = new Float64Array(rows);
    await using db = await NanoTsDbShared.open(path, { readOnly: true, create: false });
    const w = db.table('w');
    const first = await w.query({});
    for (const name of names) {
      const read = name === 'ts' ? first.ts : first.columns[name];
      if (Buffer.compare(bytesOf(read as Float64Array), bytesOf(table![name])) !== 0)
        throw new Error(`${name} was read wrong`);
    }
    const ways = {
      query: async () => void (await w.query({})),
      copy: async () => {
        for (const file of files) readSync(file, new Float64Array(rows), 0, 8 * rows, 0);
      },
      copyReused: async () => {
        for (const file of files) readSync(file, reused, 0, 8 * rows, 0);
      },
    };
    const times = await runInterleaved(['query', 'copy', 'copyReused'] as const, ROUNDS, async (way) => {
      const calls: number[] = [];
      for (let i = 0; i < CALLS; i++) {
        const start = performance.now();
        await ways[way]();
        calls.push(performance.now() - start);
      }
      return spreadOf(calls).median;
    });
    for (const file of files) closeSync(file);
    return {
      query: spreadOf(times.query),
      copy: spreadOf(times.copy),
      copyReused: spreadOf(times.copyReused),
      ratio: ratioSpread(times.copy, times.query),
      ratioReused: ratioSpread(times.copyReused, times.query),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function bytesOf(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
