import {
  CAPACITY,
  chunkAt,
  DATA_BYTES,
  FILLING,
  headerWord,
  openHeader,
  SENT,
  STATE,
  takeHeader,
} from '../../shared/chunk/header.ts';
import { fixedBytes } from '../../shared/chunk/layout.ts';
import { SLAB_BYTES, slabCount } from '../../shared/chunk/slab-table.ts';
import type { Clock } from '../../shared/clock.ts';
import type { ProducerTicket } from '../../shared/control/api.ts';
import { noteLatency } from '../../shared/control/latency.ts';
import { type SharedState, writerOf } from '../../shared/control/shared-state.ts';
import {
  MAX_PRODUCERS,
  P_ASKED,
  P_BELL,
  P_WAITING,
  PACE,
  PRODUCERS,
  producerWord,
  ROW_LIMIT,
  STATE_OPEN,
  W_WALK,
  writerWord,
} from '../../shared/control/words.ts';
import { invariant } from '../../shared/errors.ts';
import { MAX_ROW_BYTES } from '../../shared/schema/limits.ts';
import type { ColumnType } from '../../shared/schema/types.ts';
import type { Waiting } from '../../shared/wait.ts';
import type { Claim } from './claims.ts';
import type { ChunkOwner } from './owner-list.ts';
import { Pacer } from './pacer.ts';
import { chunkBytesOf, ProducerMemory } from './producer-memory.ts';
import { SlabAllocator } from './slab-allocator.ts';

/** Share of the memory in use above which `append*` says "slow down", and below which `drained()` resolves. */
const HIGH_WATER = 0.5;
const LOW_WATER = 0.25;

/** Share of a producer's memory that the chunks of all its tables should take together; the rest is for those on their way. */
const FILLING_SHARE = 0.5;
/** Share that must be on its way to the writer before a producer without room only waits. */
const SENT_SHARE = 0.125;
/** As FILLING_SHARE, for a table's first chunk: more tables may come, and one whose chunk is too small soon gets a larger one. */
const FIRST_SHARE = 0.125;

/** A chunk that was just opened. */
export interface OpenedChunk {
  /** First word of its header. */
  readonly word: number;
  readonly data: number;
  readonly bytes: number;
}

/** A thread that appends: opens chunks, sends them to their writers, takes them back. */
export class Producer {
  readonly slot: number;
  private readonly shared: SharedState;
  private readonly waiting: Waiting;
  /** One a writer. */
  private readonly sides: ProducerMemory[];
  private readonly word: number;
  private readonly budget: number;
  private readonly clock: Clock;
  private readonly pacer: Pacer;
  ended = false;

  constructor(shared: SharedState, waiting: Waiting, ticket: ProducerTicket, clock: Clock) {
    this.shared = shared;
    this.waiting = waiting;
    this.slot = ticket.slot;
    this.word = producerWord(ticket.slot);
    this.sides = shared.memories.map(
      (views, writer) => new ProducerMemory(views, ticket.slot, ticket.hints[writer]!, ticket.backs[writer]!),
    );
    this.budget = shared.memories.reduce((sum, views) => sum + chunkBytesOf(views), 0);
    this.clock = clock;
    this.pacer = new Pacer(clock, waiting);
    void listen(shared.control.words, this.word + P_ASKED, new WeakRef(this));
  }

  /** Where a table's chunks lie. */
  memoryOf(tableId: number): ProducerMemory {
    return this.sides[writerOf(tableId, this.sides.length)]!;
  }

  /**
   * How many rows a table's next chunk should have room for.
   * @param rows that it would like to have, a power of two; so many bytes are they
   * @param least not less than that
   */
  fairCapacity(
    tableId: number,
    claim: Claim,
    rows: number,
    bytes: number,
    least: number,
    now: number,
  ): number {
    const side = this.memoryOf(tableId);
    const share = claim.claimedIn === 0 ? FIRST_SHARE : FILLING_SHARE;
    side.claims.note(claim, SlabAllocator.sizeFor(bytes), now);
    const most = this.share(side) * SLAB_BYTES * share;
    let capacity = rows;
    for (let wanted = side.claims.total; wanted > most && capacity > least; wanted /= 2) capacity /= 2;
    return capacity;
  }

  /** Whether the file is bounded. */
  get isBounded(): boolean {
    return Atomics.load(this.shared.control.words, ROW_LIMIT) > 0;
  }

