import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { type MillraceError, NanoTsDbShared } from '../../src/main/index.ts';
import { decodeSuperblock, SUPERBLOCK_BYTES } from '../../src/shared/format/superblock.ts';
import { MemoryFile } from '../../src/shared/storage/memory-storage.ts';
import { InlineEngine, newFile } from '../support/inline-engine.ts';
import { CuttableFile } from '../support/model-file.ts';
import { Random } from '../support/model-values.ts';
import { appendRows } from './kill-rows.ts';
import {
  abandon,
  type OpenLog,
  type Outcome,
  openImage,
  openLog,
  RECOVERY_TABLES,
  readTables,
} from './recovery-image.ts';

let log: OpenLog;
/** A file that was closed: no log, everything in the index. */
let closed: Uint8Array;
before(async () => {
  log = await openLog();
  const file = new MemoryFile(log.image);
  await NanoTsDbShared.over(new InlineEngine({ file })).close();
  closed = file.image();
});

/** Places of every structure that begins with these letters, wherever it lies. */
function placesOf(image: Uint8Array, letters: string): number[] {
  const places: number[] = [];
  const wanted = Buffer.from(letters);
  for (let at = 0; at + 4 <= image.length; at += 8) {
    if (wanted.equals(image.subarray(at, at + 4))) places.push(at);
  }
  return places;
}

/** Places to damage: the same number of them within each kind of structure, and as many anywhere. */
function randomPlaces(image: Uint8Array, random: Random, ofEach: number): number[] {
  const places: number[] = [];
  const kinds: [starts: number[], bytes: number][] = [
    [[0, SUPERBLOCK_BYTES], 80],
    [[SUPERBLOCK_BYTES - 4, 2 * SUPERBLOCK_BYTES - 4], 4],
    ...['MRo1', 'MCt1', 'MIx1', 'MFr1'].map((letters): [number[], number] => [placesOf(image, letters), 160]),
    [placesOf(image, 'MLf1'), 100],
    [placesOf(image, 'MBk1'), 400],
    [[0], image.length],
  ];
  for (const [starts, bytes] of kinds) {
    if (starts.length === 0) continue;
    for (let i = 0; i < ofEach; i++)
      places.push(Math.min(random.pick(starts) + random.below(bytes), image.length - 1));
  }
  return places;
}

/**
 * What a file with one damaged place may show: the rows that it should (all numbers up to `least`), or fewer of them if it
 * says so, by DAMAGED or in its report. `readTables` has made sure that no row is wrong.
 */
async function assertContained(
  db: NanoTsDbShared,
  outcomes: readonly Outcome[],
  least: readonly number[],
  where: string,
): Promise<'right' | 'reported' | 'refused'> {
  let recovery = { damage: ['statistics cannot be had'] as readonly string[], droppedBytes: 0 };
  try {
    ({ recovery } = await db.stats());
  } catch (error) {
    // The statistics read the index; where that is damaged they say so.
    assert.equal((error as MillraceError).code, 'DAMAGED', `${where}: ${(error as Error).stack}`);
  }
  const isReported = recovery.damage.length > 0 || recovery.droppedBytes > 0;
  let worst: 'right' | 'reported' | 'refused' = 'right';
  for (const [i, { name }] of RECOVERY_TABLES.entries()) {
    const outcome = outcomes[i]!;
    if (outcome === 'damaged') worst = 'refused';
    else if (outcome === 'missing' || !hasAll(outcome, least[i]!)) {
      assert.ok(
        isReported,
        `${where}: "${name}" has lost rows (${show(outcome)}, not ${least[i]}), and nobody says so`,
      );
      if (worst === 'right') worst = 'reported';
    }
  }
  return worst;
}

function hasAll(numbers: readonly number[] | string, count: number): boolean {
  return Array.isArray(numbers) && numbers.length >= count && numbers[count - 1] === count - 1;
}

function flipped(image: Uint8Array, at: number, random: Random): Uint8Array {
  const copy = image.slice();
  copy[at]! ^= 1 << random.below(8);
  return copy;
}

