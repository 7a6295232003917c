import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { MemoryFile } from '../../src/shared/storage/memory-storage.ts';
import { InlineRunner } from '../../src/workers/maintenance/inline-runner.ts';
import { InlineEngine, newFile } from '../support/inline-engine.ts';
import { FaultPlan, faultyStorage } from '../support/storage/faulty.ts';

const ROWS = 300;

/** A database whose maintenance tasks alone have a disk that fails as a plan says, with rows that are synced. */
async function withFaultyTasks(plan: FaultPlan) {
  const file = newFile();
  const engine = new InlineEngine({ file, startRunner: () => new InlineRunner(faultyStorage(file, plan)) });
  const db = NanoTsDbShared.over(engine);
  const table = db.createTableSync('line', ['x']);
  for (let x = 0; x < ROWS; x++) {
    table.appendRow(x, [x]);
    if (x % 50 === 49) await db.flush();
  }
  return { file, engine, db, table };
}

async function rowsIn(image: Uint8Array): Promise<number> {
  const db = NanoTsDbShared.over(new InlineEngine({ file: new MemoryFile(image) }));
  return (await db.table('line').query()).rowCount;
}

for (const fault of ['ENOSPC', 'EDQUOT', 'EIO'] as const) {
  test(`a write that fails (${fault}) in a maintenance task only is told, and nothing else: rows are taken, and the next pack works`, async () => {
    const plan = new FaultPlan('changes', 1, fault, true);
    const { file, db, table } = await withFaultyTasks(plan);
    await assert.rejects(db.packTable('line'), { code: 'PACK_FAILED', message: new RegExp(fault) });
    const { state, maintenance, freeBytes, fileBytes } = await db.stats();
    assert.equal(state, 'open');
    assert.ok(maintenance!.packs.failed > 0);
    assert.match(maintenance!.packs.lastError!, new RegExp(fault));
    assert.ok(freeBytes <= fileBytes);
    table.appendRow(ROWS, [ROWS]);
    await db.sync();
    assert.equal(await rowsIn(file.syncedImage()), ROWS + 1);
    // There is room again.
    plan.isOver = true;
    await db.packTable('line');
    assert.ok((await db.stats()).maintenance!.packs.succeeded > 0);
    assert.equal((await table.query()).rowCount, ROWS + 1);
    await db.close();
    assert.equal(await rowsIn(file.syncedImage()), ROWS + 1);
  });
}

test('a sync that fails in a maintenance task poisons: it may have lost what a writer wrote; readers go on, reopening finds what was acknowledged', async () => {
  // A task writes once and syncs once.
  const { file, db, table } = await withFaultyTasks(new FaultPlan('changes', 2, 'EIO', false));
  await assert.rejects(db.packTable('line'), { code: 'POISONED' });
  assert.throws(() => table.appendRow(ROWS, [ROWS]), { code: 'POISONED', message: /fdatasync/ });
  await assert.rejects(db.sync(), { code: 'POISONED' });
  assert.equal((await table.query()).rowCount, ROWS);
  assert.equal(await rowsIn(file.syncedImage()), ROWS);
});
