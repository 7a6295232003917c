import type { Clock } from '../../shared/clock.ts';
import type {
  MaintenanceOptions,
  MaintenanceStats,
  ThrottleState,
} from '../../shared/control/maintenance.ts';
import type { SharedState } from '../../shared/control/shared-state.ts';
import { fromEnvelope, MillraceError } from '../../shared/errors.ts';
import type { BlockRef } from '../../shared/format/block-ref.ts';
import type { Extent, SaltedExtent } from '../../shared/format/root.ts';
import { ALL_TIME, IndexReader } from '../../shared/index/index-reader.ts';
import type { Storage } from '../../shared/storage/storage.ts';
import { planPack } from '../maintenance/plan-pack.ts';
import type { PackResult, TaskOutcome, TaskRunner } from '../maintenance/task.ts';
import type { Catalog } from './catalog.ts';
import { areApart, moveDown, type OwnedRef } from './compact.ts';
import { cutTail, type FreeSpace } from './free-space.ts';
import { debtOf, sumDebts, type TableDebt } from './maintenance-debt.ts';
import { cutoffOf, inUnit } from './maintenance-retention.ts';
import { Throttle } from './maintenance-throttle.ts';
import { emptyEdit, type PendingReplacement, type TableEdit } from './table-edit.ts';
import { wholeOrdinals } from './whole-ordinals.ts';

/** Room beside the blocks' own bytes in a task's extent: what sorting may cost. If it is not enough the task asks for more. */
const EXTENT_SLACK_BYTES = 64 << 10;
/** A table whose task failed rests this long, twice as long after each further failure. */
const BACK_OFF_MS = { first: 200, most: 60_000 };
/** A call for a pack is given up after so many failures in a row. */
const ATTEMPTS_MAX = 6;
/** While it waits for quiet it looks again this often. */
const LOOK_AGAIN_MS = 250;
/** What a checkpoint let go of is used again after another one, which is made for so much of it. */
const SETTLE_BYTES = 1 << 20;
const SETTLE_MS = 1000;
const SETTLE_MS_MAX = 60_000;
const SETTLE_UNDER_LOAD_BYTES = 16 << 20;
/** The file's tail is cut off from this size on, and this share of the file. */
const CUT_BYTES = 1 << 20;
const CUT_SHARE = 1 / 16;
/** Holes are filled from the file's end while it is longer than twice its blocks and this: below what is promised. */
const HOLES_BYTES = 16 << 20;
/** Blocks are moved in slices that take about a millisecond: the coordinator has other things to do. */
const MOVE_BYTES = 1 << 20;
/** Closing moves no more than this, a tenth of a second, and looks at no more blocks. */
const CLOSING = { bytes: 64 << 20, blocks: 300_000 };

/** What maintenance needs of its coordinator. */
export interface MaintenanceHost {
  readonly shared: SharedState;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly catalog: Catalog;
  readonly space: FreeSpace;
  readonly options: MaintenanceOptions;
  /** The stored retention of the database in ms, −1 for none. */
  readonly retentionMs: number;
  /** By table the first ordinal of this session. */
  readonly gapsBelow: ReadonlyMap<number, number>;
  /** How far each writer's directory is in the index. */
  applied(): readonly number[];
  newExtent(bytes: number): SaltedExtent;
  wantCheckpoint(): void;
  /** Makes the runner of tasks, when the first one is due. */
  startRunner(): TaskRunner;
  /** Asks the writers to give back what they hold and go on at the lowest free places. */
  releaseExtents(): void;
  rowsWritten(): number;
  logBytes(): number;
}

interface Deferred {
  resolve(): void;
  reject(error: unknown): void;
}

interface PackRequest extends Deferred {
  readonly tableId: number;
  readonly target: number;
  readonly settled: Set<number>;
  attempts: number;
}

interface Running {
  readonly tableId: number;
  readonly groups: readonly (readonly BlockRef[])[];
  readonly target: number;
  readonly extent: SaltedExtent;
  readonly request: PackRequest | undefined;
}

/**
 * Maintenance as a step function: decides what is packed, dropped and moved, and when. Tasks run elsewhere; what they made
 * comes into the index with the coordinator's next checkpoint. A table has at most one task, or one outcome on its way, at a
 * time.
 */
