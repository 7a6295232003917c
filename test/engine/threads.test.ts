import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { connect, NanoTsDbShared } from '../../src/main/index.ts';
import { until } from '../support/until.ts';
import {
  APPENDED,
  appender,
  checkOwn,
  checkShared,
  GO,
  type Job,
  READS,
  SHARED_TABLE,
} from './producer-thread.ts';

const THREAD = new URL('./producer-thread.js', import.meta.url);

let folder: string;
let files = 0;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-threads-'));
});
after(() => rmSync(folder, { recursive: true }));
const newPath = (): string => join(folder, `${++files}.ntt`);

const newWords = (): Int32Array => new Int32Array(new SharedArrayBuffer(64 * 4));

/** Starts a thread and resolves once it has joined. What it throws rejects `ended`. */
async function startThread(job: Omit<Job, 'words'>, words: Int32Array) {
  const worker = new Worker(THREAD, { workerData: { ...job, words: words.buffer } });
  const ended = new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
  ended.catch(() => {});
  const [message] = await once(worker, 'message');
  assert.equal(message, 'ready');
  return { worker, ended };
}

function go(words: Int32Array): void {
  Atomics.store(words, GO, 1);
  Atomics.notify(words, GO);
}

test('four producers at full speed, this thread in a loop among them, and three readers: every row once, each snapshot a prefix of each', async () => {
  const PRODUCERS = 4;
  const ROWS = 40_000;
  const path = newPath();
  const db = await NanoTsDbShared.open(path, { writers: 2 });
  const words = newWords();
  const ticket = db.ticket();
  const threads = [];
  for (let producer = 1; producer < PRODUCERS; producer++)
    threads.push(await startThread({ ticket, kind: 'append', producer, rows: ROWS }, words));
  const readers = [];
  for (let reader = 0; reader < 3; reader++)
    readers.push(await startThread({ ticket, kind: 'read', producer: PRODUCERS, rows: 0 }, words));
  const append = appender(db, 0);
  go(words);
  // This thread's loop gives its event loop no turn; readers have read nevertheless before it ends.
  for (let row = 0; row < ROWS || Atomics.load(words, READS) < 3; row++) {
    append(row);
    Atomics.store(words, APPENDED, row + 1);
  }
  await Promise.all(threads.map(({ ended }) => ended));
  Atomics.store(words, GO, 2);
  await Promise.all(readers.map(({ ended }) => ended));
  const own = Atomics.load(words, APPENDED);
  const wanted = [own, ROWS, ROWS, ROWS];
  assert.deepEqual(await checkShared(db, PRODUCERS), wanted);
  for (const [producer, rows] of wanted.entries()) assert.equal(await checkOwn(db, producer), rows);
  await db.close();
  const again = await NanoTsDbShared.open(path, { readOnly: true });
  assert.deepEqual(await checkShared(again, PRODUCERS), wanted);
  for (const [producer, rows] of wanted.entries()) assert.equal(await checkOwn(again, producer), rows);
  await again.close();
});

test('a thread that is terminated while it appends loses no row whose append had returned, and its place goes to the next', async () => {
  const path = newPath();
  // Two places: without passing them on, the second round would find none.
  const db = await NanoTsDbShared.open(path, { writers: 1, maxProducers: 2, memoryBudgetBytes: 32 << 20 });
  for (let round = 0; round < 6; round++) {
    const words = newWords();
    await until('a free place', async () => (await db.stats()).producers === 1);
    const job = { ticket: db.ticket(), kind: 'append-forever', producer: round, rows: 1e9 } as const;
    const { worker, ended } = await startThread(job, words);
    go(words);
    await until('some rows', () => Atomics.load(words, APPENDED + round) > 20_000);
    await worker.terminate();
    await ended;
    const returned = Atomics.load(words, APPENDED + round);
    const found = await checkOwn(db, round);
    // The append under way may have got as far as to its row.
    assert.ok(found >= returned && found <= returned + 1, `${found} rows, ${returned} appends had returned`);
    assert.ok((await checkShared(db, round + 1))[round]! >= returned);
  }
  await until('the last place', async () => (await db.stats()).producers === 1);
  const counts = await Promise.all(Array.from({ length: 6 }, (_, round) => checkOwn(db, round)));
  await db.close();
  const again = await NanoTsDbShared.open(path, { readOnly: true });
  assert.deepEqual(await Promise.all(counts.map((_, round) => checkOwn(again, round))), counts);
  await again.close();
});

test('one handle more than maxProducers is refused with TOO_MANY, and taken once another was closed', async () => {
  const db = await NanoTsDbShared.open(newPath(), { writers: 1, maxProducers: 3 });
  const others = [connect(db.ticket()), connect(db.ticket())];
  assert.throws(() => connect(db.ticket()), { code: 'TOO_MANY', message: /maxProducers is 3/ });
  appender(others[0]!, 0)(0);
  await others[0]!.close();
  await others[0]!.close();
  assert.throws(() => others[0]!.appendValue('x', 0, 1), { code: 'CLOSED' });
  await until('a free place', async () => (await db.stats()).producers === 2);
  const third = connect(db.ticket());
  assert.equal(await checkOwn(third, 0), 1);
  await db.close();
  assert.throws(() => third.appendValue('x', 0, 1), { code: 'CLOSED' });
  assert.throws(() => connect(db.ticket()), { code: 'CLOSED' });
  await third.close();
});

