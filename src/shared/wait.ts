import { areStoresInOrder } from './chunk/publish-rows.ts';
import type { Control } from './control/control.ts';
import { MillraceError } from './errors.ts';

/**
 * The one module that waits. Every wait is in slices, looks at its condition after each, and ends when the condition
 * holds; conditions include the database's state, so none is endless.
 */

/** Longest time a thread sleeps without looking up (the design's section 2.4). */
export const SLICE_MS = 100;

/** A word that nobody changes. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** A store that was made reaches the other cores within some microseconds, whatever becomes of its thread. */
const STORE_MS = 1;

/**
 * To be called after a word was set that appends look at once they have published a row, and before rows are looked for: where
 * rows are published by plain stores, an append that still found the word as it was may have its row on the way. Where stores are
 * atomic, one of the two sees the other, and nothing is to be waited for.
 */
export function letRowsArrive(): void {
  if (areStoresInOrder()) Atomics.wait(NEVER, 0, 0, STORE_MS);
}

/** How a thread waits for others. The inline engine of tests, where there are no others, takes their steps instead. */
export interface Waiting {
  /** Blocks the thread until `done()`. `word` is the shared word whose change may make it so. */
  block(word: number, done: () => boolean): void;
  /** Blocks the thread for so long, at most a slice. */
  pause(ms: number): void;
  /** Resolves once `done()`; a pending one keeps the process alive. */
  resolve(word: number, done: () => boolean): Promise<void>;
}

/**
 * Waiting between real threads. A wait also ends, by poisoning the database, when the engine's threads have been silent for
 * so long that they must be gone: the thread that opened the database was terminated, and they with it.
 */
export class ThreadWaiting implements Waiting {
  private readonly control: Control;
  private readonly words: Int32Array;

  /** @param words which words are waited on, if not the database's own */
  constructor(control: Control, words: Int32Array = control.words) {
    this.control = control;
    this.words = words;
  }

  block(word: number, done: () => boolean): void {
    const pulse = new Pulse(this.control);
    for (;;) {
      const seen = Atomics.load(this.words, word);
      if (done()) return;
      if (Atomics.wait(this.words, word, seen, SLICE_MS) === 'timed-out') pulse.look();
    }
  }

  pause(ms: number): void {
    Atomics.wait(NEVER, 0, 0, Math.min(ms, SLICE_MS));
  }

  resolve(word: number, done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      let settled = false;
      const pulse = new Pulse(this.control);
      const look = (): boolean => {
        if (settled) return true;
        try {
          settled = done();
          if (settled) resolve();
        } catch (error) {
          settled = true;
          reject(error);
        }
        if (settled) clearInterval(timer);
        return settled;
      };
      // A timer, which also keeps the process alive (a pending waitAsync does not).
      const timer = setInterval(() => {
        if (!look()) pulse.look();
      }, SLICE_MS);
      const listen = async (): Promise<void> => {
        while (!settled) {
          const seen = Atomics.load(this.words, word);
          if (look()) return;
          const result = Atomics.waitAsync(this.words, word, seen, SLICE_MS);
          if (result.async) await result.value;
        }
      };
      void listen();
    });
  }
}

/** How long coordinator and writers may all be silent. They beat ten times and once a second, unless their disk stands still. */
const SILENCE_MS = 10_000;
/** The same while a writer waits for the disk. */
const DISK_SILENCE_MS = 60_000;
/** The most that one look can add to the silence: a machine that stood still for a while has ended nobody. */
const LOOK_COUNTS_MS = 2 * SLICE_MS;

/** Watches the beats of the engine's threads during a wait. */
class Pulse {
  private readonly control: Control;
  private beats: number | undefined;
  private lookedAt = 0;
  private silentMs = 0;

  constructor(control: Control) {
    this.control = control;
  }

  look(): void {
    const { beats, isInStorage } = this.control;
    const now = performance.now();
    if (beats !== this.beats) {
      this.beats = beats;
      this.silentMs = 0;
    } else this.silentMs += Math.min(now - this.lookedAt, LOOK_COUNTS_MS);
    this.lookedAt = now;
    if (this.silentMs <= (isInStorage ? DISK_SILENCE_MS : SILENCE_MS)) return;
    this.control.poison(
      new MillraceError(
        'INTERNAL',
        `the engine gave no sign of life for ${Math.round(this.silentMs / 1000)} s: the thread that opened the database was ended, or its disk stands still`,
      ),
    );
  }
}

/** Sleeps at most `ms` unless the word changes from `seen`. For actors' shells. */
export function sleepOn(words: Int32Array, word: number, seen: number, ms: number): void {
  Atomics.wait(words, word, seen, Math.max(0, Math.min(ms, SLICE_MS)));
}
