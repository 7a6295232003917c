import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { NanoTsDbShared } from '../../src/main/index.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of the heap once what is let go of is gone. */
async function heapBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  return process.memoryUsage().heapUsed;
}

test('thousands of calls leave nothing behind in memory', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-calls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const db = await NanoTsDbShared.open(join(folder, 'a.ntt'), { writers: 1 });
  const call = async (times: number): Promise<number> => {
    for (let i = 0; i < times; i++) await db.stats();
    return heapBytes();
  };
  await call(500);
  const before = await call(500);
  const after = await call(3000);
  t.diagnostic(`${after - before} bytes more after 3,000 calls`);
  assert.ok(after - before < 500_000, `${after - before} bytes more`);
  await db.close();
});
