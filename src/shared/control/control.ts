import { type ErrorEnvelope, fromEnvelope, MillraceError, toEnvelope } from '../errors.ts';
import type { PagePointer } from '../format/page.ts';
import { letRowsArrive } from '../wait.ts';
import {
  CHECKPOINT,
  CONTROL_BYTES,
  COORDINATOR_BEAT,
  MAX_WRITERS,
  P_BELL,
  POISON_AT,
  POISON_BYTES,
  POISON_CAPACITY,
  producerWord,
  ROOT_SLOTS,
  STATE,
  STATE_CLOSED,
  STATE_CLOSING,
  STATE_OPEN,
  STATE_POISONED,
  W_BEAT,
  W_COMMITTED,
  W_DOORBELL,
  W_IO,
  W_SLEEPING,
  W_SYNC_DONE,
  W_SYNC_WANTED,
  writerWord,
} from './words.ts';

/** The database's shared words, with the few steps on them that more than one kind of thread takes. */
export class Control {
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly numbers: Float64Array;
  private readonly longs: BigInt64Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(CONTROL_BYTES)) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer);
    this.numbers = new Float64Array(buffer);
    this.longs = new BigInt64Array(buffer);
  }

  get state(): number {
    return Atomics.load(this.words, STATE);
  }

  /** Moves to closing or closed; a poisoned database stays poisoned. */
  setState(state: number): void {
    const was = this.state;
    if (was !== STATE_POISONED) Atomics.compareExchange(this.words, STATE, was, state);
    this.wakeAll();
  }

  /** Refuses appends from here on; whatever was appended before is visible when this returns. */
  startClosing(): void {
    this.setState(STATE_CLOSING);
    letRowsArrive();
  }

  /**
   * Marks the database as poisoned, for good and for every thread. The first cause is kept: its text is written before the
   * state, so whoever sees the state finds the cause.
   */
  poison(error: unknown): void {
    const encoded = new TextEncoder().encode(JSON.stringify(toEnvelope(error), bigintsAsText));
    if (encoded.length <= POISON_CAPACITY && Atomics.compareExchange(this.words, POISON_BYTES, 0, -1) === 0) {
      new Uint8Array(this.buffer, POISON_AT, encoded.length).set(encoded);
      Atomics.store(this.words, POISON_BYTES, encoded.length);
    }
    for (let was = this.state; was !== STATE_POISONED; was = this.state) {
      Atomics.compareExchange(this.words, STATE, was, STATE_POISONED);
    }
    this.wakeAll();
  }

  /** The error that every use of a poisoned database throws. */
  poisonError(): MillraceError {
    const length = Atomics.load(this.words, POISON_BYTES);
    let cause: MillraceError | undefined;
    if (length > 0) {
      const text = new TextDecoder().decode(new Uint8Array(this.buffer, POISON_AT, length).slice());
      cause = fromEnvelope(JSON.parse(text) as ErrorEnvelope);
    }
    return new MillraceError(
      'POISONED',
      `the database stopped taking rows after a failure (${cause?.message ?? 'no details'}); close it, mend the cause, open it again`,
      {},
      cause,
    );
  }

  /** Throws POISONED or CLOSED unless rows can be taken. */
  checkOpen(): void {
    const { state } = this;
    if (state === STATE_OPEN) return;
    if (state === STATE_POISONED) throw this.poisonError();
    throw new MillraceError('CLOSED', 'the database is closed; open it again', {});
  }

  get isClosed(): boolean {
    return this.state === STATE_CLOSED;
  }

  /** A number that changes with each sign of life of the coordinator or a writer. */
  get beats(): number {
    let sum = Atomics.load(this.words, COORDINATOR_BEAT);
    for (let writer = 0; writer < MAX_WRITERS; writer++) {
      sum = (sum + Atomics.load(this.words, writerWord(writer) + W_BEAT)) | 0;
    }
    return sum;
  }

  /** Whether a writer is inside a call of its storage, which may take as long as the disk does. */
  get isInStorage(): boolean {
    for (let writer = 0; writer < MAX_WRITERS; writer++) {
      if (Atomics.load(this.words, writerWord(writer) + W_IO) === 1) return true;
    }
    return false;
  }

  /** Wakes a writer if it sleeps. The doorbell moves first, so a writer about to sleep does not. */
  ring(writer: number): void {
    const word = writerWord(writer);
    Atomics.add(this.words, word + W_DOORBELL, 1);
    if (Atomics.load(this.words, word + W_SLEEPING) === 1) Atomics.notify(this.words, word + W_DOORBELL);
  }

  /** Asks a writer for a durable commit of all rows there are, and returns the ticket to wait for. */
  requestSync(writer: number): number {
    const ticket = (Atomics.add(this.words, writerWord(writer) + W_SYNC_WANTED, 1) + 1) | 0;
    this.ring(writer);
    return ticket;
  }

  /** Whether a writer has done what a ticket asked for. Counters wrap, so they are compared by difference. */
  isSynced(writer: number, ticket: number): boolean {
    return ((Atomics.load(this.words, writerWord(writer) + W_SYNC_DONE) - ticket) | 0) >= 0;
  }

  /** Number of the last frame whose commit a writer has published; one bigint a commit. */
  committed(writer: number): number {
    return Number(Atomics.load(this.longs, (writerWord(writer) + W_COMMITTED) / 2));
  }

  setCommitted(writer: number, frame: number): void {
    Atomics.store(this.longs, (writerWord(writer) + W_COMMITTED) / 2, BigInt(frame));
  }

  ringProducer(producer: number): void {
    const word = producerWord(producer) + P_BELL;
    Atomics.add(this.words, word, 1);
    Atomics.notify(this.words, word);
  }

  /** Publishes a checkpoint's root. Its slot is not the one that readers of the last one use. */
  publishRoot(sequence: number, root: PagePointer): void {
    const number = sequence | 0;
    const slot = ROOT_SLOTS / 2 + (number & 1) * 4;
    this.numbers[slot] = root.offset;
    this.numbers[slot + 1] = root.length;
    this.numbers[slot + 2] = root.crc;
    this.numbers[slot + 3] = sequence;
    Atomics.store(this.words, CHECKPOINT, number);
  }

  /** The newest checkpoint's root. Reads again if a newer one came meanwhile. */
  root(): { sequence: number; pointer: PagePointer } {
    for (;;) {
      const number = Atomics.load(this.words, CHECKPOINT);
      const slot = ROOT_SLOTS / 2 + (number & 1) * 4;
      const pointer = {
        offset: this.numbers[slot]!,
        length: this.numbers[slot + 1]!,
        crc: this.numbers[slot + 2]!,
      };
      const sequence = this.numbers[slot + 3]!;
      // A read-modify-write, because a plain load could move before the reads above.
      if (Atomics.add(this.words, CHECKPOINT, 0) === number) return { sequence, pointer };
    }
  }

  private wakeAll(): void {
    Atomics.notify(this.words, STATE);
    for (let writer = 0; writer < MAX_WRITERS; writer++) {
      Atomics.add(this.words, writerWord(writer) + W_DOORBELL, 1);
      Atomics.notify(this.words, writerWord(writer) + W_DOORBELL);
      Atomics.notify(this.words, writerWord(writer) + W_SYNC_DONE);
      this.ringProducer(writer);
    }
  }
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}` : value;
}