  /** Bytes of strings and byte arrays that a row may have: fewer in a small bounded file. */
  get rowLimit(): number {
    const bound = Atomics.load(this.shared.control.words, ROW_LIMIT);
    return bound === 0 ? MAX_ROW_BYTES : Math.min(MAX_ROW_BYTES, bound);
  }

  /** Among how many producers the memory is shared. */
  private get sharers(): number {
    return Math.max(1, Atomics.load(this.shared.control.words, PRODUCERS));
  }

  /** Slabs of one memory that this producer may hold. */
  private share(side: ProducerMemory): number {
    return Math.max(1, Math.floor(slabCount(side.views) / this.sharers));
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
      this.collectAll();
      return (
        this.usedBytes <= (this.budget / this.sharers) * LOW_WATER || this.shared.control.state !== STATE_OPEN
      );
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
  ): OpenedChunk {
    const writer = writerOf(tableId, this.sides.length);
    const side = this.sides[writer]!;
    const wanted = fixedBytes(kinds, capacity) + arenaBytes;
    const size = SlabAllocator.sizeFor(wanted);
    invariant(size <= chunkBytesOf(side.views), 'a chunk fits its memory');
    const began = this.clock.now();
    this.giveWay(side);
    const pace = Atomics.load(this.shared.control.words, PACE);
    const isPaced = pace > 0 && this.pacer.rest(size, pace * this.sharers);
    let opened: OpenPiece;
    // The slab may have been taken away since it was last used: then the chunk, empty, goes back, and another is opened.
    while (!(opened = this.tryOpen(side, writer, tableId, schemaVersion, capacity, wanted, size)).isOurs);
    // Once a chunk: what lies between two of them is copying.
    noteLatency(this.shared.control, { producer: this.slot }, this.clock.now() - began);
    const { header, data, bytes } = opened;
    // Once a chunk, so that a row costs no sum.
    this.isCrowded = isPaced || this.usedBytes > (this.budget / this.sharers) * HIGH_WATER;
    side.owners.add(owner);
    side.filling += size;
    this.hint(side, writer, header);
    const word = headerWord(header);
    invariant(side.views.i32[word + CAPACITY] === capacity, 'a chunk is as it was opened');
    return { word, data, bytes };
  }

  private tryOpen(
    side: ProducerMemory,
    writer: number,
    tableId: number,
    schemaVersion: number,
    capacity: number,
    wanted: number,
    size: number,
  ): OpenPiece {
    const { header, data: piece } = this.room(side, writer, size);
    const skew = skewOf(header, size - wanted);
    const data = piece + skew;
    const bytes = size - skew;
    openHeader(side.views, header, {
      table: tableId,
      schemaVersion,
      ordinal: this.shared.tables.takeOrdinal(tableId),
      dataOffset: data,
      dataBytes: bytes,
      capacity,
      producer: this.slot,
    });
    side.open(header);
    const isOurs = side.slabs.confirm(piece, size);
    if (!isOurs) {
      Atomics.store(side.views.i32, headerWord(header) + STATE, SENT);
      this.hint(side, writer, header);
    }
    return { header, data, bytes, isOurs };
  }

  /** Lets others have their part, if there are more producers than before or one of them waits. */
  private giveWay(side: ProducerMemory): void {
    const share = this.share(side);
    if (side.slabs.held > share) side.slabs.shed(share);
    if (Atomics.load(this.shared.control.words, this.word + P_ASKED) !== 0) this.answerAsked();
  }

  /** Another producer finds no memory: what fills slowly here must not keep it waiting. */
  answerAsked(): void {
    if (this.ended || this.shared.control.state !== STATE_OPEN) return;
    Atomics.store(this.shared.control.words, this.word + P_ASKED, 0);
    this.sendAll();
    this.collectAll();
    for (const side of this.sides) side.slabs.shed(this.share(side));
  }

  /** Asks all other producers to close what they are filling. */
  private askOthers(): void {
    const { words } = this.shared.control;
    for (let slot = 0; slot < MAX_PRODUCERS; slot++) {
      if (slot === this.slot) continue;
      Atomics.store(words, producerWord(slot) + P_ASKED, 1);
      Atomics.notify(words, producerWord(slot) + P_ASKED);
    }
  }

