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
  type Counts,
  countAll,
  HIDDEN,
  hiddenRows,
  makeTable,
  PRODUCERS,
} from './crash-tables.ts';
import { seededWords } from './world.ts';

/** What must and what may be found. */
export interface Bounds {
  readonly acked: Counts;
  readonly appended: Counts;
}

/**
 * Opens what a crash left, for reading, and checks it: what was acknowledged is there, a prefix of each producer's rows in
 * each table, no row that is wrong or was never appended, and no damage is reported, since a crash damages nothing.
 */
export async function checkImage(image: Uint8Array, bounds: Bounds): Promise<Counts> {
  const found = await readImage(image);
  checkCounts(found, bounds);
  return found;
}

async function readImage(image: Uint8Array): Promise<Counts> {
  const core = new ReadOnlyDatabase('image', imageStorage(image));
  const damage = (await core.stats()).recovery.damage.filter((each) => each !== LONE_SUPERBLOCK);
  assert.deepEqual(
    damage,
    [],
    'a crash damages nothing, but it may tear the superblock that was being written',
  );
  return countAll(new NanoTsDbShared(core));
}

/** Checks that what was found is what must and what may be there. */
export function checkCounts(found: Counts, { acked, appended }: Bounds): void {
  for (const [name, counts] of acked) {
    const there = found.get(name);
    if (there === undefined) assert.fail(`table "${name}" was acknowledged and is gone`);
    for (const [i, count] of counts.entries()) {
      if (there[i]! >= count) continue;
      assert.fail(`"${name}", ${what(i)}: ${there[i]}, ${count} were acknowledged`);
    }
  }
  for (const [name, counts] of found) {
    const most = appended.get(name);
    if (most === undefined) assert.fail(`table "${name}" was never made`);
    for (const [i, count] of counts.entries()) {
      // Of rows that are hidden nobody can say how many there are.
      if (count <= most[i]! || (i !== HIDDEN && count === hiddenRows(counts))) continue;
      assert.fail(`"${name}", ${what(i)}: ${count}, only ${most[i]} were asked for`);
    }
  }
}

function what(i: number): string {
  return i === HIDDEN ? 'hidden times' : `rows of producer ${i}`;
}

let shared: SharedState | undefined;

/**
 * Opens a storage for writing as far as the first append could come: recovery, its repairs, its checkpoint. Writers are not
 * started, so it takes a millisecond.
 */
export function recoverForWriting(storage: Storage, random: Random): void {
  // One for all: opening sets what it needs of it.
  shared ??= createSharedState(2, 1 << 20);
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
  new Coordinator(shared, storage, new ManualClock(), options, () => nobody, noTasks);
}

/** Opens an image with a whole engine, appends to every table, cuts the power after a sync, and reads all again. */
export async function appendAndCrash(image: Uint8Array, before: Counts, random: Random): Promise<void> {
  const engine = new InlineEngine({ file: new MemoryFile(image), randomWords: seededWords(random) });
  const db = NanoTsDbShared.over(engine);
  const handles = [db, NanoTsDbShared.over(engine.asProducer(1))];
  for (const [name, counts] of before) {
    for (let producer = 0; producer < PRODUCERS; producer++)
      appendNumbers(makeTable(handles[producer]!, name), producer, counts[producer]!, 7, random.chance(0.5));
  }
  await db.sync();
  const expected = new Map(
    [...before].map(([name, counts]) => [name, counts.map((count, i) => count + (i === HIDDEN ? 0 : 7))]),
  );
  await checkImage(engine.file.syncedImage(), { acked: expected, appended: expected });
  await db.close();
  await giveMemoryBack();
  await checkImage(engine.file.image(), { acked: expected, appended: expected });
}
