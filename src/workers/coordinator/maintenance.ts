import type { MaintenanceStats, ThrottleState } from '../../shared/control/maintenance.ts';
import type { Extent } from '../../shared/format/root.ts';
import { IndexReader } from '../../shared/index/index-reader.ts';
import { chooseVictims } from './eviction.ts';
import { fillHoles, type HolesBudget } from './holes.ts';
import { Debts, pressingBytes } from './maintenance-debt.ts';
import type { Deferred, MaintenanceHost } from './maintenance-host.ts';
import { Pace } from './maintenance-pace.ts';
import { cutoffOf, inUnit, RetentionPace } from './maintenance-retention.ts';
import { Throttle } from './maintenance-throttle.ts';
import { Packs } from './packs.ts';
import { Settling } from './settling.ts';
import type { TableEdit } from './table-edit.ts';
import { TableEdits } from './table-edits.ts';
import { wholeOrdinals } from './whole-ordinals.ts';

/** While it waits for quiet, or for room, it looks again this often. */
const LOOK_AGAIN_MS = 250;
const ROOM_AGAIN_MS = 20;
/** It looks at so many tables at once, and goes on the next time after about so many ms. */
const LOOK_TABLES = 256;
const LOOK_MS = 10;
/** Holes are filled from the file's end while it is longer than twice its blocks and this: below what is promised. */
const HOLES_BYTES = 16 << 20;
const HOLES_AGAIN_MS = 100;
/** Blocks are moved in slices that take about a millisecond: the coordinator has other things to do. */
const MOVE_BYTES = 1 << 20;
/**
 * Entries of index pages kept. It looks at a table's index after each checkpoint that changed it, which with thousands of tables is once:
 * pages kept for longer than that are in the way.
 */
const CACHED_ENTRIES = 8192;
/** Closing moves no more than this, a tenth of a second, and looks at no more blocks. */
const CLOSING = { bytes: 64 << 20, blocks: 300_000 };

/**
 * Maintenance as a step function: decides what is packed, dropped and moved, and when. Tasks run elsewhere; what they made
 * comes into the index with the coordinator's next checkpoint.
 */
export class Maintenance {
  private readonly host: MaintenanceHost;
  private readonly index: IndexReader;
  private readonly edits = new TableEdits();
  private readonly packs: Packs;
  private readonly debts: Debts;
  private readonly throttle: Throttle;
  private readonly settling: Settling;
  private readonly pace: Pace;
  private waiting: Deferred[] = [];
  /** Those whose edits are in the checkpoint that is being written. */
  private inCheckpoint: Deferred[] = [];
  private nextCheckAt: number;
  private readonly retentionPace: RetentionPace;
  private nextRoomAt = 0;
  private nextHolesAt = Number.POSITIVE_INFINITY;
  private state: ThrottleState;
  private readonly retentions = { succeeded: 0, failed: 0, lastError: null as string | null };
  private readonly evicted = { blocks: 0, rows: 0, bytes: 0 };
  private stopped = false;
  /** The database's retention in ms, −1 for none. */
  retentionMs: number;

  constructor(host: MaintenanceHost) {
    this.host = host;
    this.index = new IndexReader(host.storage, CACHED_ENTRIES);
    const now = host.clock.now();
    this.packs = new Packs(host, this.index, this.edits);
    this.debts = new Debts(host, this.index, (entry) => cutoffOf(entry, this.retentionMs, host.clock.wall()));
    this.throttle = new Throttle(host.options, now);
    this.settling = new Settling(host, this.throttle);
    this.pace = new Pace(host.shared.control);
    this.nextCheckAt = now + host.options.checkIntervalMs;
    const { retentionCheckIntervalMs } = host.options;
    this.retentionPace = new RetentionPace(retentionCheckIntervalMs, pressingBytes(host.options), now);
    this.state = host.options.auto ? 'nothing to do' : 'off';
    this.retentionMs = host.retentionMs;
  }

