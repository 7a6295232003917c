import { invariant } from '../../shared/errors.ts';
import type { BlockRef } from '../../shared/format/block-ref.ts';
import { extentOf } from '../../shared/format/root.ts';
import { readExactly, type Storage } from '../../shared/storage/storage.ts';
import type { FreeSpace } from './free-space.ts';

/** A block of a table. */
export interface OwnedRef {
  readonly tableId: number;
  readonly ref: BlockRef;
}

export interface Move {
  readonly tableId: number;
  readonly before: BlockRef;
  readonly after: BlockRef;
}

/** So many blocks in turn that fit no hole end the search: what comes after them is hardly smaller. */
const MISSES_MAX = 64;

/**
 * Copies blocks from the end of the file into holes before them. A block says nothing of where it lies, so its bytes stay
 * as they are; nothing refers to a copy before a checkpoint does.
 * @param budgetBytes how much to copy at most
 * @param isEnoughLeft asked after each place that was taken: if not, it is given back and the moves end
 * @returns the moves, and the place from which on all were moved that could be
 */
export function moveDown(
  storage: Storage,
  space: FreeSpace,
  blocks: readonly OwnedRef[],
  budgetBytes: number,
  isEnoughLeft: () => boolean,
): { moves: Move[]; from: number } {
  const moves: Move[] = [];
  let left = budgetBytes;
  let misses = 0;
  for (const { tableId, ref } of [...blocks].sort((a, b) => b.ref.offset - a.ref.offset)) {
    // At least one, or a block larger than the budget would stay for ever.
    if (ref.length > left && moves.length > 0) return { moves, from: moves.at(-1)!.before.offset };
    if (misses > MISSES_MAX) break;
    const place = space.allotBelow(ref.length, ref.offset);
    if (place === undefined) {
      misses++;
      continue;
    }
    if (!isEnoughLeft()) {
      space.free(place, 0);
      return { moves, from: moves.at(-1)?.before.offset ?? space.end };
    }
    const bytes = readExactly(storage, ref.offset, ref.length);
    if (bytes === undefined) {
      // It lies beyond the end of a damaged file: left for readers to report.
      space.free(place, 0);
      continue;
    }
    invariant(place.offset + place.bytes <= ref.offset, 'a block moves into a hole before it');
    storage.write(bytes, place.offset);
    moves.push({ tableId, before: ref, after: { ...ref, offset: place.offset } });
    left -= ref.length;
  }
  return { moves, from: 0 };
}

/** Whether no two blocks share bytes, and none has bytes that are free. */
export function areApart(blocks: readonly OwnedRef[], space: FreeSpace): boolean {
  const sorted = blocks.map(({ ref }) => ref).sort((a, b) => a.offset - b.offset);
  return sorted.every((ref, i) => {
    const next = sorted[i + 1];
    if (next !== undefined && ref.offset + ref.length > next.offset) return false;
    return !space.overlaps(extentOf(ref));
  });
}
