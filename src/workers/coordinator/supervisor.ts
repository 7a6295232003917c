import type { Control } from '../../shared/control/control.ts';
import { W_BEAT, W_IO, writerWord } from '../../shared/control/words.ts';

/** How often it looks. */
const LOOK_MS = 50;
/** The most that one look can add to a writer's silence: a machine that stood still for a while ends nobody. */
const LOOK_COUNTS_MS = 2 * LOOK_MS;
/**
 * After so long without a beat a successor's thread is started, which takes a while, and does nothing yet. A writer beats at
 * least every 100 ms when it sleeps, and with each chunk when it works.
 */
const SUSPECT_MS = 250;
/** Silence after which a writer counts as stuck and is ended: with what follows, it is replaced within a second. */
const STUCK_MS = 500;
/** The same for one that is not up yet: it loads its code, and reads a dead one's log. */
const STARTING_MS = 10_000;

/** A writer's thread as the supervisor needs it. */
export interface WriterThread {
  terminate(): unknown;
}

interface Watched {
  readonly thread: WriterThread;
  /** Silence after which it is ended once it is up. */
  readonly patienceMs: number;
  beat: number;
  silentMs: number;
  isUp: boolean;
}

/**
 * Ends writers that spin: neither beating nor waiting for the disk. Their exit then has them replaced like any other. Whether
 * a silent one spins, or only has not been given the processor, cannot be told; so a successor of one that was ended here
 * is given twice the time, and again, until one gets its work done.
 */
export class Supervisor {
  private readonly control: Control;
  private readonly suspected: () => void;
  private readonly watched = new Map<number, Watched>();
  private readonly reasons = new Map<number, string>();
  private readonly patience = new Map<number, { readonly ms: number; readonly committed: number }>();
  private timer: NodeJS.Timeout | undefined;
  private lookedAt = 0;

  /** @param suspected called when a writer has been silent for a while: it may have to be replaced soon */
  constructor(control: Control, suspected: () => void) {
    this.control = control;
    this.suspected = suspected;
  }

  /** Watches a writer from its thread's start on. */
  watch(writer: number, thread: WriterThread): void {
    const known = this.patience.get(writer);
    const patienceMs = known?.committed === this.control.committed(writer) ? known.ms : STUCK_MS;
    this.watched.set(writer, { thread, patienceMs, beat: this.beat(writer), silentMs: 0, isUp: false });
    this.reasons.delete(writer);
    if (this.timer !== undefined) return;
    this.lookedAt = performance.now();
    this.timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** A writer has sent its first message. */
  isUp(writer: number, thread: WriterThread): void {
    const known = this.watched.get(writer);
    if (known?.thread === thread) known.isUp = true;
  }

  /** A writer's thread has ended. */
  forget(writer: number): void {
    this.watched.delete(writer);
  }

  /** Why a writer was ended, if it was ended here. */
  reason(writer: number): string | undefined {
    const reason = this.reasons.get(writer);
    this.reasons.delete(writer);
    return reason;
  }

  end(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const now = performance.now();
    const passedMs = Math.min(now - this.lookedAt, LOOK_COUNTS_MS);
    this.lookedAt = now;
    for (const [writer, known] of this.watched) {
      const beat = this.beat(writer);
      const inStorage = Atomics.load(this.control.words, writerWord(writer) + W_IO) === 1;
      if (beat !== known.beat || inStorage) {
        known.beat = beat;
        known.silentMs = 0;
        continue;
      }
      known.silentMs += passedMs;
      if (known.isUp && known.silentMs >= SUSPECT_MS) this.suspected();
      if (known.silentMs >= (known.isUp ? known.patienceMs : STARTING_MS)) this.endStuck(writer, known);
    }
  }

  private endStuck(writer: number, { thread, patienceMs, silentMs }: Watched): void {
    this.watched.delete(writer);
    this.patience.set(writer, {
      ms: Math.min(2 * patienceMs, STARTING_MS),
      committed: this.control.committed(writer),
    });
    this.reasons.set(writer, `it gave no sign of life for ${Math.round(silentMs)} ms`);
    void thread.terminate();
  }

  private beat(writer: number): number {
    return Atomics.load(this.control.words, writerWord(writer) + W_BEAT);
  }
}
