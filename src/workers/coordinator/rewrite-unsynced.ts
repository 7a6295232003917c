import { damaged } from '../../shared/format/fields.ts';
import { encodeSuperblock, superblockOffset } from '../../shared/format/superblock.ts';
import type { Recovery } from '../../shared/recovery/recover.ts';
import { readExactly, type Storage } from '../../shared/storage/storage.ts';

/**
 * Writes again what recovery goes by and nobody is known to have synced: after an fsync that failed, the system's cache may
 * show bytes that the disk does not have and that no later fsync saves, since they count as clean. The checkpoint that
 * follows syncs these writes before it switches the superblock. Pieces and definitions need none: they are written anew.
 *
 * The superblock too: would it be in the cache only, the disk's other one is the one that the checkpoint is about to
 * overwrite.
 */
export function rewriteUnsynced(storage: Storage, { superblock, unsyncedBlocks }: Recovery): void {
  storage.write(encodeSuperblock(superblock), superblockOffset(superblock.sequence));
  for (const { offset, bytes } of unsyncedBlocks) {
    const block = readExactly(storage, offset, bytes);
    if (block === undefined) throw damaged('the file ends within a block that it had just now', { offset });
    storage.write(block, offset);
  }
}
