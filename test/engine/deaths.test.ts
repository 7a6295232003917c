import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { NanoTsDbShared, type WriterDeath } from '../../src/main/index.ts';
import { checkOpenOptions } from '../../src/main/options.ts';
import { type EngineHooks, startThreads } from '../../src/main/thread-engine.ts';
import { until } from '../support/until.ts';
import {
  APPENDED,
  appender,
  BURST,
  checkOwn,
  checkShared,
  DEATHS,
  GO,
  type Job,
  ownTable,
  SYNCED,
} from './producer-thread.ts';
import { arm, FOR_EVER, type Kind, STEPS } from './writer-faults.ts';

const THREAD = new URL('./producer-thread.js', import.meta.url);
const FAULTS = new URL('./writer-faults.js', import.meta.url).href;
const READER = fileURLToPath(new URL('./reader-process.js', import.meta.url));

let folder: string;
let files = 0;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-deaths-'));
});
after(() => rmSync(folder, { recursive: true }));

/** A database whose writers fail when they are armed, and can be killed. */
async function openToKill(writers: number, hooks: Partial<EngineHooks> = {}) {
  const path = join(folder, `${++files}.ntt`);
  const words = new Int32Array(new SharedArrayBuffer(64));
  const options = checkOpenOptions({ writers, commitIntervalMs: 2, memoryBudgetBytes: writers * (32 << 20) });
  const engine = await startThreads(path, options, true, {
    faults: { module: FAULTS, data: words.buffer },
    ...hooks,
  });
  return { path, engine, db: NanoTsDbShared.over(engine), faults: words };
}

async function startThread(job: Job): Promise<{ ended: Promise<void> }> {
  const worker = new Worker(THREAD, { workerData: job });
  const ended = new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
  ended.catch(() => {});
  await once(worker, 'message');
  return { ended };
}

const newWords = (): Int32Array => new Int32Array(new SharedArrayBuffer(64 * 4));

function set(words: Int32Array, word: number, value: number): void {
  Atomics.store(words, word, value);
  Atomics.notify(words, word);
}

test('writers killed 200 times under the load of three producers, at each step and at any moment: no row lost, none twice, each death told', async (t) => {
  const KILLS = 200;
  const PRODUCERS = 3;
  const ROWS = 1000;
  const { path, engine, db, faults } = await openToKill(2);
  const told: WriterDeath[] = [];
  const listener = (death: unknown): void => void told.push(death as WriterDeath);
  subscribe('millrace:writer-death', listener);
  const words = newWords();
  const threads: { readonly ended: Promise<void> }[] = [];
  for (let producer = 0; producer < PRODUCERS; producer++) {
    const job: Job = {
      ticket: db.ticket(),
      kind: 'bursts',
      producer,
      rows: ROWS,
      words: words.buffer as SharedArrayBuffer,
    };
    threads.push(await startThread(job));
  }
  set(words, GO, 1);
  let longestMs = 0;
  let bursts = 0;
  for (let kill = 0; told.length < KILLS; kill++) {
    const before = told.length;
    const step = STEPS[kill % STEPS.length]!;
    const takesOver = step === 'log read' || step === 'taken over';
    const kind: Kind = kill % 60 === 8 ? 'spin' : kill % 2 === 0 ? 'throw' : 'exit';
    arm(faults, kind, step, takesOver ? 0 : kill % 3);
    const from = performance.now();
    set(words, BURST, ++bursts);
    // A successor's own steps come only after a death, which is then a second one; and every few rounds a thread is ended from outside, at any moment.
    if (takesOver || kill % 5 === 0) await engine.killWriter(kill % 2);
    const wanted = before + 1;
    await until(`death ${wanted} (at "${step}")`, () => {
      // Not every burst comes to every step.
      const isIdle = threads.every((_, i) => Atomics.load(words, APPENDED + i) === bursts * ROWS);
      if (isIdle) set(words, BURST, ++bursts);
      return told.length >= wanted;
    });
    // Replaced: what was appended before is durable.
    await db.sync();
    longestMs = Math.max(longestMs, performance.now() - from);
    if (kill % 20 === 0) await checkShared(db, PRODUCERS);
  }
  arm(faults, 'none', 'synced');
  set(words, GO, 2);
  set(words, BURST, 1 << 30);
  await Promise.all(threads.map(({ ended }) => ended));
  const wanted = Array.from({ length: PRODUCERS }, (_, i) => Atomics.load(words, APPENDED + i));
  assert.deepEqual(await checkShared(db, PRODUCERS), wanted);
  await until('all deaths in stats()', async () => {
    const { writers } = await db.stats();
    return writers.reduce((sum, writer) => sum + writer.deaths, 0) === told.length;
  });
  const { deaths } = await db.stats();
  assert.deepEqual(
    deaths,
    told.slice(-100).map((death, i) => ({ ...death, atMs: deaths[i]!.atMs })),
  );
  await db.close();
  unsubscribe('millrace:writer-death', listener);
  const again = await NanoTsDbShared.open(path, { readOnly: true });
  assert.deepEqual(await checkShared(again, PRODUCERS), wanted);
  for (const [producer, rows] of wanted.entries()) assert.equal(await checkOwn(again, producer), rows);
  assert.deepEqual((await again.stats()).recovery.damage, []);
  await again.close();
  t.diagnostic(
    `${told.length} deaths, ${wanted} rows; from arming to the next durable commit at most ${Math.round(longestMs)} ms`,
  );
});

