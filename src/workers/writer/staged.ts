import type { BlockRef } from '../../shared/format/block-ref.ts';
import { ByteSink } from '../../shared/format/byte-sink.ts';
import {
  getLocatedRef,
  LOCATED_REF_BYTES,
  type LocatedRef,
  pushLocatedRef,
} from '../../shared/format/frame.ts';
import { type Extent, extentOf } from '../../shared/format/root.ts';
import type { KnownChunk } from './chunk-book.ts';

/** Stands for "no block" where a chunk is only to be given back. */
const NO_BLOCK = -1;

/**
 * Chunks whose rows are encoded and wait for the commit, with the references of their blocks. There may be thousands, and
 * objects that live so long would leave the nursery: so references are kept as the bytes that the log gets.
 */
export class Staged {
  private readonly chunks: KnownChunk[] = [];
  private readonly places: number[] = [];
  private readonly refs = new ByteSink();
  /** Bytes of the blocks. */
  bytes = 0;
  /** What was staged, as it lay in chunks. */
  rawBytes = 0;

  get length(): number {
    return this.chunks.length;
  }

  addBlock(known: KnownChunk, ref: BlockRef): void {
    this.chunks.push(known);
    this.places.push(this.refs.length);
    pushLocatedRef(this.refs, known.tableId, ref);
    this.bytes += ref.length;
    this.rawBytes += known.rawBytes;
  }

  /** A chunk without new rows, which is only to be given back. */
  addEmpty(known: KnownChunk): void {
    this.chunks.push(known);
    this.places.push(NO_BLOCK);
  }

  /** Each chunk, and whether it has a block. */
  forEach(call: (known: KnownChunk, hasBlock: boolean) => void): void {
    for (let i = 0; i < this.chunks.length; i++) call(this.chunks[i]!, this.places[i] !== NO_BLOCK);
  }

  /** Each block's reference as `pushLocatedRef` writes it; valid during the call. */
  forEachEncoded(call: (located: Uint8Array) => void): void {
    for (let at = 0; at < this.refs.length; at += LOCATED_REF_BYTES)
      call(this.refs.bytes.subarray(at, at + LOCATED_REF_BYTES));
  }

  *blocks(): Generator<LocatedRef> {
    for (let at = 0; at < this.refs.length; at += LOCATED_REF_BYTES) yield getLocatedRef(this.refs.view, at);
  }

  /** Where those blocks lie that a condition holds for. */
  extents(wanted: (ref: BlockRef) => boolean): Extent[] {
    const extents: Extent[] = [];
    for (const { ref } of this.blocks()) if (wanted(ref)) extents.push(extentOf(ref));
    return extents;
  }

  clear(): void {
    this.chunks.length = 0;
    this.places.length = 0;
    this.refs.clear();
    this.bytes = 0;
    this.rawBytes = 0;
  }
}
