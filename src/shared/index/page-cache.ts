import type { PagePointer } from '../format/page.ts';

interface Kept {
  readonly pointer: PagePointer;
  readonly kind: string;
  readonly value: unknown;
}

/** What a page weighs beside its entries. */
const PAGE_WEIGHT = 8;

/**
 * Pages taken apart, by their places: what lies in one place now may not be what did. Two generations: what was not asked
 * for since the older one was begun goes with it. Checkpoint after checkpoint leaves pages behind that nobody asks for again.
 */
export class PageCache {
  private young = new Map<number, Kept>();
  private old = new Map<number, Kept>();
  /** Of the young ones. */
  private weight = 0;
  private readonly most: number;

  /** @param entries that a generation may have, each page counting for eight more */
  constructor(entries: number) {
    this.most = entries;
  }

  /** How many pages are kept. */
  get pages(): number {
    return this.young.size + this.old.size;
  }

  /**
   * The page that a pointer names, read if it is not known.
   * @param entries how many a page has
   */
  get<T>(kind: string, pointer: PagePointer, read: () => T, entries: (value: T) => number): T {
    const known = this.young.get(pointer.offset);
    if (known !== undefined && isOf(known, kind, pointer)) return known.value as T;
    const before = this.old.get(pointer.offset);
    const value = before !== undefined && isOf(before, kind, pointer) ? (before.value as T) : read();
    this.old.delete(pointer.offset);
    const weight = PAGE_WEIGHT + entries(value);
    if (this.weight + weight > this.most && this.weight > 0) {
      this.old = this.young;
      this.young = new Map();
      this.weight = 0;
    }
    this.weight += weight;
    this.young.set(pointer.offset, { pointer, kind, value });
    return value;
  }
}

function isOf({ kind: was, pointer: { crc, length } }: Kept, kind: string, pointer: PagePointer): boolean {
  return was === kind && crc === pointer.crc && length === pointer.length;
}
