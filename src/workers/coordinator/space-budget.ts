import type { WriterAppetite } from '../writer/options.ts';
import type { FreeSpace } from './free-space.ts';

const MIB = 1 << 20;
const EXTENT_ALIGN = 4096;
/** Free runs below this are of no use for extents. */
const RUN_LEAST = 16 << 10;
/** File systems count what they need to find a file's blocks among its blocks. */
const SYSTEM = { least: 32 << 10, share: 1 / 1024 };

/** How the bytes of a bounded file are shared out (decision 22). */
export class SpaceBudget {
  /** The file's end never goes beyond this. */
  readonly limit: number;
  readonly appetite: WriterAppetite;
  /** The largest input of a task. */
  readonly taskBytes: number;
  private readonly space: FreeSpace;
  private readonly logReserve: number;
  private checkpointBytes: number;
  private longestWrite = 0;
  /** What those wait for that were given nothing. */
  waitingBytes = 0;
  /** The longest run that one of them must have. */
  waitingRun = 0;
  /** The run that a pack needs which somebody called for: blocks are moved for it, but none leave. */
  packRun = 0;

  constructor(space: FreeSpace, maxBytes: number, writers: number) {
    this.space = space;
    const system = Math.max(SYSTEM.least, Math.ceil(maxBytes * SYSTEM.share));
    this.limit = Math.floor((maxBytes - system) / EXTENT_ALIGN) * EXTENT_ALIGN;
    const share = (parts: number, least: number, most: number): number =>
      Math.min(most, Math.max(least, Math.floor(this.limit / parts / EXTENT_ALIGN) * EXTENT_ALIGN));
    this.appetite = {
      dataBytes: share(64 * writers, 64 << 10, 4 * MIB),
      logBytes: share(128 * writers, 64 << 10, MIB),
      checkpointLogBytes: share(32 * writers, 64 << 10, 16 * MIB),
    };
    this.taskBytes = share(32, 256 << 10, 16 * MIB);
    this.logReserve = 2 * writers * this.appetite.logBytes;
    this.checkpointBytes = this.limit / 64;
  }

  /** Takes the bound from now on; a file that is longer already must not grow, and is brought below it. */
  apply(): void {
    this.space.limit = Math.max(this.limit, this.space.end);
  }

  /** Bytes that the file is over its bound, as one that was opened with a smaller one may be. */
  get overBytes(): number {
    return this.space.limit - this.limit;
  }

  /** Takes note of what a checkpoint wrote. @param longest of its runs */
  noteCheckpoint(bytes: number, longest: number): void {
    // Falls slowly: the next one may be as large as the one before.
    this.checkpointBytes = Math.max(bytes, this.checkpointBytes * 0.9);
    this.longestWrite = Math.max(longest, this.longestWrite * 0.9);
  }

  /** What may be used now. Ends of extents too short for anything count once their neighbours are free. */
  private get usable(): number {
    return this.space.usableBytes(RUN_LEAST);
  }

  /** What is kept for checkpoints, without which nothing ever comes free. */
  private get checkpointReserve(): number {
    return Math.min(this.limit / 4, Math.max(256 << 10, this.limit / 64, 3 * this.checkpointBytes));
  }

  /** Whether so many bytes may be taken for the log; for blocks or a task. */
  mayTake(use: 'log' | 'data', bytes: number): boolean {
    const floor = this.checkpointReserve + (use === 'log' ? 0 : this.logReserve);
    return this.usable - bytes >= floor;
  }

  /** Whether a checkpoint finds runs that are long enough. To be asked after something was taken. */
  get hasRuns(): boolean {
    return this.space.longestRun() >= 2 * this.longestWrite + 2 * RUN_LEAST;
  }

  /** Below so many free bytes the oldest blocks go. */
  private get low(): number {
    const task = this.taskBytes + (64 << 10);
    return this.checkpointReserve + this.logReserve + task + this.limit / 16 + this.waitingBytes;
  }

  /** Whether so little may be used now that it matters how soon the rest can. */
  get isLow(): boolean {
    return this.usable - this.overBytes < this.low || this.isBroken;
  }

  /** Whether somebody waits, or nearly: then no reader's snapshot is waited for. */
  get isPressed(): boolean {
    return this.waitingBytes > 0 || this.isBroken || !this.mayTake('data', this.appetite.dataBytes);
  }

  /** Whether what is free lies in pieces that are too short, however much it is. */
  get isBroken(): boolean {
    return !this.hasRuns || this.space.longestRun() < this.waitingRun;
  }

  /** Whether a pack that was called for finds no run that is long enough, though there is room enough in all. */
  get lacksPackRun(): boolean {
    return this.packRun > this.space.longestRun() && this.mayTake('data', this.packRun);
  }

  /**
   * How many bytes of blocks must go.
   * @param isMoving whether blocks are being moved so that free pieces come together
   */
  evictBytes(isMoving: boolean): number {
    const free = this.usable + this.space.unsettledBytes() - this.overBytes;
    if (free < this.low) return this.low + this.limit / 8 - free;
    // Enough in all, but in pieces: more of them come together as more goes.
    const waits = !this.isBroken || isMoving || this.space.unsettledBytes() > this.limit / 16;
    return waits ? 0 : this.limit / 16;
  }
}
