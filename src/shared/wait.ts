import type { Control } from './control/control.ts';

/**
 * The one module that waits. Every wait is in slices, looks at its condition after each, and ends when the condition
 * holds; conditions include the database's state, so none is endless.
 */

/** Longest time a thread sleeps without looking up (the design's section 2.4). */
export const SLICE_MS = 100;

/** How a thread waits for others. The inline engine of tests, where there are no others, takes their steps instead. */
export interface Waiting {
  /** Blocks the thread until `done()`. `word` is the shared word whose change may make it so. */
  block(word: number, done: () => boolean): void;
  /** Resolves once `done()`; a pending one keeps the process alive. */
  resolve(word: number, done: () => boolean): Promise<void>;
}

/** Waiting between real threads. */
export class ThreadWaiting implements Waiting {
  private readonly words: Int32Array;

  constructor(control: Control) {
    this.words = control.words;
  }

  block(word: number, done: () => boolean): void {
    for (;;) {
      const seen = Atomics.load(this.words, word);
      if (done()) return;
      Atomics.wait(this.words, word, seen, SLICE_MS);
    }
  }

  resolve(word: number, done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      let settled = false;
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
      const timer = setInterval(look, SLICE_MS);
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

/** Sleeps at most `ms` unless the word changes from `seen`. For actors' shells. */
export function sleepOn(words: Int32Array, word: number, seen: number, ms: number): void {
  Atomics.wait(words, word, seen, Math.max(0, Math.min(ms, SLICE_MS)));
}
