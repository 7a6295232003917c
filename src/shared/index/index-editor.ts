import { invariant, MillraceError } from '../errors.ts';
import { type BlockRef, type ChildRef, compareRefs, REF_BYTES } from '../format/block-ref.ts';
import { encodePage, isPage, NO_PAGE, PAGE_HEADER_BYTES, type PagePointer } from '../format/page.ts';
import type { Extent } from '../format/root.ts';
import type { TableState } from '../format/table-record.ts';
import type { Storage } from '../storage/storage.ts';
import {
  childrenOf,
  FANOUT,
  type IndexNode,
  isLeaf,
  MAX_HEIGHT,
  nodePage,
  placeOf,
  readNode,
  summarize,
} from './node.ts';

/** A node that an edit has read; `old` is where it was, to be freed if it is written anew. */
interface LoadedNode {
  readonly node: IndexNode;
  readonly old: PagePointer;
  dirty: boolean;
  /** Children that were read, by their place. */
  readonly loaded: Map<ChildRef, LoadedNode>;
}

/** Puts a page's bytes into the checkpoint's extent and says where they will lie. */
export type PutPage = (bytes: Uint8Array) => number;

/**
 * One table's index under change: a copy-on-write B+ tree of block references in order of arrival. Reads only the pages on
 * the way to what it changes; `write` puts the changed ones at new places, so the tree of the last checkpoint stays whole.
 * Made for one checkpoint and thrown away, so that ten thousand tables cost no memory between checkpoints.
 */
export class IndexEditor {
  private readonly storage: Storage;
  private readonly tableId: number;
  private root: LoadedNode;
  private height: number;
  private state: TableState;

  constructor(storage: Storage, tableId: number, state: TableState) {
    this.storage = storage;
    this.tableId = tableId;
    this.state = state;
    invariant(state.height <= MAX_HEIGHT, 'an index is no higher than its limit');
    this.height = state.height;
    this.root = isPage(state.root)
      ? (this.load(state.root, state.height) ?? this.overDamagedRoot())
      : { node: { level: 0, refs: [] }, old: NO_PAGE, dirty: false, loaded: new Map() };
  }

  /** Adds a block. One that is there already is left alone: a dead writer's successor may tell of it twice. */
  add(ref: BlockRef): void {
    if (!this.addBelow(this.root, ref)) return;
    if (entriesOf(this.root.node).length > FANOUT) this.growRoot();
    const { state } = this;
    const empty = state.blocks === 0;
    this.state = {
      ...state,
      blocks: state.blocks + 1,
      rows: state.rows + ref.rows,
      rowsEver: state.rowsEver + ref.rows,
      minTs: empty || ref.minTs < state.minTs ? ref.minTs : state.minTs,
      maxTs: empty || ref.maxTs > state.maxTs ? ref.maxTs : state.maxTs,
      nextOrdinal: Math.max(state.nextOrdinal, ref.ordinalLast + 1),
    };
  }

  /** Bytes of all pages that `write` will write. */
  dirtyBytes(): number {
    return this.bytesBelow(this.root);
  }

  /**
   * Encodes the changed pages and puts them into place.
   * @param freed gets the places of the pages that they replace
   * @returns the table's new state
   */
  write(sequence: number, put: PutPage, freed: Extent[]): TableState {
    const root = this.writeBelow(this.root, sequence, put, freed);
    return { ...this.state, root, height: this.height };
  }

