import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { NanoTsDbShared, type OpenOptions } from '../../src/main/index.ts';
import { appendRows, checkPrefix, FORMULA_TABLES, formulaTables } from './kill-rows.ts';
import { LIFECYCLE_ROWS } from './lifecycle-child.ts';

const CHILD = new URL('./lifecycle-child.js', import.meta.url);
/** A process that has not ended by then hangs. */
const HANG_MS = 30_000;
/** The end may wait for a last commit, but not for the 5 s after which it gives up. */
const END_MS = 4000;
/** No commit comes by itself before the process has ended. */
const NO_COMMITS: OpenOptions = { commitIntervalMs: 60_000, writers: 2 };

let folder: string;
let files = 0;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-lifecycle-'));
});
after(() => rmSync(folder, { recursive: true }));
const newPath = (): string => join(folder, `${++files}.ntt`);

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs lifecycle-child.ts as a process until it ends by itself; a process that hangs fails the test. */
async function runChild(path: string, ending: string, options: OpenOptions = NO_COMMITS): Promise<Ended> {
  const child = spawn(process.execPath, [fileURLToPath(CHILD), path, ending, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: HANG_MS,
    killSignal: 'SIGKILL',
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (part) => {
    out += part;
  });
  child.stderr.on('data', (part) => {
    err += part;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  assert.equal(signal, null, `the process did not end by itself within ${HANG_MS} ms (${ending}): ${err}`);
  const took = /ended in (\d+) ms/.exec(out);
  if (took !== null) assert.ok(Number(took[1]) < END_MS, `the end took ${took[1]} ms`);
  return { code, out, err };
}

async function assertAllRows(path: string): Promise<void> {
  const db = await NanoTsDbShared.open(path, { readOnly: true });
  for (const formula of FORMULA_TABLES)
    assert.equal(await checkPrefix(db, formula), LIFECYCLE_ROWS, formula.name);
  assert.deepEqual((await db.stats()).recovery.damage, []);
  await db.close();
}

for (const durability of ['interval', 'none', 'always'] as const) {
  test(`process.exit() right after appends loses no row, with durability ${durability}`, async () => {
    const path = newPath();
    assert.equal((await runChild(path, 'exit', { ...NO_COMMITS, durability })).code, 7);
    await assertAllRows(path);
  });
}

for (const [ending, what, wantedCode] of [
  ['off-the-end', 'a script that just ends', 0],
  ['throw', 'an error that nobody catches', 1],
  ['throw-later', 'an error in a callback', 1],
  ['reject', 'a rejection that nobody handles', 1],
  ['signal', 'a signal whose handler calls process.exit()', 7],
  ['handler-throws', "an error in the user's own exit handler", 1],
] as const) {
  test(`${what} right after appends loses no row`, async () => {
    const path = newPath();
    const { code, err } = await runChild(path, ending);
    assert.equal(code, wantedCode, err);
    await assertAllRows(path);
  });
}

for (const ending of ['off-the-end', 'exit', 'throw'] as const) {
  test(`a worker thread that opened a database and ends (${ending}) right after appends loses no row`, async () => {
    const path = newPath();
    const worker = new Worker(CHILD, {
      workerData: [path, ending, JSON.stringify(NO_COMMITS)],
      stdout: true,
    });
    const errors: Error[] = [];
    worker.on('error', (error) => errors.push(error));
    // Not `once`: that would reject with the error.
    const code = await new Promise((resolve) => worker.on('exit', resolve));
    assert.equal(code, { 'off-the-end': 0, exit: 7, throw: 1 }[ending], String(errors[0]?.stack));
    await assertAllRows(path);
  });
}

test('an open database does not keep a process alive, nor hold up its end', async () => {
  const { code, out } = await runChild(newPath(), 'idle');
  assert.equal(code, 0);
  assert.match(out, /ended in/);
});

test('a pending open() keeps the process alive until the database is open', async () => {
  const { code, out, err } = await runChild(newPath(), 'pending-open');
  assert.equal(code, 0, err);
  assert.match(out, /settled: open/);
});

for (const name of ['sync', 'flush', 'drained', 'close', 'stats', 'createTable', 'query']) {
  test(`a pending ${name}() keeps the process alive until it is settled`, async () => {
    const path = newPath();
    const { code, out, err } = await runChild(path, `pending ${name}`);
    assert.equal(code, 0, err);
    assert.match(out, new RegExp(`settled: ${name}`));
    await assertAllRows(path);
  });
}

for (const name of ['sync', 'flush', 'close', 'stats']) {
  test(`a script whose last line awaits ${name}() ends with code 0`, async () => {
    const { code, out, err } = await runChild(newPath(), `awaited ${name}`);
    assert.equal(code, 0, err);
    assert.match(out, new RegExp(`settled: ${name}`));
  });
}

test('close can be called again, at the same time and later, and a closed handle refuses everything', async () => {
  const db = await NanoTsDbShared.open(newPath(), { writers: 2 });
  const [table] = await formulaTables(db);
  appendRows(FORMULA_TABLES[0]!, table!, 0, 100);
  await Promise.all([db.close(), db.close()]);
  await db.close();
  await db[Symbol.asyncDispose]();
  const closed = { code: 'CLOSED' };
  assert.throws(() => appendRows(FORMULA_TABLES[0]!, table!, 100, 1), closed);
  await assert.rejects(table!.query(), closed);
  await assert.rejects(db.sync(), closed);
  await assert.rejects(db.flush(), closed);
  await assert.rejects(db.drained(), closed);
  await assert.rejects(db.createTable('late', ['x']), closed);
  assert.throws(() => db.appendValue('late', 0, 0), closed);
});

test('a file can be opened again as soon as close has resolved, many times over, with any number of writers', async () => {
  const path = newPath();
  for (let round = 0; round < 12; round++) {
    const db = await NanoTsDbShared.open(path, { writers: 1 + (round % 3) });
    const tables = await formulaTables(db);
    for (const [i, formula] of FORMULA_TABLES.entries()) {
      assert.equal(await checkPrefix(db, formula), round * 160);
      appendRows(formula, tables[i]!, round * 160, 160);
    }
    assert.equal((await db.stats()).recovery.frames, 0, 'a closed file has no log to recover from');
    await db.close();
  }
});

test('a second open of a file rejects with DATABASE_LOCKED, here and in another process, until the first is closed', async () => {
  const path = newPath();
  const db = await NanoTsDbShared.open(path);
  const tables = await formulaTables(db);
  appendRows(FORMULA_TABLES[0]!, tables[0]!, 0, 1000);
  for (let i = 0; i < 3; i++) {
    await assert.rejects(NanoTsDbShared.open(path), { code: 'DATABASE_LOCKED', message: new RegExp(path) });
  }
  assert.match((await runChild(path, 'try')).out, /^DATABASE_LOCKED/);
  const otherName = `${path}.link`;
  symlinkSync(path, otherName);
  await assert.rejects(NanoTsDbShared.open(otherName), { code: 'DATABASE_LOCKED' });
  // Those who were refused have not disturbed it, and readers are welcome beside it.
  appendRows(FORMULA_TABLES[0]!, tables[0]!, 1000, 1000);
  await db.sync();
  const reader = await NanoTsDbShared.open(path, { readOnly: true });
  assert.equal(await checkPrefix(reader, FORMULA_TABLES[0]!), 2000);
  await reader.close();
  await db.close();
  assert.match((await runChild(path, 'try')).out, /^opened/);
  const again = await NanoTsDbShared.open(path);
  assert.equal(await checkPrefix(again, FORMULA_TABLES[0]!), 2000);
  await again.close();
});

test('two opens of one file at the same time: exactly one gets it', async () => {
  const path = newPath();
  for (let round = 0; round < 3; round++) {
    const opens = await Promise.allSettled(
      Array.from({ length: 3 }, () => NanoTsDbShared.open(path, { writers: 1 })),
    );
    const opened = opens.flatMap((open) => (open.status === 'fulfilled' ? [open.value] : []));
    assert.equal(opened.length, 1);
    for (const open of opens)
      if (open.status === 'rejected') assert.equal(open.reason.code, 'DATABASE_LOCKED');
    await opened[0]!.close();
  }
});

test('`await using` closes the database at the end of its scope, by an error too', async () => {
  const path = newPath();
  const scope = async (fails: boolean): Promise<void> => {
    await using db = await NanoTsDbShared.open(path, NO_COMMITS);
    const tables = await formulaTables(db);
    const from = await checkPrefix(db, FORMULA_TABLES[0]!);
    appendRows(FORMULA_TABLES[0]!, tables[0]!, from, 500);
    if (fails) throw new Error('on purpose');
  };
  await scope(false);
  await assert.rejects(scope(true), /on purpose/);
  const db = await NanoTsDbShared.open(path);
  assert.equal(await checkPrefix(db, FORMULA_TABLES[0]!), 1000);
  assert.equal((await db.stats()).recovery.frames, 0, 'it was closed, not recovered');
  await db.close();
});
