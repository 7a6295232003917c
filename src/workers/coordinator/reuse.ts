import type { Clock } from '../../shared/clock.ts';
import type { SharedState } from '../../shared/control/shared-state.ts';
import { EXPIRED, MAX_PRODUCERS, P_PIN, producerWord } from '../../shared/control/words.ts';
import type { Extent } from '../../shared/format/root.ts';
import type { ExtentDesk } from './extent-desk.ts';
import type { FreeSpace } from './free-space.ts';

/** Freed bytes that are left as they are for readers in other processes, at most: the file must not grow for them. */
const MAX_RESTING_BYTES = 8 << 20;

/** When bytes that a checkpoint let go of may be used again: once nobody reads a snapshot that has them. */
export class Reuse {
  private readonly shared: SharedState;
  private readonly clock: Clock;
  private readonly space: FreeSpace;
  private readonly extents: ExtentDesk;
  private readonly delayMs: number;
  /** When the checkpoints were made whose freed bytes rest. */
  private readonly made: { readonly sequence: number; readonly at: number }[] = [];

  /** @param delayMs for how long freed bytes are left as they are, for readers in other processes */
  constructor(shared: SharedState, clock: Clock, space: FreeSpace, extents: ExtentDesk, delayMs: number) {
    this.shared = shared;
    this.clock = clock;
    this.space = space;
    this.extents = extents;
    this.delayMs = delayMs;
  }

  /**
   * A checkpoint is durable: what can be used again now, is.
   * @param inputs what running tasks read, which stays as it is
   * @param isClosing whether nobody is waited for whom this process knows nothing of
   */
  checkpointed(sequence: number, inputs: readonly Extent[], isClosing: boolean): void {
    const limit = Math.min(sequence, this.oldestPin(), this.resting(sequence, isClosing));
    this.space.settle(limit, inputs);
    if (this.extents.budget?.isPressed !== true || this.oldestPin() >= sequence) return;
    // A full file: older snapshots stand in the way of writers. Whoever reads one is told before anything is written over it.
    Atomics.store(this.shared.control.words, EXPIRED, sequence | 0);
    this.space.settle(sequence, inputs);
  }

  /**
   * The oldest checkpoint whose freed bytes must still be left as they are, for readers that this process knows nothing of.
   * Not while the database is closed, nor for more than a few bytes: such readers notice, and look again.
   */
  private resting(sequence: number, isClosing: boolean): number {
    const now = this.clock.now();
    this.made.push({ sequence, at: now });
    let bytes = 0;
    for (const range of this.space.list()) if (range.freedBy > 0) bytes += range.bytes;
    const waived = isClosing || bytes > MAX_RESTING_BYTES || this.extents.budget?.isLow === true;
    while (this.made.length > 0 && (waived || now - this.made[0]!.at >= this.delayMs)) this.made.shift();
    return this.made[0]?.sequence ?? Number.POSITIVE_INFINITY;
  }

  /** Space freed by a checkpoint up to this one may be read by nobody any more. */
  private oldestPin(): number {
    let oldest = Number.POSITIVE_INFINITY;
    const expired = Atomics.load(this.shared.control.words, EXPIRED);
    for (let producer = 0; producer < MAX_PRODUCERS; producer++) {
      const pin = Atomics.load(this.shared.control.words, producerWord(producer) + P_PIN);
      // A pin holds checkpoint + 1; space that checkpoint n freed is still read under a pin on n − 1.
      // One that expired may hide a later one of the same thread.
      if (pin > 0) oldest = Math.min(oldest, Math.max(pin, expired + 1));
    }
    return oldest;
  }
}
