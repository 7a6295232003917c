import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { FOLLOWED, followedRow } from './reader-process.ts';

const READER = fileURLToPath(new URL('./reader-process.js', import.meta.url));
const READERS = 10;

/** Defines the test for a writer that is at it for so long. */
export function besideWriterTest(ms: number): void {
  test('ten readOnly processes beside a writer that commits, checkpoints and reuses extents at once see right rows only', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-beside-'));
    try {
      const { rounds, rows } = await writeBesideReaders(join(folder, 'beside.ntt'), READERS, ms, 0);
      t.diagnostic(`${rounds} syncs, a fifth of them checkpoints, in ${ms / 1000} s; ${rows} rows`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

async function outputOf(child: ChildProcess): Promise<string> {
  let [out, err] = ['', ''];
  child.stdout!.on('data', (part) => {
    out += part;
  });
  child.stderr!.on('data', (part) => {
    err += part;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 0, err);
  return out;
}

/** Appends to all tables for a while: many commits, checkpoints and, without a delay, extents used again and again. */
async function writeBesideReaders(path: string, readers: number, ms: number, reuseDelayMs: number) {
  const db = await NanoTsDbShared.open(path, { writers: 2, reuseDelayMs, commitIntervalMs: 2 });
  const tables = FOLLOWED.map((name) => db.createTableSync(name, ['value', { name: 'text', type: 'utf8' }]));
  const stop = `${path}.stop`;
  const children = Array.from({ length: readers }, () =>
    spawn(process.execPath, ['--enable-source-maps', READER, path, 'follow', stop], {
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  const outputs = children.map(outputOf);
  const rows = [0, 0, 0];
  const until = performance.now() + ms;
  let rounds = 0;
  for (; performance.now() < until; rounds++) {
    for (const [t, table] of tables.entries()) {
      const count = t === 0 ? 200 : t === 1 ? 1 : 20;
      for (let i = 0; i < count; i++) table.appendRow(rows[t]!, followedRow(rows[t]++));
    }
    if (rounds % 5 === 0) await db.flush();
    else await db.sync();
  }
  await db.close();
  writeFileSync(stop, '');
  for (const output of await Promise.all(outputs)) {
    const { looks, seen, damage } = JSON.parse(output) as {
      looks: number;
      seen: [string, number][];
      damage: string[];
    };
    assert.ok(looks >= 2);
    assert.deepEqual(
      seen,
      FOLLOWED.map((name, t) => [name, rows[t]]),
    );
    assert.deepEqual(damage, []);
  }
  return { rounds, rows };
}
