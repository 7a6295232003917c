import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { MillraceError, NanoTsDbShared } from '../../src/main/index.ts';
import { SUPERBLOCK_BYTES } from '../../src/shared/format/superblock.ts';
import { recover } from '../../src/shared/recovery/recover.ts';
import { MemoryFile } from '../../src/shared/storage/memory-storage.ts';
import { InlineEngine } from '../support/inline-engine.ts';
import { CuttableFile } from '../support/model-file.ts';
import { Random } from '../support/model-values.ts';
import { appendRows } from './kill-rows.ts';
import {
  abandon,
  assertPrefixes,
  isPrefix,
  type OpenLog,
  openImage,
  openLog,
  RECOVERY_TABLES,
  readTables,
} from './recovery-image.ts';

const SECTOR_BYTES = 512;

let log: OpenLog;
before(async () => {
  log = await openLog();
});

test('a crash leaves every synced row, of each table a prefix, however often the file is opened', async (t) => {
  const { frames, damage, blockExtents, logExtents } = recover(new MemoryFile(log.image).open());
  t.diagnostic(
    `${log.image.length} bytes, ${frames} frames in ${logExtents.length} extents, ${blockExtents.length} logged blocks`,
  );
  assert.ok(
    frames > 50 && logExtents.length >= 4 && blockExtents.length > 0,
    'the image has a log worth testing',
  );
  assert.deepEqual(damage, []);
  const first = await readTables(openImage(log.image));
  assertPrefixes(first, log.acked, log.appended, 'for reading');
  const file = new MemoryFile(log.image);
  for (let opening = 0; opening < 4; opening++) {
    const engine = new InlineEngine({ file, writers: 1 + (opening % 3) });
    assert.deepEqual(await readTables(NanoTsDbShared.over(engine)), first, `opening ${opening}`);
    // Nothing is closed: each opening finds what the one before left on the disk.
    abandon(engine);
    assert.deepEqual(await readTables(openImage(file.image())), first, `after opening ${opening}`);
    assert.deepEqual(await readTables(openImage(file.syncedImage())), first, `synced by opening ${opening}`);
  }
});

test('a file cut at any length opens with a prefix of each table, or says that it is damaged', async (t) => {
  // With one writer most of the log lies behind the newest root, so that most cuts leave something to open.
  const cut = await openLog(1);
  const random = new Random(1);
  const lengths = new Set<number>();
  for (let length = 0; length <= cut.image.length; length += SECTOR_BYTES) lengths.add(length);
  for (let i = 0; i < 200; i++) lengths.add(random.below(cut.image.length));
  const seen = { whole: 0, prefix: 0, damaged: 0, refused: 0 };
  for (const length of lengths) {
    const image = cut.image.subarray(0, length);
    const db = openOrRefuse(() => openImage(image), length);
    if (db === undefined) {
      seen.refused++;
      assert.ok(length < cut.image.length);
      continue;
    }
    const outcomes = await readTables(db);
    const { damage } = (await db.stats().catch(() => ({ recovery: { damage: ['no statistics'] } }))).recovery;
    for (const [i, outcome] of outcomes.entries()) {
      const { name } = RECOVERY_TABLES[i]!;
      if (outcome === 'damaged') seen.damaged++;
      // A table is gone with its definition, which was made after the last checkpoint or is reported as lost.
      else if (outcome === 'missing')
        assert.ok(i === RECOVERY_TABLES.length - 1 || damage.length > 0, `${name} at ${length}`);
      else {
        assert.ok(
          isPrefix(outcome) || damage.length > 0,
          `"${name}" has a gap in a file cut at ${length}, unreported`,
        );
        if (outcome.length >= cut.acked[i]!) seen.whole++;
        else seen.prefix++;
      }
    }
  }
  t.diagnostic(`${lengths.size} lengths; tables: ${JSON.stringify(seen)}`);
  assert.ok(seen.whole > 0 && seen.prefix > 0 && seen.refused > 0, JSON.stringify(seen));
});

test('a file cut at any length can be opened for writing and takes rows, which are there after a reopening', async () => {
  const cut = await openLog(1);
  for (let length = 0; length < cut.image.length; length += 37 * SECTOR_BYTES) {
    const file = new MemoryFile(cut.image.slice(0, length));
    const engine = openOrRefuse(() => new InlineEngine({ file }), length);
    if (engine !== undefined) await appendAndReopen(engine, `cut at ${length}`);
  }
});

test('a power cut at any write or sync of a commit, whatever sectors it takes, costs no row that was synced before', async (t) => {
  const random = new Random(7);
  const images: Uint8Array[] = [];
  let isCutting = false;
  const cuttable = new CuttableFile(new MemoryFile(log.image), () => {
    if (isCutting) images.push(cuttable.tornImage(random), cuttable.tornImage(random));
  });
  const engine = new InlineEngine({ file: cuttable.file, open: () => cuttable.open() });
  const db = NanoTsDbShared.over(engine);
  const counts = (await readTables(db)).map((outcome) => outcome.length);
  const append = (i: number, count: number): void => {
    appendRows(RECOVERY_TABLES[i]!, db.table(RECOVERY_TABLES[i]!.name) as never, counts[i]!, count);
    counts[i]! += count;
  };
  let dropped = 0;
  for (let round = 0; round < 15; round++) {
    for (const i of RECOVERY_TABLES.keys()) append(i, random.below(30));
    await db.sync();
    const acked = [...counts];
    // Of one table enough for blocks: a frame may be whole and a block of it torn.
    for (const i of RECOVERY_TABLES.keys()) append(i, i === 1 ? 700 + random.below(700) : 5);
    images.length = 0;
    isCutting = true;
    engine.turn(10);
    isCutting = false;
    assert.ok(images.length >= 6, 'a commit of two writers: data, log and sync');
    for (const [k, image] of images.entries()) {
      const cut = openImage(image);
      assertPrefixes(await readTables(cut), acked, counts, `round ${round}, image ${k}`);
      const { recovery } = await cut.stats();
      assert.deepEqual(recovery.damage, [], 'a power cut damages nothing');
      if (recovery.droppedBytes > 0) dropped++;
    }
  }
  t.diagnostic(`${dropped} images with a torn commit`);
  assert.ok(dropped > 10);
  abandon(engine);
});

