import type { MaintenanceEvent } from '../../shared/control/maintenance.ts';
import { fromEnvelope, MillraceError } from '../../shared/errors.ts';
import type { BlockRef } from '../../shared/format/block-ref.ts';
import { type Extent, extentOf, type SaltedExtent } from '../../shared/format/root.ts';
import { ALL_TIME, type IndexReader } from '../../shared/index/index-reader.ts';
import { planPack } from '../maintenance/plan-pack.ts';
import type { PackResult, TaskOutcome, TaskRunner } from '../maintenance/task.ts';
import type { Deferred, MaintenanceHost } from './maintenance-host.ts';
import type { TableEdits } from './table-edits.ts';
import { wholeOrdinals } from './whole-ordinals.ts';

/** Room beside the blocks' own bytes in a task's extent: what sorting may cost. If it is not enough the task asks for more. */
const EXTENT_SLACK_BYTES = 64 << 10;
/** A table whose task failed rests this long, twice as long after each further failure. */
const BACK_OFF_MS = { first: 200, most: 60_000 };
/** A call for a pack is given up after so many failures in a row. */
const ATTEMPTS_MAX = 6;
/** Who waits for room looks again this often. */
const LOOK_AGAIN_MS = 250;
/**
 * What tasks made, and nobody waits for, comes into the index after this at the latest: a checkpoint for each one would cost
 * producers more than the packing does.
 */
const SWAP_MS = 100;
/** The most input of one task. */
const TASK_BYTES = 16 << 20;

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
 * The packs that run and those that were called for: begins tasks, takes what they made on its way into the index, gives
 * back what they leave. A table has at most one task, or one outcome on its way, at a time.
 */
export class Packs {
  private readonly host: MaintenanceHost;
  private readonly index: IndexReader;
  private readonly edits: TableEdits;
  private runner: TaskRunner | undefined;
  private readonly running = new Map<number, Running>();
  private readonly requests: PackRequest[] = [];
  private readonly avoid = new Set<number>();
  private readonly rests = new Map<number, { failures: number; until: number }>();
  private nextTask = 1;
  private swapAt = Number.POSITIVE_INFINITY;
  private succeeded = 0;
  private failed = 0;
  private rowsPacked = 0;
  private bytesPackedFrom = 0;
  private bytesPackedTo = 0;
  lastError: string | null = null;

  constructor(host: MaintenanceHost, index: IndexReader, edits: TableEdits) {
    this.host = host;
    this.index = index;
    this.edits = edits;
  }

  /** Resolves once a table's blocks are all as they should be. */
  call(tableId: number, target: number | undefined): Promise<void> {
    // What failed before, by itself, is no reason to keep somebody waiting for up to a minute.
    this.rests.delete(tableId);
    return new Promise((resolve, reject) => {
      this.requests.push({
        tableId,
        target: target ?? this.host.options.targetSegmentPoints,
        settled: new Set(),
        attempts: 0,
        resolve,
        reject,
      });
    });
  }

  /** Takes the tasks' outcomes, and begins tasks for those who called. */
  step(now: number): void {
    for (let outcome = this.runner?.take(); outcome !== undefined; outcome = this.runner?.take())
      this.takeOutcome(outcome, now);
    this.serveRequests(now);
    if (now < this.swapAt) return;
    this.swapAt = Number.POSITIVE_INFINITY;
    this.host.wantCheckpoint();
  }

  /**
   * Begins a task for a table, if it has anything worth it.
   * @param wholeBelow as `wholeOrdinals` says
   * @returns whether there was nothing to do
   */
  tryTable(tableId: number, wholeBelow: number): boolean {
    const { targetSegmentPoints } = this.host.options;
    let groups: BlockRef[][] = [];
    try {
      groups = this.plan(tableId, targetSegmentPoints, new Set(), false, wholeBelow);
    } catch (error) {
      this.lastError = (error as Error).message;
    }
    if (groups.length === 0) return true;
    this.begin(tableId, groups, targetSegmentPoints, undefined);
    return false;
  }

  get hasRoom(): boolean {
    return this.running.size < (this.runner?.capacity ?? 1);
  }

  get count(): number {
    return this.running.size;
  }

  /** Whether a table has a task, an outcome that no checkpoint has yet, or a rest after a failure. */
  isBusy(tableId: number, now: number): boolean {
    if (this.edits.replaces(tableId) || (this.rests.get(tableId)?.until ?? 0) > now) return true;
    return this.runsOn(tableId);
  }

  /** Whether a task reads a table's blocks now. */
  runsOn(tableId: number): boolean {
    return [...this.running.values()].some((task) => task.tableId === tableId);
  }

  /** The blocks that tasks read: even if the index lets go of one meanwhile, it stays where it is. */
  inputs(): Extent[] {
    return [...this.running.values()].flatMap(({ groups }) => groups.flat().map(extentOf));
  }

  /** What tasks hold and nothing refers to: free for whoever opens the file after a crash. */
  held(): Extent[] {
    return [...this.running.values()].map(({ extent }) => ({ offset: extent.offset, bytes: extent.bytes }));
  }

  /** ms until somebody who called is to be looked at again. */
  waitMs(now: number): number {
    const swapMs = Math.max(1, this.swapAt - now);
    if (this.requests.length === 0) return swapMs;
    return Math.max(
      1,
      Math.min(swapMs, ...[...this.rests.values()].map(({ until }) => until - now), LOOK_AGAIN_MS),
    );
  }

  /** Ends all tasks, and rejects those who wait. */
  stop(error: unknown): void {
    this.runner?.stop();
    for (const { reject } of this.requests.splice(0)) reject(error);
  }

