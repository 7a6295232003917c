import { SLABS_AT } from '../../shared/chunk/header.ts';
import {
  changeOwner,
  NOBODY,
  offsetOfSlab,
  ownedBy,
  ownerOf,
  SLAB_BYTES,
  slabAt,
  slabCount,
  takeEmptySlabs,
  UNKNOWN,
} from '../../shared/chunk/slab-table.ts';
import type { MemoryViews } from '../../shared/chunk/views.ts';

const SLAB_ORDER = 20;
/** Smallest piece that is cut: 16 rows of one f64 column are 272 bytes. */
const MIN_ORDER = 9;
/** Slabs of others that are looked at for emptiness at once: a look is a walk over all headers. */
const TAKE_AT_ONCE = 4;

/**
 * A producer's share of one writer's memory: a buddy allocator (Knuth, TAOCP 2.5) within slabs that it takes as it needs
 * them; what is larger than a slab gets slabs that lie side by side. Runs in the producer's thread alone; whose a slab is
 * stands in shared memory, and an empty one can be taken away by another producer at any time (`slab-table.ts`).
 */
export class SlabAllocator {
  private readonly views: MemoryViews;
  private readonly slot: number;
  /** Slabs that this producer cuts, as far as it knows. */
  private readonly mine = new Set<number>();
  /** Free pieces by order, as stacks: the last one freed is the one whose bytes are still in the cache. */
  private readonly stacks: number[][] = [];
  /** Free pieces and their orders; an entry of a stack that this does not confirm is stale. */
  private readonly free = new Map<number, number>();
  /** Bytes handed out. */
  used = 0;

  constructor(views: MemoryViews, slot: number) {
    this.views = views;
    this.slot = slot;
  }

