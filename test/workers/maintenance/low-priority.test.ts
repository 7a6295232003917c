import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { NanoTsDbShared } from '../../../src/main/index.ts';

/** The niceness of each of this process's threads. */
function niceness(): number[] {
  return readdirSync('/proc/self/task').map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
    // The 19th field; the second is a name in brackets, in which anything may be.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  });
}

test('a thread of maintenance runs at a lower priority than the process', {
  skip: process.platform === 'linux' ? false : 'only Linux gives a thread a priority of its own',
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-priority-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const before = Math.max(...niceness());
  const db = await NanoTsDbShared.open(join(folder, 'a.ntt'), { autoMaintenance: false, writers: 1 });
  const table = await db.createTable('t', ['x']);
  for (let block = 0; block < 10; block++) {
    table.append({ ts: Float64Array.of(2 * block, 2 * block + 1), columns: { x: Float64Array.of(1, 2) } });
    await db.flush();
  }
  assert.deepEqual(new Set(niceness()), new Set([before]), 'no thread of maintenance runs yet');
  await db.packTable('t');
  assert.equal(Math.max(...niceness()), Math.max(10, before));
  assert.ok(niceness().includes(before), 'the process keeps its own');
  await db.close();
});