for (const kind of ['throw', 'exit', 'spin', 'out of memory'] as const) {
  test(`a writer that fails (${kind}) is replaced, with its reason in stats()`, async (t) => {
    const { db, faults } = await openToKill(1, { writerHeapMb: 48 });
    const append = appender(db, 0);
    for (let row = 0; row < 1000; row++) append(row);
    await db.sync();
    arm(faults, kind, 'frames gathered');
    const from = performance.now();
    for (let row = 1000; row < 2000; row++) append(row);
    await db.sync();
    t.diagnostic(
      `${Math.round(performance.now() - from)} ms from the failure's cause to the next durable commit`,
    );
    const { deaths, writers } = await db.stats();
    assert.equal(deaths.length, 1);
    assert.equal(writers[0]!.deaths, 1);
    const reason = {
      throw: /on purpose/,
      exit: /code 3/,
      spin: /no sign of life/,
      'out of memory': /memory|no sign of life/,
    }[kind];
    assert.match(deaths[0]!.reason, reason);
    assert.equal(await checkOwn(db, 0), 2000);
    await db.close();
  });
}

test('with the opening thread stuck in a loop, rows of another thread become durable, a killed writer is replaced, and another process sees the rows', async () => {
  const { path, engine, db } = await openToKill(1);
  const words = newWords();
  const job: Job = {
    ticket: db.ticket(),
    kind: 'sync-forever',
    producer: 0,
    rows: 0,
    words: words.buffer as SharedArrayBuffer,
  };
  const { ended } = await startThread(job);
  const reader = spawn(process.execPath, [READER, path, 'wait', ownTable(0), '50'], { stdio: 'inherit' });
  const readerEnded = once(reader, 'exit');
  const killed = engine.killWriter(0);
  set(words, GO, 1);
  // Three seconds, and as much longer as a slow machine needs; nothing of this thread's loop runs meanwhile.
  const from = performance.now();
  const end = from + 3000;
  const hang = from + 20_000;
  const isDone = (): boolean =>
    Atomics.load(words, SYNCED) >= 100 && Atomics.load(words, DEATHS) >= 1 && existsSync(`${path}.seen`);
  while (performance.now() < end || (!isDone() && performance.now() < hang));
  const seen = {
    synced: Atomics.load(words, SYNCED),
    deaths: Atomics.load(words, DEATHS),
    read: existsSync(`${path}.seen`),
  };
  await killed;
  set(words, GO, 2);
  await ended;
  await readerEnded;
  assert.ok(seen.synced >= 100, JSON.stringify(seen));
  assert.equal(seen.deaths, 1);
  assert.ok(seen.read);
  await db.close();
});

test('a writer whose successors die as well, without getting anything done, poisons the database instead of dying for ever', async () => {
  const { db, faults } = await openToKill(1);
  const append = appender(db, 0);
  append(0);
  await db.sync();
  // No step after this one is ever reached.
  arm(faults, 'throw', 'hints taken', FOR_EVER);
  append(1);
  await assert.rejects(db.sync(), { code: 'POISONED' });
  assert.throws(() => append(2), { code: 'POISONED' });
  assert.equal(await checkOwn(db, 0), 2);
  await assert.rejects(db.close(), { code: 'POISONED' });
});
