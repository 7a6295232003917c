import type { BlockRef } from '../format/block-ref.ts';
import { damaged } from '../format/fields.ts';
import { isPage, type PagePointer, readPage } from '../format/page.ts';
import { decodeRoot, type Root } from '../format/root.ts';
import { decodeTableEntries, type TableEntry } from '../format/table-record.ts';
import type { Storage } from '../storage/storage.ts';
import { childrenOf, type IndexNode, isLeaf, MAX_HEIGHT, readNode } from './node.ts';

/** Index and catalog pages kept: of the newest checkpoints, whose pages mostly are the same. */
const CACHED_PAGES = 4096;

/** A range of time, both ends inclusive. */
export interface TimeRange {
  readonly from: bigint;
  readonly to: bigint;
}

export const ALL_TIME: TimeRange = { from: -(2n ** 63n), to: 2n ** 63n - 1n };

/** What a block reference and an entry for many blocks both say. */
type Summary = Pick<BlockRef, 'minTs' | 'maxTs' | 'ordinalLast'>;

/** Reads checkpoints: roots, table entries and block references. Pages never change, so they are kept once read. */
export class IndexReader {
  private readonly storage: Storage;
  private readonly mostPages: number;
  /** By their places: what lies in one place now may not be what did. */
  private readonly cache = new Map<
    number,
    { readonly pointer: PagePointer; readonly kind: string; readonly value: unknown }
  >();

  /** @param mostPages how many pages to keep */
  constructor(storage: Storage, mostPages = CACHED_PAGES) {
    this.storage = storage;
    this.mostPages = mostPages;
  }

  root(pointer: PagePointer): Root {
    return this.cached('root', pointer, () => decodeRoot(readPage(this.storage, 'root', pointer).payload));
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
    return this.select(entry, (part) => part.maxTs >= range.from && part.minTs <= range.to);
  }

  /** The blocks of a table that hold rows of an ordinal or of a later one, in order of arrival. @throws DAMAGED */
  blocksSince(entry: TableEntry, ordinal: number): BlockRef[] {
    return this.select(entry, (part) => part.ordinalLast >= ordinal);
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
      const at = page;
      const node = this.cached<IndexNode>('index', at, () =>
        readNode(this.storage, definition.id, at, level),
      );
      if (isLeaf(node)) return newestOf(node.refs);
      const child = newestOf(childrenOf(node));
      if (child === undefined) return undefined;
      page = child.page;
    }
  }

  private select(entry: TableEntry, wanted: (part: Summary) => boolean): BlockRef[] {
    const { state, definition } = entry;
    if (!isPage(state.root)) return [];
    if (state.height > MAX_HEIGHT) throw damaged(`the index of table ${definition.name} is impossibly high`);
    const refs: BlockRef[] = [];
    const collect = (page: PagePointer, level: number): void => {
      const node = this.cached<IndexNode>('index', page, () =>
        readNode(this.storage, definition.id, page, level),
      );
      if (isLeaf(node)) {
        for (const ref of node.refs) if (wanted(ref)) refs.push(ref);
      } else {
        for (const child of childrenOf(node)) if (wanted(child)) collect(child.page, level - 1);
      }
    };
    collect(state.root, state.height);
    return refs;
  }

  private catalogPage(page: PagePointer, tables: number): readonly TableEntry[] {
    return this.cached('catalog', page, () => {
      const { payload, count } = readPage(this.storage, 'catalog', page);
      if (count !== tables)
        throw damaged(`the catalog page at ${page.offset} has ${count} tables, not ${tables}`);
      return decodeTableEntries(payload, count);
    });
  }

  private cached<T>(kind: string, pointer: PagePointer, read: () => T): T {
    const { offset, length, crc } = pointer;
    const known = this.cache.get(offset);
    if (known !== undefined) {
      const { pointer: of } = known;
      if (of.crc === crc && of.length === length && known.kind === kind) return known.value as T;
      this.cache.delete(offset);
    }
    const value = read();
    if (this.cache.size >= this.mostPages) this.cache.delete(this.cache.keys().next().value as number);
    this.cache.set(offset, { pointer, kind, value });
    return value;
  }
}

/** The last of those with the greatest time. */
function newestOf<T extends { readonly maxTs: bigint }>(parts: readonly T[]): T | undefined {
  let newest: T | undefined;
  for (const part of parts) if (newest === undefined || part.maxTs >= newest.maxTs) newest = part;
  return newest;
}
