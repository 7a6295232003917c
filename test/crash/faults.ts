import assert from 'node:assert/strict';
import { MillraceError } from '../../src/main/index.ts';
import { Random } from '../support/model-values.ts';
import { FAULTS, type Fault, FaultPlan, faultyStorage } from '../support/storage/faulty.ts';
import { PowerCutDisk } from '../support/storage/power-cut-disk.ts';
import { type FileOp, tracing } from '../support/storage/tracing.ts';
import { checkImage, recoverForWriting } from './check-image.ts';
import { countAll } from './crash-tables.ts';
import { runIn, type Workload } from './workloads.ts';
import { World } from './world.ts';

/** Small workloads: each is run once for every call that it makes, every fault, once and for ever. */
export const FAULTY_WORKLOADS: readonly Workload[] = [
  { name: 'rows and syncs', mix: { trickle: 3, batch: 1, turn: 1, sync: 2 }, steps: 9 },
  {
    name: 'every append durable',
    mix: { trickle: 3, batch: 1 },
    steps: 3,
    options: { durability: 'always' },
  },
  {
    name: 'flushes, checkpoints, new tables',
    mix: { trickle: 3, batch: 1, flush: 3, checkpoint: 2, 'add a table': 1 },
    steps: 9,
  },
  {
    name: 'opened again and again',
    mix: { trickle: 4, batch: 2, sync: 2, 'close and reopen': 1, 'kill and reopen': 1 },
    steps: 9,
  },
  {
    name: 'packs, retention, new columns',
    mix: { batch: 3, trickle: 1, pack: 3, retention: 1, 'add a column': 1, sync: 1 },
    steps: 10,
  },
];

export interface FaultRuns {
  runs: number;
  /** Runs that no one noticed: a short write, an interrupted call. */
  harmless: number;
  /** Runs in which an opening or a close failed. */
  refused: number;
  poisoned: number;
}

/** Lets every call of a workload fail in every way, and checks after each what the handles say and what the file holds. */
export async function failEveryCall(
  workload: Workload,
  of: 'changes' | 'reads',
  seed: number,
): Promise<FaultRuns> {
  const sum: FaultRuns = { runs: 0, harmless: 0, refused: 0, poisoned: 0 };
  for (const fault of FAULTS) {
    for (const forEver of [false, true]) {
      for (let at = 1; ; at++) {
        const plan = new FaultPlan(of, at, fault, forEver);
        const where = `"${workload.name}", seed ${seed}: ${of === 'reads' ? 'read' : 'change'} ${at} fails with ${fault}${forEver ? ', and all that follow' : ''}`;
        const outcome = await failOnce(workload, plan, seed).catch((error: Error) => {
          throw new Error(`${where}: ${error.message}`, { cause: error });
        });
        if (outcome === 'not reached') break;
        sum.runs++;
        sum[outcome]++;
      }
    }
  }
  return sum;
}

async function failOnce(
  workload: Workload,
  plan: FaultPlan,
  seed: number,
): Promise<'not reached' | 'harmless' | 'refused' | 'poisoned'> {
  const world = new World(new Random(seed), {
    ...workload.options,
    storage: (file) => faultyStorage(file, plan),
  });
  let failure: unknown;
  try {
    await runIn(world, workload);
  } catch (error) {
    failure = error;
  }
  if (!plan.struck) {
    assert.equal(failure, undefined);
    await world.abandon();
    return 'not reached';
  }
  if (failure === undefined) {
    await world.abandon();
    await checkFile(world, plan);
    return 'harmless';
  }
  // An opening or a close: nobody has a handle.
  const isBetween = world.handles.length === 0;
  if (isBetween || plan.of === 'reads') assertIoError(failure, plan.fault);
  else await checkPoisoned(world, failure, plan.fault);
  await checkFile(world, plan);
  return isBetween ? 'refused' : 'poisoned';
}

/** A failed opening or read says what the system said. */
function assertIoError(failure: unknown, fault: Fault): void {
  const error = failure as MillraceError;
  assert.ok(MillraceError.is(error), `not one of our errors: ${(failure as Error).stack}`);
  const ioError = error.code === 'POISONED' ? (error.cause as MillraceError) : error;
  assert.equal(ioError.code, 'IO_ERROR', (failure as Error).stack);
  assert.equal(ioError.details['errno'], fault);
}

/** One sticky error with one cause for every handle; readers go on and see every row that was appended. */
async function checkPoisoned(world: World, failure: unknown, fault: Fault): Promise<void> {
  assertIoError(failure, fault);
  const name = world.tableNames[0]!;
  for (const db of world.handles) {
    const table = db.table(name);
    const calls: (() => unknown)[] = [
      () => table.appendRow(0, [0, 0, 0, '', new Uint8Array(0)]),
      () => db.sync(),
      () => db.flush(),
      () => db.drained(),
      () => db.createTable('another', ['x']),
    ];
    for (const call of [...calls, ...calls]) {
      const error = await refusalOf(call);
      assert.equal(error.code, 'POISONED');
      assertIoError(error, fault);
    }
    const found = await countAll(db);
    for (const [table, counts] of world.taken) {
      for (const [producer, count] of counts.entries())
        assert.ok((found.get(table)?.[producer] ?? 0) >= count, `a reader misses rows of "${table}"`);
    }
  }
  for (const db of world.handles) assert.equal((await refusalOf(() => db.close())).code, 'POISONED');
  world.handles = [];
}

async function refusalOf(call: () => unknown): Promise<MillraceError> {
  try {
    await call();
  } catch (error) {
    assert.ok(MillraceError.is(error), `not one of our errors: ${(error as Error).stack}`);
    return error;
  }
  throw new Error('a poisoned database took a call');
}

/**
 * Reopens the file as the system shows it, and as a power cut leaves it. Both have what was acknowledged. What the first one
 * shows was perhaps never saved; once it was opened for writing it must be.
 */
async function checkFile({ file, bounds, random }: World, plan: FaultPlan): Promise<void> {
  await checkImage(file.syncedImage(), bounds);
  const found = await checkImage(file.image(), bounds);
  const disk = new PowerCutDisk(file.syncedImage());
  const ops: FileOp[] = [];
  recoverForWriting(
    tracing(file.open(), (op) => ops.push(op)),
    random,
  );
  if (plan.fault === 'EIO' && !plan.forEver) {
    // The power goes during that recovery, on a disk that lacks what the system still shows.
    for (const op of ops) {
      disk.apply(op);
      for (const image of disk.states(random, 4)) await checkImage(image, bounds);
    }
  }
  const exactly = { acked: found, appended: found };
  await checkImage(file.image(), exactly);
  await checkImage(file.syncedImage(), exactly);
}
