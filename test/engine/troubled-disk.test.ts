import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect, NanoTsDbShared } from '../../src/main/index.ts';
import { checkOpenOptions } from '../../src/main/options.ts';
import { startThreads } from '../../src/main/thread-engine.ts';
import { FAILS, SYNC_MS, SYNCS, TROUBLED_MODULE } from '../support/troubled-storage.ts';
import { until } from '../support/until.ts';
import { appender, checkOwn } from './producer-thread.ts';

const BUDGET = 32 << 20;

let folder: string;
let files = 0;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-disk-'));
});
after(() => rmSync(folder, { recursive: true }));

async function openTroubled() {
  const path = join(folder, `${++files}.ntt`);
  const words = new Int32Array(new SharedArrayBuffer(16));
  const options = checkOpenOptions({ writers: 1, memoryBudgetBytes: BUDGET });
  const storage = { module: TROUBLED_MODULE, location: { path, words: words.buffer } };
  const db = NanoTsDbShared.over(await startThreads(path, options, true, { storage }));
  return { path, db, words };
}

test('a slow disk shows as waiting, never as memory: appends say "slow down", drained() waits, and every row is kept', async (t) => {
  const { db, words } = await openTroubled();
  const columns = Array.from({ length: 16 }, (_, i) => `c${i}`);
  const table = db.createTableSync('wide', columns);
  const batch = (from: number, rows: number) => ({
    ts: Float64Array.from({ length: rows }, (_, i) => from + i),
    columns: Object.fromEntries(
      columns.map((name, c) => [
        name,
        Float64Array.from({ length: rows }, (_, i) => Math.sqrt(from + i + c)),
      ]),
    ),
  });
  table.append(batch(0, 1000));
  await db.sync();
  Atomics.store(words, SYNC_MS, 40);
  const before = process.memoryUsage.rss();
  let most = before;
  let slowDowns = 0;
  let rows = 1000;
  // Four times what the memory holds, without a pause: the appends themselves wait.
  while (rows * 17 * 8 < 4 * BUDGET) {
    if (!table.append(batch(rows, 1000))) slowDowns++;
    rows += 1000;
    most = Math.max(most, process.memoryUsage.rss());
  }
  assert.ok(slowDowns > 0, 'no append said "slow down"');
  await db.drained();
  assert.equal(table.append(batch(rows, 1000)), true, 'after drained() there is no need to slow down');
  rows += 1000;
  Atomics.store(words, SYNC_MS, 0);
  await db.sync();
  const { rowCount, columns: found } = await table.query({ columns: ['c3'] });
  assert.equal(rowCount, rows);
  for (let i = 0; i < rows; i += 997) assert.equal(found.c3![i], Math.sqrt(i + 3));
  const added = most - before;
  t.diagnostic(
    `${rows} rows, ${slowDowns} times "slow down", at most ${(added / 2 ** 20).toFixed(0)} MiB more`,
  );
  assert.ok(added < BUDGET + 100e6, `${added} bytes more`);
  await db.close();
});

for (const [what, fails] of [
  ['write', 1],
  ['sync', 2],
] as const) {
  test(`a failed ${what} poisons the database for every handle and for good; reads go on, nothing is retried, reopening recovers`, async () => {
    const { path, db, words } = await openTroubled();
    const other = connect({ ...db.ticket() });
    const mine = appender(db, 0);
    const theirs = appender(other, 1);
    for (let row = 0; row < 100; row++) {
      mine(row);
      theirs(row);
    }
    await db.sync();
    Atomics.store(words, FAILS, fails);
    theirs(100);
    await assert.rejects(other.sync(), { code: 'POISONED', message: /EIO/ });
    const syncs = Atomics.load(words, SYNCS);
    for (const append of [mine, theirs])
      assert.throws(() => append(101), { code: 'POISONED', message: /EIO/ });
    Atomics.store(words, FAILS, 0);
    // The disk is well again, but what the failed call left is not known: it stays so.
    for (const append of [mine, theirs]) assert.throws(() => append(101), { code: 'POISONED' });
    await assert.rejects(db.flush(), { code: 'POISONED' });
    await assert.rejects(other.sync(), { code: 'POISONED' });
    for (const handle of [db, other]) {
      assert.equal(await checkOwn(handle, 0), 100);
      assert.ok((await checkOwn(handle, 1)) >= 100);
      assert.equal((await handle.stats()).state, 'poisoned');
    }
    assert.equal(Atomics.load(words, SYNCS), syncs, 'a sync was tried again');
    await other.close();
    await assert.rejects(db.close(), { code: 'POISONED' });
    const again = await NanoTsDbShared.open(path, { writers: 1 });
    assert.equal(await checkOwn(again, 0), 100);
    assert.ok((await checkOwn(again, 1)) >= 100);
    appender(again, 0)(100);
    await again.close();
  });
}

test('the end of the thread that opened a database poisons the handles of others, which can still read what they have open', async () => {
  const { Worker } = await import('node:worker_threads');
  const path = join(folder, `${++files}.ntt`);
  const opener = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     import(workerData.index).then(async ({ NanoTsDbShared }) => {
       const db = await NanoTsDbShared.open(workerData.path, { writers: 1 });
       parentPort.postMessage(db.ticket());
       setInterval(() => {}, 1000);
     });`,
    { eval: true, workerData: { path, index: new URL('../../src/main/index.js', import.meta.url).href } },
  );
  const ticket = await new Promise<Parameters<typeof connect>[0]>((resolve) =>
    opener.once('message', resolve),
  );
  const db = connect(ticket);
  const append = appender(db, 0);
  for (let row = 0; row < 100; row++) append(row);
  await db.sync();
  await opener.terminate();
  await until('the end to be noticed', () => {
    try {
      append(100);
      return false;
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'POISONED');
      return true;
    }
  });
  assert.ok((await checkOwn(db, 0)) >= 100);
  await db.close();
  const again = await NanoTsDbShared.open(path, { writers: 1 });
  assert.ok((await checkOwn(again, 0)) >= 100);
  await again.close();
});
