import assert from 'node:assert/strict';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { ReadOnlyDatabase } from '../../src/main/read-only.ts';
import { ManualClock } from '../../src/shared/clock.ts';
import { MAINTENANCE_DEFAULTS } from '../../src/shared/control/maintenance.ts';
import { createSharedState, type SharedState } from '../../src/shared/control/shared-state.ts';
import { LONE_SUPERBLOCK } from '../../src/shared/recovery/superblocks.ts';
import { MemoryFile } from '../../src/shared/storage/memory-storage.ts';
import type { Storage } from '../../src/shared/storage/storage.ts';
import { Coordinator } from '../../src/workers/coordinator/coordinator.ts';
import { giveMemoryBack } from '../support/give-memory-back.ts';
import { InlineEngine } from '../support/inline-engine.ts';
import type { Random } from '../support/model-values.ts';
import { imageStorage } from '../support/storage/image-storage.ts';
import {
  appendNumbers,
  bytesOfRows,
  type Counts,
  countAll,
  GONE,
  HIDDEN,
  hiddenRows,
  makeTable,
  mayMakeWay,
  ownerOf,
  PRODUCERS,
} from './crash-tables.ts';
import { seededWords } from './world.ts';

/** What must and what may be found. */
export interface Bounds {
  /** Rows that must be found. A table that is named must be there, if it has no rows too. */
  readonly acked: Counts;
  /** Rows that may be found. */
  readonly appended: Counts;
  /** Of a file that may not grow. */
  readonly bound?: FileBound | undefined;
}

/** What a file that may not grow has to keep to. */
export interface FileBound {
  readonly maxBytes: number;
  /** Bytes of rows that it keeps at least: the oldest make way, not more than needed. */
  readonly leastBytes: number;
}

/**
 * Opens what a crash left, for reading, and checks it: what was acknowledged is there, a prefix of each producer's rows in
 * each table, no row that is wrong or was never appended, and no damage is reported, since a crash damages nothing.
 */
export async function checkImage(image: Uint8Array, bounds: Bounds): Promise<Counts> {
  const found = await readImage(image, bounds.bound);
  checkCounts(found, bounds);
  return found;
}

async function readImage(image: Uint8Array, bound: FileBound | undefined): Promise<Counts> {
  const core = new ReadOnlyDatabase('image', imageStorage(image));
  const stats = await core.stats();
  assert.equal(stats.maxBytes, bound?.maxBytes ?? null, 'the bound is stored in the file');
  const damage = stats.recovery.damage.filter((each) => each !== LONE_SUPERBLOCK);
  assert.deepEqual(
    damage,
    [],
    'a crash damages nothing, but it may tear the superblock that was being written',
  );
  const found = await countAll(new NanoTsDbShared(core), bound !== undefined);
  if (bound !== undefined) checkFull(image, found, bound);
  return found;
}

/** A file that may not grow is no longer than it may be, and holds more than a little. */
function checkFull(image: Uint8Array, found: Counts, { maxBytes, leastBytes }: FileBound): void {
  assert.ok(
    image.length <= maxBytes,
    `the file has ${image.length} bytes, ${maxBytes} at most were asked for`,
  );
  let bytes = 0;
  for (const [name, counts] of found) bytes += bytesOfRows(name, counts[GONE]!, counts[ownerOf(name)]!);
  assert.ok(bytes >= leastBytes, `only ${bytes} bytes of rows are left`);
}

/** Checks that what was found is what must and what may be there. */
export function checkCounts(found: Counts, { acked, appended }: Bounds): void {
  for (const [name, counts] of acked) {
    const there = found.get(name);
    if (there === undefined) assert.fail(`table "${name}" was acknowledged and is gone`);
    for (const [i, count] of counts.entries()) {
      // Of what is hidden nobody can say whether it made way.
      if (there[i]! >= count || (i === GONE && count <= hiddenRows(there))) continue;
      assert.fail(`"${name}", ${what(i)}: ${there[i]}, ${count} were acknowledged`);
    }
  }
  for (const [name, counts] of found) {
    const most = appended.get(name);
    if (most === undefined) assert.fail(`table "${name}" was never made`);
    for (const [i, count] of counts.entries()) {
      // Of rows that are hidden nobody can say how many there are.
      if (count <= most[i]! || (i < HIDDEN && count === hiddenRows(counts))) continue;
      assert.fail(`"${name}", ${what(i)}: ${count}, only ${most[i]} were asked for`);
    }
  }
}

function what(i: number): string {
  return i === HIDDEN ? 'hidden times' : i === GONE ? 'rows that made way' : `rows of producer ${i}`;
}

/** Of a database with two writers, and with one, as the smallest of those have that may not grow. */
const shared: (SharedState | undefined)[] = [];

/**
 * Opens a storage for writing as far as the first append could come: recovery, its repairs, its checkpoint. Writers are not
 * started, so it takes a millisecond.
 */
export function recoverForWriting(storage: Storage, random: Random, writers = 2): void {
  // One for all: opening sets what it needs of it.
  const state = (shared[writers] ??= createSharedState(writers, 1 << 20));
  const nobody = { channel: { take: () => undefined, post: () => {} } };
  const options = {
    durability: 'interval' as const,
    commitIntervalMs: 10,
    maxProducers: 4,
    reuseDelayMs: 0,
    randomWords: seededWords(random),
    maintenance: { ...MAINTENANCE_DEFAULTS, auto: false },
    retentionMs: undefined,
    maxBytes: undefined,
  };
  const noTasks = (): never => {
    throw new Error('no maintenance here');
  };
  new Coordinator(state, storage, new ManualClock(), options, () => nobody, noTasks);
}

/** Opens an image with a whole engine, appends to every table, cuts the power after a sync, and reads all again. */
export async function appendAndCrash(
  image: Uint8Array,
  before: Counts,
  random: Random,
  bound?: FileBound,
): Promise<void> {
  const engine = new InlineEngine({
    file: new MemoryFile(image),
    randomWords: seededWords(random),
    writers: bound === undefined ? 2 : 1,
  });
  const db = NanoTsDbShared.over(engine);
  const handles = [db, NanoTsDbShared.over(engine.asProducer(1))];
  for (const [name, counts] of before) {
    for (const producer of bound === undefined ? handles.keys() : [ownerOf(name)])
      appendNumbers(makeTable(handles[producer]!, name), producer, counts[producer]!, 7, random.chance(0.5));
  }
  await db.sync();
  const acked = new Map(
    [...before].map(([name, counts]) => [
      name,
      counts.map(
        (count, i) => count + (i < PRODUCERS && (bound === undefined || i === ownerOf(name)) ? 7 : 0),
      ),
    ]),
  );
  const expected = { acked, appended: bound === undefined ? acked : mayMakeWay(acked), bound };
  await checkImage(engine.file.syncedImage(), expected);
  await db.close();
  await giveMemoryBack();
  await checkImage(engine.file.image(), expected);
}
