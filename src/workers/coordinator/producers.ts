import { chunkCount, FILLING, FREE, headerWord, PRODUCER, SENT, STATE } from '../../shared/chunk/header.ts';
import { releaseSlabsOf } from '../../shared/chunk/slab-table.ts';
import type { MemoryViews } from '../../shared/chunk/views.ts';
import type { ProducerTicket } from '../../shared/control/api.ts';
import type { SharedState } from '../../shared/control/shared-state.ts';
import {
  P_ASKED,
  P_PIN,
  P_WAITING,
  PRODUCERS,
  producerWord,
  W_WALK,
  writerWord,
} from '../../shared/control/words.ts';
import { MillraceError } from '../../shared/errors.ts';
import { DescriptorRing, ringStorage } from '../../shared/ring/descriptor-ring.ts';

/**
 * The producers of a database, by slot. One whose thread has ended, however, keeps its slot until the writers have logged
 * all its rows and let go of its chunks; then slot, slabs and headers are the next one's.
 */
export class ProducerRegistry {
  private readonly shared: SharedState;
  private readonly most: number;
  private readonly tickets = new Map<number, ProducerTicket>();
  private readonly ending = new Set<number>();

  /** @param most how many there may be at once */
  constructor(shared: SharedState, most: number) {
    this.shared = shared;
    this.most = most;
  }

  /** Those that writers must know, ones that are ending included. */
  all(): readonly ProducerTicket[] {
    return [...this.tickets.values()];
  }

  /**
   * Takes a producer in.
   * @param wanted its slot; the lowest free one if it is not given
   * @throws TOO_MANY
   */
  attach(wanted?: number): ProducerTicket {
    const slot = wanted ?? this.freeSlot();
    if (slot < 0 || slot >= this.most || this.tickets.has(slot)) throw this.tooMany(slot);
    const hints = this.shared.memories.map(ringStorage);
    const backs = this.shared.memories.map(ringStorage);
    const ticket = { slot, hints, backs };
    this.tickets.set(slot, ticket);
    this.publishCount();
    return ticket;
  }

  /**
   * Begins to end a producer whose thread has ended or has let go of its handle: what it was filling goes to the writers.
   * Nobody but a thread that is gone could change these chunks.
   */
  end(slot: number): void {
    if (!this.tickets.has(slot) || this.ending.has(slot)) return;
    this.ending.add(slot);
    const { control, memories } = this.shared;
    const word = producerWord(slot);
    Atomics.store(control.words, word + P_PIN, 0);
    Atomics.store(control.words, word + P_WAITING, 0);
    for (const [writer, views] of memories.entries()) {
      for (const header of headersOf(views, slot)) {
        Atomics.compareExchange(views.i32, header + STATE, FILLING, SENT);
      }
      // Its hints may have been lost with it.
      Atomics.store(control.words, writerWord(writer) + W_WALK, 1);
      control.ring(writer);
    }
  }

  /** How full the fullest ring of a producer's hints is, by writer, 0…1. */
  ringUse(): number[] {
    return this.shared.memories.map((_, writer) =>
      this.all().reduce((most, { hints }) => Math.max(most, new DescriptorRing(hints[writer]!).use), 0),
    );
  }

  get count(): number {
    return this.tickets.size;
  }

  /** Whether a producer's end waits for the writers. */
  get isEnding(): boolean {
    return this.ending.size > 0;
  }

  /** Gives slots back whose chunks are all free. */
  step(): void {
    for (const slot of this.ending) {
      if (!this.shared.memories.every((views) => isDone(views, slot))) continue;
      for (const views of this.shared.memories) releaseSlabsOf(views, slot);
      Atomics.store(this.shared.control.words, producerWord(slot) + P_ASKED, 0);
      this.ending.delete(slot);
      this.tickets.delete(slot);
      this.publishCount();
    }
  }

  private publishCount(): void {
    Atomics.store(this.shared.control.words, PRODUCERS, this.tickets.size);
  }

  private freeSlot(): number {
    for (let slot = 0; slot < this.most; slot++) if (!this.tickets.has(slot)) return slot;
    return -1;
  }

  private tooMany(slot: number): MillraceError {
    const ending = this.ending.size;
    return new MillraceError(
      'TOO_MANY',
      `the database has ${this.tickets.size} producers${ending > 0 ? ` (${ending} of them are ending)` : ''}, and maxProducers is ${this.most}; ` +
        'close a handle in another thread, or open the database with a larger maxProducers',
      { maxProducers: this.most, producers: this.tickets.size, ...(slot >= 0 ? { slot } : {}) },
    );
  }
}

/** The first words of all headers that a slot's producers took. */
function headersOf(views: MemoryViews, slot: number): number[] {
  const words: number[] = [];
  for (let chunk = chunkCount(views) - 1; chunk >= 0; chunk--) {
    const word = headerWord(chunk);
    if (views.i32[word + PRODUCER] === slot) words.push(word);
  }
  return words;
}

function isDone(views: MemoryViews, slot: number): boolean {
  return headersOf(views, slot).every((word) => Atomics.load(views.i32, word + STATE) === FREE);
}
