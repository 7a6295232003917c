import { decodeSuperblock, SUPERBLOCK_BYTES } from '../../src/shared/format/superblock.ts';
import { MemoryFile } from '../../src/shared/storage/memory-storage.ts';
import type { Storage } from '../../src/shared/storage/storage.ts';
import type { Random } from './model-values.ts';

/** What a disk writes whole or not at all. */
const SECTOR_BYTES = 512;

interface Write {
  readonly bytes: Uint8Array;
  readonly position: number;
}

/** A file in memory that remembers what was written but not synced, and calls back before each write and sync. */
export class CuttableFile {
  readonly file: MemoryFile;
  private unsynced: Write[] = [];
  private readonly before: () => void;

  constructor(file: MemoryFile, before: () => void) {
    this.file = file;
    this.before = before;
  }

  open(): Storage {
    const storage = this.file.open();
    return {
      ...storage,
      write: (bytes, position) => {
        this.unsynced.push({ bytes: bytes.slice(), position });
        this.before();
        storage.write(bytes, position);
      },
      sync: () => {
        this.before();
        storage.sync();
        this.unsynced = [];
      },
      truncate: (length) => {
        this.before();
        storage.truncate(length);
      },
    };
  }

  /** What a power cut may leave: all that was synced and, of what was not, any sectors, in any combination. */
  tornImage(random: Random): Uint8Array {
    const file = new MemoryFile(this.file.syncedImage());
    const storage = file.open();
    const kept = random.pick([0.1, 0.5, 0.9]);
    for (const { bytes, position } of this.unsynced) {
      // Sectors lie at fixed places of the file, so a write may touch a part of its first and its last one.
      for (let at = 0; at < bytes.length; ) {
        const length = Math.min(SECTOR_BYTES - ((position + at) % SECTOR_BYTES), bytes.length - at);
        if (random.chance(kept)) storage.write(bytes.subarray(at, at + length), position + at);
        at += length;
      }
    }
    return file.image();
  }
}

/**
 * Destroys one of the two superblocks, if the other one is sound and a checkpoint from `since` on: the checkpoint with which
 * a session begins is the only one that knows its logs, until there is a second one.
 */
export function loseSuperblock(image: Uint8Array, which: 0 | 1, since: number): Uint8Array {
  const page = (i: number) => image.subarray(i * SUPERBLOCK_BYTES, (i + 1) * SUPERBLOCK_BYTES);
  const other = decodeSuperblock(page(1 - which));
  return other === undefined || other.sequence < since
    ? image
    : image.slice().fill(0xa5, which * SUPERBLOCK_BYTES, (which + 1) * SUPERBLOCK_BYTES);
}
