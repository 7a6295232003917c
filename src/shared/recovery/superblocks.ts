import { MillraceError, rethrowIoError } from '../errors.ts';
import { checksum } from '../format/checksum.ts';
import { damaged } from '../format/fields.ts';
import { encodePage, PAGE_HEADER_BYTES, readPage } from '../format/page.ts';
import { decodeRoot, encodeRoot, type Root } from '../format/root.ts';
import {
  decodeSuperblock,
  encodeSuperblock,
  FIRST_EXTENT,
  SUPERBLOCK_BYTES,
  type Superblock,
  superblockOffset,
} from '../format/superblock.ts';
import { readExactly, type Storage } from '../storage/storage.ts';

/** The bytes of a new, empty database. Written and synced under another name first, so a file is whole or not there. */
export function emptyDatabase(databaseId: Uint8Array, nowMs: number): Uint8Array {
  const root = encodeRoot({
    sequence: 1,
    session: 0,
    nextTableId: 1,
    retentionMs: -1,
    madeMs: nowMs,
    usedEnd: 0,
    maxBytes: 0,
    writers: [],
    catalog: [],
    free: [],
  });
  const page = encodePage('root', { sequence: 1, tableId: 0, level: 0, count: 0, payload: root });
  // The end of use is known once the page's size is; the page is made again with it.
  const usedEnd = FIRST_EXTENT + page.bytes.length;
  const final = encodePage('root', {
    sequence: 1,
    tableId: 0,
    level: 0,
    count: 0,
    payload: encodeRoot({ ...decodeRoot(root), usedEnd }),
  });
  const pointer = {
    offset: FIRST_EXTENT,
    length: final.bytes.length,
    crc: checksum(final.bytes.subarray(0, PAGE_HEADER_BYTES)),
  };
  const bytes = new Uint8Array(usedEnd);
  for (const sequence of [0, 1]) {
    const superblock = { databaseId, sequence, root: pointer, fileLength: usedEnd, createdMs: nowMs };
    bytes.set(encodeSuperblock(superblock), superblockOffset(sequence));
  }
  bytes.set(final.bytes, FIRST_EXTENT);
  return bytes;
}

/** Told of a file with one sound superblock: what a power cut leaves that came while the other one was written. */
export const LONE_SUPERBLOCK =
  'one of the two superblocks is not sound, by damage or because the power went while it was written; the other one serves';

export interface CurrentRoot {
  readonly superblock: Superblock;
  readonly root: Root;
  /** Set when the newer superblock or its root was not sound, in words. */
  readonly damage: readonly string[];
}

/**
 * Finds the newest checkpoint that can be read.
 * @throws NOT_A_DATABASE, NEWER_VERSION, DAMAGED
 */
export function readCurrentRoot(storage: Storage): CurrentRoot {
  const found: Superblock[] = [];
  for (const offset of [0, SUPERBLOCK_BYTES]) {
    const bytes = readExactly(storage, offset, SUPERBLOCK_BYTES);
    const superblock = bytes === undefined ? undefined : decodeSuperblock(bytes);
    if (superblock !== undefined) found.push(superblock);
  }
  found.sort((a, b) => b.sequence - a.sequence);
  const damage: string[] = [];
  for (const superblock of found) {
    try {
      const root = decodeRoot(readPage(storage, 'root', superblock.root).payload);
      if (found.length === 1) damage.push(LONE_SUPERBLOCK);
      return { superblock, root, damage };
    } catch (error) {
      rethrowIoError(error);
      damage.push(
        `the root of checkpoint ${superblock.sequence} cannot be read: ${(error as Error).message}`,
      );
    }
  }
  if (found.length > 0) throw damaged(damage.join('; '));
  throw notADatabase(storage);
}

function notADatabase(storage: Storage): MillraceError {
  const length = storage.length();
  const head = readExactly(storage, 0, 8);
  const ours = head !== undefined && new TextDecoder('latin1').decode(head) === 'MILLRACE';
  if (ours) return damaged('neither superblock is sound', { length });
  return new MillraceError('NOT_A_DATABASE', 'the file is not a Millrace database; nothing was changed', {
    length,
  });
}
