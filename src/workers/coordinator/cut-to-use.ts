import type { Storage } from '../../shared/storage/storage.ts';
import { cutTail, type FreeSpace } from './free-space.ts';

/** Closing cuts the file's tail if more than this, and more than this share of the file, is free. */
const MIN_CUT_BYTES = 64 << 10;
const MIN_CUT_SHARE = 0.02;
/** Each round of moving blocks into holes fills those that the one before left behind the moved ones. */
const ROUNDS = 4;
/** A round that leaves more than this of the holes was the last. */
const ROUND_SHARE = 0.75;

/**
 * Brings a file that is being closed to the length of what it holds: what was let go of takes what lies at the end, blocks and
 * pages, until the file has no holes to speak of; then the tail goes.
 * @param fillHoles says what is to move @returns whether anything is
 * @param writeCheckpoint makes a checkpoint of that
 */
export function cutToUse(
  storage: Storage,
  space: FreeSpace,
  fillHoles: () => boolean,
  writeCheckpoint: () => void,
): void {
  let holes = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = holes;
    holes = space.bytes() - space.tailBytes();
    const isDone = holes <= Math.max(MIN_CUT_BYTES, (space.end - space.tailBytes()) * MIN_CUT_SHARE);
    // What fits no hole is not going to the next time.
    if (isDone || holes > before * ROUND_SHARE || !fillHoles()) break;
    // Always two in turn, so that each superblock alone opens the file, and what the first let go of can be used.
    writeCheckpoint();
    writeCheckpoint();
  }
  cutTail(storage, space);
  storage.sync();
}
