import {
  CAPACITY,
  DATA,
  DATA_BYTES,
  FILLING,
  FREE,
  headerWord,
  openHeader,
  SENT,
  STATE,
  takeHeader,
} from '../../shared/chunk/header.ts';
import { fixedBytes } from '../../shared/chunk/layout.ts';
import type { MemoryViews } from '../../shared/chunk/views.ts';
import type { ProducerTicket } from '../../shared/control/api.ts';
import { type SharedState, writerOf } from '../../shared/control/shared-state.ts';
import {
  P_BELL,
  P_WAITING,
  producerWord,
  STATE_OPEN,
  W_WALK,
  writerWord,
} from '../../shared/control/words.ts';
import { invariant } from '../../shared/errors.ts';
import { DescriptorRing } from '../../shared/ring/descriptor-ring.ts';
import type { ColumnType } from '../../shared/schema/types.ts';
import type { Waiting } from '../../shared/wait.ts';
import { SLAB_BYTES, SlabAllocator } from './slab-allocator.ts';

/** Share of the memory in use above which `append*` says "slow down", and below which `drained()` resolves. */
const HIGH_WATER = 0.5;
const LOW_WATER = 0.25;

/** A chunk that a producer is filling. */
export interface FillingChunk {
  readonly writer: number;
  readonly views: MemoryViews;
  readonly chunk: number;
  readonly word: number;
  readonly data: number;
  readonly bytes: number;
  readonly capacity: number;
}

/** Who fills a chunk; asked to give it up when memory runs out. */
export interface ChunkOwner {
  /** Sends the owner's filling chunk, if it has one. */
  sendChunk(): void;
}

interface WriterSide {
  readonly views: MemoryViews;
  readonly slabs: SlabAllocator;
  readonly hints: DescriptorRing;
  readonly backs: DescriptorRing;
  /** Headers of this producer that are free. */
  readonly headers: number[];
  /** Headers of chunks that are filling or on their way. */
  readonly busy: Set<number>;
  /** Takes back one chunk, if it is free. */
  readonly takeBack: (chunk: number) => void;
}

/** A thread that appends: opens chunks, sends them to their writers, takes them back. */
export class Producer {
  readonly slot: number;
  private readonly shared: SharedState;
  private readonly waiting: Waiting;
  private readonly sides: WriterSide[];
  private readonly word: number;
  /** Owners of filling chunks, least recently used first. */
  private readonly owners = new Set<ChunkOwner>();
  private readonly budget: number;

  constructor(shared: SharedState, waiting: Waiting, ticket: ProducerTicket) {
    this.shared = shared;
    this.waiting = waiting;
    this.slot = ticket.slot;
    this.word = producerWord(ticket.slot);
    this.sides = shared.memories.map((views, writer) => {
      const side: WriterSide = {
        views,
        slabs: new SlabAllocator(views),
        hints: new DescriptorRing(ticket.hints[writer]!),
        backs: new DescriptorRing(ticket.backs[writer]!),
        headers: [],
        busy: new Set(),
        takeBack: (chunk) => takeBack(side, chunk),
      };
      return side;
    });
    this.budget = shared.memories.reduce((sum, views) => sum + chunkBytesOf(views), 0);
  }

  /** Bytes of chunks that are filling or on their way. */
  get usedBytes(): number {
    return this.sides.reduce((sum, side) => sum + side.slabs.used, 0);
  }

  /** Whether there is so much on its way that the caller had better slow down. Known from the last chunk opened. */
  isCrowded = false;

  /** Resolves once the writers have caught up. */
  async drained(): Promise<void> {
    const done = (): boolean => {
      // Every chunk: the writers' word of one may have found its ring full, and nothing may come after it.
      this.collect(true);
      return this.usedBytes <= this.budget * LOW_WATER || this.shared.control.state !== STATE_OPEN;
    };
    if (done()) return;
    // What is filling would stay where it is: the writers can only give back what was sent.
    this.sendAll();
    await this.waiting.resolve(this.word + P_BELL, done);
    this.isCrowded = false;
    this.shared.control.checkOpen();
  }