  /** The node of a page; undefined if the page is damaged, which is then left where it is, for readers to report. */
  private load(pointer: PagePointer, level: number): LoadedNode | undefined {
    try {
      const node = readNode(this.storage, this.tableId, pointer, level);
      return { node, old: pointer, dirty: false, loaded: new Map() };
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'DAMAGED') return undefined;
      throw error;
    }
  }

  /** A new root over one that cannot be read: what it says it has stays, and is missed only by those who ask for it. */
  private overDamagedRoot(): LoadedNode {
    const { root: page, nextOrdinal, blocks, minTs, maxTs, rows } = this.state;
    const ordinalLast = Math.max(0, nextOrdinal - 1);
    const lost: ChildRef = { page, ordinalFirst: 0, ordinalLast, indexFirst: 0, blocks, minTs, maxTs, rows };
    this.height++;
    return { node: { level: this.height, children: [lost] }, old: NO_PAGE, dirty: true, loaded: new Map() };
  }

  /** @returns false if it was there already */
  private addBelow(at: LoadedNode, ref: BlockRef): boolean {
    const { node } = at;
    if (isLeaf(node)) {
      const place = placeOf(node.refs, ref);
      const there = node.refs[place];
      if (there !== undefined && compareRefs(there, ref) === 0) return false;
      node.refs.splice(place, 0, ref);
      at.dirty = true;
      return true;
    }
    const children = childrenOf(node);
    // The last child that begins at or before the block; the first child takes what comes before all.
    const after = placeOf(children, { ordinalFirst: ref.ordinalFirst, indexFirst: ref.indexFirst + 1 });
    const place = Math.max(0, after - 1);
    const child = this.child(at, place);
    if (child === undefined) {
      this.addBeside(at, after, ref);
      return true;
    }
    if (!this.addBelow(child, ref)) return false;
    at.dirty = true;
    this.updateChild(at, place, child, ref);
    return true;
  }

  private child(at: LoadedNode, place: number): LoadedNode | undefined {
    const entry = childrenOf(at.node)[place]!;
    const known = at.loaded.get(entry);
    if (known !== undefined) return known;
    const loaded = this.load(entry.page, at.node.level - 1);
    if (loaded !== undefined) at.loaded.set(entry, loaded);
    return loaded;
  }

  /** Gives a node a new child for a block that belongs in a damaged one. */
  private addBeside(at: LoadedNode, place: number, ref: BlockRef): void {
    let child: LoadedNode = {
      node: { level: 0, refs: [ref] },
      old: NO_PAGE,
      dirty: true,
      loaded: new Map(),
    };
    let entry = summarize(child.node, NO_PAGE);
    for (let level = 1; level < at.node.level; level++) {
      const above: IndexNode = { level, children: [entry] };
      child = { node: above, old: NO_PAGE, dirty: true, loaded: new Map([[entry, child]]) };
      entry = summarize(above, NO_PAGE);
    }
    childrenOf(at.node).splice(place, 0, entry);
    at.loaded.set(entry, child);
    at.dirty = true;
  }

  /** Brings a parent's entry up to date after a block was added below it, splitting the child if it grew too large. */
  private updateChild(at: LoadedNode, place: number, child: LoadedNode, added: BlockRef): void {
    const children = childrenOf(at.node);
    at.loaded.delete(children[place]!);
    const isTooLarge = entriesOf(child.node).length > FANOUT;
    const parts = isTooLarge ? split(child) : [child];
    // Only what was split is summed up anew: a checkpoint may add ten thousand blocks.
    const entries = isTooLarge
      ? parts.map((part) => summarize(part.node, part.old))
      : [widen(children[place]!, added)];
    for (const [i, entry] of entries.entries()) at.loaded.set(entry, parts[i]!);
    children.splice(place, 1, ...entries);
  }

  private growRoot(): void {
    const parts = split(this.root);
    this.height++;
    const node: IndexNode = {
      level: this.height,
      children: parts.map((part) => summarize(part.node, part.old)),
    };
    const loaded = new Map(childrenOf(node).map((entry, i) => [entry, parts[i]!]));
    this.root = { node, old: NO_PAGE, dirty: true, loaded };
  }

  private bytesBelow(at: LoadedNode): number {
    if (!at.dirty) return 0;
    let bytes = PAGE_HEADER_BYTES + entriesOf(at.node).length * REF_BYTES;
    for (const child of at.loaded.values()) bytes += this.bytesBelow(child);
    return bytes;
  }

  private writeBelow(at: LoadedNode, sequence: number, put: PutPage, freed: Extent[]): PagePointer {
    if (!at.dirty) return at.old;
    if (!isLeaf(at.node)) {
      const children = childrenOf(at.node);
      children.forEach((entry, i) => {
        const child = at.loaded.get(entry);
        if (child === undefined || !child.dirty) return;
        children[i] = { ...entry, page: this.writeBelow(child, sequence, put, freed) };
      });
    }
    const { bytes, crc } = encodePage('index', nodePage(at.node, this.tableId, sequence));
    const offset = put(bytes);
    if (isPage(at.old)) freed.push({ offset: at.old.offset, bytes: at.old.length });
    return { offset, length: bytes.length, crc };
  }
}

/** An entry for a child with one block more. */
function widen(entry: ChildRef, added: BlockRef): ChildRef {
  const isFirst = compareRefs(added, entry) < 0;
  return {
    page: entry.page,
    ordinalFirst: isFirst ? added.ordinalFirst : entry.ordinalFirst,
    ordinalLast: Math.max(entry.ordinalLast, added.ordinalLast),
    indexFirst: isFirst ? added.indexFirst : entry.indexFirst,
    blocks: entry.blocks + 1,
    minTs: added.minTs < entry.minTs ? added.minTs : entry.minTs,
    maxTs: added.maxTs > entry.maxTs ? added.maxTs : entry.maxTs,
    rows: entry.rows + added.rows,
  };
}

function entriesOf(node: IndexNode): readonly (BlockRef | ChildRef)[] {
  return isLeaf(node) ? node.refs : childrenOf(node);
}

/**
 * Cuts a node that is one entry too large in two. Blocks mostly arrive at the end, so the left part stays full and the
 * right one takes the last entries: pages of a growing table are then full, not half empty.
 */
function split(at: LoadedNode): [LoadedNode, LoadedNode] {
  const { node } = at;
  const keep = FANOUT - 16;
  if (isLeaf(node)) {
    const right = node.refs.splice(keep);
    return [at, { node: { level: 0, refs: right }, old: NO_PAGE, dirty: true, loaded: new Map() }];
  }
  const children = childrenOf(node).splice(keep);
  const loaded = new Map<ChildRef, LoadedNode>();
  for (const child of children) {
    const known = at.loaded.get(child);
    if (known === undefined) continue;
    loaded.set(child, known);
    at.loaded.delete(child);
  }
  return [at, { node: { level: node.level, children }, old: NO_PAGE, dirty: true, loaded }];
}
