import type { ColumnTarget } from '../../shared/codec/column-target.ts';
import type { BlockSource } from '../../shared/read/block-cache.ts';
import { BlockFiller, type BlockSpan, type OpenedBlock, rowsWithin } from '../../shared/read/block-filler.ts';
import { ResultColumns, targetsOf } from '../../shared/read/result-columns.ts';
import type { Rows } from '../api-types.ts';
import { isWorthSharing, rowsOf, SharedScan } from './parallel.ts';
import type { Part } from './part.ts';
import { copySlice, toRows } from './slice-builder.ts';
import { groupByTime, groupSlices, type QueryPlan, type Slice } from './slices.ts';
import type { TableReader } from './table-reader.ts';
import { checkAborted, Turns } from './turns.ts';

/** Rows of the result that come one after the other: of a block, still to be decoded, or of what is decoded already. */
export interface Segment {
  readonly count: number;
  /** The result's row that its first one becomes; set once all before it are known. */
  at: number;
  readonly span: Omit<BlockSpan, 'at'> | undefined;
  readonly opened: OpenedBlock | undefined;
  readonly slice: Slice | undefined;
}

/**
 * A query without predicates: how many rows each block gives is known before it is decoded, so the result is made at its
 * size and blocks are decoded straight into it. A limit ends the search for blocks.
 * @throws ABORTED, DAMAGED, CLOSED
 */
export async function runDirect(
  reader: TableReader,
  blocks: BlockSource,
  parts: readonly Part[],
  plan: QueryPlan,
  signal: AbortSignal | undefined,
): Promise<Rows> {
  const { checkReadable } = reader;
  const turns = new Turns(signal);
  const pause = async (): Promise<void> => {
    await turns.take();
    checkReadable();
  };
  const chosen: Segment[] = [];
  let rows = 0;
  for (const segment of segments(parts, plan)) {
    if (segment !== undefined && segment.count > 0) {
      chosen.push(rows + segment.count <= plan.limit ? segment : cut(segment, plan.limit - rows, plan));
      rows += chosen.at(-1)!.count;
    }
    if (rows >= plan.limit) break;
    if (turns.isDue) await pause();
    checkAborted(signal);
  }
  if (plan.descending) chosen.reverse();
  const fill = fillOf(reader, blocks, chosen, plan, rows);
  let result: ResultColumns;
  try {
    for (const _ of fill.work) {
      if (turns.isDue) await pause();
      checkAborted(signal);
    }
    result = await fill.finish();
  } catch (error) {
    fill.abandon();
    checkReadable();
    throw error;
  }
  if (plan.descending) for (const target of targetsOf(result)) reverse(target, rows);
  return toRows(plan.columns, result);
}

/** How a result is filled: by this thread, or with workers. */
interface Fill {
  /** This thread's work, in steps. */
  readonly work: Iterable<undefined>;
  finish(): Promise<ResultColumns>;
  abandon(): void;
}

function fillOf(
  reader: TableReader,
  blocks: BlockSource,
  chosen: readonly Segment[],
  plan: QueryPlan,
  rows: number,
): Fill {
  const { storage, definition, pool, parallelFrom } = reader;
  let before = 0;
  for (const segment of chosen) {
    segment.at = before;
    before += segment.count;
  }
  const types = plan.columns.map(({ type }) => type);
  if (pool !== undefined && isWorthSharing(plan, rows, parallelFrom)) {
    const spans = chosen.flatMap(({ span, at }) => (span === undefined ? [] : [{ ...span, at }]));
    if (isWorthSharing(plan, rowsOf(spans), parallelFrom) && spans.length > 1) {
      const shared = new SharedScan(pool, storage, blocks, definition, plan, spans, rows);
      for (const { slice, at } of chosen) if (slice !== undefined) copySlice(slice, shared.result, at);
      return { work: shared.work(), finish: () => shared.finish(), abandon: () => shared.abandon() };
    }
  }
  const result = new ResultColumns(types, plan.wantsTime ? plan.timeKind : undefined, rows);
  const filler = new BlockFiller(blocks, definition, plan.columns, result);
  return {
    work: fillHere(filler, chosen, result),
    finish: async () => result,
    abandon: () => {},
  };
}

function* fillHere(
  filler: BlockFiller,
  chosen: readonly Segment[],
  result: ResultColumns,
): Generator<undefined> {
  for (const { span, opened, slice, at } of chosen) {
    if (span !== undefined) filler.fill({ ref: span.ref, from: span.from, to: span.to, at }, opened);
    if (slice !== undefined) copySlice(slice, result, at);
    yield;
  }
}

/**
 * The rows that a query wants, each segment in ascending order, segments in the query's order. Yields undefined after work
 * that gave no rows yet.
 */
function* segments(parts: readonly Part[], plan: QueryPlan): Generator<Segment | undefined> {
  if (plan.limit <= 0) return;
  const groups = groupByTime(parts);
  if (plan.descending) groups.reverse();
  for (const group of groups) {
    const only = group.length === 1 ? group[0]! : undefined;
    if (only?.sorted && only.ref !== undefined) {
      // Its times are decoded only if the range cuts it.
      const isWhole = only.minTs >= plan.from && only.maxTs <= plan.to;
      const opened = isWhole ? undefined : only.open()!;
      const [from, to] =
        opened === undefined ? [0, only.rows] : rowsWithin(opened.times, plan.timeKind, plan.from, plan.to);
      const span = { ref: only.ref, from, to };
      yield { count: Math.max(0, to - from), at: 0, span, opened, slice: undefined };
      continue;
    }
    for (const slice of groupSlices(group, { ...plan, descending: false })) {
      yield slice.count === 0
        ? undefined
        : { count: slice.count, at: 0, span: undefined, opened: undefined, slice };
    }
  }
}

/** The first `count` rows of a segment, or the last ones of a query from the end. */
function cut(segment: Segment, count: number, { descending }: QueryPlan): Segment {
  const skip = descending ? segment.count - count : 0;
  const { span, slice } = segment;
  return {
    ...segment,
    count,
    span: span && { ...span, from: span.from + skip, to: span.from + skip + count },
    slice: slice && {
      ...slice,
      count,
      from: slice.from + skip,
      picks: slice.picks?.subarray(skip, skip + count),
    },
  };
}

function reverse(target: ColumnTarget, rows: number): void {
  (target.values as Float64Array).reverse();
  const { validity } = target;
  if (validity === undefined) return;
  const reversed = new Uint8Array(validity.length);
  for (let i = 0; i < rows; i++) {
    const row = rows - 1 - i;
    if (((validity[row >> 3]! >> (row & 7)) & 1) !== 0) reversed[i >> 3]! |= 1 << (i & 7);
  }
  target.validity = reversed;
}