  /** Slabs that this producer holds. */
  get held(): number {
    return this.mine.size;
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

  /**
   * Offset of a piece of at least `bytes` in the memory, or −1 if there is none.
   * @param most slabs that the producer may hold; a piece that needs more than that is still had by one that holds nothing
   * @param fromOthers whether empty slabs of other producers are looked for as well, which takes longer
   */
  take(bytes: number, most: number, fromOthers = false): number {
    const size = SlabAllocator.sizeFor(bytes);
    const found =
      size <= SLAB_BYTES
        ? this.takePiece(orderOf(size), most, fromOthers)
        : this.takeSlabs(size / SLAB_BYTES, most, fromOthers);
    if (found >= 0) this.used += size;
    return found;
  }

  /** Gives a piece back; `bytes` as it was asked for. */
  give(offset: number, bytes: number): void {
    const size = SlabAllocator.sizeFor(bytes);
    this.used -= size;
    // Slab by slab: small pieces are cut from them again, and a large one finds neighbours whatever they were before.
    for (let at = offset; at < offset + size; at += SLAB_BYTES) {
      // Not from a slab that was let go of meanwhile: whoever finds it empty has it.
      if (this.mine.has(slabAt(at))) this.givePiece(at, orderOf(Math.min(size, SLAB_BYTES)));
    }
  }

  /**
   * Whether the slabs of a piece still are this producer's; forgets those that are not. To be asked once a chunk that lies
   * there is FILLING: from then on nobody takes them.
   */
  confirm(offset: number, bytes: number): boolean {
    let all = true;
    const last = slabAt(offset + SlabAllocator.sizeFor(bytes) - 1);
    for (let slab = slabAt(offset); slab <= last; slab++) {
      if (ownerOf(this.views, slab) === ownedBy(this.slot)) continue;
      this.forget(slab);
      all = false;
    }
    return all;
  }

  /**
   * Lets go of slabs above a number, empty ones first. The chunks in the others come back as ever; then the slabs are
   * anybody's.
   */
  shed(most: number): void {
    if (this.mine.size <= most) return;
    this.dropEmpty(most);
    for (const slab of [...this.mine].sort((a, b) => b - a)) {
      if (this.mine.size <= most) return;
      this.forget(slab);
      changeOwner(this.views, slab, ownedBy(this.slot), UNKNOWN);
    }
  }

  /** Gives back slabs that are free as a whole, until so many are left. */
  private dropEmpty(most = 0): void {
    for (const slab of [...this.mine]) {
      if (this.mine.size <= most) return;
      if (!this.isFree(slab)) continue;
      this.forget(slab);
      changeOwner(this.views, slab, ownedBy(this.slot), NOBODY);
    }
  }

  private takePiece(order: number, most: number, fromOthers: boolean): number {
    const found = this.pop(order);
    if (found >= 0) return found;
    const slab = this.takeSlabs(1, most, fromOthers);
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
   * Slabs side by side that are free as a whole, or nobody's, or −1. Were free ones not joined, then memory that was once
   * cut into small chunks would have no room for a large one ever again, and its producer would wait for ever.
   */
  private takeSlabs(count: number, most: number, fromOthers: boolean): number {
    // Scattered ones of its own must not keep a producer from a run of others.
    if (fromOthers) this.dropEmpty();
    const slabs = slabCount(this.views);
    for (let first = 0, slab = 0; slab < slabs; slab++) {
      if (!this.isFree(slab) && ownerOf(this.views, slab) !== NOBODY) first = slab + 1;
      if (slab - first + 1 < count) continue;
      if (!this.mayHold(first, count, most)) first++;
      else if (this.claim(first, count)) return this.use(first, count);
      else first = slab + 1;
    }
    return fromOthers ? this.takeFromOthers(count, most) : -1;
  }

  /** Looks for empty slabs that belong to others, some at once. */
  private takeFromOthers(count: number, most: number): number {
    if (this.mine.size + count > Math.max(most, count)) return -1;
    const slabs = slabCount(this.views);
    const atOnce = Math.max(count, TAKE_AT_ONCE);
    for (let from = 0; from + count <= slabs; from += atOnce) {
      // Windows overlap, so that a run that crosses two of them is found.
      const end = Math.min(slabs, from + atOnce + count - 1);
      const others: number[] = [];
      for (let slab = from; slab < end; slab++) if (!this.mine.has(slab)) others.push(slab);
      for (const slab of takeEmptySlabs(this.views, this.slot, others)) {
        this.mine.add(slab);
        this.push(offsetOfSlab(slab), SLAB_ORDER);
      }
      for (let first = from; first + count <= end; first++) {
        if (!this.areFree(first, count)) continue;
        const place = this.use(first, count);
        this.dropEmpty();
        return place;
      }
      this.dropEmpty();
    }
    return -1;
  }

  private isFree(slab: number): boolean {
    return this.free.get(offsetOfSlab(slab)) === SLAB_ORDER;
  }

  private areFree(first: number, count: number): boolean {
    for (let slab = first; slab < first + count; slab++) if (!this.isFree(slab)) return false;
    return true;
  }

  private mayHold(first: number, count: number, most: number): boolean {
    let added = 0;
    for (let slab = first; slab < first + count; slab++) if (!this.mine.has(slab)) added++;
    return added === 0 || this.mine.size + added <= Math.max(most, count);
  }

  /** Makes nobody's slabs of a run this producer's. @returns false if another was faster with one of them */
  private claim(first: number, count: number): boolean {
    for (let slab = first; slab < first + count; slab++) {
      if (this.isFree(slab)) continue;
      if (!changeOwner(this.views, slab, NOBODY, ownedBy(this.slot))) return false;
      this.mine.add(slab);
      this.push(offsetOfSlab(slab), SLAB_ORDER);
    }
    return true;
  }

  /** Takes slabs of this producer that are free out of the free ones. */
  private use(first: number, count: number): number {
    for (let slab = first; slab < first + count; slab++) this.free.delete(offsetOfSlab(slab));
    // Nobody may ever ask for a single slab, so their stale entries would pile up.
    if (count > 1) this.stacks[SLAB_ORDER] = this.stacks[SLAB_ORDER]?.filter((at) => this.free.has(at)) ?? [];
    return offsetOfSlab(first);
  }

  /** Forgets a slab and the free pieces in it. */
  private forget(slab: number): void {
    this.mine.delete(slab);
    const from = offsetOfSlab(slab);
    if (this.isFree(slab)) {
      this.free.delete(from);
      return;
    }
    for (const at of [...this.free.keys()]) if (at >= from && at < from + SLAB_BYTES) this.free.delete(at);
  }
}

function orderOf(size: number): number {
  return 31 - Math.clz32(size);
}
