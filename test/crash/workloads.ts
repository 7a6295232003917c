import { MAINTENANCE_DEFAULTS } from '../../src/shared/control/maintenance.ts';
import { Random } from '../support/model-values.ts';
import { LARGE } from './crash-tables.ts';
import { fullFile } from './full-file.ts';
import { World, type WorldOptions } from './world.ts';

/** A kind of step of a workload. */
export type Step = (world: World) => void | Promise<void>;

export const STEPS = {
  trickle: (world) => {
    for (const name of world.tableNames)
      world.append(name, world.random.below(2), 1 + world.random.below(6), false);
    world.turn(5);
  },
  batch: (world) => {
    const { random } = world;
    world.append(random.pick(world.tableNames), random.below(2), 20 + random.below(120), true);
    world.turn(random.pick([1, 5, 10]));
  },
  turn: (world) => world.turn(10),
  sync: (world) => world.sync(),
  flush: (world) => world.flush(),
  checkpoint: (world) => world.checkpointByTheClock(),
  pack: (world) => world.pack(world.random.pick(world.tableNames)),
  retention: (world) => world.retain(),
  'add a column': (world) => world.widen(world.random.pick(world.tableNames), world.random.below(2)),
  'add a table': (world) => {
    if (world.tableNames.length < 6) world.addTable(`late ${world.tableNames.length}`);
  },
  'close and reopen': (world) => world.closeAndReopen(1 + world.random.below(3)),
  'kill and reopen': async (world) => {
    await world.killAndReopen(1 + world.random.below(3));
    // Tables that were never acknowledged may be gone.
    for (const name of ['first', 'second']) if (!world.tableNames.includes(name)) world.addTable(name);
  },
} satisfies Record<string, Step>;

/** Steps in a file that may not grow: here are rows that older ones must make way for. */
export const FULL_STEPS = {
  ...STEPS,
  much: (world) => {
    const { random } = world;
    world.append(random.pick(LARGE), 0, 8 * (1 + random.below(20)), random.chance(0.8));
    world.turn(random.pick([1, 5, 10]));
  },
} satisfies Record<string, Step>;

/** How often each kind of step comes, against the others. */
type Mix = Readonly<Partial<Record<keyof typeof FULL_STEPS, number>>>;

export interface Workload {
  readonly name: string;
  readonly mix: Mix;
  readonly steps: number;
  readonly options?: WorldOptions;
  /** Whether it begins with a file that may not grow and is full. */
  readonly isFull?: boolean;
}

/** Maintenance that does by itself what there is to do, as often as it can. */
export const BUSY_MAINTENANCE = {
  ...MAINTENANCE_DEFAULTS,
  checkIntervalMs: 5,
  minIdleMs: 0,
  maxWritesPerSec: 1e12,
  targetSegmentPoints: 64,
};

export const WORKLOADS: readonly Workload[] = [
  { name: 'a trickle of rows', mix: { trickle: 6, turn: 2, sync: 2 }, steps: 45 },
  { name: 'batches', mix: { batch: 6, turn: 2, sync: 2, flush: 0.5 }, steps: 24 },
  {
    name: 'every append durable',
    mix: { trickle: 5, batch: 1 },
    steps: 16,
    options: { durability: 'always' },
  },
  {
    name: 'the system decides',
    mix: { trickle: 5, batch: 2, sync: 1, checkpoint: 1 },
    steps: 24,
    options: { durability: 'none' },
  },
  { name: 'flushes', mix: { trickle: 3, batch: 2, flush: 3 }, steps: 20 },
  { name: 'checkpoints by the clock', mix: { trickle: 4, batch: 1, checkpoint: 3, sync: 1 }, steps: 24 },
  { name: 'new tables', mix: { trickle: 3, 'add a table': 3, sync: 2, checkpoint: 1 }, steps: 24 },
  {
    name: 'opened again and again',
    mix: { trickle: 4, batch: 2, sync: 1, checkpoint: 1, 'close and reopen': 1, 'kill and reopen': 2 },
    steps: 22,
  },
  {
    name: 'packs, retention, new columns',
    mix: {
      batch: 5,
      trickle: 2,
      pack: 3,
      retention: 1,
      'add a column': 1,
      sync: 0.5,
      'kill and reopen': 0.5,
    },
    steps: 22,
  },
  {
    name: 'maintenance by itself',
    mix: { batch: 5, trickle: 2, flush: 2, turn: 4, checkpoint: 2, retention: 0.5, 'add a column': 0.5 },
    steps: 26,
    options: { engine: { maintenance: BUSY_MAINTENANCE } },
  },
  {
    name: 'a full file',
    mix: { much: 6, trickle: 1, sync: 2, turn: 1, flush: 0.5, 'kill and reopen': 0.3 },
    steps: 24,
    isFull: true,
  },
  {
    name: 'a full file, maintenance by itself',
    mix: { much: 6, trickle: 1, batch: 1, turn: 2, checkpoint: 1, retention: 0.3, 'add a column': 0.3 },
    steps: 24,
    isFull: true,
    options: { engine: { maintenance: BUSY_MAINTENANCE } },
  },
];

/** Runs a workload. The same seed gives the same events, byte for byte. */
export async function runWorkload(workload: Workload, seed: number): Promise<World> {
  const world = new World(new Random(seed), {
    ...workload.options,
    ...(workload.isFull === true ? await fullFile(seed) : {}),
  });
  await runIn(world, workload);
  await world.abandon();
  return world;
}

/** Runs a workload in a world that has just been made. */
export async function runIn(world: World, { mix, steps }: Workload): Promise<void> {
  const { random } = world;
  await world.open();
  world.addTable('first');
  world.addTable('second');
  const kinds = Object.entries(mix) as [keyof typeof FULL_STEPS, number][];
  const all = kinds.reduce((sum, [, weight]) => sum + weight, 0);
  for (let step = 0; step < steps; step++) {
    let at = (random.u32() / 2 ** 32) * all;
    const [kind] = kinds.find(([, weight]) => (at -= weight) < 0) ?? kinds[0]!;
    await (FULL_STEPS[kind] as Step)(world);
  }
  await world.sync();
}
