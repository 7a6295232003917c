import type { ColumnSource } from '../../shared/codec/column-data.ts';
import { type BlockHead, pushBlock, sealBlock } from '../../shared/format/block.ts';
import type { BlockRef } from '../../shared/format/block-ref.ts';
import { ByteSink } from '../../shared/format/byte-sink.ts';
import type { Extent, SaltedExtent } from '../../shared/format/root.ts';
import type { Column } from '../../shared/schema/types.ts';
import type { Storage } from '../../shared/storage/storage.ts';

/** Staged bytes are written at this size: large enough that the call costs nothing beside the copy. */
const WRITE_BYTES = 1 << 20;

/** Where a writer puts its blocks: extents filled one after the other, through a buffer. */
export class DataExtents {
  private readonly storage: Storage;
  private readonly buffer = new ByteSink(WRITE_BYTES + (WRITE_BYTES >> 1));
  private readonly spare: SaltedExtent[] = [];
  private readonly released: Extent[] = [];
  private current: SaltedExtent | undefined;
  /** Where the buffer's first byte goes. */
  private bufferAt = 0;
  /** Bytes of blocks since the database was opened. */
  bytes = 0;

  constructor(storage: Storage) {
    this.storage = storage;
  }

  give(extent: SaltedExtent): void {
    this.spare.push(extent);
  }

  /** Whether a block of at most `bytes` can be placed now. */
  hasRoom(bytes: number): boolean {
    return this.remaining() >= bytes || this.spare.some((extent) => extent.bytes >= bytes);
  }

  /** Bytes that are left in extents not begun. */
  spareBytes(): number {
    return this.spare.reduce((sum, extent) => sum + extent.bytes, 0);
  }

  /**
   * Encodes a block and stages it, if there is room for what it comes to: there is, if `hasRoom` says so of its raw size.
   * @returns the block, or how many bytes it needs
   */
  add(
    head: BlockHead,
    sources: readonly ColumnSource[],
    from: number,
    columns: readonly Column[],
  ): BlockRef | number {
    let start = pushBlock(this.buffer, head, sources, from, columns);
    const length = this.buffer.length - start;
    if (this.bufferAt + this.buffer.length > this.end()) {
      if (!this.spare.some((extent) => extent.bytes >= length)) {
        this.buffer.length = start;
        return length;
      }
      this.nextExtent(start, length);
      start = 0;
    }
    const ref = sealBlock(this.buffer, start, this.current!.salt.seed, this.bufferAt + start);
    this.bytes += length;
    if (this.buffer.length >= WRITE_BYTES) this.write();
    return ref;
  }

  /** Writes what is staged. */
  write(): void {
    if (this.buffer.length === 0) return;
    this.storage.write(this.buffer.written(), this.bufferAt);
    this.bufferAt += this.buffer.length;
    this.buffer.clear();
  }

  /** Whether a block that was staged has left the buffer. */
  isWritten(ref: BlockRef): boolean {
    const inBuffer = ref.offset >= this.bufferAt && ref.offset < this.bufferAt + this.buffer.length;
    return !inBuffer;
  }

  /** Gives up all room there is; the next block goes to an extent that is given later. Call after `write`. */
  release(): void {
    this.released.push(...this.spare.splice(0).map(({ offset, bytes }) => ({ offset, bytes })));
    const rest = this.end() - this.bufferAt;
    if (rest > 0) this.released.push({ offset: this.bufferAt, bytes: rest });
    this.current = undefined;
    this.bufferAt = 0;
  }

  /** Ends of extents that were not used, since the last call. */
  takeReleased(): Extent[] {
    return this.released.splice(0);
  }

  /** What this writer holds but has not filled. */
  held(): Extent[] {
    const held: Extent[] = [...this.spare];
    const rest = this.end() - this.bufferAt;
    if (rest > 0) held.push({ offset: this.bufferAt, bytes: rest });
    return held.map(({ offset, bytes }) => ({ offset, bytes }));
  }

  private end(): number {
    return this.current === undefined ? 0 : this.current.offset + this.current.bytes;
  }

  private remaining(): number {
    return this.end() - this.bufferAt - this.buffer.length;
  }

  /** Writes what is before the block at `start`, and moves the block to the beginning of another extent. */
  private nextExtent(start: number, length: number): void {
    const { buffer } = this;
    if (start > 0) this.storage.write(buffer.bytes.subarray(0, start), this.bufferAt);
    const used = this.bufferAt + start;
    if (this.current !== undefined && used < this.end())
      this.released.push({ offset: used, bytes: this.end() - used });
    buffer.bytes.copyWithin(0, start, start + length);
    buffer.length = length;
    const fits = this.spare.findIndex((extent) => extent.bytes >= length);
    const [next] = this.spare.splice(fits, 1);
    this.current = next!;
    this.bufferAt = this.current.offset;
  }
}
