import type { Clock } from '../../shared/clock.ts';
import type { Waiting } from '../../shared/wait.ts';

/** One rest is no longer than this, whatever was taken: what is owed beyond is rested off with the next chunks. */
const REST_MS_MAX = 40;
/** Rests shorter than this are saved up: a thread does not sleep for less. */
const REST_MS_LEAST = 0.5;

/**
 * Has a producer rest for what it takes, while maintenance cannot keep up: its next chunk comes later. Time that the caller
 * spends elsewhere counts as rest.
 */
export class Pacer {
  private readonly clock: Clock;
  private readonly waiting: Waiting;
  private owedMs = 0;
  private at = 0;

  constructor(clock: Clock, waiting: Waiting) {
    this.clock = clock;
    this.waiting = waiting;
  }

  /**
   * Rests for a chunk.
   * @param microsPerMib how long for a MiB
   * @returns whether the caller had better slow down by itself
   */
  rest(bytes: number, microsPerMib: number): boolean {
    const now = this.clock.now();
    this.owedMs = Math.max(0, this.owedMs - (now - this.at)) + (bytes / 2 ** 20) * (microsPerMib / 1000);
    this.at = now;
    if (this.owedMs < REST_MS_LEAST) return false;
    this.waiting.pause(Math.min(this.owedMs, REST_MS_MAX));
    return true;
  }
}