  /** Packs a table's blocks until all are as they should be. */
  pack(tableId: number, target: number | undefined): Promise<void> {
    return this.packs.call(tableId, target);
  }

  /** Hides and drops expired rows: those before a time in ms since 1970, or as each table's retention says. */
  retain(cutoffMs?: number): Promise<void> {
    let any = false;
    const wall = this.host.clock.wall();
    for (const { id } of this.host.catalog.definitions()) {
      const entry = this.host.catalog.get(id)!;
      const cutoff =
        cutoffMs === undefined
          ? cutoffOf(entry, this.retentionMs, wall)
          : inUnit(cutoffMs, entry.definition.unit);
      if (cutoff === undefined) continue;
      const { state } = entry;
      const isNews = cutoff > state.cutoff || (state.blocks > 0 && state.minTs < state.cutoff);
      if (!isNews) continue;
      const edit = this.edits.of(id);
      if (edit.cutoff === undefined || edit.cutoff < cutoff) edit.cutoff = cutoff;
      any = true;
    }
    return any ? this.nextCheckpoint() : Promise.resolve();
  }

  /** Sets how long rows are kept, in ms; −1: for ever (database), or as the database says (table). */
  setRetention(tableId: number | undefined, retentionMs: number): Promise<void> {
    if (tableId === undefined) this.retentionMs = retentionMs;
    else this.edits.of(tableId).retentionMs = retentionMs;
    return this.nextCheckpoint();
  }

  /**
   * Takes the tasks' outcomes and begins what is due.
   * @returns ms until it wants to be called again
   */
  step(now: number): number {
    if (this.stopped) return Number.POSITIVE_INFINITY;
    this.packs.step(now);
    this.throttle.sample(now, this.host.rowsWritten());
    this.settling.step(now);
    const roomMs = this.makeRoom(now);
    if (!this.host.options.auto) return Math.min(roomMs, this.settling.at - now, this.packs.waitMs(now));
    this.debts.step(now);
    const isDue = now >= this.nextCheckAt;
    if (isDue) {
      this.nextCheckAt = now + this.host.options.checkIntervalMs;
      this.debts.count();
    }
    this.lookForHoles(now, isDue);
    const { bytes, limitBytes, recentBytes, expiredBytes } = this.debts.total();
    if (this.retentionPace.isDue(now, expiredBytes)) this.retain().catch(() => {});
    // What comes in small or out of order can only be packed once the index has it.
    if (bytes > limitBytes && recentBytes > limitBytes / 4) this.host.wantCheckpoint();
    this.pace.step(now, (bytes + this.debts.comingBytes()) / Math.max(1, limitBytes));
    this.work(now, bytes > limitBytes, isDue);
    const again = this.debts.candidates.size > 0 ? LOOK_AGAIN_MS : Number.POSITIVE_INFINITY;
    const due = Math.min(this.nextCheckAt, this.retentionPace.at, this.nextHolesAt);
    const next = Math.min(due, this.settling.at, now + again);
    return Math.max(0, Math.min(next - now, roomMs, this.pace.waitMs(now), this.packs.waitMs(now)));
  }

  /** The changes for the checkpoint that is being written. @param applied as it will be with that checkpoint @param mayEvict whether rows are still to come */
  takeEdits(applied: readonly number[], mayEvict = true): ReadonlyMap<number, TableEdit> {
    if (mayEvict) this.evict(applied);
    const edits = this.edits.take();
    this.inCheckpoint.push(...this.waiting.splice(0));
    if (edits.size === 0) return edits;
    const whole = wholeOrdinals(this.host.shared, applied, edits.keys());
    for (const [id, edit] of edits) edit.wholeBelow = whole.get(id)!;
    return edits;
  }

