import { invariant } from '../../shared/errors.ts';
import { type BlockRef, compareRefs } from '../../shared/format/block-ref.ts';
import { ByteSink } from '../../shared/format/byte-sink.ts';
import { align8 } from '../../shared/format/fields.ts';
import { encodePage, NO_PAGE, PAGE_HEADER_BYTES } from '../../shared/format/page.ts';
import { type Extent, encodeRoot, extentOf, type Root, type WriterEntry } from '../../shared/format/root.ts';
import { encodeSuperblock, type Superblock, superblockOffset } from '../../shared/format/superblock.ts';
import { encodeTableEntry, type TableEntry } from '../../shared/format/table-record.ts';
import { IndexEditor } from '../../shared/index/index-editor.ts';
import type { Storage } from '../../shared/storage/storage.ts';
import type { Catalog } from './catalog.ts';
import { encodeFree, FREE_ENTRY_BYTES, type FreeRange, type FreeSpace } from './free-space.ts';
import { Freed } from './freed.ts';
import type { NewBlocks } from './new-blocks.ts';
import { applyEdit, type TableEdit } from './table-edit.ts';

/** What a checkpoint is made of. */
export interface CheckpointInput {
  readonly storage: Storage;
  readonly space: FreeSpace;
  readonly catalog: Catalog;
  readonly previous: { readonly superblock: Superblock; readonly root: Root };
  readonly session: number;
  readonly writers: readonly WriterEntry[];
  /** Blocks that the index does not have yet. */
  readonly blocks: NewBlocks;
  /** Other changes of tables' indexes. */
  readonly edits: ReadonlyMap<number, TableEdit>;
  readonly retentionMs: number;
  readonly maxBytes: number;
  /** What this checkpoint lets go of, pages apart. */
  readonly released: readonly Extent[];
  /** What writers hold and nothing refers to: free for whoever opens the file after a crash. */
  readonly held: readonly Extent[];
  readonly wallMs: number;
}

export interface CheckpointOutput {
  readonly superblock: Superblock;
  readonly root: Root;
  /** Bytes of all its pages, and the longest run of them that had to lie together. */
  readonly pageBytes: number;
  readonly longestRun: number;
}

/**
 * Writes the index, the catalog and the root anew where they changed, and switches the superblock. Two syncs: before the
 * switch, so that the superblock never points at what is not there; and after it, so that what it lets go of may be used
 * again after the next one.
 */
export function writeCheckpoint(input: CheckpointInput): CheckpointOutput {
  const { storage, space, catalog, previous } = input;
  const sequence = previous.superblock.sequence + 1;
  const letGo = new Freed(input.released);
  const indexBytes = writeIndexes(input, sequence, letGo);
  const freed = letGo.extents;

  const pages = catalogPages(catalog, sequence);
  freed.push(extentOf(previous.superblock.root), ...previous.root.free.map(extentOf));
  for (const { page } of pages) {
    const before = catalog.page(page);
    if (before !== undefined) freed.push(extentOf(before.page));
  }

  // One extent: catalog pages, the root, the free page, and a rest of at least 8 bytes that is free again at once.
  // Every length is known before the list of free ranges is made, so the list can be exact.
  const draft = {
    ...previous.root,
    writers: input.writers,
    catalog: catalog.placeholders(),
    free: [NO_PAGE],
  };
  const rootBytes = align8(PAGE_HEADER_BYTES + encodeRoot(draft).length);
  const catalogBytes = pages.reduce((sum, { bytes }) => sum + align8(bytes.length), 0);
  // Taking the extent makes the list longer by two ranges at most.
  const mostFree = space.list().length + freed.length + input.held.length + 3;
  const extent = allotApart(
    space,
    align8(catalogBytes + rootBytes + PAGE_HEADER_BYTES + mostFree * FREE_ENTRY_BYTES) + 8,
    extentOf(previous.superblock.root),
  );
  const count = space.list().length + freed.length + input.held.length + 1;
  const rootAt = extent.offset + catalogBytes;
  const freeAt = rootAt + rootBytes;
  const used = freeAt + align8(PAGE_HEADER_BYTES + count * FREE_ENTRY_BYTES) - extent.offset;
  space.free({ offset: extent.offset + used, bytes: extent.bytes - used }, 0);
  for (const range of freed) space.free({ offset: range.offset, bytes: align8(range.bytes) }, sequence);

  const buffer = new Uint8Array(used);
  let at = 0;
  for (const { page, entries, bytes, crc } of pages) {
    const pointer = { offset: extent.offset + at, length: bytes.length, crc };
    buffer.set(bytes, at);
    at += align8(bytes.length);
    catalog.written(page, { page: pointer, firstTable: entries[0]!.definition.id, tables: entries.length });
  }
  const free = encodePage('free', {
    sequence,
    tableId: 0,
    level: 0,
    count,
    payload: encodeFree(listOfFree(space, input.held)),
  });
  buffer.set(free.bytes, freeAt - extent.offset);
  const root: Root = {
    sequence,
    session: input.session,
    nextTableId: catalog.nextId,
    retentionMs: input.retentionMs,
    madeMs: input.wallMs,
    usedEnd: space.end,
    maxBytes: input.maxBytes,
    writers: input.writers,
    catalog: catalog.entries(),
    free: [{ offset: freeAt, length: free.bytes.length, crc: free.crc }],
  };
  const rootPage = encodePage('root', {
    sequence,
    tableId: 0,
    level: 0,
    count: 0,
    payload: encodeRoot(root),
  });
  invariant(
    align8(rootPage.bytes.length) === rootBytes &&
      align8(free.bytes.length) === extent.offset + used - freeAt,
    'the pages of a checkpoint have the lengths that were planned',
  );
  buffer.set(rootPage.bytes, rootAt - extent.offset);
  storage.write(buffer, extent.offset);
  storage.sync();

  const superblock: Superblock = {
    ...previous.superblock,
    sequence,
    root: { offset: rootAt, length: rootPage.bytes.length, crc: rootPage.crc },
    fileLength: storage.length(),
  };
  storage.write(encodeSuperblock(superblock), superblockOffset(sequence));
  storage.sync();
  return { superblock, root, pageBytes: indexBytes + used, longestRun: extent.bytes };
}

