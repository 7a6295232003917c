import {
  type BlockRef,
  type ChildRef,
  compareRefs,
  getBlockRef,
  getChildRef,
  REF_BYTES,
  setBlockRef,
  setChildRef,
} from '../format/block-ref.ts';
import { damaged, viewOf } from '../format/fields.ts';
import { encodePage, PAGE_HEADER_BYTES, type PagePointer, readPage } from '../format/page.ts';
import type { Storage } from '../storage/storage.ts';

/** Entries of an index page: 16 KiB, a few reads for millions of blocks, and little to write anew when one changes. */
export const FANOUT = 256;
/** 256^6 blocks are more than a file can hold. */
export const MAX_HEIGHT = 6;

/** For the page that is being read or written: a checkpoint may change ten thousand, and memory for each would pile up. */
const scratch = new Uint8Array(PAGE_HEADER_BYTES + FANOUT * REF_BYTES);

/** An index page taken apart. */
export type IndexNode =
  | { readonly level: 0; readonly refs: BlockRef[] }
  | { readonly level: number; readonly children: ChildRef[] };

export function isLeaf(node: IndexNode): node is { readonly level: 0; readonly refs: BlockRef[] } {
  return node.level === 0;
}

/**
 * Reads the index page that a pointer names.
 * @param level the level it must have
 * @throws DAMAGED
 */
export function readNode(storage: Storage, tableId: number, pointer: PagePointer, level: number): IndexNode {
  const page = readPage(storage, 'index', pointer, scratch);
  if (page.tableId !== tableId || page.level !== level || page.payload.length !== page.count * REF_BYTES) {
    throw damaged(`the index page at ${pointer.offset} is not the one it should be`, {
      table: tableId,
      level,
    });
  }
  const view = viewOf(page.payload);
  if (level === 0) {
    return { level: 0, refs: Array.from({ length: page.count }, (_, i) => getBlockRef(view, i * REF_BYTES)) };
  }
  return { level, children: Array.from({ length: page.count }, (_, i) => getChildRef(view, i * REF_BYTES)) };
}

/** A node as the bytes of a page, valid until the next one is read or written, and the crc that its pointer must carry. */
export function encodeNode(
  node: IndexNode,
  tableId: number,
  sequence: number,
): { bytes: Uint8Array; crc: number } {
  const count = isLeaf(node) ? node.refs.length : childrenOf(node).length;
  const length = PAGE_HEADER_BYTES + count * REF_BYTES;
  const bytes = length <= scratch.length ? scratch.subarray(0, length) : new Uint8Array(length);
  const payload = bytes.subarray(PAGE_HEADER_BYTES);
  const view = viewOf(payload);
  if (isLeaf(node)) {
    for (const [i, ref] of node.refs.entries()) setBlockRef(view, i * REF_BYTES, ref);
  } else {
    for (const [i, child] of childrenOf(node).entries()) setChildRef(view, i * REF_BYTES, child);
  }
  return encodePage('index', { sequence, tableId, level: node.level, count, payload }, bytes);
}

/** What an inner entry says of a node. @throws INTERNAL for an empty node, which the tree never has */
export function summarize(node: IndexNode, page: PagePointer): ChildRef {
  const parts: readonly (BlockRef | ChildRef)[] = isLeaf(node) ? node.refs : childrenOf(node);
  const first = parts[0]!;
  let { minTs, maxTs, ordinalLast } = first;
  let rows = 0;
  let blocks = 0;
  for (const part of parts) {
    rows += part.rows;
    blocks += 'blocks' in part ? part.blocks : 1;
    if (part.minTs < minTs) minTs = part.minTs;
    if (part.maxTs > maxTs) maxTs = part.maxTs;
    if (part.ordinalLast > ordinalLast) ordinalLast = part.ordinalLast;
  }
  return {
    page,
    ordinalFirst: first.ordinalFirst,
    ordinalLast,
    indexFirst: first.indexFirst,
    blocks,
    minTs,
    maxTs,
    rows,
  };
}

/** What an index page has: references, or entries for other pages. */
export function entriesOf(node: IndexNode): readonly (BlockRef | ChildRef)[] {
  return isLeaf(node) ? node.refs : childrenOf(node);
}

/** The references of a leaf. */
export function refsOf(node: IndexNode): BlockRef[] {
  return (node as { refs: BlockRef[] }).refs;
}

/** The children of an inner node. */
export function childrenOf(node: IndexNode): ChildRef[] {
  return (node as { children: ChildRef[] }).children;
}

/** Where an entry belongs in order of arrival: the first place whose entry is not before it. */
export function placeOf(
  entries: readonly { ordinalFirst: number; indexFirst: number }[],
  name: { ordinalFirst: number; indexFirst: number },
): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareRefs(entries[middle]!, name) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