  /** After `stop`: whether no task can write any more. Their extents are taken back then. */
  get ended(): boolean {
    if (!(this.runner?.ended ?? true)) return false;
    for (const { extent } of this.running.values()) this.giveBack(extent, 0);
    this.running.clear();
    return true;
  }

  stats() {
    const { succeeded, failed, lastError, rowsPacked, bytesPackedFrom, bytesPackedTo } = this;
    return {
      running: this.running.size,
      packs: { succeeded, failed, lastError },
      damagedBlocks: this.avoid.size,
      rowsPacked,
      bytesPackedFrom,
      bytesPackedTo,
    };
  }

  private serveRequests(now: number): void {
    for (const request of [...this.requests]) {
      const { tableId, target, settled } = request;
      if (this.isBusy(tableId, now)) continue;
      try {
        const whole = wholeOrdinals(this.host.shared, this.host.applied(), [tableId]);
        const groups = this.plan(tableId, target, settled, true, whole.get(tableId)!);
        if (groups.length > 0) {
          if (this.hasRoom) this.begin(tableId, groups, target, request);
          continue;
        }
        request.resolve();
      } catch (error) {
        request.reject(error);
      }
      this.requests.splice(this.requests.indexOf(request), 1);
    }
  }

  private plan(
    tableId: number,
    target: number,
    settled: ReadonlySet<number>,
    thorough: boolean,
    wholeBelow: number,
  ): BlockRef[][] {
    const { catalog, extents, gapsBelow, options } = this.host;
    const entry = catalog.get(tableId)!;
    return planPack(this.index.blocks(entry, ALL_TIME), {
      cutoff: entry.state.cutoff,
      settled,
      thorough,
      targetSegmentPoints: target,
      maxSegmentsPerPack: options.maxSegmentsPerPack,
      taskBytes: extents.budget?.taskBytes ?? TASK_BYTES,
      wholeBelow,
      gapsBelow: gapsBelow.get(tableId) ?? 0,
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
    const { catalog, extents } = this.host;
    const bytes = groups.flat().reduce((sum, ref) => sum + ref.length, EXTENT_SLACK_BYTES);
    const wanted = Math.max(bytes, needBytes);
    const extent = extents.tryTake(wanted);
    if (extent === undefined) {
      if (request === undefined) return;
      // Who called for this pack waits while what is free is brought together.
      extents.budget!.packRun = wanted;
      this.noteFailure(tableId, request, noRoom(bytes), this.host.clock.now());
      return;
    }
    if (request !== undefined) this.wantNoRun();
    this.runner ??= this.host.startRunner();
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
      this.noteFailure(task.tableId, task.request, error, now);
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
      if (damaged.length === 0) this.noteFailure(task.tableId, task.request, fromEnvelope(error), now);
      else this.countFailure(task.tableId, error.message);
    }
    if (result.failures.length === 0) {
      this.succeeded++;
      this.rests.delete(task.tableId);
    }
    if (result.replacements.length === 0) return;
    this.host.tell(packEvent(task.tableId, result));
    for (const { before, after } of result.replacements) {
      const done = (taken: boolean): void => this.replaced(task, before, after, taken);
      this.edits.of(task.tableId).replacements.push({ before, after, done });
    }
    if (task.request !== undefined) this.host.wantCheckpoint();
    else this.swapAt = Math.min(this.swapAt, now + SWAP_MS);
  }

  private replaced(
    task: Running,
    before: readonly BlockRef[],
    after: readonly BlockRef[],
    taken: boolean,
  ): void {
    if (!taken) {
      for (const ref of after) this.host.space.free(extentOf(ref), 0);
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

  private noteFailure(
    tableId: number,
    request: PackRequest | undefined,
    error: MillraceError,
    now: number,
  ): void {
    this.countFailure(tableId, error.message);
    const failures = (this.rests.get(tableId)?.failures ?? 0) + 1;
    // Who waits has attempts of its own, however often the table failed before.
    const restMs = BACK_OFF_MS.first * 2 ** (request?.attempts ?? failures - 1);
    this.rests.set(tableId, { failures, until: now + Math.min(BACK_OFF_MS.most, restMs) });
    if (request === undefined || ++request.attempts < ATTEMPTS_MAX) return;
    this.requests.splice(this.requests.indexOf(request), 1);
    this.wantNoRun();
    request.reject(
      new MillraceError('PACK_FAILED', `a pack failed ${ATTEMPTS_MAX} times: ${error.message}`, {}, error),
    );
  }

  private countFailure(tableId: number, error: string): void {
    this.failed++;
    this.lastError = error;
    this.host.tell({ event: 'pack-failed', tableId, error });
  }

  private wantNoRun(): void {
    if (this.host.extents.budget !== undefined) this.host.extents.budget.packRun = 0;
  }

  private giveBack(extent: Extent, usedBytes: number): void {
    this.host.space.free({ offset: extent.offset + usedBytes, bytes: extent.bytes - usedBytes }, 0);
  }
}

function packEvent(tableId: number, { replacements }: PackResult): MaintenanceEvent {
  const before = replacements.flatMap((replacement) => replacement.before);
  const after = replacements.flatMap((replacement) => replacement.after);
  const sum = (refs: readonly BlockRef[], what: 'rows' | 'length'): number =>
    refs.reduce((total, ref) => total + ref[what], 0);
  return {
    event: 'pack',
    tableId,
    rows: sum(after, 'rows'),
    blocksFrom: before.length,
    blocksTo: after.length,
    bytesFrom: sum(before, 'length'),
    bytesTo: sum(after, 'length'),
  };
}

function noRoom(bytes: number): MillraceError {
  return new MillraceError('OUT_OF_SPACE', `the file has no room for ${bytes} bytes beside what it holds`, {
    bytes,
  });
}