export class Maintenance {
  private readonly host: MaintenanceHost;
  private readonly index: IndexReader;
  private readonly throttle: Throttle;
  private runner: TaskRunner | undefined;
  private readonly running = new Map<number, Running>();
  private edits = new Map<number, TableEdit>();
  private waiting: Deferred[] = [];
  /** Those whose edits are in the checkpoint that is being written. */
  private inCheckpoint: Deferred[] = [];
  private readonly requests: PackRequest[] = [];
  private readonly avoid = new Set<number>();
  private readonly rests = new Map<number, { failures: number; until: number }>();
  private readonly debts = new Map<number, TableDebt>();
  private readonly changed = new Set<number>();
  private readonly candidates = new Set<number>();
  private nextTask = 1;
  private nextCheckAt: number;
  private nextRetentionAt: number;
  private settleAt = Number.POSITIVE_INFINITY;
  private settleMs = SETTLE_MS;
  private unsettled = 0;
  private state: ThrottleState;
  private readonly packs = { succeeded: 0, failed: 0, lastError: null as string | null };
  private readonly retentions = { succeeded: 0, failed: 0, lastError: null as string | null };
  private rowsPacked = 0;
  private bytesPackedFrom = 0;
  private bytesPackedTo = 0;
  private stopped = false;
  /** The database's retention in ms, −1 for none. */
  retentionMs: number;

  constructor(host: MaintenanceHost) {
    this.host = host;
    this.index = new IndexReader(host.storage);
    const now = host.clock.now();
    this.throttle = new Throttle(host.options, now);
    this.nextCheckAt = now + host.options.checkIntervalMs;
    this.nextRetentionAt = now + host.options.retentionCheckIntervalMs;
    this.state = host.options.auto ? 'nothing to do' : 'off';
    this.retentionMs = host.retentionMs;
    for (const { id } of host.catalog.definitions()) this.changed.add(id);
  }

