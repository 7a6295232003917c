import { WIDTH } from '../../shared/chunk/layout.ts';
import type { BlockSource } from '../../shared/read/block-cache.ts';
import { BlockFiller, type BlockSpan } from '../../shared/read/block-filler.ts';
import { ResultColumns, targetsOf } from '../../shared/read/result-columns.ts';
import { endScan, type ScanPart, type ScanTask, STARTED, takeSpans } from '../../shared/read/scan-task.ts';
import { type ColumnType, isVariable, type TableDefinition } from '../../shared/schema/types.ts';
import type { CountedStorage } from '../../shared/storage/counted-storage.ts';
import type { ScanPool } from './scan-pool.ts';
import type { QueryPlan } from './slices.ts';

/**
 * Values from which on a scan is split. Below, waking workers and copying their rows cost what they save: at 1,200,000 values
 * both ways took the same 10 ms on a busy 2-core machine (`npm run bench:read -- --border` finds the place on yours).
 */
export const PARALLEL_MIN_VALUES = 2_000_000;

/** Whether workers may help: fixed-width columns only, as shared memory holds no strings. */
export function isWorthSharing(plan: QueryPlan, rows: number, leastValues: number): boolean {
  if (rows * (plan.columns.length + (plan.wantsTime ? 1 : 0)) < leastValues) return false;
  return !plan.columns.some(({ type }) => isVariable(type));
}

/** Rows of some spans. */
export function rowsOf(spans: readonly BlockSpan[]): number {
  return spans.reduce((sum, { from, to }) => sum + to - from, 0);
}

/**
 * A scan that the caller's thread and the workers of a pool do together: the caller decodes into the result, workers into
 * shared memory, from which their rows are copied, as a result owns its memory.
 */
export class SharedScan {
  readonly result: ResultColumns;
  private readonly pool: ScanPool;
  private readonly storage: CountedStorage;
  private readonly blocks: BlockSource;
  private readonly task: ScanTask;
  private readonly types: readonly ColumnType[];
  private readonly parts: Promise<ScanPart>[];
  /** 1 for a span that the caller has taken. */
  private readonly isOwn: Uint8Array;

  constructor(
    pool: ScanPool,
    storage: CountedStorage,
    blocks: BlockSource,
    definition: TableDefinition,
    plan: QueryPlan,
    spans: readonly BlockSpan[],
    rows: number,
  ) {
    this.pool = pool;
    this.storage = storage;
    this.blocks = blocks;
    this.types = plan.columns.map(({ type }) => type);
    this.task = {
      definition,
      columns: plan.columns,
      timeKind: plan.wantsTime ? plan.timeKind : undefined,
      rows,
      spans,
      memories: [...(plan.wantsTime ? [8] : []), ...this.types.map((type) => WIDTH[type])].map((width) =>
        pool.take(width * rows),
      ),
      words: new Int32Array(new SharedArrayBuffer(4 * (STARTED + pool.workers))),
    };
    this.isOwn = new Uint8Array(spans.length);
    this.parts = Array.from({ length: pool.workers }, (_, worker) => pool.join(this.task, worker));
    // One that is not waited for may still fail, when its pool is closed.
    for (const part of this.parts) part.catch(() => {});
    this.result = new ResultColumns(this.types, this.task.timeKind, rows);
  }

  /** The caller's share of the work; yields between blocks, so that it can look at its signal. */
  *work(): Generator<undefined> {
    const { definition, columns, spans } = this.task;
    const filler = new BlockFiller(this.blocks, definition, columns, this.result);
    for (;;) {
      const [first, end] = takeSpans(this.task);
      if (first === end) return;
      this.isOwn.fill(1, first, end);
      for (let i = first; i < end; i++) {
        filler.fill(spans[i]!);
        yield;
      }
    }
  }

  /** Waits for the workers that took part and completes the result. @throws DAMAGED, IO_ERROR */
  async finish(): Promise<ResultColumns> {
    const { task, result, storage } = this;
    const parts = await this.settle();
    this.copyShared();
    for (const { read, validity } of parts) {
      storage.add(read);
      for (const [i, bits] of validity.entries()) clearBits(result, i, bits);
    }
    this.pool.giveBack(task.memories);
    return result;
  }

  /** Ends the scan for everyone: nobody takes another block. Its memory is left to those who may still write to it. */
  abandon(): void {
    endScan(this.task);
  }

  private settle(): Promise<ScanPart[]> {
    const { words } = this.task;
    // Everything is taken by now, so a worker that has not started takes nothing and is not waited for.
    return Promise.all(this.parts.filter((_, worker) => Atomics.load(words, STARTED + worker) === 1));
  }

  private copyShared(): void {
    const { spans, memories, rows, timeKind } = this.task;
    const shared = new ResultColumns(this.types, timeKind, rows, memories);
    const targets = targetsOf(this.result);
    const sources = targetsOf(shared);
    for (let i = 0; i < spans.length; i++) {
      if (this.isOwn[i] === 1) continue;
      const first = spans[i]!.at;
      let end = first;
      for (; i < spans.length && this.isOwn[i] === 0 && spans[i]!.at === end; i++) {
        end += spans[i]!.to - spans[i]!.from;
      }
      i--;
      for (const [c, { values }] of targets.entries()) {
        (values as Float64Array).set((sources[c]!.values as Float64Array).subarray(first, end), first);
      }
    }
  }
}

function clearBits(result: ResultColumns, column: number, bits: Uint8Array | undefined): void {
  if (bits === undefined) return;
  const target = result.columns[column]!;
  if (target.validity === undefined) target.validity = bits;
  else for (let i = 0; i < bits.length; i++) target.validity[i]! &= bits[i]!;
}