  /** A checkpoint with these tables' changes is durable, and space has been settled. */
  checkpointed(tables: Iterable<number>, edits: ReadonlyMap<number, TableEdit>, now: number): void {
    this.debts.note([...tables, ...edits.keys()]);
    for (const [id, { droppedBytes }] of edits) if (droppedBytes > 0) this.debts.dropped(id, droppedBytes);
    const moved = [...edits.values()].filter(({ cutoff }) => cutoff !== undefined);
    if (moved.length > 0) {
      const bytes = moved.reduce((sum, { droppedBytes }) => sum + droppedBytes, 0);
      this.retentions.succeeded += moved.length;
      this.retentionPace.moved(bytes, now);
      this.host.tell({ event: 'retention', tables: moved.length, bytes });
      // What has left may leave the file too long.
      this.nextHolesAt = Math.min(this.nextHolesAt, now + HOLES_AGAIN_MS);
    }
    for (const { resolve } of this.inCheckpoint.splice(0)) resolve();
    this.settling.checkpointed(now);
    // What a checkpoint makes room for, or does not, is to be looked at now.
    this.nextRoomAt = now;
  }

  /** What tasks hold and nothing refers to: free for whoever opens the file after a crash. */
  held(): Extent[] {
    return this.packs.held();
  }

  /** What tasks read: not to be used again before they have ended, whatever the index says. */
  inputs(): Extent[] {
    return this.packs.inputs();
  }

  /** Ends all tasks, and rejects those who wait. */
  stop(error: unknown): void {
    if (this.stopped) return;
    this.stopped = true;
    this.state = 'off';
    this.packs.stop(error);
    for (const { reject } of [...this.waiting.splice(0), ...this.inCheckpoint.splice(0)]) reject(error);
  }

  /** Whether no task can write any more. Its extents are taken back then. */
  get ended(): boolean {
    return this.stopped && this.packs.ended;
  }

  /** Moves blocks from the file's end into holes before it closes. @returns whether there is anything to checkpoint */
  compactForClose(): boolean {
    const blocks = this.host.catalog
      .definitions()
      .reduce((sum, { id }) => sum + this.host.catalog.get(id)!.state.blocks, 0);
    const { budget } = this.host.extents;
    const pageBytes = Math.min(CLOSING.bytes, (budget?.limit ?? Number.POSITIVE_INFINITY) / 64);
    const isEnoughLeft = (): boolean => this.isEnoughLeft(pageBytes);
    return blocks <= CLOSING.blocks && this.fillHoles({ blockBytes: CLOSING.bytes, pageBytes, isEnoughLeft });
  }

  stats(now: number): MaintenanceStats {
    const packs = this.packs.stats();
    const lastError = packs.packs.lastError ?? this.debts.lastError;
    return {
      throttle: packs.running > 0 && this.state !== 'debt' ? 'running' : this.state,
      writesPerSec: this.throttle.writesPerSec(now),
      idleMs: this.throttle.idleMs(now),
      paceMicrosPerMib: this.pace.microsPerMib,
      debt: this.debts.total(),
      retention: { ...this.retentions },
      evicted: { ...this.evicted },
      ...packs,
      packs: { ...packs.packs, lastError },
    };
  }

