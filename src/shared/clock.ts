/** Where time comes from; tests hand in one that they move themselves. */
export interface Clock {
  /** ms that never go back, for intervals. */
  now(): number;
  /** ms since 1970, for what is written down. */
  wall(): number;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
};

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  private ms: number;

  constructor(startMs = 1_700_000_000_000) {
    this.ms = startMs;
  }

  now(): number {
    return this.ms;
  }

  wall(): number {
    return this.ms;
  }

  advance(ms: number): void {
    this.ms += ms;
  }
}
