import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DatabaseCore } from '../../src/main/database-core.ts';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { MAINTENANCE_DEFAULTS, type MaintenanceOptions } from '../../src/shared/control/maintenance.ts';
import { P_PIN, producerWord } from '../../src/shared/control/words.ts';
import { ALL_TIME } from '../../src/shared/index/index-reader.ts';
import { MemoryFile } from '../../src/shared/storage/memory-storage.ts';
import { InlineEngine, type InlineOptions } from '../support/inline-engine.ts';

const MANUAL: MaintenanceOptions = { ...MAINTENANCE_DEFAULTS, auto: false };
const DAY_MS = 86_400_000;

function open(options: InlineOptions = {}): { engine: InlineEngine; db: NanoTsDbShared } {
  const engine = new InlineEngine({ maintenance: MANUAL, ...options });
  return { engine, db: NanoTsDbShared.over(engine) };
}

/** Some ten bits a row. */
function valueAt(ts: number): number {
  return (ts * 2_654_435_761) % 1009;
}

/** Rows in small batches, each flushed: blocks of `each` rows. */
async function smallBlocks(db: NanoTsDbShared, name: string, blocks: number, each: number): Promise<void> {
  const table = await db.createTable(name, ['v']);
  const from = await table.lastSeq();
  for (let block = 0; block < blocks; block++) {
    const ts = Float64Array.from({ length: each }, (_, i) => from + block * each + i);
    table.append({ ts, columns: { v: ts.map(valueAt) } });
    await db.flush();
  }
}

async function statsOf(db: NanoTsDbShared, name: string) {
  const stats = await db.stats();
  return stats.tables.find((table) => table.name === name)!;
}

test('packTable makes segments of the size that was asked for, and their rows stay', async () => {
  const { db } = open();
  await smallBlocks(db, 'a', 50, 100);
  await smallBlocks(db, 'b', 3, 10);
  assert.ok((await statsOf(db, 'a')).blocks >= 5);
  await db.packTable('a', 1000);
  assert.equal((await statsOf(db, 'a')).blocks, 5);
  const { ts, columns } = await db.table('a').query();
  assert.deepEqual(
    [...ts],
    Array.from({ length: 5000 }, (_, i) => i),
  );
  assert.ok(ts.every((time, i) => columns['v']![i] === valueAt(Number(time))));
  assert.equal((await statsOf(db, 'b')).rows, 30);
  await db.packTable('a');
  assert.equal((await statsOf(db, 'a')).blocks, 1);
  const { maintenance } = await db.stats();
  assert.equal(maintenance!.packs.failed, 0);
  assert.ok(maintenance!.packs.succeeded >= 2);
});

test('a pack of what is packed changes nothing, whatever came before', async () => {
  const { db } = open();
  await smallBlocks(db, 'a', 20, 100);
  await db.packTable('a', 500);
  const before = (await db.stats()).maintenance!.packs.succeeded;
  await db.packTable('a', 500);
  assert.equal((await db.stats()).maintenance!.packs.succeeded, before);
});

test('rows are rewritten a bounded number of times, however small the blocks that arrive', async () => {
  const maintenance = {
    ...MAINTENANCE_DEFAULTS,
    minIdleMs: 0,
    checkIntervalMs: 1,
    targetSegmentPoints: 4096,
  };
  const { db, engine } = open({ maintenance });
  await smallBlocks(db, 'a', 400, 20);
  for (let turn = 0; turn < 3000; turn++) engine.turn();
  const { rowsPacked, throttle } = (await db.stats()).maintenance!;
  assert.equal(throttle, 'nothing to do');
  // log2(4096 / 20) is 7.7: a row moves only into at least twice as many.
  assert.ok(rowsPacked > 0 && rowsPacked <= 8 * 8000, `${rowsPacked} of 8000`);
  // The chunk that is still filling has up to 51 blocks of its own.
  assert.ok((await statsOf(db, 'a')).blocks < 60);
});

