import { setImmediate as nextTurn } from 'node:timers/promises';
import { MillraceError } from '../../shared/errors.ts';

/** A query gives the event loop a turn about this often, so that an AbortSignal can reach it. */
const TURN_MS = 20;

/** When a long read should let the event loop have a turn: only then can its signal change. */
export class Turns {
  private readonly wanted: boolean;
  private at: number;

  /** @param signal what may change meanwhile; or whether turns are wanted anyhow */
  constructor(signal: AbortSignal | boolean | undefined) {
    this.wanted = signal !== undefined && signal !== false;
    this.at = this.wanted ? performance.now() + TURN_MS : 0;
  }

  get isDue(): boolean {
    return this.wanted && performance.now() > this.at;
  }

  async take(): Promise<void> {
    await nextTurn();
    this.at = performance.now() + TURN_MS;
  }
}

/** Throws ABORTED if the signal says so. */
export function checkAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new MillraceError('ABORTED', 'the call was aborted by its signal', {}, signal.reason);
  }
}