for (const kind of ['with an open log', 'that was closed'] as const) {
  test(`one flipped bit anywhere in a file ${kind}: it opens, and shows right rows or says what it lost`, async (t) => {
    const image = kind === 'that was closed' ? closed : log.image;
    const least =
      kind === 'that was closed'
        ? (await readTables(openImage(closed))).map(({ length }) => length)
        : log.acked;
    const random = new Random(21);
    const seen = { right: 0, reported: 0, refused: 0 };
    const places = randomPlaces(image, random, 30);
    for (const at of places) {
      const db = openImage(flipped(image, at, random));
      seen[await assertContained(db, await readTables(db), least, `bit flipped at ${at}`)]++;
    }
    t.diagnostic(`${places.length} flips: ${JSON.stringify(seen)}`);
    assert.ok(seen.right > 0 && seen.refused > 0, JSON.stringify(seen));
  });

  test(`a file ${kind} with one flipped bit can be opened for writing, takes rows, and keeps all that could be read`, async () => {
    const image = kind === 'that was closed' ? closed : log.image;
    const random = new Random(22);
    for (const at of randomPlaces(image, random, 6)) {
      const damaged = flipped(image, at, random);
      const expected = await readTables(openImage(damaged));
      const engine = new InlineEngine({ file: new MemoryFile(damaged) });
      const db = NanoTsDbShared.over(engine);
      const found = await readTables(db);
      assert.deepEqual(found, expected, `bit flipped at ${at}: for writing as for reading`);
      const fresh = 10_000_000;
      for (const formula of RECOVERY_TABLES) {
        if (db.hasTable(formula.name)) appendRows(formula, db.table(formula.name) as never, fresh, 20);
      }
      await db.sync();
      abandon(engine);
      const again = await readTables(openImage(engine.file.syncedImage()));
      for (const [i, { name }] of RECOVERY_TABLES.entries()) {
        const before = found[i]!;
        if (!Array.isArray(before)) continue;
        const all = [...before, ...Array.from({ length: 20 }, (_, k) => fresh + k)];
        assert.deepEqual(again[i], all, `bit flipped at ${at}: "${name}" after more rows and a crash`);
      }
      const last = new InlineEngine({ file: new MemoryFile(engine.file.syncedImage()) });
      const reopened = NanoTsDbShared.over(last);
      await reopened.flush();
      await reopened.close();
      assert.deepEqual(
        await readTables(openImage(last.file.image())),
        again,
        `bit flipped at ${at}: after closing`,
      );
    }
  });
}

test('a lost sector, zeros or rubbish, anywhere in a file: it opens, and shows right rows or says what it lost', async (t) => {
  const random = new Random(23);
  const seen = { right: 0, reported: 0, refused: 0 };
  const least = (await readTables(openImage(closed))).map(({ length }) => length);
  for (let i = 0; i < 150; i++) {
    const [image, counts] = i % 2 === 0 ? [closed, least] : [log.image, log.acked];
    const copy = image.slice();
    const at = 512 * random.below(Math.floor(image.length / 512));
    const end = at + 512 * (1 + random.below(3));
    // Not both superblocks at once.
    const sector = copy.subarray(at, at < SUPERBLOCK_BYTES ? Math.min(end, SUPERBLOCK_BYTES) : end);
    if (random.chance(0.5)) sector.fill(0);
    else for (const k of sector.keys()) sector[k] = random.u32();
    const db = openImage(copy);
    seen[await assertContained(db, await readTables(db), counts, `sector lost at ${at}`)]++;
  }
  t.diagnostic(JSON.stringify(seen));
});

test('either superblock alone opens a file with every synced row, once its session has made two checkpoints', async () => {
  for (const [image, least] of [
    [log.image, log.acked],
    [closed, (await readTables(openImage(closed))).map(({ length }) => length)],
  ] as const) {
    for (const lost of [0, SUPERBLOCK_BYTES]) {
      const copy = image.slice();
      copy.fill(0xa5, lost, lost + SUPERBLOCK_BYTES);
      const db = openImage(copy);
      const outcomes = await readTables(db);
      for (const [i, { name }] of RECOVERY_TABLES.entries()) {
        assert.ok(hasAll(outcomes[i]!, least[i]!), `"${name}" without the superblock at ${lost}`);
      }
      const { damage } = (await db.stats()).recovery;
      assert.equal(damage.length, 1, 'the loss of a superblock is reported');
      // And for writing: the checkpoint with which it opens goes where the lost one was.
      const engine = new InlineEngine({ file: new MemoryFile(copy) });
      assert.deepEqual(await readTables(NanoTsDbShared.over(engine)), outcomes);
      abandon(engine);
      assert.deepEqual((await openImage(engine.file.syncedImage()).stats()).recovery.damage, []);
    }
  }
});