test('tables, series and columns made in one thread are there in the others at once', async () => {
  const db = await NanoTsDbShared.open(newPath(), { writers: 2 });
  const other = connect(db.ticket());
  const mine = db.createTableSync('t', ['a']);
  const theirs = other.createTableSync('t', ['a']);
  mine.appendRow(1, [1]);
  theirs.appendRow(2, [2]);
  other.appendValue('series', 5, 50);
  assert.deepEqual(db.listTables(), ['series', 't']);
  assert.equal((await db.table('series').query()).columns['value']![0], 50);
  await assert.rejects(async () => other.createTableSync('t', ['b']), { code: 'TABLE_EXISTS' });

  const wider = await theirs.addColumn({ name: 'b', type: 'utf8' });
  wider.appendRow(3, [3, 'three']);
  // A handle from before goes on without the column.
  mine.appendRow(4, [4]);
  theirs.appendRow(5, [5]);
  wider.appendRow(5, [6, 'six']);
  const rows = await db.table('t').query();
  assert.deepEqual([...(rows.columns['a'] as Float64Array)], [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(rows.columns['b'], ['', '', 'three', '', '', 'six']);
  assert.deepEqual([...rows.validity['b']!], [0b100100]);
  assert.deepEqual(Object.keys((await mine.query()).columns), ['a']);
  await db.flush();
  assert.deepEqual((await other.table('t').query()).columns['b'], ['', '', 'three', '', '', 'six']);
  await db.close();
});

test('a producer finds memory though others, idle now, filled it all before', async () => {
  const db = await NanoTsDbShared.open(newPath(), {
    writers: 1,
    memoryBudgetBytes: 32 << 20,
    commitIntervalMs: 60_000,
  });
  // Chunks that stay open: this handle then does nothing more.
  const wide = Array.from({ length: 60 }, (_, i) => `c${i}`);
  const row = wide.map((_, i) => i);
  for (let t = 0; t < 600; t++) {
    const table = db.createTableSync(`t${t}`, wide);
    table.append({
      ts: Float64Array.from({ length: 100 }, (_, i) => i),
      columns: Object.fromEntries(wide.map((name) => [name, new Float64Array(100).fill(t)])),
    });
    table.appendRow(100, row);
  }
  const words = newWords();
  const { ended } = await startThread(
    { ticket: db.ticket(), kind: 'append', producer: 1, rows: 50_000 },
    words,
  );
  go(words);
  await ended;
  assert.equal(await checkOwn(db, 1), 50_000);
  for (let t = 0; t < 600; t++) assert.equal((await db.table(`t${t}`).query()).rowCount, 101);
  await db.close();
});

test('closing while another thread waits for memory ends its append with CLOSED, and keeps every row that was taken', async () => {
  const path = newPath();
  const db = await NanoTsDbShared.open(path, { writers: 1, memoryBudgetBytes: 32 << 20 });
  const words = newWords();
  const job = { ticket: db.ticket(), kind: 'append', producer: 0, rows: 1e9 } as const;
  const { worker, ended } = await startThread(job, words);
  go(words);
  await until('some rows', () => Atomics.load(words, APPENDED) > 50_000);
  // The thread may end before the close does, so its end is awaited from now on.
  const [message] = await Promise.all([
    once(worker, 'message').then(([first]) => first),
    assert.rejects(ended, { code: 'CLOSED' }),
    db.close(),
  ]);
  assert.match(message as string, /^CLOSED/);
  const again = await NanoTsDbShared.open(path, { readOnly: true });
  const found = await checkOwn(again, 0);
  const returned = Atomics.load(words, APPENDED);
  assert.ok(found >= returned, `${found} rows, ${returned} appends had returned`);
  assert.ok((await checkShared(again, 1))[0]! >= returned);
  await again.close();
});

test('every row whose append returned is kept, at whichever moment another thread closes the database', async () => {
  for (let round = 0; round < 20; round++) {
    const path = newPath();
    const db = await NanoTsDbShared.open(path, { writers: 1 });
    const words = newWords();
    const job = { ticket: db.ticket(), kind: 'until-closed', producer: 0, rows: 1e9 } as const;
    const { ended } = await startThread(job, words);
    go(words);
    const table = await db.createTable(SHARED_TABLE, ['producer', 'row']);
    await until('some rows', async () => (await table.lastSeq()) > 100 * round);
    await Promise.all([ended, db.close()]);
    const again = await NanoTsDbShared.open(path, { readOnly: true });
    const [found] = await checkShared(again, 1);
    assert.ok(found! >= Atomics.load(words, APPENDED), `${found} rows of ${Atomics.load(words, APPENDED)}`);
    await again.close();
  }
});

test('a handle in another thread does not keep its thread alive', async () => {
  const db = await NanoTsDbShared.open(newPath(), { writers: 1 });
  const words = newWords();
  const { ended } = await startThread({ ticket: db.ticket(), kind: 'hold', producer: 0, rows: 0 }, words);
  go(words);
  await ended;
  await until('its place to be free', async () => (await db.stats()).producers === 1);
  await db.close();
});

test('a database that was opened by a relative path is the same one when the process goes to another folder', async () => {
  const home = process.cwd();
  process.chdir(folder);
  try {
    const db = await NanoTsDbShared.open('relative.ntt', { writers: 1 });
    const reader = await NanoTsDbShared.open('relative.ntt', { readOnly: true });
    process.chdir(home);
    const other = connect(db.ticket());
    appender(other, 0)(0);
    await other.sync();
    assert.equal(await checkOwn(reader, 0), 1);
    await reader.close();
    await other.close();
    await db.close();
  } finally {
    process.chdir(home);
  }
});
