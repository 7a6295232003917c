import { align8, damaged, getSafe64, setSafe64, viewOf } from './fields.ts';
import { getPointer, type PagePointer, POINTER_BYTES, setPointer } from './page.ts';

/** docs/format.md, section 3.1. */
export interface Salt {
  /** Stands in each frame. */
  readonly clear: number;
  /** Begins each checksum. */
  readonly seed: number;
}

/** A run of the file. */
export interface Extent {
  readonly offset: number;
  readonly bytes: number;
}

/** Where a block or a page lies. */
export function extentOf({ offset, length }: { readonly offset: number; readonly length: number }): Extent {
  return { offset, bytes: length };
}

/** An extent with the salt that marks what is written in it. */
export interface SaltedExtent extends Extent {
  readonly salt: Salt;
}

/** A place in a writer's log: the frame `number` begins at `offset`. */
export interface LogPosition {
  readonly extent: SaltedExtent;
  readonly offset: number;
  readonly number: number;
}

export interface WriterEntry {
  readonly replay: LogPosition;
  /** Frames up to this number have their blocks in the index. */
  readonly indexed: number;
}

export interface CatalogEntry {
  readonly page: PagePointer;
  readonly firstTable: number;
  readonly tables: number;
}

export interface Root {
  readonly sequence: number;
  readonly session: number;
  readonly nextTableId: number;
  readonly retentionMs: number;
  readonly madeMs: number;
  readonly usedEnd: number;
  /** What the file may come to at most; 0 for no bound. */
  readonly maxBytes: number;
  readonly writers: readonly WriterEntry[];
  readonly catalog: readonly CatalogEntry[];
  readonly free: readonly PagePointer[];
}

const FIXED = 64;
const WRITER_BYTES = 64;
const CATALOG_BYTES = 24;

export function encodeRoot(root: Root): Uint8Array {
  const bytes = new Uint8Array(
    align8(
      FIXED +
        root.writers.length * WRITER_BYTES +
        root.catalog.length * CATALOG_BYTES +
        root.free.length * POINTER_BYTES,
    ),
  );
  const view = viewOf(bytes);
  setSafe64(view, 0, root.sequence);
  setSafe64(view, 8, root.session);
  view.setUint32(16, root.nextTableId, true);
  view.setUint32(20, root.writers.length, true);
  view.setUint32(24, root.catalog.length, true);
  view.setUint32(28, root.free.length, true);
  view.setBigInt64(32, BigInt(root.retentionMs), true);
  view.setBigInt64(40, BigInt(root.madeMs), true);
  setSafe64(view, 48, root.usedEnd);
  setSafe64(view, 56, root.maxBytes);
  let at = FIXED;
  for (const { replay, indexed } of root.writers) {
    setSafe64(view, at, replay.extent.offset);
    setSafe64(view, at + 8, replay.extent.bytes);
    view.setUint32(at + 16, replay.extent.salt.clear, true);
    view.setUint32(at + 20, replay.extent.salt.seed, true);
    setSafe64(view, at + 24, replay.offset);
    setSafe64(view, at + 32, replay.number);
    setSafe64(view, at + 40, indexed);
    at += WRITER_BYTES;
  }
  for (const entry of root.catalog) {
    setPointer(view, at, entry.page);
    view.setUint32(at + 16, entry.firstTable, true);
    view.setUint32(at + 20, entry.tables, true);
    at += CATALOG_BYTES;
  }
  for (const pointer of root.free) {
    setPointer(view, at, pointer);
    at += POINTER_BYTES;
  }
  return bytes;
}

/** @throws DAMAGED if the payload is no root */
export function decodeRoot(payload: Uint8Array): Root {
  if (payload.length < FIXED) throw damaged('a root page is too short', { bytes: payload.length });
  const view = viewOf(payload);
  const writers = view.getUint32(20, true);
  const catalog = view.getUint32(24, true);
  const free = view.getUint32(28, true);
  const wanted = FIXED + writers * WRITER_BYTES + catalog * CATALOG_BYTES + free * POINTER_BYTES;
  if (payload.length !== align8(wanted)) {
    throw damaged('a root page has the wrong length', { bytes: payload.length, wanted });
  }
  let at = FIXED;
  const next = (bytes: number): number => (at += bytes) - bytes;
  return {
    sequence: getSafe64(view, 0, 'root sequence'),
    session: getSafe64(view, 8, 'session'),
    nextTableId: view.getUint32(16, true),
    retentionMs: Number(view.getBigInt64(32, true)),
    madeMs: Number(view.getBigInt64(40, true)),
    usedEnd: getSafe64(view, 48, 'end of use'),
    maxBytes: getSafe64(view, 56, 'bound of the file'),
    writers: Array.from({ length: writers }, () => writerEntry(view, next(WRITER_BYTES))),
    catalog: Array.from({ length: catalog }, () => {
      const entry = next(CATALOG_BYTES);
      return {
        page: getPointer(view, entry),
        firstTable: view.getUint32(entry + 16, true),
        tables: view.getUint32(entry + 20, true),
      };
    }),
    free: Array.from({ length: free }, () => getPointer(view, next(POINTER_BYTES))),
  };
}

function writerEntry(view: DataView, at: number): WriterEntry {
  return {
    replay: {
      extent: {
        offset: getSafe64(view, at, 'log extent'),
        bytes: getSafe64(view, at + 8, 'log extent'),
        salt: { clear: view.getUint32(at + 16, true), seed: view.getUint32(at + 20, true) },
      },
      offset: getSafe64(view, at + 24, 'log position'),
      number: getSafe64(view, at + 32, 'frame number'),
    },
    indexed: getSafe64(view, at + 40, 'frame number'),
  };
}
