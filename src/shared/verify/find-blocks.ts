import { blockAt } from '../format/block.ts';
import type { BlockRef } from '../format/block-ref.ts';
import { FIRST_EXTENT } from '../format/superblock.ts';
import type { Storage } from '../storage/storage.ts';

const LETTERS = Buffer.from('MBk1');
const WINDOW_BYTES = 1 << 20;

/**
 * Searches a whole file for blocks of a table, for when its index is damaged. Finds those that were given up, too: a caller
 * takes only names that it does not have.
 */
export function findBlocks(storage: Storage, tableId: number): BlockRef[] {
  const refs: BlockRef[] = [];
  const length = storage.length();
  const window = Buffer.alloc(WINDOW_BYTES);
  for (let at = FIRST_EXTENT; at < length; at += WINDOW_BYTES) {
    const bytes = window.subarray(0, storage.read(window, at));
    for (let found = bytes.indexOf(LETTERS); found >= 0; found = bytes.indexOf(LETTERS, found + 1)) {
      // Blocks begin at multiples of 8, and so do the windows.
      if (found % 8 !== 0) continue;
      const block = blockAt(storage, at + found);
      if (block !== undefined && block.tableId === tableId) refs.push(block.ref);
    }
  }
  return refs;
}
