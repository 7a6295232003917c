/** Files that may not grow and are full: what workloads and simulations under `maxBytes` begin with. */
import { leastMaxBytes } from '../../src/shared/control/space-bound.ts';
import { Random } from '../support/model-values.ts';
import { LARGE } from './crash-tables.ts';
import { World, type WorldOptions } from './world.ts';

/** The least that there is with one writer: what must be gone through stays as small as it can be. */
const MAX_BYTES = leastMaxBytes(1, 0);

/** How many different ones there are. */
export const FULL_FILES = 4;

type FullFile = Required<Pick<WorldOptions, 'begins' | 'maxBytes'>>;

const made = new Map<number, Promise<FullFile>>();

/** A file of a few MiB at most into which more was written than it holds; the same one for the same number. */
export function fullFile(number: number): Promise<FullFile> {
  // Whoever counts in steps of four or twelve gets each, too.
  const which = (number + (number >> 2)) % FULL_FILES;
  const known = made.get(which) ?? fill(which);
  made.set(which, known);
  return known;
}

async function fill(which: number): Promise<FullFile> {
  const random = new Random(100 + which);
  const world = new World(random, { maxBytes: MAX_BYTES, tell: () => {} });
  await world.open();
  for (const name of ['first', 'second', ...LARGE]) world.addTable(name);
  // The last ones of about 16 KB each row.
  for (let step = 0; step < 80; step++) {
    for (const name of ['first', 'second']) world.append(name, 0, 8, random.chance(0.5));
    world.append(random.pick(LARGE), 0, 8 * (1 + random.below(12)), true);
    world.turn(random.pick([1, 5, 30]));
  }
  // Half of them as a killed process leaves them.
  if (which < FULL_FILES / 2) await world.close();
  else {
    await world.sync();
    await world.abandon();
  }
  return {
    maxBytes: MAX_BYTES,
    begins: { image: world.file.syncedImage(), acked: world.bounds.acked },
  };
}
