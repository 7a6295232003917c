import {
  chunkCount,
  DATA,
  DATA_BYTES,
  FREE,
  headerWord,
  MAX_CHUNKS,
  PRODUCER,
  STATE,
} from '../../shared/chunk/header.ts';
import { SLAB_BYTES, slabCount } from '../../shared/chunk/slab-table.ts';
import type { MemoryViews } from '../../shared/chunk/views.ts';
import { DescriptorRing } from '../../shared/ring/descriptor-ring.ts';
import { Claims } from './claims.ts';
import { OwnerList } from './owner-list.ts';
import { SlabAllocator } from './slab-allocator.ts';

/** For how long a table's claim counts when it opens no chunk: somewhat longer than a chunk should take to fill. */
const CLAIM_MS = 90_000;

/** One producer's part of one writer's memory: its slabs, its headers, its rings to that writer. */
export class ProducerMemory {
  readonly views: MemoryViews;
  /** The same memory, for strings. */
  readonly bytes: Buffer;
  readonly slabs: SlabAllocator;
  readonly hints: DescriptorRing;
  /** Headers of this producer that are free. */
  readonly headers: number[];
  readonly claims = new Claims(CLAIM_MS);
  readonly owners = new OwnerList();
  /** Bytes of the chunks that are filling, as the slabs count them. */
  filling = 0;
  private readonly backs: DescriptorRing;
  /** 1 for headers of chunks that are filling or on their way. */
  private readonly busy = new Uint8Array(MAX_CHUNKS);
  private readonly takeOne = (chunk: number): void => this.takeBack(chunk);

  constructor(views: MemoryViews, slot: number, hints: SharedArrayBuffer, backs: SharedArrayBuffer) {
    this.views = views;
    this.bytes = Buffer.from(views.buffer);
    this.slabs = new SlabAllocator(views, slot);
    this.hints = new DescriptorRing(hints);
    this.backs = new DescriptorRing(backs);
    this.headers = freeHeadersOf(views, slot);
  }

  /** A header's chunk is filling from now on. */
  open(chunk: number): void {
    this.busy[chunk] = 1;
  }

  /**
   * Takes back the chunks that the writer has let go of.
   * @param walk look at every chunk on its way too: the ring of returns may have been full
   */
  collect(walk: boolean): void {
    this.backs.drain(this.takeOne);
    if (!walk) return;
    for (let chunk = chunkCount(this.views) - 1; chunk >= 0; chunk--) {
      if (this.busy[chunk] === 1) this.takeBack(chunk);
    }
  }

  private takeBack(chunk: number): void {
    const { i32, u32 } = this.views;
    const word = headerWord(chunk);
    // A hint may come twice or late; the header says what is so.
    if (this.busy[chunk] !== 1 || Atomics.load(i32, word + STATE) !== FREE) return;
    this.busy[chunk] = 0;
    const bytes = i32[word + DATA_BYTES]!;
    this.slabs.give(SlabAllocator.startOf((u32[word + DATA] as number) * 64, bytes), bytes);
    this.headers.push(chunk);
  }
}

/** Bytes of a memory that chunks can have. */
export function chunkBytesOf(views: MemoryViews): number {
  return slabCount(views) * SLAB_BYTES;
}

/** Headers that an earlier producer of this slot took. All are free: the slot was not given away before. */
function freeHeadersOf(views: MemoryViews, slot: number): number[] {
  const headers: number[] = [];
  // Slot 0 is the opening thread's, the first there is; and a header that was never opened names it, too.
  for (let chunk = slot === 0 ? -1 : chunkCount(views) - 1; chunk >= 0; chunk--) {
    if (views.i32[headerWord(chunk) + PRODUCER] === slot) headers.push(chunk);
  }
  return headers;
}