  /** Packs a table's blocks until all are as they should be. */
  pack(tableId: number, target: number | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const { targetSegmentPoints } = this.host.options;
      this.requests.push({
        tableId,
        target: target ?? targetSegmentPoints,
        settled: new Set(),
        attempts: 0,
        resolve,
        reject,
      });
    });
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
      const edit = this.edit(id);
      if (edit.cutoff === undefined || edit.cutoff < cutoff) edit.cutoff = cutoff;
      any = true;
    }
    return any ? this.nextCheckpoint() : Promise.resolve();
  }

  /** Sets how long rows are kept, in ms; −1: for ever (database), or as the database says (table). */
  setRetention(tableId: number | undefined, retentionMs: number): Promise<void> {
    if (tableId === undefined) this.retentionMs = retentionMs;
    else this.edit(tableId).retentionMs = retentionMs;
    return this.nextCheckpoint();
  }

  /**
   * Takes the tasks' outcomes and begins what is due.
   * @returns ms until it wants to be called again
   */
  step(now: number): number {
    if (this.stopped) return Number.POSITIVE_INFINITY;
    for (let outcome = this.runner?.take(); outcome !== undefined; outcome = this.runner?.take())
      this.takeOutcome(outcome, now);
    this.serveRequests(now);
    this.throttle.sample(now, this.host.rowsWritten());
    if (now >= this.settleAt) this.settle(now);
    if (!this.host.options.auto) return Math.min(this.settleAt - now, this.restMs(now));
    if (now >= this.nextRetentionAt) {
      this.nextRetentionAt = now + this.host.options.retentionCheckIntervalMs;
      this.retain().catch(() => {});
    }
    if (now >= this.nextCheckAt) {
      this.nextCheckAt = now + this.host.options.checkIntervalMs;
      this.look();
    }
    this.work(now);
    const again = this.candidates.size > 0 ? LOOK_AGAIN_MS : Number.POSITIVE_INFINITY;
    return Math.max(0, Math.min(this.nextCheckAt, this.nextRetentionAt, this.settleAt, now + again) - now);
  }

  /** The changes for the checkpoint that is being written. @param applied as it will be with that checkpoint */
  takeEdits(applied: readonly number[]): ReadonlyMap<number, TableEdit> {
    const { edits } = this;
    this.edits = new Map();
    this.inCheckpoint.push(...this.waiting.splice(0));
    if (edits.size === 0) return edits;
    const whole = wholeOrdinals(this.host.shared, applied, edits.keys());
    for (const [id, edit] of edits) edit.wholeBelow = whole.get(id)!;
    return edits;
  }

  /** A checkpoint with these tables' changes is durable, and space has been settled. */
  checkpointed(tables: Iterable<number>, edits: ReadonlyMap<number, TableEdit>, now: number): void {
    for (const id of tables) this.changed.add(id);
    for (const [id, edit] of edits) {
      this.changed.add(id);
      if (edit.cutoff !== undefined) this.retentions.succeeded++;
    }
    for (const { resolve } of this.inCheckpoint.splice(0)) resolve();
    const { space, storage } = this.host;
    const unsettled = space.unsettledBytes();
    // What a reader's snapshot holds comes free no sooner for being asked more often.
    this.settleMs = unsettled < this.unsettled ? SETTLE_MS : Math.min(2 * this.settleMs, SETTLE_MS_MAX);
    this.unsettled = unsettled;
    if (unsettled > SETTLE_BYTES && this.settleAt === Number.POSITIVE_INFINITY)
      this.settleAt = now + this.settleMs;
    if (space.tailBytes() > Math.max(CUT_BYTES, space.end * CUT_SHARE)) cutTail(storage, space);
  }

  /** What tasks hold and nothing refers to: free for whoever opens the file after a crash. */
  held(): Extent[] {
    return [...this.running.values()].map(({ extent }) => ({ offset: extent.offset, bytes: extent.bytes }));
  }

  /** Ends all tasks, and rejects those who wait. */
  stop(error: unknown): void {
    if (this.stopped) return;
    this.stopped = true;
    this.state = 'off';
    this.runner?.stop();
    for (const { reject } of [
      ...this.requests.splice(0),
      ...this.waiting.splice(0),
      ...this.inCheckpoint.splice(0),
    ])
      reject(error);
  }

  /** Whether no task can write any more. Its extents are taken back then. */
  get ended(): boolean {
    if (!this.stopped || !(this.runner?.ended ?? true)) return false;
    for (const { extent } of this.running.values()) this.giveBack(extent, 0);
    this.running.clear();
    return true;
  }

  /** Moves blocks from the file's end into holes before it closes. @returns whether there is anything to checkpoint */
  compactForClose(): boolean {
    const blocks = this.host.catalog
      .definitions()
      .reduce((sum, { id }) => sum + this.host.catalog.get(id)!.state.blocks, 0);
    return blocks <= CLOSING.blocks && this.move(CLOSING.bytes);
  }

  stats(now: number): MaintenanceStats {
    const debt = this.debt();
    return {
      throttle: this.running.size > 0 && this.state !== 'debt' ? 'running' : this.state,
      writesPerSec: this.throttle.writesPerSec(now),
      idleMs: this.throttle.idleMs(now),
      running: this.running.size,
      debt,
      packs: { ...this.packs },
      retention: { ...this.retentions },
      damagedBlocks: this.avoid.size,
      rowsPacked: this.rowsPacked,
      bytesPackedFrom: this.bytesPackedFrom,
      bytesPackedTo: this.bytesPackedTo,
    };
  }

  private edit(tableId: number): TableEdit {
    let edit = this.edits.get(tableId);
    if (edit === undefined) {
      edit = emptyEdit();
      this.edits.set(tableId, edit);
    }
    return edit;
  }

  private nextCheckpoint(): Promise<void> {
    this.host.wantCheckpoint();
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
    });
  }

  private serveRequests(now: number): void {
    for (const request of [...this.requests]) {
      const { tableId, target, settled } = request;
      if (this.isBusy(tableId, now)) continue;
      try {
        const groups = this.plan(tableId, target, settled, true);
        if (groups.length > 0) {
          if (this.hasRoom()) this.begin(tableId, groups, target, request);
          continue;
        }
        request.resolve();
      } catch (error) {
        request.reject(error);
      }
      this.requests.splice(this.requests.indexOf(request), 1);
    }
  }

  private hasRoom(): boolean {
    return this.running.size < (this.runner?.capacity ?? 1);
  }

  /** Whether a table has a task, an outcome that no checkpoint has yet, or a rest after a failure. */
  private isBusy(tableId: number, now: number): boolean {
    if ((this.edits.get(tableId)?.replacements.length ?? 0) > 0) return true;
    if ((this.rests.get(tableId)?.until ?? 0) > now) return true;
    return [...this.running.values()].some((task) => task.tableId === tableId);
  }

  private plan(
    tableId: number,
    target: number,
    settled: ReadonlySet<number>,
    thorough: boolean,
  ): BlockRef[][] {
    const entry = this.host.catalog.get(tableId)!;
    const { cutoff } = entry.state;
    return planPack(this.index.blocks(entry, ALL_TIME), {
      cutoff,
      settled,
      thorough,
      targetSegmentPoints: target,
      maxSegmentsPerPack: this.host.options.maxSegmentsPerPack,
      wholeBelow: wholeOrdinals(this.host.shared, this.host.applied(), [tableId]).get(tableId)!,
      gapsBelow: this.host.gapsBelow.get(tableId) ?? 0,
      avoid: this.avoid,
    });
  }

  private begin(
    tableId: number,
    groups: readonly (readonly BlockRef[])[],
    target: number,
    request: PackRequest | undefined,
    needBytes = 0,
  ): void {
    const { catalog } = this.host;
    this.runner ??= this.host.startRunner();
    const bytes = groups.flat().reduce((sum, ref) => sum + ref.length, EXTENT_SLACK_BYTES);
    const extent = this.host.newExtent(Math.max(bytes, needBytes));
    const id = this.nextTask++;
    this.running.set(id, { tableId, groups, target, extent, request });
    const { definition, state } = catalog.get(tableId)!;
    this.runner.start({ id, definition, groups, cutoff: state.cutoff, targetSegmentPoints: target, extent });
  }

  private takeOutcome(outcome: TaskOutcome, now: number): void {
    const task = this.running.get(outcome.id)!;
    this.running.delete(outcome.id);
    if ('error' in outcome) {
      const error = fromEnvelope(outcome.error);
      // A sync that fails may have lost what writers wrote, whoever asked for it: it poisons. Linux tells the others' open
      // descriptors too, but not that of a writer's successor, which opens the file later.
      if (error.details['call'] === 'fdatasync') throw error;
      this.giveBack(task.extent, 0);
      this.failed(task, error, now);
    } else if (outcome.result.needBytes !== undefined) {
      this.giveBack(task.extent, 0);
      this.begin(task.tableId, task.groups, task.target, task.request, outcome.result.needBytes);
    } else {
      this.giveBack(task.extent, outcome.result.usedBytes);
      this.takeResult(task, outcome.result, now);
    }
  }

  private takeResult(task: Running, result: PackResult, now: number): void {
    for (const { damaged, error } of result.failures) {
      for (const offset of damaged) this.avoid.add(offset);
      if (damaged.length === 0) this.failed(task, fromEnvelope(error), now);
      else {
        this.packs.failed++;
        this.packs.lastError = error.message;
      }
    }
    if (result.failures.length === 0) {
      this.packs.succeeded++;
      this.rests.delete(task.tableId);
    }
    for (const { before, after } of result.replacements) {
      const done = (taken: boolean): void => this.replaced(task, before, after, taken);
      this.edit(task.tableId).replacements.push({ before, after, done });
    }
    if (result.replacements.length > 0) this.host.wantCheckpoint();
  }

  private replaced(
    task: Running,
    before: readonly BlockRef[],
    after: readonly BlockRef[],
    taken: boolean,
  ): void {
    if (!taken) {
      for (const ref of after) this.host.space.free({ offset: ref.offset, bytes: ref.length }, 0);
      return;
    }
    for (const ref of after) {
      this.rowsPacked += ref.rows;
      this.bytesPackedTo += ref.length;
      task.request?.settled.add(ref.offset);
      // The place may have been a damaged block's once.
      this.avoid.delete(ref.offset);
    }
    for (const ref of before) this.bytesPackedFrom += ref.length;
    if (task.request !== undefined) task.request.attempts = 0;
  }

  private failed(task: Running, error: MillraceError, now: number): void {
    this.packs.failed++;
    this.packs.lastError = error.message;
    const failures = (this.rests.get(task.tableId)?.failures ?? 0) + 1;
    const restMs = Math.min(BACK_OFF_MS.most, BACK_OFF_MS.first * 2 ** (failures - 1));
    this.rests.set(task.tableId, { failures, until: now + restMs });
    const { request } = task;
    if (request === undefined || ++request.attempts < ATTEMPTS_MAX) return;
    this.requests.splice(this.requests.indexOf(request), 1);
    request.reject(
      new MillraceError('PACK_FAILED', `a pack failed ${ATTEMPTS_MAX} times: ${error.message}`, {}, error),
    );
  }

  private giveBack(extent: Extent, usedBytes: number): void {
    this.host.space.free({ offset: extent.offset + usedBytes, bytes: extent.bytes - usedBytes }, 0);
  }

  /** Makes a checkpoint only for space to be used again; under load the log's growth makes them often enough. */
  private settle(now: number): void {
    const isQuiet = this.throttle.idleMs(now) >= this.host.options.minIdleMs;
    this.settleAt = isQuiet ? Number.POSITIVE_INFINITY : now + SETTLE_MS;
    if (isQuiet || this.host.space.unsettledBytes() > SETTLE_UNDER_LOAD_BYTES) this.host.wantCheckpoint();
  }

  private restMs(now: number): number {
    if (this.requests.length === 0) return Number.POSITIVE_INFINITY;
    return Math.max(1, Math.min(...[...this.rests.values()].map(({ until }) => until - now), LOOK_AGAIN_MS));
  }

  /** Brings the debts of tables that changed up to date; they may have work. */
  private look(): void {
    for (const id of this.changed) {
      const entry = this.host.catalog.get(id)!;
      this.candidates.add(id);
      try {
        this.debts.set(id, debtOf(this.index.blocks(entry, ALL_TIME), entry.state.cutoff));
      } catch (error) {
        // A damaged index page: readers report it, and what cannot be listed cannot be packed.
        this.packs.lastError = (error as Error).message;
        this.candidates.delete(id);
      }
    }
    this.changed.clear();
    const { space } = this.host;
    const live = sumDebts(this.debts.values()).live + this.host.logBytes();
    if (space.end <= 2 * live + HOLES_BYTES) return;
    this.move(MOVE_BYTES);
    this.host.releaseExtents();
    this.host.wantCheckpoint();
  }

  private work(now: number): void {
    if (this.candidates.size === 0) {
      this.state = 'nothing to do';
      return;
    }
    const { bytes, limitBytes } = this.debt();
    const { mayRun, state } = this.throttle.decide(now, bytes > limitBytes);
    this.state = state;
    if (!mayRun) return;
    for (const id of this.candidates) {
      if (!this.hasRoom()) return;
      if (this.isBusy(id, now)) continue;
      const groups = this.tryPlan(id);
      if (groups.length === 0) this.candidates.delete(id);
      else this.begin(id, groups, this.host.options.targetSegmentPoints, undefined);
    }
  }

  private tryPlan(id: number): BlockRef[][] {
    try {
      return this.plan(id, this.host.options.targetSegmentPoints, new Set(), false);
    } catch (error) {
      this.packs.lastError = (error as Error).message;
      return [];
    }
  }

  private debt(): MaintenanceStats['debt'] {
    const { small, overlapping, expired, packed } = sumDebts(this.debts.values());
    const { walMinBytes, walTargetRatio } = this.host.options;
    const logBytes = this.host.logBytes();
    const deadBytes = this.host.space.unsettledBytes();
    return {
      bytes: logBytes + small + overlapping + expired + deadBytes,
      limitBytes: Math.max(walMinBytes, walTargetRatio * packed),
      logBytes,
      smallBytes: small,
      overlappingBytes: overlapping,
      expiredBytes: expired,
      deadBytes,
    };
  }

  /** Moves blocks from the file's end into holes. @returns whether any was */
  private move(budgetBytes: number): boolean {
    const { catalog, storage, space } = this.host;
    const blocks: OwnedRef[] = [];
    for (const { id } of catalog.definitions()) {
      if ((this.edits.get(id)?.replacements.length ?? 0) > 0) continue;
      if ([...this.running.values()].some((task) => task.tableId === id)) continue;
      try {
        for (const ref of this.index.blocks(catalog.get(id)!, ALL_TIME)) blocks.push({ tableId: id, ref });
      } catch {
        // A damaged index page: its blocks stay where they are.
      }
    }
    // What damage has done to a file is not to be made worse: then everything stays where it is.
    if (!areApart(blocks, space)) return false;
    const moves = moveDown(storage, space, blocks, budgetBytes);
    for (const { tableId, before, after } of moves) {
      const done = (taken: boolean): void => {
        if (!taken) space.free({ offset: after.offset, bytes: after.length }, 0);
      };
      const replacement: PendingReplacement = { before: [before], after: [after], done };
      this.edit(tableId).replacements.push(replacement);
    }
    return moves.length > 0;
  }
}