  private nextCheckpoint(): Promise<void> {
    this.host.wantCheckpoint();
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
    });
  }

  /** Fills holes if the file is much longer than what it holds, and soon again if it still is. */
  private lookForHoles(now: number, isDue: boolean): void {
    if (!isDue && now < this.nextHolesAt) return;
    this.nextHolesAt = Number.POSITIVE_INFINITY;
    const live = this.debts.liveBytes + this.host.logBytes();
    if (this.host.space.end <= 2 * live + HOLES_BYTES) return;
    this.nextHolesAt = now + HOLES_AGAIN_MS;
    const isEnoughLeft = (): boolean => this.isEnoughLeft(MOVE_BYTES);
    const pageBytes = this.host.extents.budget === undefined ? HOLES_BYTES : MOVE_BYTES;
    this.fillHoles({ blockBytes: MOVE_BYTES, pageBytes, isEnoughLeft });
    this.host.releaseExtents();
    this.host.wantCheckpoint();
  }

  private work(now: number, isOverLimit: boolean, isDue: boolean): void {
    const { candidates } = this.debts;
    if (candidates.size === 0) {
      this.setState('nothing to do');
      return;
    }
    const { mayRun, state } = this.throttle.decide(now, isOverLimit);
    // Between the looks that were asked for only a debt is a reason to begin with tables that changed.
    if (!isDue && !isOverLimit && !this.isLooking) return;
    this.setState(state);
    this.isLooking = true;
    if (!mayRun) return;
    const until = this.host.clock.now() + LOOK_MS;
    // A portion at a time: a walk over all chunks for each table would hold up the writers for seconds.
    for (const ids of portions([...candidates], LOOK_TABLES)) {
      if (!this.packs.hasRoom || this.host.clock.now() > until) return;
      const whole = wholeOrdinals(this.host.shared, this.host.applied(), ids);
      for (const id of ids) {
        if (!this.packs.hasRoom) return;
        if (!this.packs.isBusy(id, now) && this.packs.tryTable(id, whole.get(id)!)) candidates.delete(id);
      }
    }
    this.isLooking = candidates.size > 0;
  }

  private setState(state: ThrottleState): void {
    if (state !== this.state) this.host.tell({ event: 'throttle', state });
    this.state = state;
  }

  /** Whether the last look left tables to be seen to. */
  private isLooking = false;

  /** In a bounded file: asks for the checkpoints that bring room, as long as there is too little. @returns ms to the next look */
  private makeRoom(now: number): number {
    const { budget } = this.host.extents;
    if (budget === undefined) return Number.POSITIVE_INFINITY;
    const isOver = budget.overBytes > 0;
    if (!isOver && !budget.isLow && !budget.isPressed && !budget.lacksPackRun)
      return Number.POSITIVE_INFINITY;
    if (now < this.nextRoomAt) return this.nextRoomAt - now;
    this.nextRoomAt = now + ROOM_AGAIN_MS;
    if (isOver) {
      this.host.releaseExtents();
      const pageBytes = this.isEnoughLeft(2 * MOVE_BYTES) ? MOVE_BYTES : 0;
      this.fillHoles({ blockBytes: MOVE_BYTES, pageBytes, isEnoughLeft: () => true });
    }
    this.host.wantCheckpoint();
    return ROOM_AGAIN_MS;
  }

  /** In a bounded file: takes the oldest blocks out for what is to come. */
  private evict(applied: readonly number[]): void {
    const { budget } = this.host.extents;
    if (budget === undefined) return;
    const isInPieces = budget.isBroken || budget.lacksPackRun;
    const moveBytes = Math.min(MOVE_BYTES, budget.limit / 32);
    const moving = { blockBytes: moveBytes, pageBytes: 0, isEnoughLeft: () => true };
    const isMoving = isInPieces && budget.mayTake('data', moveBytes) && this.fillHoles(moving);
    const bytes = budget.evictBytes(isMoving);
    if (bytes <= 0) return;
    const { catalog, shared } = this.host;
    const whole = wholeOrdinals(
      shared,
      applied,
      catalog.definitions().map(({ id }) => id),
    );
    const gone = { blocks: 0, rows: 0, bytes: 0 };
    for (const { tableId, ref } of chooseVictims(this.index, catalog, whole, bytes)) {
      this.edits.of(tableId).evicted.push(ref);
      gone.blocks++;
      gone.rows += ref.rows;
      gone.bytes += ref.length;
    }
    this.evicted.blocks += gone.blocks;
    this.evicted.rows += gone.rows;
    this.evicted.bytes += gone.bytes;
    if (gone.blocks > 0) this.host.tell({ event: 'eviction', ...gone });
  }

  private fillHoles(budget: HolesBudget): boolean {
    return fillHoles(this.host, this.index, this.edits, (id) => this.packs.runsOn(id), budget);
  }

  /** Whether a bounded file has room for so many bytes of pages besides what checkpoints and logs need. */
  private isEnoughLeft(pageBytes: number): boolean {
    const { budget } = this.host.extents;
    return budget === undefined || (budget.hasRuns && budget.mayTake('data', pageBytes));
  }
}

function* portions<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}
