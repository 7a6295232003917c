import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { until } from '../support/until.ts';
import { checkFollowed, followedRow } from './reader-process.ts';
import { besideWriterTest } from './readers-run.ts';

let folder: string;
let files = 0;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-readers-'));
});
after(() => rmSync(folder, { recursive: true }));
const newPath = (): string => join(folder, `${++files}.ntt`);

besideWriterTest(8000);

test('a readOnly handle shows at each query what is in the file then: rows, tables, columns', async () => {
  const path = newPath();
  const db = await NanoTsDbShared.open(path, { writers: 2 });
  const reader = await NanoTsDbShared.open(path, { readOnly: true });
  assert.deepEqual(reader.listTables(), []);
  const fast = db.createTableSync('fast', ['value', { name: 'text', type: 'utf8' }]);
  for (let round = 1; round <= 20; round++) {
    for (let n = (round - 1) * 500; n < round * 500; n++) fast.appendRow(n, followedRow(n));
    await (round % 4 === 0 ? db.flush() : db.sync());
    assert.equal(await checkFollowed(reader, 'fast', 0), round * 500);
    assert.equal(await reader.lastSeq('fast'), round * 500);
  }
  const wider = await fast.addColumn('third');
  wider.appendRow(10_000, [1, 'x', 3]);
  await db.sync();
  const { columns } = await reader.table('fast').query({ from: 9999 });
  assert.deepEqual([...(columns['third'] as Float64Array)], [0, 3]);
  await db.close();
  assert.equal(await reader.lastSeq('fast'), 10_001);
  // Another session goes on in the same file.
  const again = await NanoTsDbShared.open(path, { writers: 1 });
  again.appendValue('more', 1, 2);
  await again.sync();
  assert.deepEqual(reader.listTables(), ['fast', 'more']);
  await again.close();
  await reader.close();
});

test('a file that is removed or replaced under the engine poisons it, and readers of it say so', async () => {
  for (const replaced of [false, true]) {
    const path = newPath();
    const db = await NanoTsDbShared.open(path, { writers: 1 });
    db.appendValue('x', 1, 1);
    await db.sync();
    const reader = await NanoTsDbShared.open(path, { readOnly: true });
    if (replaced) {
      const other = await NanoTsDbShared.open(`${path}.other`, { writers: 1 });
      await other.close();
      renameSync(`${path}.other`, path);
    } else unlinkSync(path);
    await assert.rejects(async () => reader.table('x').query(), { code: 'FILE_REPLACED' });
    await until('the engine to notice', async () => (await db.stats()).state === 'poisoned');
    assert.throws(
      () => db.appendValue('x', 2, 2),
      (error: Error) =>
        (error as { code?: string }).code === 'POISONED' && /replaced|removed/.test(error.message),
    );
    // What is open can still be read.
    assert.equal((await db.table('x').query()).rowCount, 1);
    await assert.rejects(db.close(), { code: 'POISONED' });
  }
});