test('a reader that holds a snapshot reads its rows through packs and retention, and the space is used again later', async () => {
  const { db, engine } = open();
  await smallBlocks(db, 'a', 40, 500);
  const scan = db.table('a').scan({ batchRows: 100 })[Symbol.asyncIterator]();
  const seen: number[] = [...(await scan.next()).value!.ts].map(Number);
  for (let round = 0; round < 4; round++) {
    await db.packTable('a', 1000 + 500 * round);
    await db.compactRetentionNow(2000 * (round + 1));
    await smallBlocks(db, 'a', 4, 200);
  }
  const unsettled = (await db.stats()).maintenance!.debt.deadBytes;
  assert.ok(unsettled > 40_000, `${unsettled} bytes wait for the reader`);
  for (let next = await scan.next(); !next.done; next = await scan.next())
    seen.push(...[...next.value.ts].map(Number));
  assert.deepEqual(
    seen,
    Array.from({ length: 20_000 }, (_, i) => i),
  );
  assert.equal(Atomics.load(engine.shared.control.words, producerWord(0) + P_PIN), 0);
  await smallBlocks(db, 'b', 2, 10);
  await smallBlocks(db, 'b', 2, 10);
  assert.ok(
    (await db.stats()).maintenance!.debt.deadBytes < unsettled / 4,
    'let go of two checkpoints later',
  );
});

test('retention hides what is older from the moment it is called, drops whole blocks, and is kept in the file', async () => {
  const { db, engine } = open({ retentionMs: 1000 });
  await smallBlocks(db, 'a', 10, 1000);
  const wall = engine.clock.wall();
  const table = await db.createTable('now', ['v']);
  for (let i = 0; i < 5000; i++) table.appendRow(wall - 4999 + i, [i]);
  await db.compactRetentionNow();
  const kept = await table.query();
  // The clock moves on meanwhile, and a row as old as the cutoff stays.
  assert.ok(kept.rowCount > 900 && kept.rowCount <= 1001, `${kept.rowCount} rows of the last second`);
  assert.equal(Number(kept.ts[kept.rowCount - 1]), wall);
  assert.equal(await table.lastSeq(), 5000);
  assert.equal((await statsOf(db, 'now')).rows, kept.rowCount);
  await db.close();
  const again = open({ file: engine.file });
  assert.equal((await again.db.stats()).retentionMs, 1000);
  assert.deepEqual((await again.db.table('now').query()).ts, kept.ts);
  await again.db.setRetention(null);
  await again.db.close();
  assert.equal((await open({ file: engine.file }).db.stats()).retentionMs, null);
});

test('a table has a retention of its own, before that of the database', async () => {
  const { db, engine } = open({ retentionMs: 1000 });
  const wall = engine.clock.wall();
  for (const name of ['short', 'long']) {
    const table = await db.createTable(name, ['v'], { unit: 'us' });
    for (let i = 0; i < 100; i++) table.appendRow(BigInt(wall - i * 1000) * 1000n, [i]);
  }
  await db.setRetention('50s', 'long');
  await db.compactRetentionNow();
  assert.ok((await db.table('short').query()).rowCount <= 2);
  const kept = (await db.table('long').query()).rowCount;
  assert.ok(kept > 45 && kept <= 51, `${kept}`);
});

test('a clock far ahead deletes nothing newer than a day before the newest row, one that jumps back nothing at all', async () => {
  const { db, engine } = open({ retentionMs: 2 * DAY_MS });
  const table = await db.createTable('a', ['v']);
  const begin = engine.clock.wall();
  for (let day = 0; day < 10; day++) table.appendRow(begin + day * DAY_MS, [day]);
  // The clock stands at the first day: rows of the future are no reason to drop those of today.
  await db.compactRetentionNow();
  assert.equal((await table.query()).rowCount, 10);
  engine.manualClock.advance(1000 * DAY_MS);
  await db.compactRetentionNow();
  assert.deepEqual([...(await table.query()).columns.v!], [8, 9]);
  engine.manualClock.advance(-1000 * DAY_MS);
  await db.compactRetentionNow();
  assert.deepEqual([...(await table.query()).columns.v!], [8, 9]);
  await db.compactRetentionNow(begin);
  assert.equal((await table.query()).rowCount, 2, 'an earlier cutoff brings nothing back');
});

test('blocks that straddle the cutoff lose their hidden rows when they are packed', async () => {
  const { db } = open();
  await smallBlocks(db, 'a', 1, 1000);
  await db.compactRetentionNow(500);
  const before = await statsOf(db, 'a');
  assert.equal(before.rows, 500);
  await db.packTable('a');
  const after = await statsOf(db, 'a');
  assert.equal(after.rows, 500);
  assert.ok(after.storedBytes < before.storedBytes, `${after.storedBytes} of ${before.storedBytes} bytes`);
  assert.equal(await db.lastSeq('a'), 1000);
});

