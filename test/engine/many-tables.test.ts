import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { APPENDED, GO, type Job } from './producer-thread.ts';

const TABLES = 10_000;
const PRODUCERS = 3;
const ROWS = 12;
const BUDGET = 64 << 20;

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-many-'));
});
after(() => rmSync(folder, { recursive: true }));

test('10,000 open tables under three producers keep moving, with their rows within the memory budget', async (t) => {
  const path = join(folder, 'many.ntt');
  const db = await NanoTsDbShared.open(path, { writers: 1, memoryBudgetBytes: BUDGET });
  for (let i = 0; i < TABLES; i++) db.createTableSync(`t${i}`, ['producer', 'row', 'half']);
  await db.flush();
  const words = new Int32Array(new SharedArrayBuffer(64 * 4));
  const threads: Promise<unknown>[] = [];
  for (let producer = 0; producer < PRODUCERS; producer++) {
    const job: Job = {
      ticket: db.ticket(),
      kind: 'tables',
      producer,
      rows: ROWS,
      words: words.buffer as SharedArrayBuffer,
    };
    const worker = new Worker(new URL('./producer-thread.js', import.meta.url), { workerData: job });
    await once(worker, 'message');
    threads.push(once(worker, 'exit'));
  }
  // The threads have loaded their code: what comes on top now is the tables' rows.
  const before = process.memoryUsage.rss();
  let most = before;
  const sampler = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 20);
  Atomics.store(words, GO, 1);
  Atomics.notify(words, GO);
  await Promise.all(threads);
  clearInterval(sampler);
  const moved = Array.from({ length: PRODUCERS }, (_, i) => Atomics.load(words, APPENDED + i));
  assert.deepEqual(moved, Array(PRODUCERS).fill(ROWS));
  const { rows, memory } = await db.stats();
  assert.equal(rows, TABLES * PRODUCERS * ROWS);
  assert.ok(memory.slabBytes <= BUDGET);
  const added = most - before;
  t.diagnostic(
    `${rows} rows; at most ${(added / 2 ** 20).toFixed(0)} MiB more than before, of them ${BUDGET / 2 ** 20} MiB budget`,
  );
  for (const i of [0, 1, TABLES / 2, TABLES - 1]) {
    const { rowCount, columns } = await db.table(`t${i}`).query();
    assert.equal(rowCount, PRODUCERS * ROWS);
    const next = Array<number>(PRODUCERS).fill(0);
    const { producer, row } = columns as unknown as Record<string, Float64Array>;
    for (let k = 0; k < rowCount; k++) assert.equal(row![k], next[producer![k]!]++);
  }
  await db.close();
});
