import { MAX_BLOCK_BYTES } from '../schema/limits.ts';
import { readExactly, type Storage } from '../storage/storage.ts';
import { checksum } from './checksum.ts';
import { damaged, getSafe64, setSafe64, viewOf } from './fields.ts';

/** docs/format.md, section 3. */
export interface PagePointer {
  readonly offset: number;
  readonly length: number;
  readonly crc: number;
}

export const NO_PAGE: PagePointer = { offset: 0, length: 0, crc: 0 };
export const PAGE_HEADER_BYTES = 32;
export const POINTER_BYTES = 16;

/** The letters of each kind of page, as a little-endian u32. */
export const PAGE_MAGIC = {
  root: letters('MRo1'),
  catalog: letters('MCt1'),
  index: letters('MIx1'),
  free: letters('MFr1'),
} as const;
export type PageKind = keyof typeof PAGE_MAGIC;

export interface Page {
  readonly sequence: number;
  readonly tableId: number;
  readonly level: number;
  readonly count: number;
  readonly payload: Uint8Array;
}

/** Whether a pointer names a page at all. */
export function isPage(pointer: PagePointer): boolean {
  return pointer.length !== 0;
}

/** Four letters as the u32 that they make in a little-endian file. */
export function letters(text: string): number {
  return viewOf(new TextEncoder().encode(text)).getUint32(0, true);
}

export function getPointer(view: DataView, at: number): PagePointer {
  return {
    offset: getSafe64(view, at, 'page offset'),
    length: view.getUint32(at + 8, true),
    crc: view.getUint32(at + 12, true),
  };
}

export function setPointer(view: DataView, at: number, pointer: PagePointer): void {
  setSafe64(view, at, pointer.offset);
  view.setUint32(at + 8, pointer.length, true);
  view.setUint32(at + 12, pointer.crc, true);
}

/**
 * The bytes of a page, and the crc that its pointer must carry.
 * @param bytes where to put them; the payload may lie there already
 */
export function encodePage(
  kind: PageKind,
  page: Page,
  bytes: Uint8Array = new Uint8Array(PAGE_HEADER_BYTES + page.payload.length),
): { bytes: Uint8Array; crc: number } {
  const view = viewOf(bytes);
  view.setUint32(0, PAGE_MAGIC[kind], true);
  view.setUint32(4, page.payload.length, true);
  setSafe64(view, 8, page.sequence);
  view.setUint32(16, page.tableId, true);
  view.setUint32(20, page.level, true);
  view.setUint32(24, page.count, true);
  view.setUint32(28, checksum(page.payload), true);
  bytes.set(page.payload, PAGE_HEADER_BYTES);
  return { bytes, crc: checksum(bytes.subarray(0, PAGE_HEADER_BYTES)) };
}

/**
 * Reads and checks the page that a pointer names.
 * @param scratch where to read it if it fits there; else into memory of its own
 * @throws DAMAGED if it is not that page
 */
export function readPage(storage: Storage, kind: PageKind, pointer: PagePointer, scratch?: Uint8Array): Page {
  const where = { kind, offset: pointer.offset, length: pointer.length };
  if (pointer.length < PAGE_HEADER_BYTES || pointer.length > MAX_BLOCK_BYTES) {
    throw damaged(`a ${kind} page of ${pointer.length} bytes cannot be`, where);
  }
  const bytes = readExactly(storage, pointer.offset, pointer.length, scratch);
  if (bytes === undefined) throw damaged(`the file ends within a ${kind} page`, where);
  const view = viewOf(bytes);
  const payload = bytes.subarray(PAGE_HEADER_BYTES);
  if (checksum(bytes.subarray(0, PAGE_HEADER_BYTES)) !== pointer.crc) {
    throw damaged(`the header of the ${kind} page at ${pointer.offset} fails its checksum`, where);
  }
  if (view.getUint32(0, true) !== PAGE_MAGIC[kind] || view.getUint32(4, true) !== payload.length) {
    throw damaged(`the page at ${pointer.offset} is not the ${kind} page it should be`, where);
  }
  if (checksum(payload) !== view.getUint32(28, true)) {
    throw damaged(`the ${kind} page at ${pointer.offset} fails its checksum`, where);
  }
  return {
    sequence: getSafe64(view, 8, 'page sequence'),
    tableId: view.getUint32(16, true),
    level: view.getUint32(20, true),
    count: view.getUint32(24, true),
    payload,
  };
}