test('a task that fails is tried again after a rest, loses nothing, and gives its space back', async () => {
  let fails = 3;
  const { db } = open({
    beforeTask: () => {
      if (fails-- > 0) throw new Error('the thread was killed');
    },
  });
  await smallBlocks(db, 'a', 30, 100);
  const free = (await db.stats()).freeBytes;
  await db.packTable('a');
  const { maintenance, freeBytes } = await db.stats();
  assert.equal(maintenance!.packs.failed, 3);
  assert.match(maintenance!.packs.lastError!, /the thread was killed/);
  assert.equal((await statsOf(db, 'a')).blocks, 1);
  assert.equal((await db.table('a').query()).rowCount, 3000);
  assert.ok(freeBytes >= free, 'what the failed tasks held is free again');
});

test('a pack that fails for good says so, and the rows are as they were', async () => {
  const { db } = open({
    beforeTask: () => {
      throw new Error('no memory');
    },
  });
  await smallBlocks(db, 'a', 30, 100);
  await assert.rejects(db.packTable('a'), { code: 'PACK_FAILED', message: /no memory/ });
  assert.equal((await db.table('a').query()).rowCount, 3000);
  await db.close();
});

test('a damaged block is left alone and reported; its neighbours are packed', async () => {
  const { db, engine } = open();
  await smallBlocks(db, 'a', 40, 1000);
  await smallBlocks(db, 'b', 4, 100);
  const { blocks } = await statsOf(db, 'a');
  const core = (db as unknown as { core: DatabaseCore }).core;
  const snapshot = core.snapshot(core.find('a')!, ALL_TIME);
  const victim = snapshot.blocks[20]!;
  snapshot.release();
  const storage = engine.file.open();
  storage.write(new Uint8Array(16).fill(0x55), victim.offset + victim.length - 32);
  await db.packTable('a', 2000);
  const stats = await db.stats();
  assert.equal(stats.maintenance!.damagedBlocks, 1);
  assert.ok(stats.maintenance!.packs.failed >= 1);
  const after = await statsOf(db, 'a');
  assert.ok(after.blocks < blocks * 0.7, `${after.blocks} of ${blocks} blocks`);
  assert.equal(after.rows, 40_000);
  await assert.rejects(db.table('a').query(), { code: 'DAMAGED' });
  const before = Number(victim.minTs);
  assert.ok(before > 1000);
  assert.equal((await db.table('a').query({ to: before - 1 })).rowCount, before);
  assert.equal((await db.table('b').query()).rowCount, 400);
});

test('closing ends a task at once; the file has no trace of it', async () => {
  const { db, engine } = open();
  await smallBlocks(db, 'a', 60, 100);
  const pack = db.packTable('a');
  const closed = db.close();
  await assert.rejects(pack, { code: 'CLOSED' });
  await closed;
  const again = open({ file: engine.file });
  assert.equal((await again.db.table('a').query()).rowCount, 6000);
  await again.db.packTable('a');
  assert.equal((await statsOf(again.db, 'a')).blocks, 1);
});

test('under a load of writes maintenance waits and says why; past the debt limit it runs', async () => {
  const maintenance: MaintenanceOptions = {
    ...MAINTENANCE_DEFAULTS,
    checkIntervalMs: 1,
    maxWritesPerSec: 1000,
    writeLoadWindowMs: 100,
    minIdleMs: 50,
  };
  const write = async (db: NanoTsDbShared, engine: InlineEngine, rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      await smallBlocks(db, 'a', 1, 100);
      for (let turn = 0; turn < 20; turn++) engine.turn();
    }
  };
  const patient = open({ maintenance });
  await write(patient.db, patient.engine, 60);
  const waiting = (await patient.db.stats()).maintenance!;
  assert.equal(waiting.throttle, 'waiting: write load');
  assert.equal(waiting.packs.succeeded, 0);
  for (let turn = 0; turn < 1000; turn++) patient.engine.turn();
  assert.equal((await patient.db.stats()).maintenance!.throttle, 'nothing to do');
  assert.ok((await statsOf(patient.db, 'a')).blocks < 10);
  const pressed = open({ maintenance: { ...maintenance, walMinBytes: 1000, walTargetRatio: 0 } });
  await write(pressed.db, pressed.engine, 60);
  assert.ok((await pressed.db.stats()).maintenance!.packs.succeeded > 0);
});

