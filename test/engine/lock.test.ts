import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MillraceError, NanoTsDbShared } from '../../src/main/index.ts';

const RACER = fileURLToPath(new URL('./reader-process.js', import.meta.url));
const RACES = 100;

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-lock-'));
});
after(() => rmSync(folder, { recursive: true }));

interface Result {
  readonly won: boolean;
  readonly pid: number;
  readonly code?: string;
  readonly details?: { pid?: number; host?: string; since?: string };
}

test(`two processes that race to open a file for writing, ${RACES} times: exactly one wins, and the loser's error names it`, async () => {
  const path = join(folder, 'race.ntt');
  const racers = [0, 1].map(() => fork(RACER, [path, 'race'], { stdio: 'inherit' }));
  for (let round = 0; round < RACES; round++) {
    for (const racer of racers) racer.send('open');
    const results = await Promise.all(racers.map(nextResult));
    const winner = results.findIndex(({ won }) => won);
    const loser = results.findIndex(({ won }) => !won);
    assert.ok(winner >= 0 && loser >= 0, `round ${round}: ${JSON.stringify(results)}`);
    assert.equal(results[loser]!.code, 'DATABASE_LOCKED');
    const { pid, host, since } = results[loser]!.details!;
    assert.equal(pid, results[winner]!.pid);
    assert.equal(host, hostname());
    assert.ok(Math.abs(Date.now() - Date.parse(since!)) < 60_000, since);
    racers[winner]!.send('close');
    await nextResult(racers[winner]!);
  }
  for (const racer of racers) racer.send('end');
  await Promise.all(racers.map((racer) => once(racer, 'exit')));
});

async function nextResult(racer: ChildProcess): Promise<Result> {
  const [message] = await once(racer, 'message');
  return message as Result;
}

test('a second opening in the same process is refused, and told that it is this process', async () => {
  const path = join(folder, 'same.ntt');
  const db = await NanoTsDbShared.open(path, { writers: 1 });
  const error = await NanoTsDbShared.open(path, { writers: 1 }).catch((reason: unknown) => reason);
  assert.ok(MillraceError.is(error));
  assert.equal(error.code, 'DATABASE_LOCKED');
  assert.equal(error.details['pid'], process.pid);
  assert.match(error.message, /in this process .* since 20\d\d-/);
  await db.close();
});

test('a database can be opened again as soon as it is closed, or its process is dead', async () => {
  const path = join(folder, 'again.ntt');
  for (let round = 0; round < 10; round++) {
    const db = await NanoTsDbShared.open(path, { writers: 1 });
    db.appendValue('rounds', round, round);
    await db.close();
  }
  const racer = fork(RACER, [path, 'race'], { stdio: 'inherit' });
  racer.send('open');
  assert.equal((await nextResult(racer)).won, true);
  racer.kill('SIGKILL');
  await once(racer, 'exit');
  const db = await NanoTsDbShared.open(path, { writers: 1 });
  assert.equal((await db.table('rounds').query()).rowCount, 10);
  await db.close();
});
