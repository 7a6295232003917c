import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { OTHERS } from './ends-child.ts';
import { checkOwn, checkShared } from './producer-thread.ts';

const CHILD = fileURLToPath(new URL('./ends-child.js', import.meta.url));

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-ends-'));
});
after(() => rmSync(folder, { recursive: true }));

/** Runs the child; `signal` is sent once it has told of some durable rows. @returns the last counts that it told of */
async function runChild(path: string, ending: string, signal?: NodeJS.Signals) {
  const child = spawn(process.execPath, ['--enable-source-maps', CHILD, path, ending], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (part) => {
    out += part;
    if (signal !== undefined && out.split('\n').length > 5) child.kill(signal);
  });
  child.stderr.on('data', (part) => {
    err += part;
  });
  const [code, killedBy] = await once(child, 'close');
  const lines = out.split('\n').slice(0, -1);
  assert.ok(lines.length > 0, err);
  return { code, killedBy, returned: JSON.parse(lines.at(-1)!) as number[] };
}

/** Every row whose append had returned is there, and nothing but a prefix of what was appended. */
async function assertKept(path: string, returned: readonly number[]): Promise<void> {
  const db = await NanoTsDbShared.open(path, { readOnly: true });
  const shared = await checkShared(db, OTHERS + 1);
  for (const [producer, least] of returned.entries()) {
    assert.ok(least >= 5000 || producer > 0);
    assert.ok(shared[producer]! >= least, `${shared[producer]} rows of ${producer}, ${least} had returned`);
    assert.ok((await checkOwn(db, producer)) >= least);
  }
  assert.deepEqual((await db.stats()).recovery.damage, []);
  await db.close();
}

for (const [ending, what, wantedCode] of [
  ['exit', 'process.exit()', 0],
  ['throw', 'an uncaught error', 1],
  ['off-the-end', 'falling off the end', 0],
] as const) {
  test(`${what} while other threads append loses no row whose append had returned, in any thread`, async () => {
    const path = join(folder, `${ending}.ntt`);
    const { code, returned } = await runChild(path, ending);
    assert.equal(code, wantedCode);
    await assertKept(path, returned);
  });
}

test('SIGTERM without a handler loses only what is younger than the last commit', async () => {
  const path = join(folder, 'sigterm.ntt');
  const { killedBy, returned } = await runChild(path, 'wait', 'SIGTERM');
  assert.equal(killedBy, 'SIGTERM');
  await assertKept(path, returned);
});
