import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { collectGarbage } from '../support/collect-garbage.ts';

test('thousands of calls leave nothing behind in memory', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-calls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const db = await NanoTsDbShared.open(join(folder, 'a.ntt'), { writers: 1 });
  const call = async (times: number): Promise<number> => {
    for (let i = 0; i < times; i++) await db.stats();
    await collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  await call(500);
  const before = await call(500);
  const after = await call(3000);
  t.diagnostic(`${after - before} bytes more after 3,000 calls`);
  assert.ok(after - before < 500_000, `${after - before} bytes more`);
  await db.close();
});
