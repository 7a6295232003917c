import type { BlockRef } from '../format/block-ref.ts';
import { damaged } from '../format/fields.ts';
import { isPage, type PagePointer, readPage } from '../format/page.ts';
import { decodeRoot, type Root } from '../format/root.ts';
import { decodeTableEntries, type TableEntry } from '../format/table-record.ts';
import type { Storage } from '../storage/storage.ts';
import { childrenOf, entriesOf, type IndexNode, isLeaf, MAX_HEIGHT, readNode, refsOf } from './node.ts';
import { PageCache } from './page-cache.ts';

/** Entries of pages that each of two generations keeps, some 200 bytes each: the newest checkpoints' pages mostly are the same. */
const CACHED_ENTRIES = 32_768;

/** A table's entry has its definition and its state: so many references' worth. */
const CATALOG_WEIGHT = 4;

/** A range of time, both ends inclusive. */
export interface TimeRange {
  readonly from: bigint;
  readonly to: bigint;
  /** Only so many of its rows are wanted, the first or the last by time: blocks that can have none of these may be left out. */
  readonly only?: { readonly rows: number; readonly end: 'first' | 'last' };
}

export const ALL_TIME: TimeRange = { from: -(2n ** 63n), to: 2n ** 63n - 1n };

/** What a block reference and an entry for many blocks both say. */
type Summary = Pick<BlockRef, 'minTs' | 'maxTs' | 'ordinalLast' | 'rows'>;

interface Selection {
  wanted(part: Summary): boolean;
  /** Called with all parts of a level before they are asked for. */
  look?(parts: readonly Summary[]): void;
}

/** Reads checkpoints: roots, table entries and block references. Pages never change, so they are kept once read. */
export class IndexReader {
  private readonly storage: Storage;
  private readonly cache: PageCache;

  /** @param entries of pages to keep, at most twice as many */
  constructor(storage: Storage, entries = CACHED_ENTRIES) {
    this.storage = storage;
    this.cache = new PageCache(entries);
  }

  root(pointer: PagePointer): Root {
    const read = (): Root => decodeRoot(readPage(this.storage, 'root', pointer).payload);
    return this.cache.get('root', pointer, read, ({ catalog }) => catalog.length);
  }

  /** All tables of a checkpoint. @throws DAMAGED */
  tables(root: Root): TableEntry[] {
    return root.catalog.flatMap((entry) => this.catalogPage(entry.page, entry.tables));
  }

  /** One table's entry, reading only the catalog page that has it; undefined if the checkpoint does not know it. */
  table(root: Root, tableId: number): TableEntry | undefined {
    const entry = root.catalog.findLast((candidate) => candidate.firstTable <= tableId);
    if (entry === undefined) return undefined;
    return this.catalogPage(entry.page, entry.tables).find((table) => table.definition.id === tableId);
  }

  /** The blocks of a table that may hold rows of a range of time, in order of arrival. @throws DAMAGED */
  blocks(entry: TableEntry, range: TimeRange): BlockRef[] {
    let { from, to } = range;
    return this.select(entry, {
      wanted: (part) => part.maxTs >= from && part.minTs <= to,
      look: (parts) => {
        if (range.only === undefined) return;
        // Rows that retention hides are none of those that are wanted.
        const { cutoff } = entry.state;
        const shown = { from: from > cutoff ? from : cutoff, to };
        ({ from, to } = narrowed(shown, range.only, parts));
      },
    });
  }

  /** The blocks of a table that hold rows of an ordinal or of a later one, in order of arrival. @throws DAMAGED */
  blocksSince(entry: TableEntry, ordinal: number): BlockRef[] {
    return this.select(entry, { wanted: (part) => part.ordinalLast >= ordinal });
  }

  /** Bytes of the pages of a table's index that begin at `offset` or after it, and of those above them. No leaf is read. @throws DAMAGED */
  pageBytesFrom({ state, definition }: TableEntry, offset: number): number {
    const bytesFrom = (page: PagePointer, level: number): number => {
      let bytes = 0;
      if (level > 0) {
        for (const child of childrenOf(this.node(definition.id, page, level)))
          bytes += bytesFrom(child.page, level - 1);
      }
      return bytes > 0 || page.offset >= offset ? bytes + page.length : 0;
    };
    return isPage(state.root) ? bytesFrom(state.root, state.height) : 0;
  }

  /**
   * The block that has a table's newest row: the last one in order of arrival of those whose newest row is. One page of
   * each level is read.
   * @throws DAMAGED
   */
  newest(entry: TableEntry): BlockRef | undefined {
    const { state, definition } = entry;
    if (!isPage(state.root)) return undefined;
    if (state.height > MAX_HEIGHT) throw damaged(`the index of table ${definition.name} is impossibly high`);
    let page = state.root;
    for (let level = state.height; ; level--) {
      const node = this.node(definition.id, page, level);
      if (isLeaf(node)) return newestOf(node.refs);
      const child = newestOf(childrenOf(node));
      if (child === undefined) return undefined;
      page = child.page;
    }
  }

  /** Goes down level by level: what a level says of the blocks below may narrow what is wanted of the next one. */
  private select({ state, definition }: TableEntry, { wanted, look }: Selection): BlockRef[] {
    if (!isPage(state.root)) return [];
    if (state.height > MAX_HEIGHT) throw damaged(`the index of table ${definition.name} is impossibly high`);
    let pages = [state.root];
    for (let level = state.height; level > 0; level--) {
      const children = pages.flatMap((page) => childrenOf(this.node(definition.id, page, level)));
      look?.(children);
      pages = children.filter(wanted).map(({ page }) => page);
    }
    const refs = pages.flatMap((page) => refsOf(this.node(definition.id, page, 0)));
    look?.(refs);
    return refs.filter(wanted);
  }

  private node(tableId: number, page: PagePointer, level: number): IndexNode {
    const read = (): IndexNode => readNode(this.storage, tableId, page, level);
    return this.cache.get('index', page, read, (node) => entriesOf(node).length);
  }

  private catalogPage(page: PagePointer, tables: number): readonly TableEntry[] {
    const read = (): readonly TableEntry[] => {
      const { payload, count } = readPage(this.storage, 'catalog', page);
      if (count !== tables)
        throw damaged(`the catalog page at ${page.offset} has ${count} tables, not ${tables}`);
      return decodeTableEntries(payload, count);
    };
    return this.cache.get('catalog', page, read, (entries) => CATALOG_WEIGHT * entries.length);
  }
}

/** The last of those with the greatest time. */
function newestOf<T extends { readonly maxTs: bigint }>(parts: readonly T[]): T | undefined {
  let newest: T | undefined;
  for (const part of parts) if (newest === undefined || part.maxTs >= newest.maxTs) newest = part;
  return newest;
}

/** A range that has the first or the last rows of another one, as many as are wanted, by what is known of parts of them. */
function narrowed(
  { from, to }: TimeRange,
  { rows, end }: NonNullable<TimeRange['only']>,
  parts: readonly Summary[],
): TimeRange {
  const whole = parts.filter(({ minTs, maxTs }) => minTs >= from && maxTs <= to);
  // All of a part's rows come before its end, so this many rows come before the end of the last part that is counted.
  whole.sort((a, b) => (end === 'first' ? order(a.maxTs, b.maxTs) : order(b.minTs, a.minTs)));
  let counted = 0;
  for (const part of whole) {
    counted += part.rows;
    if (counted >= rows) return end === 'first' ? { from, to: part.maxTs } : { from: part.minTs, to };
  }
  return { from, to };
}

function order(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