test('the file shrinks again once most of its rows have expired', async () => {
  const maintenance = { ...MAINTENANCE_DEFAULTS, checkIntervalMs: 10, minIdleMs: 0 };
  const { db, engine } = open({ maintenance });
  const table = await db.createTable('a', [{ name: 'v', type: 'bytes' }]);
  for (let i = 0; i < 8000; i++) {
    table.appendRow(i, [Uint8Array.from({ length: 8192 }, (_, at) => (at * i * 2654435761) >>> 13)]);
    if (i % 500 === 0) await db.drained();
  }
  await db.flush();
  const full = engine.file.image().length;
  await db.compactRetentionNow(7900);
  for (let turn = 0; turn < 20_000; turn++) engine.turn();
  const left = engine.file.image().length;
  const live = (await statsOf(db, 'a')).storedBytes;
  assert.ok(left <= 2 * live + (34 << 20), `${left} bytes of ${full}, ${live} live`);
  assert.equal((await table.query()).rowCount, 100);
});

test('after a crash, rows that had expired are not there again, and lastSeq does not count them twice', async () => {
  const { db, engine } = open({
    writers: 1,
    maintenance: { ...MAINTENANCE_DEFAULTS, retentionCheckIntervalMs: 1 },
  });
  const table = await db.createTable('a', ['v']);
  const other = await db.createTable('b', ['v']);
  // A chunk that is still filling keeps the log from here on, with the pieces of other tables that come after.
  other.appendRow(0, [0]);
  await db.sync();
  for (let row = 0; row < 3000; row++) {
    table.appendRow(row, [row]);
    if (row % 100 === 0) await db.sync();
  }
  await db.sync();
  const { blocks } = await statsOf(db, 'a');
  assert.ok(blocks > 0);
  void db.setRetention(1, 'a');
  let after = 0;
  for (let turn = 0; turn < 12; turn++) {
    engine.turn();
    const again = open({ writers: 1, file: new MemoryFile(engine.file.syncedImage()) });
    assert.equal(await again.db.lastSeq('a'), 3000, `after turn ${turn}`);
    assert.equal(await again.db.lastSeq('b'), 1);
    const { recovery } = await again.db.stats();
    const hasLeft = (await again.db.table('a').query()).rowCount === 0 && recovery.frames > 10;
    if (hasLeft && (await statsOf(again.db, 'a')).blocks < blocks) after++;
  }
  assert.ok(after > 0, 'blocks have left the index while the log still has pieces of theirs');
});

test('producers are slowed down before debt comes to twice its limit, and go on at full speed once it is paid', async () => {
  const maintenance: MaintenanceOptions = {
    ...MAINTENANCE_DEFAULTS,
    walMinBytes: 1 << 20,
    walTargetRatio: 0,
  };
  let fails = true;
  const { db, engine } = open({
    maintenance,
    beforeTask: () => {
      if (fails) throw new Error('the disk is slow');
    },
  });
  const table = await db.createTable('a', ['v']);
  let row = 0;
  const append = (): boolean => {
    const ts = Float64Array.from({ length: 1024 }, (_, i) => (row + i * 7919) % 100_003);
    row += 1024;
    return table.append({ ts, columns: { v: ts.map((time) => Math.sin(time * row)) } });
  };
  const paceOf = async (): Promise<number> => (await db.stats()).maintenance!.paceMicrosPerMib;
  let refused = 0;
  for (let round = 0; round < 600 && refused === 0; round++) {
    if (!append()) refused++;
    engine.turn(5);
  }
  assert.ok((await paceOf()) > 0, 'debt over its limit slows producers down');
  assert.ok(refused > 0, 'and tells them so');
  assert.ok(row < 600 * 1024);
  fails = false;
  await db.packTable('a');
  for (let turn = 0; turn < 20_000; turn++) engine.turn(5);
  assert.equal(await paceOf(), 0);
  assert.ok(append());
  assert.equal((await table.query()).rowCount, row);
});
