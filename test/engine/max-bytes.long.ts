import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { checkOpenOptions } from '../../src/main/options.ts';
import { startThreads } from '../../src/main/thread-engine.ts';
import { BOUNDED_MODULE, type BoundedLocation } from '../support/bounded-storage.ts';

const MIB = 1 << 20;
const MAX_BYTES = 64 * MIB;
const TOTAL_BYTES = Number(process.env['BOUNDED_MIB'] ?? 2048) * MIB;
const TABLES = 6;
const ROW_BYTES = 24;
const BATCH_ROWS = 1024;

function valueAt(row: number): number {
  return Math.sin(row * 1.618) * 1e6;
}

test('64 MiB under 2 GiB of appends, with threads: neither length nor blocks ever beyond, nothing refused, the newest rows there', async (t) => {
  const folder = mkdtempSync(join(process.cwd(), 'dist', 'max-bytes-'));
  try {
    const path = join(folder, 'bounded.ntt');
    const most = new SharedArrayBuffer(16);
    const location: BoundedLocation = { path, most };
    const options = checkOpenOptions({ maxBytes: MAX_BYTES, writers: 2 });
    const hooks = { storage: { module: BOUNDED_MODULE, location } };
    const db = NanoTsDbShared.over(await startThreads(path, options, true, hooks));
    const tables = [];
    for (let i = 0; i < TABLES; i++) tables.push(await db.createTable(`t${i}`, ['v', 'w']));
    const next = tables.map(() => 0);
    const began = performance.now();
    let longest = 0;
    for (let bytes = 0, n = 0; bytes < TOTAL_BYTES; bytes += BATCH_ROWS * ROW_BYTES, n++) {
      // The last table is written a thousand times less than the first ones.
      const at = n % 1000 === 0 ? TABLES - 1 : n % (TABLES - 1);
      const first = next[at]!;
      const ts = Float64Array.from({ length: BATCH_ROWS }, (_, i) => first + i);
      const batch = { ts, columns: { v: ts.map(valueAt), w: ts.map((row) => valueAt(-row)) } };
      const before = performance.now();
      tables[at]!.append(batch);
      longest = Math.max(longest, performance.now() - before);
      next[at]! += BATCH_ROWS;
    }
    await db.sync();
    const seconds = (performance.now() - began) / 1000;
    const { maintenance, fileBytes } = await db.stats();
    const [length, blocks] = new BigInt64Array(most);
    t.diagnostic(
      `${TOTAL_BYTES / MIB} MiB in ${seconds.toFixed(0)} s: length at most ${length}, blocks at most ${blocks}, of ${MAX_BYTES}; ${maintenance!.evicted.blocks} blocks made way; longest append ${longest.toFixed(0)} ms; ${fileBytes} bytes at the end`,
    );
    assert.ok(length! <= MAX_BYTES && blocks! <= MAX_BYTES, `${length} and ${blocks} bytes`);
    assert.ok(length! > MAX_BYTES / 2);
    for (const [i, table] of tables.entries()) {
      const { ts, columns, rowCount } = await table.query();
      t.diagnostic(`${table.name}: ${rowCount} of ${next[i]} rows`);
      assert.ok(rowCount > 0);
      for (let row = 0; row < rowCount; row++) {
        const number = next[i]! - rowCount + row;
        assert.ok(
          ts[row] === number && columns.v[row] === valueAt(number) && columns.w[row] === valueAt(-number),
          `row ${number} of ${table.name}`,
        );
      }
    }
    await db.close();
    assert.ok(new BigInt64Array(most)[0]! <= MAX_BYTES);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
