import { getSafe64, setSafe64 } from './fields.ts';
import { getPointer, type PagePointer, setPointer } from './page.ts';

/** Where a block lies and which rows it has (docs/format.md, section 3.3). */
export interface BlockRef {
  readonly offset: number;
  readonly length: number;
  /** The block's header crc, which vouches for all of it. */
  readonly crc: number;
  readonly ordinalFirst: number;
  readonly ordinalLast: number;
  readonly indexFirst: number;
  readonly rows: number;
  readonly minTs: bigint;
  readonly maxTs: bigint;
  /** Rows are in order of time. */
  readonly sorted: boolean;
  /**
   * Made by pack: together with the blocks of the same first and last ordinal it has every row of these ordinals, sorted by
   * time; `indexFirst` and the rows' places after it only tell them apart.
   */
  readonly packed: boolean;
  readonly schemaVersion: number;
}

/** An entry of an inner index page: what is below a child. */
export interface ChildRef {
  readonly page: PagePointer;
  readonly ordinalFirst: number;
  readonly ordinalLast: number;
  readonly indexFirst: number;
  readonly blocks: number;
  readonly minTs: bigint;
  readonly maxTs: bigint;
  readonly rows: number;
}

export const REF_BYTES = 64;
/** Bits of the flags, in a reference and in a block's header. */
export const SORTED = 1;
export const PACKED = 2;

export function setBlockRef(view: DataView, at: number, ref: BlockRef): void {
  setSafe64(view, at, ref.offset);
  view.setUint32(at + 8, ref.length, true);
  view.setUint32(at + 12, ref.crc, true);
  setSafe64(view, at + 16, ref.ordinalFirst);
  setSafe64(view, at + 24, ref.ordinalLast);
  view.setUint32(at + 32, ref.indexFirst, true);
  view.setUint32(at + 36, ref.rows, true);
  view.setBigInt64(at + 40, ref.minTs, true);
  view.setBigInt64(at + 48, ref.maxTs, true);
  view.setUint32(at + 56, flagsOf(ref), true);
  view.setUint32(at + 60, ref.schemaVersion, true);
}

export function getBlockRef(view: DataView, at: number): BlockRef {
  return {
    offset: getSafe64(view, at, 'block offset'),
    length: view.getUint32(at + 8, true),
    crc: view.getUint32(at + 12, true),
    ordinalFirst: getSafe64(view, at + 16, 'ordinal'),
    ordinalLast: getSafe64(view, at + 24, 'ordinal'),
    indexFirst: view.getUint32(at + 32, true),
    rows: view.getUint32(at + 36, true),
    minTs: view.getBigInt64(at + 40, true),
    maxTs: view.getBigInt64(at + 48, true),
    sorted: (view.getUint32(at + 56, true) & SORTED) !== 0,
    packed: (view.getUint32(at + 56, true) & PACKED) !== 0,
    schemaVersion: view.getUint32(at + 60, true),
  };
}

/** The flags of a reference, as it and its block's header have them. */
export function flagsOf(ref: { readonly sorted: boolean; readonly packed: boolean }): number {
  return (ref.sorted ? SORTED : 0) | (ref.packed ? PACKED : 0);
}

export function setChildRef(view: DataView, at: number, ref: ChildRef): void {
  setPointer(view, at, ref.page);
  setSafe64(view, at + 16, ref.ordinalFirst);
  setSafe64(view, at + 24, ref.ordinalLast);
  view.setUint32(at + 32, ref.indexFirst, true);
  view.setUint32(at + 36, ref.blocks, true);
  view.setBigInt64(at + 40, ref.minTs, true);
  view.setBigInt64(at + 48, ref.maxTs, true);
  setSafe64(view, at + 56, ref.rows);
}

export function getChildRef(view: DataView, at: number): ChildRef {
  return {
    page: getPointer(view, at),
    ordinalFirst: getSafe64(view, at + 16, 'ordinal'),
    ordinalLast: getSafe64(view, at + 24, 'ordinal'),
    indexFirst: view.getUint32(at + 32, true),
    blocks: view.getUint32(at + 36, true),
    minTs: view.getBigInt64(at + 40, true),
    maxTs: view.getBigInt64(at + 48, true),
    rows: getSafe64(view, at + 56, 'rows'),
  };
}

/** Order of arrival. */
export function compareRefs(
  a: { ordinalFirst: number; indexFirst: number },
  b: { ordinalFirst: number; indexFirst: number },
): number {
  return a.ordinalFirst - b.ordinalFirst || a.indexFirst - b.indexFirst;
}
