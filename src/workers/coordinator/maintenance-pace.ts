import type { Control } from '../../shared/control/control.ts';
import { PACE } from '../../shared/control/words.ts';

/** From which share of the debt's limit on producers are slowed down: before twice the limit, which is never to be reached. */
const BEGINS_AT = 1.25;
/** µs a MiB at the first step, and how much it grows or falls each time. */
const FIRST = 200;
const GROWTH = 1.5;
/** Slower than a MiB in this time, in all, is not asked of anybody. */
const MOST = 200_000;
const STEP_MS = 20;

/**
 * Slows producers down while debt is far over its limit, as gently as serves: the pace is made slower as long as debt grows,
 * and faster again as it falls.
 */
export class Pace {
  private readonly control: Control;
  private before = 0;
  private nextAt = 0;
  microsPerMib = 0;

  constructor(control: Control) {
    this.control = control;
  }

  /** @param share of the debt's limit that the debt is now, with what is on its way */
  step(now: number, share: number): void {
    if (now < this.nextAt) return;
    this.nextAt = now + STEP_MS;
    const was = this.microsPerMib;
    if (share < BEGINS_AT) this.microsPerMib = was < FIRST ? 0 : Math.floor(was / GROWTH);
    else if (share > this.before)
      this.microsPerMib = Math.min(MOST, Math.max(FIRST, Math.ceil(was * GROWTH)));
    this.before = share;
    if (this.microsPerMib !== was) Atomics.store(this.control.words, PACE, this.microsPerMib);
  }

  /** ms until it wants to be called again; none while nobody is slowed down. */
  waitMs(now: number): number {
    return this.microsPerMib === 0 ? Number.POSITIVE_INFINITY : Math.max(0, this.nextAt - now);
  }
}