  /** Ends this producer: its chunks go to their writers, and whoever has its slot next has the rest. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.sendAll();
    Atomics.notify(this.shared.control.words, this.word + P_ASKED);
  }

  /** Hands a table's chunk over to its writer. @param word the first of its header */
  send(owner: ChunkOwner, tableId: number, word: number): void {
    const writer = writerOf(tableId, this.sides.length);
    const side = this.sides[writer]!;
    side.owners.remove(owner);
    side.filling -= SlabAllocator.sizeFor(side.views.i32[word + DATA_BYTES]!);
    const was = Atomics.compareExchange(side.views.i32, word + STATE, FILLING, SENT);
    invariant(was === FILLING, 'a chunk that is sent was filling');
    this.hint(side, writer, chunkAt(word));
  }

  /** Sends every filling chunk of this thread, least recently used first. */
  sendAll(): void {
    for (const side of this.sides) side.owners.sendAll();
  }

  /**
   * Sees to it that enough is on its way to a writer to come back as room for `bytes`: sends filling chunks, least recently
   * used first. Not all of them: with thousands of tables each would then begin again with an empty chunk, of which the
   * next want of room would make a block.
   */
  private sendSome(side: ProducerMemory, bytes: number): void {
    const wanted = Math.max(bytes, this.share(side) * SLAB_BYTES * SENT_SHARE);
    while (side.slabs.used - side.filling < wanted && side.owners.sendOldest());
  }

  /** Tells a writer of a chunk; if the ring is full it must look at all of them. */
  private hint(side: ProducerMemory, writer: number, chunk: number): void {
    if (!side.hints.push(chunk)) Atomics.store(this.shared.control.words, writerWord(writer) + W_WALK, 1);
    this.shared.control.ring(writer);
  }

  /** A free header and memory for a chunk, waiting for them if need be. */
  private room(side: ProducerMemory, writer: number, bytes: number): { header: number; data: number } {
    // What came back first: its bytes are in the caches still, and fresh memory must be made by the system page by page.
    side.collect(false);
    let room = this.tryRoom(side, bytes, false);
    if (room !== undefined) return room;
    this.sendSome(side, bytes);
    room = this.tryRoom(side, bytes, true);
    if (room !== undefined) return room;
    Atomics.store(this.shared.control.words, this.word + P_WAITING, 1);
    this.shared.control.ring(writer);
    try {
      this.waiting.block(this.word + P_BELL, () => {
        this.collectAll();
        room = this.tryRoom(side, bytes, true);
        if (room === undefined) {
          this.sendSome(side, bytes);
          // Who has what is due to it waits for its own chunks.
          if (side.slabs.held < this.share(side)) this.askOthers();
        }
        return room !== undefined || this.shared.control.state !== STATE_OPEN;
      });
    } finally {
      Atomics.store(this.shared.control.words, this.word + P_WAITING, 0);
    }
    if (room === undefined) this.shared.control.checkOpen();
    return room!;
  }

  private tryRoom(
    side: ProducerMemory,
    bytes: number,
    fromOthers: boolean,
  ): { header: number; data: number } | undefined {
    const data = side.slabs.take(bytes, this.share(side), fromOthers);
    if (data < 0) return undefined;
    const header = side.headers.pop() ?? takeHeader(side.views);
    if (header < 0) {
      side.slabs.give(data, bytes);
      return undefined;
    }
    return { header, data };
  }

  /** Takes back all chunks that writers have let go of. */
  private collectAll(): void {
    for (const side of this.sides) side.collect(true);
  }
}

/**
 * Has a producer answer others also while its thread appends nothing. A pending waitAsync keeps no thread alive, nor, by the
 * weak reference, the producer.
 */
async function listen(words: Int32Array, word: number, producer: WeakRef<Producer>): Promise<void> {
  for (;;) {
    const waiting = Atomics.waitAsync(words, word, 0);
    if (waiting.async) await waiting.value;
    const alive = producer.deref();
    if (alive === undefined || alive.ended) return;
    if (Atomics.load(words, word) === 0) continue;
    alive.answerAsked();
    if (Atomics.load(words, word) !== 0) return;
  }
}

/** A chunk that was just opened. `isOurs`: whether its memory was still this producer's. */
interface OpenPiece {
  readonly header: number;
  readonly data: number;
  readonly bytes: number;
  readonly isOurs: boolean;
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
