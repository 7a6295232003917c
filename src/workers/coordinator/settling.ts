import { cutTail } from './free-space.ts';
import { pressingBytes } from './maintenance-debt.ts';
import type { MaintenanceHost } from './maintenance-host.ts';
import type { Throttle } from './maintenance-throttle.ts';

/** What a checkpoint let go of is used again after another one, which is made for so much of it. */
const SETTLE_BYTES = 1 << 20;
const SETTLE_MS = { soon: 50, later: 1000, most: 60_000 };
/** The file's tail is cut off from this size on, and this share of the file. */
const CUT_BYTES = 1 << 20;
const CUT_SHARE = 1 / 16;

/** Asks for checkpoints so that space is used again, and cuts the file's tail. */
export class Settling {
  private readonly host: MaintenanceHost;
  private readonly throttle: Throttle;
  private waitMs = SETTLE_MS.later;
  private unsettled = 0;
  /** When it wants to be called again. */
  at = Number.POSITIVE_INFINITY;

  constructor(host: MaintenanceHost, throttle: Throttle) {
    this.host = host;
    this.throttle = throttle;
  }

  /** Whether so much was let go of that it is to be used again soon. */
  get isPressing(): boolean {
    return this.host.space.unsettledBytes() > pressingBytes(this.host.options);
  }

  /** Makes a checkpoint only for space to be used again; under load the log's growth makes them often enough. */
  step(now: number): void {
    if (now < this.at) return;
    const isQuiet = this.throttle.idleMs(now) >= this.host.options.minIdleMs;
    this.at = isQuiet ? Number.POSITIVE_INFINITY : now + SETTLE_MS.later;
    if (isQuiet || this.isPressing) this.host.wantCheckpoint();
  }

  /** A checkpoint is durable, and what may be used again is. */
  checkpointed(now: number): void {
    const { space, storage, extents } = this.host;
    const unsettled = space.unsettledBytes();
    // What a reader's snapshot holds comes free no sooner for being asked more often.
    const first = this.isPressing ? SETTLE_MS.soon : SETTLE_MS.later;
    this.waitMs = unsettled < this.unsettled ? first : Math.min(2 * this.waitMs, SETTLE_MS.most);
    this.unsettled = unsettled;
    if (unsettled > SETTLE_BYTES) this.at = Math.min(this.at, now + this.waitMs);
    const isOver = (extents.budget?.overBytes ?? 0) > 0;
    if (space.tailBytes() > (isOver ? 0 : Math.max(CUT_BYTES, space.end * CUT_SHARE)))
      cutTail(storage, space);
    extents.budget?.apply();
  }
}