/** Sectors of a disk are lost together: the roots of two checkpoints in turn are further apart than this. */
const SECTOR_BYTES = 4096;

/** Takes `bytes` that are no neighbours of another extent, if there is room. */
function allotApart(space: FreeSpace, bytes: number, other: Extent): Extent {
  const isNear = ({ offset }: Extent): boolean =>
    offset < other.offset + other.bytes + SECTOR_BYTES && offset + bytes + SECTOR_BYTES > other.offset;
  const first = space.allot(bytes);
  if (!isNear(first)) return first;
  // A run that is longer by two sectors has a place that is far enough at one of its ends.
  const longer = space.tryAllot(bytes + 2 * SECTOR_BYTES);
  if (longer === undefined) return first;
  space.free(first, 0);
  const atStart = { offset: longer.offset, bytes };
  const skipped = isNear(atStart) ? 2 * SECTOR_BYTES : 0;
  if (skipped > 0) space.free({ offset: longer.offset, bytes: skipped }, 0);
  else space.free({ offset: longer.offset + bytes, bytes: 2 * SECTOR_BYTES }, 0);
  return { offset: longer.offset + skipped, bytes };
}

/** Everything that a reader of this checkpoint will find free, what writers hold included. */
function listOfFree(space: FreeSpace, held: readonly Extent[]): FreeRange[] {
  const all = [...space.list(), ...held.map((range) => ({ ...range, freedBy: 0 }))];
  return all.sort((a, b) => a.offset - b.offset);
}

/** Index pages are written in portions of about this size, so that those of thousands of tables need not be held at once. */
const PORTION_BYTES = 64 << 10;

/** @returns bytes of the pages */
function writeIndexes(input: CheckpointInput, sequence: number, freed: Freed): number {
  const { storage, space, catalog } = input;
  let editors: { tableId: number; editor: IndexEditor }[] = [];
  let bytes = 0;
  let total = 0;
  // Together in one run, written at once; in a full file each page where there is room for it.
  const writePortion = (): void => {
    const extent = bytes === 0 ? undefined : space.tryAllot(align8(bytes));
    const buffer = new Uint8Array(extent?.bytes ?? 0);
    let at = 0;
    const put = (page: Uint8Array): number => {
      if (extent === undefined) {
        const { offset } = space.allot(align8(page.length));
        storage.write(page, offset);
        return offset;
      }
      buffer.set(page, at);
      at += page.length;
      return extent.offset + at - page.length;
    };
    for (const { tableId, editor } of editors)
      catalog.setState(tableId, editor.write(sequence, put, freed.extents));
    if (extent !== undefined) storage.write(buffer, extent.offset);
    editors = [];
    total += bytes;
    bytes = 0;
  };
  const change = (tableId: number, refs: readonly BlockRef[]): void => {
    const entry = catalog.get(tableId);
    if (entry === undefined) return;
    const edit = input.edits.get(tableId);
    const editor = new IndexEditor(storage, tableId, entry.state);
    for (const ref of [...refs].sort(compareRefs)) editor.add(ref);
    if (edit !== undefined) applyEdit(editor, edit, entry.state, space, freed);
    editors.push({ tableId, editor });
    bytes += editor.dirtyBytes();
    if (bytes >= PORTION_BYTES) writePortion();
  };
  const changed = new Set(input.blocks.tables());
  for (const tableId of changed) change(tableId, input.blocks.of(tableId));
  for (const tableId of input.edits.keys()) if (!changed.has(tableId)) change(tableId, []);
  writePortion();
  return total;
}

interface EncodedCatalogPage {
  readonly page: number;
  readonly entries: readonly TableEntry[];
  readonly bytes: Uint8Array;
  readonly crc: number;
}

function catalogPages(catalog: Catalog, sequence: number): EncodedCatalogPage[] {
  return catalog.dirtyPages().map(({ page, entries }) => {
    const out = new ByteSink(4096);
    for (const entry of entries) encodeTableEntry(out, entry);
    const payload = out.written();
    return {
      page,
      entries,
      ...encodePage('catalog', { sequence, tableId: 0, level: 0, count: entries.length, payload }),
    };
  });
}
