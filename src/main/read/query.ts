import { timeKind } from '../../shared/chunk/layout.ts';
import { MillraceError, show } from '../../shared/errors.ts';
import { compareRefs } from '../../shared/format/block-ref.ts';
import { ALL_TIME, type TimeRange } from '../../shared/index/index-reader.ts';
import type { BlockCache, BlockSource } from '../../shared/read/block-cache.ts';
import { type Column, currentColumns, type TableDefinition } from '../../shared/schema/types.ts';
import type { Rows } from '../api-types.ts';
import { runDirect } from './direct.ts';
import { blockPart, type Part, runPart } from './part.ts';
import { compilePredicates, unknownColumn } from './predicate.ts';
import { SliceBuilder } from './slice-builder.ts';
import { type QueryPlan, type Slice, slices } from './slices.ts';
import type { TableSnapshot } from './snapshot.ts';
import type { TableReader } from './table-reader.ts';
import { checkBound } from './time-bound.ts';
import { checkAborted, Turns } from './turns.ts';

const DEFAULT_BATCH_ROWS = 65_536;

/** The options of query and scan, as they come. */
export interface RawQueryOptions {
  readonly from?: unknown;
  readonly to?: unknown;
  readonly columns?: unknown;
  readonly ts?: unknown;
  readonly where?: unknown;
  readonly limit?: unknown;
  readonly order?: unknown;
  readonly batchRows?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** A checked query: what to read, and which part of time. */
export interface CheckedQuery {
  readonly plan: QueryPlan;
  readonly range: TimeRange;
  readonly batchRows: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Checks a query's options before anything is read.
 * @throws INVALID_OPTION, INVALID_TIMESTAMP, UNKNOWN_COLUMN, WRONG_TYPE
 */
export function checkQuery(definition: TableDefinition, options: RawQueryOptions): CheckedQuery {
  if (typeof options !== 'object' || options === null) {
    throw new MillraceError('INVALID_OPTION', `the options are ${show(options)}; they must be an object`);
  }
  const known = ['from', 'to', 'columns', 'ts', 'where', 'limit', 'order', 'batchRows', 'signal'];
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new MillraceError(
      'INVALID_OPTION',
      `a query has no option ${JSON.stringify(unknown)}; it has ${known.join(', ')}`,
      {
        option: unknown,
      },
    );
  }
  const {
    limit = Number.POSITIVE_INFINITY,
    order = 'asc',
    batchRows = DEFAULT_BATCH_ROWS,
    ts = true,
    signal,
  } = options;
  if (limit !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(limit) && (limit as number) >= 0)) {
    throw new MillraceError('INVALID_OPTION', `limit is ${show(limit)}; it must be a whole number from 0`, {
      limit: show(limit),
    });
  }
  if (order !== 'asc' && order !== 'desc') {
    throw new MillraceError('INVALID_OPTION', `order is ${show(order)}; it must be 'asc' or 'desc'`, {
      order: show(order),
    });
  }
  if (typeof ts !== 'boolean') {
    throw new MillraceError('INVALID_OPTION', `ts is ${show(ts)}; it must be true or false`, {
      ts: show(ts),
    });
  }
  if (!(Number.isSafeInteger(batchRows) && (batchRows as number) >= 1)) {
    throw new MillraceError(
      'INVALID_OPTION',
      `batchRows is ${show(batchRows)}; it must be a whole number from 1`,
      {
        batchRows: show(batchRows),
      },
    );
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new MillraceError('INVALID_OPTION', `signal is ${show(signal)}; it must be an AbortSignal`);
  }
  const from = checkBound(definition, 'from', options.from) ?? ALL_TIME.from;
  const to = checkBound(definition, 'to', options.to) ?? ALL_TIME.to;
  const kind = timeKind(definition.unit);
  const predicates = compilePredicates(definition, options.where);
  const isCut = limit !== Number.POSITIVE_INFINITY && predicates.length === 0;
  const only = { rows: limit as number, end: order === 'asc' ? 'first' : 'last' } as const;
  return {
    plan: {
      from: kind === 'f64' ? Number(from) : from,
      to: kind === 'f64' ? Number(to) : to,
      columns: checkColumns(definition, options.columns),
      predicates,
      limit: limit as number,
      descending: order === 'desc',
      timeKind: kind,
      wantsTime: ts,
    },
    range: isCut ? { from, to, only } : { from, to },
    batchRows: batchRows as number,
    signal,
  };
}

/**
 * Runs a query to its end.
 * @throws ABORTED, DAMAGED, CLOSED
 */
