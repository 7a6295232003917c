import { MillraceError } from '../errors.ts';
import { checksum } from './checksum.ts';
import { getSafe64, setSafe64, viewOf } from './fields.ts';
import { getPointer, type PagePointer, setPointer } from './page.ts';

/** docs/format.md, section 2. */
export const SUPERBLOCK_BYTES = 4096;
export const FORMAT_VERSION = 1;
/** Where the first extent can begin. */
export const FIRST_EXTENT = 2 * SUPERBLOCK_BYTES;
const CRC_AT = SUPERBLOCK_BYTES - 4;
const LETTERS = new TextEncoder().encode('MILLRACE');

export interface Superblock {
  /** 16 random bytes that tell this database from every other. */
  readonly databaseId: Uint8Array;
  readonly sequence: number;
  readonly root: PagePointer;
  readonly fileLength: number;
  readonly createdMs: number;
}

/** Where the superblock of a checkpoint goes: even sequences to A, odd ones to B. */
export function superblockOffset(sequence: number): number {
  return sequence % 2 === 0 ? 0 : SUPERBLOCK_BYTES;
}

export function encodeSuperblock(superblock: Superblock): Uint8Array {
  const bytes = new Uint8Array(SUPERBLOCK_BYTES);
  const view = viewOf(bytes);
  bytes.set(LETTERS, 0);
  view.setUint32(8, FORMAT_VERSION, true);
  bytes.set(superblock.databaseId, 16);
  setSafe64(view, 32, superblock.sequence);
  setPointer(view, 40, superblock.root);
  setSafe64(view, 56, superblock.fileLength);
  view.setBigInt64(64, BigInt(superblock.createdMs), true);
  view.setUint32(CRC_AT, checksum(bytes.subarray(0, CRC_AT)), true);
  return bytes;
}

/**
 * What a superblock's page says, or undefined if it is not sound.
 * @throws NEWER_VERSION if a newer Millrace wrote it
 */
export function decodeSuperblock(bytes: Uint8Array): Superblock | undefined {
  if (bytes.length < SUPERBLOCK_BYTES || LETTERS.some((letter, i) => bytes[i] !== letter)) return undefined;
  const view = viewOf(bytes);
  const version = view.getUint32(8, true);
  const sound = view.getUint32(CRC_AT, true) === checksum(bytes.subarray(0, CRC_AT));
  if (version > FORMAT_VERSION && sound) {
    throw new MillraceError(
      'NEWER_VERSION',
      `the file has format version ${version}, this Millrace reads up to ${FORMAT_VERSION}; use a newer Millrace`,
      { version },
    );
  }
  if (version !== FORMAT_VERSION || !sound) return undefined;
  return {
    databaseId: bytes.slice(16, 32),
    sequence: getSafe64(view, 32, 'superblock sequence'),
    root: getPointer(view, 40),
    fileLength: getSafe64(view, 56, 'file length'),
    createdMs: Number(view.getBigInt64(64, true)),
  };
}