test('bytes behind the end of the file, zeros, rubbish or old frames, are not taken for rows', async () => {
  const whole = await readTables(openImage(log.image));
  const random = new Random(3);
  const rubbish = Uint8Array.from({ length: 70_000 }, () => random.u32() & 255);
  for (const tail of [
    new Uint8Array(100_000),
    rubbish,
    log.image.subarray(SUPERBLOCK_BYTES * 2),
    log.image,
  ]) {
    const image = new Uint8Array(log.image.length + tail.length);
    image.set(log.image);
    image.set(tail, log.image.length);
    const db = openImage(image);
    assert.deepEqual((await db.stats()).recovery.damage, []);
    assert.deepEqual(await readTables(db), whole);
    await appendAndReopen(
      new InlineEngine({ file: new MemoryFile(image) }),
      `${tail.length} bytes behind the end`,
    );
  }
});

test('a crash during the opening, at any write or sync, costs no synced row, wherever the power goes', async (t) => {
  const random = new Random(11);
  let steps = 0;
  for (let done = false; !done; steps++) {
    const file = new MemoryFile(log.image);
    let left = steps;
    const cuttable = new CuttableFile(file, () => {
      if (left-- === 0) throw new MillraceError('IO_ERROR', 'the power went');
    });
    try {
      abandon(new InlineEngine({ file, writers: 2, open: () => cuttable.open() }));
      done = true;
    } catch (error) {
      assert.equal((error as MillraceError).code, 'IO_ERROR');
    }
    const images = [file.image(), file.syncedImage(), cuttable.tornImage(random), cuttable.tornImage(random)];
    for (const [i, image] of images.entries()) {
      const where = `power cut at step ${steps}, image ${i}`;
      assertPrefixes(await readTables(openImage(image)), log.acked, log.appended, where);
    }
    if (steps % 5 === 0) {
      const again = new InlineEngine({ file: new MemoryFile(cuttable.tornImage(random)) });
      await appendAndReopen(again, `opened after a power cut at step ${steps}`, log.acked);
    }
  }
  t.diagnostic(`${steps} writes and syncs`);
  assert.ok(steps > 5);
});

test('a crash while a database closes, at any write or sync, costs no synced row', async (t) => {
  const random = new Random(12);
  let steps = 0;
  for (let done = false; !done; steps++) {
    let left = Number.POSITIVE_INFINITY;
    const cuttable = new CuttableFile(new MemoryFile(log.image), () => {
      if (left-- === 0) throw new MillraceError('IO_ERROR', 'the power went');
    });
    const engine = new InlineEngine({ file: cuttable.file, open: () => cuttable.open() });
    const db = NanoTsDbShared.over(engine);
    const counts = (await readTables(db)).map((outcome) => outcome.length);
    for (const [i, formula] of RECOVERY_TABLES.entries())
      appendRows(formula, db.table(formula.name) as never, counts[i]!, 50);
    await db.sync();
    left = steps;
    try {
      await db.close();
      done = true;
    } catch (error) {
      assert.ok(MillraceError.is(error), String(error));
      abandon(engine);
    }
    const all = counts.map((count) => count + 50);
    for (const image of [cuttable.file.image(), cuttable.tornImage(random), cuttable.tornImage(random)]) {
      assertPrefixes(await readTables(openImage(image)), all, all, `power cut at step ${steps} of closing`);
    }
  }
  t.diagnostic(`${steps} writes, syncs and truncations`);
  assert.ok(steps > 8);
});

/** Opens, or returns undefined if that was refused for one of the two reasons that there are. */
function openOrRefuse<T>(open: () => T, length: number): T | undefined {
  try {
    return open();
  } catch (error) {
    const code = MillraceError.is(error) ? error.code : String((error as Error).stack);
    assert.ok(code === 'NOT_A_DATABASE' || code === 'DAMAGED', `opening a file cut at ${length}: ${code}`);
    return undefined;
  }
}

/** Appends to what an engine opened, crashes it after a sync, and reads all again. */
async function appendAndReopen(
  engine: InlineEngine,
  where: string,
  least?: readonly number[],
): Promise<void> {
  const db = NanoTsDbShared.over(engine);
  const found = await readTables(db);
  if (least !== undefined) assertPrefixes(found, least, log.appended, where);
  const fresh = 10_000_000;
  const tables = RECOVERY_TABLES.filter(({ name }) => db.hasTable(name));
  for (const formula of tables) appendRows(formula, db.table(formula.name) as never, fresh, 33);
  await db.sync();
  abandon(engine);
  const again = new InlineEngine({ file: new MemoryFile(engine.file.syncedImage()) });
  const reopened = NanoTsDbShared.over(again);
  const outcomes = await readTables(reopened);
  for (const [i, formula] of RECOVERY_TABLES.entries()) {
    const before = found[i]!;
    if (!Array.isArray(before)) assert.equal(outcomes[i], before, `${where}: "${formula.name}"`);
    else {
      const added = Array.from({ length: 33 }, (_, k) => fresh + k);
      assert.deepEqual(outcomes[i], [...before, ...added], `${where}: "${formula.name}" after the reopening`);
    }
  }
  await reopened.close();
}