test('the older superblock alone opens a file with every synced row, before, during and after any checkpoint', async () => {
  const random = new Random(31);
  let during: Uint8Array | undefined;
  let callsLeft = -1;
  const cuttable = new CuttableFile(newFile(), () => {
    if (callsLeft-- === 0) during = cuttable.file.image();
  });
  const engine = new InlineEngine({ file: cuttable.file, open: () => cuttable.open() });
  const db = NanoTsDbShared.over(engine);
  const tables = RECOVERY_TABLES.map(
    ({ name, columns, unit }) => db.createTableSync(name, columns, { unit }) as never,
  );
  // Much log for each writer: its extents are let go of and used again.
  const ballast = ['ballast 1', 'ballast 2'].map((name) =>
    db.createTableSync(name, [{ name: 'raw', type: 'bytes' }]),
  );
  const lump = new Uint8Array(600);
  const counts = RECOVERY_TABLES.map(() => 0);
  const check = async (image: Uint8Array, where: string): Promise<void> => {
    const outcomes = await readTables(openImage(withoutNewestSuperblock(image)));
    for (const [i, { name }] of RECOVERY_TABLES.entries()) {
      assert.ok(
        hasAll(outcomes[i]!, counts[i]!),
        `"${name}" ${where}: ${show(outcomes[i]!)}, not ${counts[i]} rows`,
      );
    }
  };
  for (let round = 0; round < 20; round++) {
    for (let part = 0; part < 4; part++) {
      for (const [i, formula] of RECOVERY_TABLES.entries()) {
        const count = i === 3 ? 1 : random.below(i === 1 ? 300 : 60);
        appendRows(formula, tables[i]!, counts[i]!, count);
        counts[i]! += count;
        for (const table of ballast) for (let k = 0; k < 40; k++) table.appendRow(round, [lump]);
        engine.turn(10);
      }
    }
    await db.sync();
    // The first checkpoint of a session is the only one that knows its logs.
    if (round > 1) await check(engine.file.syncedImage(), `before the checkpoint of round ${round}`);
    const { checkpoint } = await db.stats();
    during = undefined;
    callsLeft = random.below(10);
    // By a flush, or by the clock, which leaves filling chunks as they are.
    if (round % 3 === 0) await db.flush();
    else for (let i = 0; i < 12; i++) engine.turn(i === 0 ? 31_000 : 1);
    callsLeft = -1;
    assert.ok((await db.stats()).checkpoint > checkpoint, 'another checkpoint');
    if (round > 1 && during !== undefined) await check(during, `during the checkpoint of round ${round}`);
  }
  abandon(engine);
});

/** The image without the newer of its superblocks. */
function withoutNewestSuperblock(image: Uint8Array): Uint8Array {
  const sequences = [0, SUPERBLOCK_BYTES].map(
    (at) => decodeSuperblock(image.subarray(at, at + SUPERBLOCK_BYTES))!.sequence,
  );
  const newest = sequences[0]! > sequences[1]! ? 0 : SUPERBLOCK_BYTES;
  const copy = image.slice();
  return copy.fill(0, newest, newest + SUPERBLOCK_BYTES);
}

function show(outcome: Outcome): string {
  return Array.isArray(outcome) ? `${outcome.length} rows` : String(outcome);
}

test('without both superblocks a file is refused, as damaged if it can still be recognized', () => {
  const cases: [make: (image: Uint8Array) => void, code: string][] = [
    [(image) => image.fill(0, 0, 2 * SUPERBLOCK_BYTES), 'NOT_A_DATABASE'],
    [(image) => image.fill(0xff, 100, 2 * SUPERBLOCK_BYTES), 'DAMAGED'],
  ];
  for (const [make, code] of cases) {
    const image = log.image.slice();
    make(image);
    assert.throws(() => openImage(image), { code });
    assert.throws(() => new InlineEngine({ file: new MemoryFile(image) }), { code });
  }
});
