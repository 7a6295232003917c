import { Block } from '../format/block.ts';
import type { BlockRef } from '../format/block-ref.ts';
import type { Storage } from '../storage/storage.ts';

/** Where a reader gets blocks from. */
export interface BlockSource {
  /** A block with its header checked. @throws DAMAGED */
  open(tableId: number, ref: BlockRef): Block;
}

/** What a cache holds and has done. */
export interface CacheCounters {
  /** What it may hold. */
  readonly budgetBytes: number;
  readonly bytes: number;
  readonly blocks: number;
  /** Blocks that it had when they were asked for. */
  readonly hits: number;
  /** Blocks that had to be read. */
  readonly misses: number;
}

/** What a kept block costs beside its bytes: objects for itself, its reference and each column. About; for the budget. */
const BLOCK_OVERHEAD_BYTES = 1024;

interface Kept {
  readonly block: Block;
  readonly tableId: number;
  readonly bytes: number;
  /** Asked for since it was last considered for leaving. */
  isRecent: boolean;
}

/**
 * Blocks that a handle has read, as encoded as in the file, with the columns that were asked for checked already. A block is
 * told by its place and its header's checksum, which its extent's random salt is part of: a reference never finds the bytes
 * that lay in its place before or come after. So nothing here ever has to be thrown away for being out of date.
 */
export class BlockCache implements BlockSource {
  private readonly storage: Storage;
  private readonly budget: number;
  private readonly kept = new Map<number, Kept>();
  private bytes = 0;
  private hits = 0;
  private misses = 0;

  constructor(storage: Storage, budgetBytes: number) {
    this.storage = storage;
    this.budget = budgetBytes;
  }

  get counters(): CacheCounters {
    const { budget: budgetBytes, bytes, hits, misses } = this;
    return { budgetBytes, bytes, blocks: this.kept.size, hits, misses };
  }

  open(tableId: number, ref: BlockRef): Block {
    return this.find(tableId, ref) ?? this.keep(tableId, ref);
  }

  /**
   * The source for a read of so many bytes. One that would push out most of what is kept takes what is here and reads the rest
   * past the cache: a scan of a large table must not cost all others their blocks.
   */
  forRead(bytes: number): BlockSource {
    if (bytes <= this.budget / 2) return this;
    return { open: (tableId, ref) => this.find(tableId, ref) ?? this.read(tableId, ref) };
  }

  /** Lets go of everything. */
  clear(): void {
    this.kept.clear();
    this.bytes = 0;
  }

  private find(tableId: number, ref: BlockRef): Block | undefined {
    const kept = this.kept.get(ref.offset);
    if (kept === undefined || kept.tableId !== tableId || !isSame(kept.block, ref)) return undefined;
    this.hits++;
    kept.isRecent = true;
    return kept.block;
  }

  private read(tableId: number, ref: BlockRef): Block {
    this.misses++;
    return new Block(this.storage, tableId, ref);
  }

  private keep(tableId: number, ref: BlockRef): Block {
    const block = this.read(tableId, ref);
    const bytes = ref.length + BLOCK_OVERHEAD_BYTES;
    if (bytes > this.budget / 2) return block;
    this.remove(ref.offset);
    this.makeRoom(bytes);
    this.kept.set(ref.offset, { block, tableId, bytes, isRecent: false });
    this.bytes += bytes;
    return block;
  }

  /** The oldest leaves, but one that was asked for since gets a second chance. */
  private makeRoom(bytes: number): void {
    for (const [offset, kept] of this.kept) {
      if (this.bytes + bytes <= this.budget) return;
      this.kept.delete(offset);
      if (kept.isRecent) {
        kept.isRecent = false;
        this.kept.set(offset, kept);
      } else this.bytes -= kept.bytes;
    }
  }

  private remove(offset: number): void {
    const kept = this.kept.get(offset);
    if (kept === undefined) return;
    this.kept.delete(offset);
    this.bytes -= kept.bytes;
  }
}

/** Blocks read anew each time they are asked for. */
export function blocksOf(storage: Storage): BlockSource {
  return { open: (tableId, ref) => new Block(storage, tableId, ref) };
}

/** One that turned out to be damaged is read again: it may have been the reading. */
function isSame({ ref: kept, isDamaged }: Block, ref: BlockRef): boolean {
  return (
    kept.crc === ref.crc &&
    kept.length === ref.length &&
    kept.rows === ref.rows &&
    kept.ordinalFirst === ref.ordinalFirst &&
    kept.indexFirst === ref.indexFirst &&
    !isDamaged
  );
}