export async function runQuery(
  reader: TableReader,
  snapshot: TableSnapshot,
  query: CheckedQuery,
): Promise<Rows> {
  const { cache, checkReadable } = reader;
  try {
    const { plan, parts, blocks } = visible(cache, snapshot, query);
    if (plan.predicates.length === 0) return await runDirect(reader, blocks, parts, plan, query.signal);
    const builder = new SliceBuilder(plan.columns, plan.wantsTime ? plan.timeKind : undefined);
    const turns = new Turns(query.signal);
    for (const slice of slices(parts, plan)) {
      if (slice.count > 0) builder.add(slice);
      if (turns.isDue) {
        await turns.take();
        checkReadable();
      }
      checkAborted(query.signal);
    }
    return builder.result();
  } finally {
    snapshot.release();
  }
}

/**
 * The rows of a query in batches, decoded as they are asked for.
 * @throws ABORTED, DAMAGED, CLOSED
 */
export async function* runScan(
  reader: TableReader,
  snapshot: TableSnapshot,
  query: CheckedQuery,
): AsyncGenerator<Rows> {
  const { cache, checkReadable } = reader;
  try {
    const { plan, batchRows, signal } = query;
    const turns = new Turns(signal);
    let builder = new SliceBuilder(plan.columns, plan.wantsTime ? plan.timeKind : undefined);
    const { plan: shown, parts } = visible(cache, snapshot, query);
    for (let slice of slices(parts, shown)) {
      while (builder.rows + slice.count >= batchRows) {
        const [head, tail] = cut(slice, batchRows - builder.rows);
        builder.add(head);
        yield builder.result();
        checkReadable();
        checkAborted(signal);
        builder = new SliceBuilder(plan.columns, plan.wantsTime ? plan.timeKind : undefined);
        slice = tail;
      }
      if (slice.count > 0) builder.add(slice);
      if (turns.isDue) {
        await turns.take();
        checkReadable();
      }
      checkAborted(signal);
    }
    if (builder.rows > 0) yield builder.result();
  } finally {
    snapshot.release();
  }
}

/** The parts that a query needs, in order of arrival, and what it wants of them: without the rows that retention hides. */
export function visible(
  cache: BlockCache,
  snapshot: TableSnapshot,
  { plan }: Pick<CheckedQuery, 'plan'>,
): { plan: QueryPlan; parts: Part[]; blocks: BlockSource } {
  const { definition, cutoff } = snapshot;
  const from = plan.timeKind === 'f64' ? Number(cutoff) : cutoff;
  const shown = from > plan.from ? { ...plan, from } : plan;
  const blocks = cache.forRead(bytesOf(snapshot));
  const named = snapshot.blocks.map((ref) => ({
    ordinalFirst: ref.ordinalFirst,
    indexFirst: ref.indexFirst,
    part: blockPart(blocks, definition, ref),
  }));
  // Rows in memory of one producer come after its blocks, but another's blocks may be younger: names decide.
  for (const run of snapshot.runs) {
    named.push({
      ordinalFirst: run.ordinal,
      indexFirst: run.indexFirst,
      part: runPart(definition, run),
    });
  }
  const parts = named
    .sort(compareRefs)
    .map(({ part }) => part)
    .filter((part) => part.maxTs >= shown.from && part.minTs <= shown.to);
  return { plan: shown, parts, blocks };
}

/** Bytes of the blocks that a snapshot has. */
export function bytesOf({ blocks }: TableSnapshot): number {
  let bytes = 0;
  for (const { length } of blocks) bytes += length;
  return bytes;
}

function cut(slice: Slice, at: number): [Slice, Slice] {
  const { picks, from, count } = slice;
  if (picks !== undefined) {
    return [
      { ...slice, picks: picks.subarray(0, at), count: at },
      { ...slice, picks: picks.subarray(at, count), count: count - at },
    ];
  }
  return [
    { ...slice, count: at },
    { ...slice, from: from + at, count: count - at },
  ];
}

function checkColumns(definition: TableDefinition, wanted: unknown): readonly Column[] {
  const columns = currentColumns(definition);
  if (wanted === undefined) return columns;
  if (!Array.isArray(wanted)) {
    throw new MillraceError(
      'INVALID_OPTION',
      `columns is ${show(wanted)}; it must be an array of column names`,
    );
  }
  const chosen = wanted.map((name) => {
    const column = columns.find((candidate) => candidate.name === name);
    if (column === undefined) throw unknownColumn(definition, name);
    return column;
  });
  const twice = chosen.find((column, i) => chosen.indexOf(column) !== i);
  if (twice !== undefined) {
    throw new MillraceError('DUPLICATE_COLUMN', `column ${JSON.stringify(twice.name)} is asked for twice`, {
      column: twice.name,
    });
  }
  return chosen;
}
