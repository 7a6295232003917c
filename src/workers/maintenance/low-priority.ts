import { readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/**
 * What the kernel is asked for: a thread of maintenance that competes with a producer and a writer for a core gets a tenth
 * of it, and all that they leave. Lower still, and it could be stopped for long within a write, with the file's lock held.
 */
const NICENESS = 10;

/**
 * Lowers the priority of the calling thread, where that can be done to one thread: on Linux, whose thread ids are what
 * `setpriority` takes. Elsewhere threads stay as they are, and only the throttle holds maintenance back.
 * @returns whether it has no more than that now
 */
export function lowerPriority(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    // Read on this very thread: "<process>/task/<thread>".
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    if (!Number.isSafeInteger(thread) || thread <= 0) return false;
    // A process that was started with less stays there.
    if (getPriority(thread) < NICENESS) setPriority(thread, NICENESS);
    return true;
  } catch {
    // No /proc, or a sandbox that forbids it: nothing depends on it but the latency of producers.
    return false;
  }
}
