import {
  chunkCount,
  DATA_BYTES,
  dataOffset,
  FREE,
  headerWord,
  OWNERS_WORD,
  SLABS_AT,
  STATE,
} from './header.ts';
import type { MemoryViews } from './views.ts';

/**
 * Whose each slab of a writer's memory is: one word a slab, between the chunk headers and the slabs.
 *
 * | value | meaning |
 * |---|---|
 * | 0 | nobody's, and surely empty |
 * | slot + 1 | that producer's: it cuts its chunks from it |
 * | TAKING + slot + 1 | that producer looks whether it is empty, to take it over |
 * | UNKNOWN | let go of by its producer, who may still have chunks in it: empty once no header names a chunk there |
 *
 * Whoever takes a slab that is not 0 first sets TAKING, then looks at all headers; a producer first makes a chunk FILLING,
 * then looks whether the slab is still its own. All of these are atomic, so at least one of the two sees the other
 * (Dekker's argument), and a slab with a chunk in it never changes hands.
 */
export const SLAB_BYTES = 1 << 20;
export const NOBODY = 0;
const TAKING = 0x1_0000;
export const UNKNOWN = 0x2_0000;

/** How many slabs a memory has. */
export function slabCount(views: MemoryViews): number {
  return Math.floor((views.buffer.byteLength - SLABS_AT) / SLAB_BYTES);
}

/** Slabs that are somebody's. */
export function slabsInUse(views: MemoryViews): number {
  let used = 0;
  for (let slab = slabCount(views) - 1; slab >= 0; slab--) if (ownerOf(views, slab) !== NOBODY) used++;
  return used;
}

export function ownerOf(views: MemoryViews, slab: number): number {
  return Atomics.load(views.i32, OWNERS_WORD + slab);
}

export function offsetOfSlab(slab: number): number {
  return SLABS_AT + slab * SLAB_BYTES;
}

export function slabAt(offset: number): number {
  return Math.floor((offset - SLABS_AT) / SLAB_BYTES);
}

/** The word of a producer that holds a slab. */
export function ownedBy(slot: number): number {
  return slot + 1;
}

/** Changes a slab's owner if it still is the one expected. */
export function changeOwner(views: MemoryViews, slab: number, from: number, to: number): boolean {
  return Atomics.compareExchange(views.i32, OWNERS_WORD + slab, from, to) === from;
}

/**
 * Takes over slabs in which no chunk lies, whoever has them.
 * @param slot of the producer that wants them
 * @param wanted slabs to try
 * @returns those that are now the producer's
 */
export function takeEmptySlabs(views: MemoryViews, slot: number, wanted: Iterable<number>): number[] {
  const taken = new Map<number, number>();
  for (const slab of wanted) {
    const owner = ownerOf(views, slab);
    if (changeOwner(views, slab, owner, TAKING + ownedBy(slot))) taken.set(slab, owner);
  }
  if (taken.size === 0) return [];
  const busy = slabsWithChunks(views);
  const empty: number[] = [];
  for (const [slab, owner] of taken) {
    const isEmpty = !busy.has(slab);
    // Another may want it as well and have set its own mark meanwhile: then it is for that one to decide.
    const to = isEmpty ? ownedBy(slot) : owner >= TAKING ? UNKNOWN : owner;
    if (changeOwner(views, slab, TAKING + ownedBy(slot), to) && isEmpty) empty.push(slab);
  }
  return empty;
}

/** Slabs in which a chunk lies that is not free. */
export function slabsWithChunks(views: MemoryViews): Set<number> {
  const busy = new Set<number>();
  for (let chunk = chunkCount(views) - 1; chunk >= 0; chunk--) {
    const word = headerWord(chunk);
    if (Atomics.load(views.i32, word + STATE) === FREE) continue;
    const data = dataOffset(views, word);
    const last = slabAt(data + Math.max(1, views.i32[word + DATA_BYTES]!) - 1);
    for (let slab = slabAt(data); slab <= last; slab++) busy.add(slab);
  }
  return busy;
}

/** Lets go of all that a producer held which has ended, and of whose chunks none is left. */
export function releaseSlabsOf(views: MemoryViews, slot: number): void {
  for (let slab = slabCount(views) - 1; slab >= 0; slab--) {
    changeOwner(views, slab, ownedBy(slot), NOBODY);
    changeOwner(views, slab, TAKING + ownedBy(slot), UNKNOWN);
  }
}
