import type { BlockCache } from '../../shared/read/block-cache.ts';
import type { Rows } from '../api-types.ts';
import { type CheckedQuery, visible } from './query.ts';
import { SliceBuilder } from './slice-builder.ts';
import { slices } from './slices.ts';
import type { TableSnapshot } from './snapshot.ts';

/** What a scan asks of the table that it reads. */
export interface ScanChecks {
  /** Throws unless reads are possible. */
  checkReadable(): void;
  /** The error to throw for one that reading met. */
  explain(error: unknown): unknown;
}

/**
 * A scan whose batches come without a promise: what a foreign engine that calls us back for rows needs. It holds a snapshot
 * from its making until `release`.
 */
export class SyncScan {
  /** Blocks that may hold rows of the range. */
  readonly blocks: number;
  /** Rows that no block has yet, all times. */
  readonly liveRows: number;
  private readonly cache: BlockCache;
  private readonly snapshot: TableSnapshot;
  private readonly query: CheckedQuery;
  private readonly checks: ScanChecks;
  private released = false;

  constructor(cache: BlockCache, snapshot: TableSnapshot, query: CheckedQuery, checks: ScanChecks) {
    this.cache = cache;
    this.snapshot = snapshot;
    this.query = query;
    this.checks = checks;
    this.blocks = snapshot.blocks.length;
    this.liveRows = snapshot.runs.reduce((sum, run) => sum + run.rows, 0);
  }

  /**
   * The rows of the snapshot, oldest first, at least `batchRows` a batch but for the last one. May be called again: each
   * call reads anew.
   * @param columns names of the columns wanted; default: those of the query
   * @param wantsTime whether the timestamps are wanted; default: if the query wants them
   * @throws DAMAGED, CLOSED, SNAPSHOT_EXPIRED
   */
  *batches(columns?: readonly string[], wantsTime = this.query.plan.wantsTime): Generator<Rows> {
    try {
      yield* this.read(columns, wantsTime);
    } catch (error) {
      throw this.checks.explain(error);
    }
  }

  private *read(columns: readonly string[] | undefined, wantsTime: boolean): Generator<Rows> {
    const { timeKind } = this.query.plan;
    const wanted =
      columns === undefined
        ? this.query.plan.columns
        : columns.map((name) => this.query.plan.columns.find((column) => column.name === name)!);
    const { plan, parts } = visible(this.cache, this.snapshot, {
      plan: { ...this.query.plan, columns: wanted, wantsTime },
    });
    let builder = new SliceBuilder(wanted, wantsTime ? timeKind : undefined);
    for (const slice of slices(parts, plan)) {
      this.checks.checkReadable();
      if (slice.count > 0) builder.add(slice);
      if (builder.rows < this.query.batchRows) continue;
      yield builder.result();
      builder = new SliceBuilder(wanted, wantsTime ? timeKind : undefined);
    }
    if (builder.rows > 0) yield builder.result();
  }

  /** Lets the space of what the snapshot reads be used again. */
  release(): void {
    if (!this.released) this.snapshot.release();
    this.released = true;
  }
}