  /**
   * Opens a chunk. Waits if there is no memory, after sending this thread's own filling chunks.
   * @param arenaBytes the least that the arena must have
   */
  open(
    owner: ChunkOwner,
    tableId: number,
    schemaVersion: number,
    kinds: readonly ColumnType[],
    capacity: number,
    arenaBytes: number,
  ): FillingChunk {
    const writer = writerOf(tableId, this.sides.length);
    const side = this.sides[writer]!;
    const wanted = fixedBytes(kinds, capacity) + arenaBytes;
    const size = SlabAllocator.sizeFor(wanted);
    invariant(size <= chunkBytesOf(side.views), 'a chunk fits its memory');
    const { header, data: piece } = this.room(side, writer, size);
    const skew = skewOf(header, size - wanted);
    const data = piece + skew;
    const bytes = size - skew;
    const ordinal = this.shared.tables.takeOrdinal(tableId);
    openHeader(side.views, header, {
      table: tableId,
      schemaVersion,
      ordinal,
      dataOffset: data,
      dataBytes: bytes,
      capacity,
      producer: this.slot,
    });
    side.busy.add(header);
    // Once a chunk, so that a row costs no sum.
    this.isCrowded = this.usedBytes > this.budget * HIGH_WATER;
    this.owners.delete(owner);
    this.owners.add(owner);
    this.hint(side, writer, header);
    const word = headerWord(header);
    invariant(side.views.i32[word + CAPACITY] === capacity, 'a chunk is as it was opened');
    return { writer, views: side.views, chunk: header, word, data, bytes, capacity };
  }

  /** Hands a chunk over to its writer. */
  send(owner: ChunkOwner, chunk: FillingChunk): void {
    const side = this.sides[chunk.writer]!;
    this.owners.delete(owner);
    const was = Atomics.compareExchange(side.views.i32, chunk.word + STATE, FILLING, SENT);
    invariant(was === FILLING, 'a chunk that is sent was filling');
    this.hint(side, chunk.writer, chunk.chunk);
  }

  /** Sends every filling chunk of this thread, least recently used first. */
  sendAll(): void {
    for (const owner of [...this.owners]) owner.sendChunk();
  }

  /** Tells a writer of a chunk; if the ring is full it must look at all of them. */
  private hint(side: WriterSide, writer: number, chunk: number): void {
    if (!side.hints.push(chunk)) Atomics.store(this.shared.control.words, writerWord(writer) + W_WALK, 1);
    this.shared.control.ring(writer);
  }

  /** A free header and memory for a chunk, waiting for them if need be. */
  private room(side: WriterSide, writer: number, bytes: number): { header: number; data: number } {
    // What came back first: its bytes are in the caches still, and fresh memory must be made by the system page by page.
    side.backs.drain(side.takeBack);
    let room = this.tryRoom(side, bytes);
    if (room !== undefined) return room;
    this.sendAll();
    Atomics.store(this.shared.control.words, this.word + P_WAITING, 1);
    this.shared.control.ring(writer);
    this.waiting.block(this.word + P_BELL, () => {
      this.collect(true);
      room = this.tryRoom(side, bytes);
      return room !== undefined || this.shared.control.state !== STATE_OPEN;
    });
    Atomics.store(this.shared.control.words, this.word + P_WAITING, 0);
    if (room === undefined) this.shared.control.checkOpen();
    return room!;
  }

  private tryRoom(side: WriterSide, bytes: number): { header: number; data: number } | undefined {
    const data = side.slabs.take(bytes);
    if (data < 0) return undefined;
    const header = side.headers.pop() ?? takeHeader(side.views);
    if (header < 0) {
      side.slabs.give(data, bytes);
      return undefined;
    }
    return { header, data };
  }

  /**
   * Takes back the chunks that writers have let go of.
   * @param walk look at every chunk on its way too: the ring of returns may have been full
   */
  private collect(walk = false): void {
    for (const side of this.sides) {
      side.backs.drain(side.takeBack);
      if (walk) for (const chunk of [...side.busy]) side.takeBack(chunk);
    }
  }
}

function takeBack(side: WriterSide, chunk: number): void {
  const { i32, u32 } = side.views;
  const word = headerWord(chunk);
  // A hint may come twice or late; the header says what is so.
  if (!side.busy.has(chunk) || Atomics.load(i32, word + STATE) !== FREE) return;
  side.busy.delete(chunk);
  const bytes = i32[word + DATA_BYTES]!;
  side.slabs.give(SlabAllocator.startOf((u32[word + DATA] as number) * 64, bytes), bytes);
  side.headers.push(chunk);
}

/**
 * How far into its piece of memory a chunk's data begins: chunks of several tables that are filled in turn should not
 * begin at the same place of the caches (see `SKEW_BYTES` in layout.ts). Only slack is used, and never half of the piece, so
 * that the piece's size follows from the chunk's.
 */
function skewOf(header: number, slack: number): number {
  return Math.min((header % 16) * CHUNK_SKEW_BYTES, slack & ~63);
}

const CHUNK_SKEW_BYTES = 320;

/** Bytes of a memory that chunks can have. */
export function chunkBytesOf(views: MemoryViews): number {
  return Math.floor((views.buffer.byteLength - (4 << 20) - 65_536) / SLAB_BYTES) * SLAB_BYTES;
}
