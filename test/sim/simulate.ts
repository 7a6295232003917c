/** A simulation: the real coordinator, writers, recovery and handles; clock, disk, messages and faults from a seed. */
import { createHash } from 'node:crypto';
import { MillraceError } from '../../src/main/index.ts';
import { WriterKilled } from '../../src/workers/writer/options.ts';
import { checkImage } from '../crash/check-image.ts';
import { type Counts, GONE, HIDDEN, hiddenRows, ownerOf } from '../crash/crash-tables.ts';
import { fullFile } from '../crash/full-file.ts';
import { BUSY_MAINTENANCE, FULL_STEPS, STEPS, type Step } from '../crash/workloads.ts';
import { World } from '../crash/world.ts';
import { newFile } from '../support/inline-engine.ts';
import { Random } from '../support/model-values.ts';
import { RandomScheduler } from './scheduler.ts';
import { type Dangers, SimDisk } from './sim-storage.ts';

/** What happened in a simulation. */
export interface Simulated {
  readonly steps: number;
  readonly powerCuts: number;
  readonly failures: number;
  readonly kills: number;
  /** Maintenance threads killed. */
  readonly tasksKilled: number;
  /** Rows that packs wrote. */
  readonly rowsPacked: number;
  /** Rows at the end, hidden ones apart. */
  readonly rows: number;
  /** Stands for every byte that was written and every row count, so that two runs can be compared. */
  readonly fingerprint: string;
}

const STEPS_OF_RUN = 50;

/**
 * Runs one seed. Throws if a row that was acknowledged is lost, or any row is wrong, twice or out of order.
 * @param isFull in a file that may not grow and is full: there rows make way, but for the oldest ones only, and the file
 *   keeps to its bound
 */
export async function simulate(seed: number, isFull = false): Promise<Simulated> {
  const full = isFull ? await fullFile(seed) : undefined;
  const random = new Random(seed);
  const dangers: Dangers = {
    powerCut: random.pick([0, 0.002, 0.02]),
    failure: random.pick([0, 0.001, 0.01]),
    shortWrite: random.pick([0, 0.1]),
  };
  const killRate = random.pick([0, 0.002, 0.02]);
  const taskKillRate = random.pick([0, 0.3]);
  const disk = new SimDisk(random, dangers, full?.begins.image ?? newFile().image());
  const hash = createHash('sha1');
  let kills = 0;
  let tasksKilled = 0;
  const world = new World(random, {
    durability: random.pick(['interval', 'interval', 'always', 'none'] as const),
    writers: 1 + random.below(3),
    ...full,
    storage: (file) => disk.open(file),
    tell: (event) => {
      if (event.kind === 'write') hash.update(event.bytes);
    },
    engine: {
      scheduler: new RandomScheduler(random),
      maintenance: { ...BUSY_MAINTENANCE, auto: random.chance(0.5) },
      beforeTask: () => {
        if (!random.chance(taskKillRate)) return;
        tasksKilled++;
        throw new Error('a maintenance thread was killed');
      },
      onStep: (_writer, step) => {
        if (!random.chance(killRate)) return;
        kills++;
        throw new WriterKilled(step);
      },
    },
  });
  let powerCuts = 0;
  let isOpen = false;
  const kinds = Object.values(isFull ? FULL_STEPS : STEPS) as Step[];
  const often = isFull ? [FULL_STEPS.much, FULL_STEPS.much, STEPS.trickle] : [STEPS.trickle, STEPS.batch];
  for (let step = 0; step < STEPS_OF_RUN; ) {
    try {
      if (!isOpen) {
        await reopen(world, disk);
        isOpen = true;
      }
      for (const name of ['first', 'second']) if (!world.tableNames.includes(name)) world.addTable(name);
      for (; step < STEPS_OF_RUN; step++) await random.pick([...often, ...kinds])(world);
    } catch (error) {
      step++;
      isOpen = false;
      if (!MillraceError.is(error) || !['POISONED', 'IO_ERROR'].includes(error.code)) throw error;
      if (disk.hasPower && disk.failures === 0) throw error;
      if (!disk.hasPower) powerCuts++;
    }
  }
  await world.abandon();
  const end = await checkImage(world.file.image(), world.bounds);
  const rows = sumOfRows(end);
  hash.update(world.file.image()).update(JSON.stringify([...end]));
  return {
    steps: STEPS_OF_RUN,
    powerCuts,
    failures: disk.failures,
    kills,
    tasksKilled,
    rowsPacked: world.rowsPacked,
    rows,
    fingerprint: hash.digest('hex'),
  };
}

/** Rows that are seen. */
function sumOfRows(counts: Counts): number {
  let sum = 0;
  for (const [name, each] of counts) {
    for (const [producer, count] of each.slice(0, HIDDEN).entries()) {
      const unseen = Math.max(hiddenRows(each), producer === ownerOf(name) ? each[GONE]! : 0);
      sum += count - Math.min(count, unseen);
    }
  }
  return sum;
}

/** Starts again on what the last life left: the system's cache, or what the disk has if the power went. */
async function reopen(world: World, disk: SimDisk): Promise<void> {
  if (disk.hasPower) {
    await checkImage(world.file.image(), world.bounds);
    await world.open();
    return;
  }
  const image = disk.restorePower();
  await checkImage(image, world.bounds);
  await world.openAfterPowerCut(image);
}
