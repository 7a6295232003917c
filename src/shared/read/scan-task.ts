import type { Column, TableDefinition } from '../schema/types.ts';
import { CountedStorage, type ReadCounters } from '../storage/counted-storage.ts';
import type { Storage } from '../storage/storage.ts';
import { blocksOf } from './block-cache.ts';
import { BlockFiller, type BlockSpan } from './block-filler.ts';
import { ResultColumns } from './result-columns.ts';

/**
 * A large scan that several threads do together. Each takes the next few spans until there are none; no span is taken twice,
 * and spans are apart in the result, so its memory needs no lock.
 */
export interface ScanTask {
  readonly definition: TableDefinition;
  readonly columns: readonly Column[];
  /** undefined if the timestamps are not wanted. */
  readonly timeKind: 'f64' | 'i64' | undefined;
  readonly rows: number;
  readonly spans: readonly BlockSpan[];
  /** The result's times, if they are wanted, and columns. */
  readonly memories: readonly SharedArrayBuffer[];
  /**
   * Word `NEXT`: the next span that nobody has taken (all add). From word `STARTED` on, one for each worker: 1 before it
   * takes its first span (that worker). So who finds NEXT at the end and a worker's word at 0 need not wait for it: it will
   * take none.
   */
  readonly words: Int32Array;
}

export const NEXT = 0;
export const STARTED = 1;

/** Spans taken at once: an atomic add is nothing beside a block, but neighbours write to the same pages. */
const SPANS_AT_ONCE = 8;

/** What a worker has to say at its end; its rows are in the memory. */
export interface ScanPart {
  /** For each column the bitmap over all rows of the result, in which its own nulls are 0; undefined: none. */
  readonly validity: readonly (Uint8Array | undefined)[];
  readonly read: ReadCounters;
}

/** Takes the next spans: [first, end). */
export function takeSpans({ words, spans }: ScanTask): [first: number, end: number] {
  const first = Math.min(Atomics.add(words, NEXT, SPANS_AT_ONCE), spans.length);
  return [first, Math.min(first + SPANS_AT_ONCE, spans.length)];
}

/** Leaves nothing for anyone to take: after a failure, or when the caller gives up. */
export function endScan({ words, spans }: ScanTask): void {
  Atomics.store(words, NEXT, spans.length);
}

/** Does what it can take of a scan. @throws DAMAGED, and then ends it */
export function runScanTask(task: ScanTask, worker: number, storage: Storage): ScanPart {
  const counted = new CountedStorage(storage);
  const { definition, columns, timeKind, rows, memories, spans } = task;
  Atomics.store(task.words, STARTED + worker, 1);
  const types = columns.map(({ type }) => type);
  const result = new ResultColumns(types, timeKind, rows, memories);
  const filler = new BlockFiller(blocksOf(counted), definition, columns, result);
  try {
    for (;;) {
      const [first, end] = takeSpans(task);
      if (first === end) break;
      for (let i = first; i < end; i++) filler.fill(spans[i]!);
    }
  } catch (error) {
    endScan(task);
    throw error;
  }
  return { validity: result.columns.map((target) => target.validity), read: counted.counters };
}
