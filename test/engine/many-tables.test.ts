import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { APPENDED, GO, type Job } from './producer-thread.ts';

const TABLES = 10_000;
const PRODUCERS = 3;
const ROWS = 24;
const BUDGET = 64 << 20;
const BESIDE = 100_000_000;
/**
 * What a thread takes without a table. One may start meanwhile: for maintenance where producers wait long enough for it to
 * begin, or to stand by for a writer that a busy machine gives no processor.
 */
const THREAD = 16_000_000;
const THREADS_MAX = 2;
/**
 * MiB that V8 may take for new objects in a producer's thread. Left alone, it takes up to 48 in any thread that keeps a few
 * megabytes of objects, whoever made them; the README says so.
 */
const YOUNG_MB = 6;

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-many-'));
});
after(() => rmSync(folder, { recursive: true }));

test('10,000 open tables under three producers keep moving, within the memory budget plus 100 MB beside what node and its threads take without a table', async (t) => {
  const path = join(folder, 'many.ntt');
  const db = await NanoTsDbShared.open(path, { writers: 1, memoryBudgetBytes: BUDGET });
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
    const worker = new Worker(new URL('./producer-thread.js', import.meta.url), {
      workerData: job,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    await once(worker, 'message');
    threads.push(once(worker, 'exit'));
  }
  // The threads have joined and loaded their code: what comes on top now is the tables and their rows.
  const before = process.memoryUsage.rss();
  const threadsBefore = threadCount();
  let most = before;
  let started = 0;
  const look = (): void => {
    const now = process.memoryUsage.rss();
    if (now <= most) return;
    most = now;
    started = Math.min(THREADS_MAX, Math.max(0, threadCount() - threadsBefore));
  };
  const sampler = setInterval(look, 20);
  for (let i = 0; i < TABLES; i++) db.createTableSync(`t${i}`, ['producer', 'row', 'half']);
  Atomics.store(words, GO, 1);
  Atomics.notify(words, GO);
  await Promise.all(threads);
  // Every table's rows into blocks, and all of these into the index.
  await db.flush();
  clearInterval(sampler);
  look();
  const moved = Array.from({ length: PRODUCERS }, (_, i) => Atomics.load(words, APPENDED + i));
  assert.deepEqual(moved, Array(PRODUCERS).fill(ROWS));
  const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);
  t.diagnostic(
    `${TABLES * PRODUCERS * ROWS} rows; ${mb(before)} MB before the first table, then at most ${mb(most - before)} MB more, ${started} threads started; the budget is ${mb(BUDGET)}; ${(await db.stats()).deaths.length} deaths of writers`,
  );
  assert.ok(
    most - before <= BUDGET + BESIDE + started * THREAD,
    `${mb(most - before)} MB more than without a table`,
  );
  for (const i of [0, 1, TABLES / 2, TABLES - 1]) {
    const { rowCount, columns } = await db.table(`t${i}`).query();
    assert.equal(rowCount, PRODUCERS * ROWS);
    const next = Array<number>(PRODUCERS).fill(0);
    const { producer, row } = columns as unknown as Record<string, Float64Array>;
    for (let k = 0; k < rowCount; k++) assert.equal(row![k], next[producer![k]!]++);
  }
  assert.equal((await db.lastValues(['t7']))['t7']?.ts, ROWS - 1);
  const { tables, rows } = await db.stats();
  assert.equal(tables.length, TABLES);
  assert.ok(tables.every((table) => table.rows === PRODUCERS * ROWS && table.to === ROWS - 1));
  assert.equal(rows, TABLES * PRODUCERS * ROWS);
  assert.equal(await db.lastSeq(), TABLES * PRODUCERS * ROWS);
  await db.close();
});

/** Threads of this process; 0 where the system does not tell. */
function threadCount(): number {
  return existsSync('/proc/self/task') ? readdirSync('/proc/self/task').length : 0;
}
