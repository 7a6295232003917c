import type { Worker } from 'node:worker_threads';
import type { Control } from '../../shared/control/control.ts';
import { W_BEAT, W_IO, writerWord } from '../../shared/control/words.ts';

/** How often it looks. */
const LOOK_MS = 100;
/**
 * Looks without a beat after which a writer counts as stuck. A writer beats at least every 100 ms when it sleeps, and with each
 * block when it works. Looks are counted rather than time, so that a machine that stood still for a while ends nobody.
 */
const MAX_SILENT_LOOKS = 6;
/** The same for one that is not up yet: it loads its code, and reads a dead one's log. */
const MAX_STARTING_LOOKS = 100;

interface Watched {
  readonly thread: Worker;
  beat: number;
  silent: number;
  isUp: boolean;
}

/** Ends writers that spin: neither beating nor waiting for the disk. Their exit then has them replaced like any other. */
export class Supervisor {
  private readonly control: Control;
  private readonly watched = new Map<number, Watched>();
  private readonly reasons = new Map<number, string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(control: Control) {
    this.control = control;
  }

  /** Watches a writer from its thread's start on. */
  watch(writer: number, thread: Worker): void {
    this.watched.set(writer, { thread, beat: this.beat(writer), silent: 0, isUp: false });
    this.reasons.delete(writer);
    this.timer ??= setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** A writer has sent its first message. */
  isUp(writer: number, thread: Worker): void {
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
    for (const [writer, known] of this.watched) {
      const beat = this.beat(writer);
      const inStorage = Atomics.load(this.control.words, writerWord(writer) + W_IO) === 1;
      if (beat !== known.beat || inStorage) {
        known.beat = beat;
        known.silent = 0;
      } else if (++known.silent >= (known.isUp ? MAX_SILENT_LOOKS : MAX_STARTING_LOOKS)) {
        this.watched.delete(writer);
        this.reasons.set(writer, `it gave no sign of life for ${known.silent * LOOK_MS} ms`);
        void known.thread.terminate();
      }
    }
  }

  private beat(writer: number): number {
    return Atomics.load(this.control.words, writerWord(writer) + W_BEAT);
  }
}
