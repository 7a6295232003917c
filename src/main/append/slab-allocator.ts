import { SLAB_NEXT_WORD, SLABS_AT } from '../../shared/chunk/header.ts';
import type { MemoryViews } from '../../shared/chunk/views.ts';

/** What a producer takes from a memory at once: an atomic add for twenty chunks of a narrow table. */
export const SLAB_BYTES = 1 << 20;
const SLAB_ORDER = 20;
/** Smallest piece that is cut: 16 rows of one f64 column are 272 bytes. */
const MIN_ORDER = 9;

/**
 * A producer's share of one writer's memory: a buddy allocator (Knuth, TAOCP 2.5) within slabs that it takes as it needs
 * them and keeps; what is larger than a slab gets slabs that lie side by side. Runs in the producer's thread alone; only
 * the taking of slabs is shared.
 */
export class SlabAllocator {
  private readonly views: MemoryViews;
  /** Free pieces by order, as stacks: the last one freed is the one whose bytes are still in the cache. */
  private readonly stacks: number[][] = [];
  /** Free pieces and their orders; an entry of a stack that this does not confirm is stale. */
  private readonly free = new Map<number, number>();
  /** Bytes handed out. */
  used = 0;

  constructor(views: MemoryViews) {
    this.views = views;
  }

  /** Bytes that a piece for `bytes` really has: the next power of two, or whole slabs. */
  static sizeFor(bytes: number): number {
    if (bytes > SLAB_BYTES) return Math.ceil(bytes / SLAB_BYTES) * SLAB_BYTES;
    let size = 1 << MIN_ORDER;
    while (size < bytes) size *= 2;
    return size;
  }

  /** Where the piece begins that a place within it belongs to; `bytes` as for `give`. */
  static startOf(place: number, bytes: number): number {
    const size = SlabAllocator.sizeFor(bytes);
    // Larger pieces are slabs side by side, which begin at any slab.
    const step = Math.min(size, SLAB_BYTES);
    return SLABS_AT + Math.floor((place - SLABS_AT) / step) * step;
  }

  /** Offset of a piece of at least `bytes` in the memory, or −1 if there is none. */
  take(bytes: number): number {
    const size = SlabAllocator.sizeFor(bytes);
    const found = size <= SLAB_BYTES ? this.takePiece(orderOf(size)) : this.takeSlabs(size / SLAB_BYTES);
    if (found >= 0) this.used += size;
    return found;
  }

  /** Gives a piece back; `bytes` as it was asked for. */
  give(offset: number, bytes: number): void {
    const size = SlabAllocator.sizeFor(bytes);
    this.used -= size;
    // Slab by slab: small pieces are cut from them again, and a large one finds neighbours whatever they were before.
    for (let at = offset; at < offset + size; at += SLAB_BYTES)
      this.givePiece(at, orderOf(Math.min(size, SLAB_BYTES)));
  }

  private takePiece(order: number): number {
    const found = this.pop(order);
    if (found >= 0) return found;
    const slab = this.takeSlabs(1);
    if (slab >= 0) this.cut(slab, SLAB_ORDER, order);
    return slab;
  }

  private givePiece(offset: number, size: number): void {
    let at = offset;
    let order = size;
    while (order < SLAB_ORDER) {
      const buddy = SLABS_AT + ((at - SLABS_AT) ^ (2 ** order));
      if (this.free.get(buddy) !== order) break;
      this.free.delete(buddy);
      at = Math.min(at, buddy);
      order++;
    }
    this.push(at, order);
  }

  private push(offset: number, order: number): void {
    this.free.set(offset, order);
    (this.stacks[order] ??= []).push(offset);
  }

  /** A free piece of an order, cutting a larger one if there is no other. */
  private pop(order: number): number {
    for (let from = order; from <= SLAB_ORDER; from++) {
      const stack = this.stacks[from];
      for (let offset = stack?.pop(); offset !== undefined; offset = stack!.pop()) {
        if (this.free.get(offset) !== from) continue;
        this.free.delete(offset);
        this.cut(offset, from, order);
        return offset;
      }
    }
    return -1;
  }

  /** Cuts a piece in halves down to an order; the upper halves become free. */
  private cut(offset: number, from: number, order: number): void {
    for (let half = from - 1; half >= order; half--) this.push(offset + 2 ** half, half);
  }

  /**
   * The first slabs side by side that are free or that nobody has taken yet, or −1. Were free ones not joined, then memory
   * that was once cut into small chunks would have no room for a large one ever again, and its producer would wait for ever.
   */
  private takeSlabs(count: number): number {
    const { i32, buffer } = this.views;
    const slabs = Math.floor((buffer.byteLength - SLABS_AT) / SLAB_BYTES);
    for (;;) {
      const next = Atomics.load(i32, SLAB_NEXT_WORD);
      const first = this.findRun(count, next);
      const end = first + count;
      if (end > slabs) return -1;
      if (end > next && Atomics.compareExchange(i32, SLAB_NEXT_WORD, next, end) !== next) continue;
      for (let slab = first; slab < Math.min(end, next); slab++) this.free.delete(offsetOf(slab));
      // Nobody may ever ask for a single slab, so their stale entries would pile up.
      if (count > 1)
        this.stacks[SLAB_ORDER] = this.stacks[SLAB_ORDER]?.filter((at) => this.free.has(at)) ?? [];
      return offsetOf(first);
    }
  }

  /** The first of `count` slabs that are free as a whole, those from `next` on being nobody's. */
  private findRun(count: number, next: number): number {
    // A single one that is free would have been found as a piece.
    if (count === 1) return next;
    let first = 0;
    for (let slab = 0; slab < next && slab - first < count; slab++) {
      if (this.free.get(offsetOf(slab)) !== SLAB_ORDER) first = slab + 1;
    }
    return first;
  }
}

function offsetOf(slab: number): number {
  return SLABS_AT + slab * SLAB_BYTES;
}

function orderOf(size: number): number {
  return 31 - Math.clz32(size);
}
