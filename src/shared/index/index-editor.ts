import { invariant, isDamaged } from '../errors.ts';
import { type BlockRef, type ChildRef, compareRefs, REF_BYTES } from '../format/block-ref.ts';
import { isPage, NO_PAGE, PAGE_HEADER_BYTES, type PagePointer } from '../format/page.ts';
import { type Extent, extentOf } from '../format/root.ts';
import type { TableState } from '../format/table-record.ts';
import type { Storage } from '../storage/storage.ts';
import {
  childrenOf,
  encodeNode,
  entriesOf,
  FANOUT,
  type IndexNode,
  isLeaf,
  MAX_HEIGHT,
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

/** Puts a page's bytes, valid during the call, into the checkpoint's extent and says where they will lie. */
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
  private removed = false;
  /** Places of pages that nothing is left on. */
  private readonly emptied: Extent[] = [];

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

  /**
   * Puts packed blocks in the place of those that they were made from.
   * @returns false, with nothing changed, if not all of these are there any more as they were
   */
  replace(before: readonly BlockRef[], after: readonly BlockRef[]): boolean {
    if (!before.every((ref) => this.find(this.root, ref)?.offset === ref.offset)) return false;
    const { rowsEver, nextOrdinal } = this.state;
    for (const ref of before) this.removeOne(ref);
    for (const ref of after) this.add(ref);
    // These rows were counted when they came.
    this.state = { ...this.state, rowsEver, nextOrdinal };
    return true;
  }

  /** Takes a block out. @returns false if it is not there as it was */
  remove(ref: BlockRef): boolean {
    if (this.find(this.root, ref)?.offset !== ref.offset) return false;
    this.removeOne(ref);
    return true;
  }

  /** The blocks that end before a time and whose ordinals all lie below `ordinal`; reads only pages that have any. */
  blocksBefore(cutoff: bigint, ordinal: number): BlockRef[] {
    const found: BlockRef[] = [];
    const collect = (at: LoadedNode): void => {
      if (isLeaf(at.node)) {
        for (const ref of at.node.refs) if (ref.maxTs < cutoff && ref.ordinalLast < ordinal) found.push(ref);
        return;
      }
      for (const [place, entry] of childrenOf(at.node).entries()) {
        const child =
          entry.minTs < cutoff && entry.ordinalFirst < ordinal ? this.child(at, place) : undefined;
        if (child !== undefined) collect(child);
      }
    };
    collect(this.root);
    return found;
  }

  /** Changes what the catalog says of the table apart from its blocks. */
  set(what: Partial<Pick<TableState, 'cutoff' | 'retentionMs'>>): void {
    this.state = { ...this.state, ...what };
  }

  /** Has the pages that begin at `offset` or after it written anew, and those that refer to them. Damaged ones stay. */
  rewriteFrom(offset: number): void {
    this.markFrom(this.root, offset);
  }

  /** Bytes of all pages that `write` will write. */
  dirtyBytes(): number {
    return entriesOf(this.root.node).length === 0 ? 0 : this.bytesBelow(this.root);
  }

  /**
   * Encodes the changed pages and puts them into place.
   * @param freed gets the places of the pages that they replace
   * @returns the table's new state
   */
  write(sequence: number, put: PutPage, freed: Extent[]): TableState {
    freed.push(...this.emptied);
    if (entriesOf(this.root.node).length === 0) {
      if (isPage(this.root.old)) freed.push(extentOf(this.root.old));
      return { ...this.state, root: NO_PAGE, height: 0, blocks: 0, rows: 0, minTs: 0n, maxTs: 0n };
    }
    const root = this.writeBelow(this.root, sequence, put, freed);
    if (!this.removed) return { ...this.state, root, height: this.height };
    const { blocks, rows, minTs, maxTs } = summarize(this.root.node, root);
    return { ...this.state, root, height: this.height, blocks, rows, minTs, maxTs };
  }

  private find(at: LoadedNode, name: BlockRef): BlockRef | undefined {
    if (isLeaf(at.node)) {
      const there = at.node.refs[placeOf(at.node.refs, name)];
      return there !== undefined && compareRefs(there, name) === 0 ? there : undefined;
    }
    const child = this.child(at, childPlace(at.node, name));
    return child === undefined ? undefined : this.find(child, name);
  }

  private removeOne(ref: BlockRef): void {
    this.removed = true;
    this.removeBelow(this.root, ref);
    while (!isLeaf(this.root.node) && childrenOf(this.root.node).length === 1) {
      const child = this.child(this.root, 0);
      if (child === undefined) break;
      if (isPage(this.root.old)) this.emptied.push(extentOf(this.root.old));
      this.root = child;
      this.height--;
    }
    if (entriesOf(this.root.node).length > 0) return;
    this.height = 0;
    if (isLeaf(this.root.node)) return;
    this.drop(this.root);
    this.root = { node: { level: 0, refs: [] }, old: NO_PAGE, dirty: true, loaded: new Map() };
  }

  /** Takes out a block that is there. */
  private removeBelow(at: LoadedNode, ref: BlockRef): void {
    at.dirty = true;
    if (isLeaf(at.node)) {
      at.node.refs.splice(placeOf(at.node.refs, ref), 1);
      return;
    }
    const children = childrenOf(at.node);
    const place = childPlace(at.node, ref);
    const child = this.child(at, place)!;
    this.removeBelow(child, ref);
    at.loaded.delete(children[place]!);
    if (entriesOf(child.node).length === 0) {
      children.splice(place, 1);
      this.drop(child);
      return;
    }
    const entry = summarize(child.node, child.old);
    children[place] = entry;
    at.loaded.set(entry, child);
    if (entriesOf(child.node).length < FANOUT / 4) this.mergeWithNext(at, place > 0 ? place - 1 : 0);
  }

  /** Joins a child and the one after it, if they are one page's worth with room to grow. */
  private mergeWithNext(at: LoadedNode, place: number): void {
    const children = childrenOf(at.node);
    if (place + 1 >= children.length) return;
    const left = this.child(at, place);
    const right = this.child(at, place + 1);
    if (left === undefined || right === undefined) return;
    if (entriesOf(left.node).length + entriesOf(right.node).length > (FANOUT * 3) / 4) return;
    if (isLeaf(left.node)) left.node.refs.push(...(right.node as { refs: BlockRef[] }).refs);
    else childrenOf(left.node).push(...childrenOf(right.node));
    for (const [entry, node] of right.loaded) left.loaded.set(entry, node);
    left.dirty = true;
    this.drop(right);
    for (const entry of children.slice(place, place + 2)) at.loaded.delete(entry);
    const entry = summarize(left.node, left.old);
    children.splice(place, 2, entry);
    at.loaded.set(entry, left);
  }

  /** Lets go of a node that nothing refers to any more. */
  private drop(node: LoadedNode): void {
    if (isPage(node.old)) this.emptied.push(extentOf(node.old));
  }

  /** The node of a page; undefined if the page is damaged, which is then left where it is, for readers to report. */
  private load(pointer: PagePointer, level: number): LoadedNode | undefined {
    try {
      const node = readNode(this.storage, this.tableId, pointer, level);
      return { node, old: pointer, dirty: false, loaded: new Map() };
    } catch (error) {
      if (isDamaged(error)) return undefined;
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
      const before = node.refs[place - 1];
      // Pack has taken it in meanwhile.
      if (!ref.packed && before?.packed && before.ordinalLast >= ref.ordinalFirst) return false;
      node.refs.splice(place, 0, ref);
      at.dirty = true;
      return true;
    }
    const children = childrenOf(node);
    const place = childPlace(node, ref);
    const child = this.child(at, place);
    if (child === undefined) {
      this.addBeside(at, compareRefs(ref, children[place]!) < 0 ? place : place + 1, ref);
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

  /** @returns whether the node is to be written anew */
  private markFrom(at: LoadedNode, offset: number): boolean {
    if (at.old.offset >= offset) at.dirty = true;
    if (isLeaf(at.node)) return at.dirty;
    for (const [place, entry] of childrenOf(at.node).entries()) {
      // A leaf is read only if it is to move, an inner page to see where its children lie.
      if (at.node.level === 1 && entry.page.offset < offset) continue;
      const child = this.child(at, place);
      if (child !== undefined && this.markFrom(child, offset)) at.dirty = true;
    }
    return at.dirty;
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
    const { bytes, crc } = encodeNode(at.node, this.tableId, sequence);
    const offset = put(bytes);
    if (isPage(at.old)) freed.push(extentOf(at.old));
    return { offset, length: bytes.length, crc };
  }
}

/** The last child that begins at or before a block; the first child takes what comes before all. */
function childPlace(node: IndexNode, { ordinalFirst, indexFirst }: BlockRef): number {
  return Math.max(0, placeOf(childrenOf(node), { ordinalFirst, indexFirst: indexFirst + 1 }) - 1);
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
