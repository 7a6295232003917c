import type { TableEntry } from '../../shared/format/table-record.ts';
import type { TimeUnit } from '../../shared/schema/types.ts';

const TICKS_PER_MS: Readonly<Record<TimeUnit, bigint>> = { ms: 1n, us: 1000n, ns: 1_000_000n };
const DAY_MS = 86_400_000n;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Cutoffs move no more often than this by themselves, however much expires. */
const LEAST_GAP_MS = 50;

/**
 * When cutoffs move by themselves: at the interval that was asked for; sooner if so much expires that the file would jump
 * up and down, as much as the last times tell.
 */
export class RetentionPace {
  private readonly intervalMs: number;
  /** So many bytes at a time are enough. */
  private readonly pressingBytes: number;
  private movedAt: number;
  /** While nothing is to be had from it, what presses is looked at less and less often. */
  private pressGapMs = LEAST_GAP_MS;
  private pressAt = 0;
  at: number;

  constructor(intervalMs: number, pressingBytes: number, now: number) {
    this.intervalMs = intervalMs;
    this.pressingBytes = pressingBytes;
    this.movedAt = now;
    this.at = now + intervalMs;
  }

  /** Whether it is time; the next time is an interval later then. @param expiredBytes that are known of */
  isDue(now: number, expiredBytes: number): boolean {
    const isPressing = expiredBytes > this.pressingBytes && now >= this.pressAt;
    if (now < this.at && !isPressing) return false;
    this.at = now + this.intervalMs;
    this.pressAt = now + this.pressGapMs;
    return true;
  }

  /** Blocks of so many bytes have left. */
  moved(droppedBytes: number, now: number): void {
    const gapMs = ((now - this.movedAt) * this.pressingBytes) / Math.max(1, droppedBytes);
    // A block that the cutoff runs through, or with rows still to come, is expired in part and stays.
    const wasWorth = 2 * droppedBytes >= this.pressingBytes;
    this.pressGapMs = wasWorth ? LEAST_GAP_MS : Math.min(this.intervalMs, 2 * this.pressGapMs);
    this.pressAt = now + this.pressGapMs;
    this.movedAt = now;
    this.at = Math.min(this.at, now + Math.max(LEAST_GAP_MS, gapMs));
  }
}

/** A time in ms since 1970 in a table's unit. */
export function inUnit(ms: number, unit: TimeUnit): bigint {
  const ticks = BigInt(Math.ceil(ms)) * TICKS_PER_MS[unit];
  return ticks < INT64_MIN ? INT64_MIN : ticks > INT64_MAX ? INT64_MAX : ticks;
}

/**
 * From when on a table's rows are kept: its own retention, else the database's. "Now" is the earlier of the wall clock and
 * the newest timestamp plus a day, so a clock that jumps far forwards does not empty a table, nor do rows from the future.
 * Callers never move a table's cutoff back, so a clock that jumps backwards changes nothing.
 * @returns undefined if the table keeps all rows
 */
export function cutoffOf(entry: TableEntry, databaseRetentionMs: number, wallMs: number): bigint | undefined {
  const { state, definition } = entry;
  const retentionMs = state.retentionMs >= 0 ? state.retentionMs : databaseRetentionMs;
  if (retentionMs < 0 || state.blocks === 0) return undefined;
  const wall = inUnit(wallMs, definition.unit);
  const newest = state.maxTs + DAY_MS * TICKS_PER_MS[definition.unit];
  const now = newest < wall ? newest : wall;
  const cutoff = now - inUnit(retentionMs, definition.unit);
  return cutoff < INT64_MIN ? INT64_MIN : cutoff > INT64_MAX ? INT64_MAX : cutoff;
}
