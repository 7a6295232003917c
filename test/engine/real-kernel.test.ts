import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MillraceError, NanoTsDbShared } from '../../src/main/index.ts';

const CHILD = fileURLToPath(new URL('./full-disk-child.js', import.meta.url));
const isPosix = process.platform !== 'win32';

function folderOf(t: { after(done: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-kernel-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a disk that is full: one lasting error with its cause, readers go on, and reopening finds every row that was promised', {
  skip: !isPosix,
}, async (t) => {
  const path = join(folderOf(t), 'full.ntt');
  // A file size limit of 2 MiB, with the signal ignored, lets write fail with EFBIG, as a full disk does with ENOSPC.
  const script = `trap '' XFSZ; ulimit -f 4096; exec "$0" "$@"`;
  const run = spawnSync('sh', ['-c', script, process.execPath, CHILD, path], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(run.status, 0, run.stderr);
  const told = JSON.parse(run.stdout) as {
    promised: number;
    appended: number;
    seen: number;
    codes: string[];
    errno: string;
  };
  assert.deepEqual(new Set(told.codes), new Set(['POISONED']));
  assert.equal(told.errno, 'EFBIG');
  assert.ok(told.promised > 0, 'something was promised before the disk was full');
  assert.equal(told.seen, told.appended, 'readers see every row that was taken');
  const db = await NanoTsDbShared.open(path);
  const rows = await db.table('line').query();
  assert.ok(rows.rowCount >= told.promised && rows.rowCount <= told.appended);
  assert.deepEqual((await db.diagnose()).recovery.damage, []);
  db.table('line').appendRow(1, [1]);
  await db.close();
});

test('a folder that cannot be written to: an error that says so, and no file', {
  skip: !isPosix || process.getuid?.() === 0,
}, async (t) => {
  const folder = join(folderOf(t), 'read-only');
  mkdirSync(folder);
  chmodSync(folder, 0o555);
  const path = join(folder, 'x.ntt');
  await assert.rejects(
    NanoTsDbShared.open(path),
    (error) => MillraceError.is(error) && error.code === 'IO_ERROR',
  );
  assert.equal(existsSync(path), false);
});

for (const what of ['removed', 'replaced'] as const) {
  test(`a file that is ${what} while it is open goes on being written where it is, and harms no other`, {
    skip: !isPosix,
  }, async (t) => {
    const path = join(folderOf(t), 'moved.ntt');
    const db = await NanoTsDbShared.open(path);
    const table = await db.createTable('line', ['x']);
    table.appendRow(1, [1]);
    await db.sync();
    const aside = `${path}.aside`;
    renameSync(path, aside);
    if (what === 'replaced') writeFileSync(path, 'another file');
    for (let x = 2; x <= 5000; x++) table.appendRow(x, [x]);
    await db.flush();
    assert.equal((await table.query()).rowCount, 5000);
    await db.close();
    const moved = await NanoTsDbShared.open(aside, { readOnly: true });
    assert.equal((await moved.table('line').query()).rowCount, 5000);
    await moved.close();
    if (what === 'replaced')
      await assert.rejects(NanoTsDbShared.open(path, { readOnly: true }), { code: 'NOT_A_DATABASE' });
    else assert.equal(existsSync(path), false);
  });
}
