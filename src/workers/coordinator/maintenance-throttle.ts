import type { MaintenanceOptions, ThrottleState } from '../../shared/control/maintenance.ts';

interface Sample {
  readonly at: number;
  readonly rows: number;
}

/** Samples kept of a window: the load is as exact as this many parts of it. */
const SAMPLES = 50;

/** Decides whether tasks may run beside the writes: a count of rows over a window, and the time since the last one. */
export class Throttle {
  private readonly options: MaintenanceOptions;
  private readonly samples: Sample[] = [];
  private lastRows = 0;
  private lastChangeAt: number;

  constructor(options: MaintenanceOptions, now: number) {
    this.options = options;
    this.lastChangeAt = now - options.minIdleMs;
  }

  /** Takes note of how many rows have come so far. */
  sample(now: number, rows: number): void {
    if (rows !== this.lastRows) this.lastChangeAt = now;
    this.lastRows = rows;
    const { writeLoadWindowMs } = this.options;
    const last = this.samples.at(-1);
    if (last !== undefined && now - last.at < writeLoadWindowMs / SAMPLES) return;
    this.samples.push({ at: now, rows });
    // The newest one that is older than the window stays: what came since is the window's.
    while (this.samples.length > 1 && this.samples[1]!.at <= now - writeLoadWindowMs) this.samples.shift();
  }

  /** Rows a second over the window. */
  writesPerSec(now: number): number {
    const first = this.samples[0];
    if (first === undefined) return 0;
    // A younger window than asked for counts as a whole one: a burst at the start is no higher load than later.
    return ((this.lastRows - first.rows) * 1000) / Math.max(now - first.at, this.options.writeLoadWindowMs);
  }

  idleMs(now: number): number {
    return now - this.lastChangeAt;
  }

  /** Whether a task may begin, and why or why not. */
  decide(now: number, isOverLimit: boolean): { readonly mayRun: boolean; readonly state: ThrottleState } {
    if (isOverLimit) return { mayRun: true, state: 'debt' };
    if (this.writesPerSec(now) > this.options.maxWritesPerSec)
      return { mayRun: false, state: 'waiting: write load' };
    if (this.idleMs(now) < this.options.minIdleMs) return { mayRun: false, state: 'waiting: not idle' };
    return { mayRun: true, state: 'idle enough' };
  }
}
