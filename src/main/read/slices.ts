import { lowerBound, upperBound } from '../../shared/aggregate/sorted-rows.ts';
import type { DecodedColumn } from '../../shared/codec/column-data.ts';
import type { Column } from '../../shared/schema/types.ts';
import type { Part } from './part.ts';
import type { CompiledPredicate } from './predicate.ts';
import { decodedOf, SliceBuilder } from './slice-builder.ts';

/** What a query wants, checked. Times are of the table's kind: numbers for ms tables, else bigints. */
export interface QueryPlan {
  readonly from: number | bigint;
  readonly to: number | bigint;
  readonly columns: readonly Column[];
  readonly predicates: readonly CompiledPredicate[];
  readonly limit: number;
  readonly descending: boolean;
  readonly timeKind: 'f64' | 'i64';
  /** Whether the result has the timestamps. */
  readonly wantsTime: boolean;
}

/** Rows of a result in their order: rows `picks` of decoded columns, or `from` … `from + count − 1` of them. */
export interface Slice {
  readonly time: Float64Array | BigInt64Array;
  readonly columns: readonly (DecodedColumn | undefined)[];
  readonly picks: Uint32Array | undefined;
  readonly from: number;
  readonly count: number;
}

/** The rows of one part that a query wants, in order of arrival. */
interface Selected {
  readonly part: Part;
  readonly picks: Uint32Array | undefined;
  readonly from: number;
  readonly count: number;
}

/**
 * The rows that a query wants, in its order. Parts are taken in groups whose times do not overlap, so only the groups
 * within which time goes back and forth are sorted, and a limit stops early. A slice may be empty: each part that is read
 * yields one, so that a caller who waits for rows that hardly come can look at its signal meanwhile.
 * @param parts in order of arrival
 */
export function* slices(parts: readonly Part[], plan: QueryPlan): Generator<Slice> {
  let left = plan.limit;
  const groups = groupByTime(parts);
  if (plan.descending) groups.reverse();
  for (const group of groups) {
    if (left <= 0) return;
    for (const slice of groupSlices(group, plan)) {
      yield slice.count <= left ? slice : { ...slice, count: left };
      left -= slice.count;
      if (left <= 0) return;
    }
  }
}

/** The rows that a query wants of one group, in its order. */
export function* groupSlices(group: readonly Part[], plan: QueryPlan): Generator<Slice> {
  const only = group.length === 1 ? group[0]! : undefined;
  if (only?.sorted) {
    const selected = select(only, plan);
    const slice = withColumns(selected, plan);
    only.release();
    yield plan.descending ? reversed(slice) : slice;
    return;
  }
  // Rows that are put in order are told by their times.
  const timed = { ...plan, wantsTime: true };
  const builder = new SliceBuilder(plan.columns, plan.timeKind);
  for (const part of group) {
    const selected = select(part, plan);
    if (selected.count > 0) builder.add(withColumns(selected, timed));
    part.release();
    yield { time: NO_TIMES, columns: [], picks: undefined, from: 0, count: 0 };
  }
  const built = builder.build();
  const time = built.time!.values as Float64Array | BigInt64Array;
  const slice = { time, columns: decodedOf(built), picks: sortedOrder(time), from: 0, count: time.length };
  yield plan.descending ? reversed(slice) : slice;
}

/** Parts in groups: each group's times are all at or before the next group's; ties are in order of arrival then. */
export function groupByTime(parts: readonly Part[]): Part[][] {
  const order = parts.map((part, arrival) => ({ part, arrival }));
  order.sort((a, b) =>
    a.part.minTs < b.part.minTs ? -1 : a.part.minTs > b.part.minTs ? 1 : a.arrival - b.arrival,
  );
  const groups: { part: Part; arrival: number }[][] = [];
  let max = 0n;
  let newest = -1;
  for (const entry of order) {
    const { minTs, maxTs } = entry.part;
    const apart = groups.length === 0 || minTs > max || (minTs === max && entry.arrival > newest);
    if (apart) {
      groups.push([entry]);
      max = maxTs;
      newest = entry.arrival;
    } else {
      groups.at(-1)!.push(entry);
      if (maxTs > max) max = maxTs;
      newest = Math.max(newest, entry.arrival);
    }
  }
  return groups.map((group) => group.sort((a, b) => a.arrival - b.arrival).map(({ part }) => part));
}

/** Which rows of a part are in the time range and fulfil the predicates. */
function select(part: Part, plan: QueryPlan): Selected {
  let picks: Uint32Array | undefined;
  let from = 0;
  let count = part.rows;
  const isWhole = part.minTs >= plan.from && part.maxTs <= plan.to;
  if (!isWhole) {
    const time = part.time();
    if (part.sorted) {
      from = lowerBound(time, part.rows, plan.from);
      count = upperBound(time, part.rows, plan.to) - from;
    } else {
      picks = range(0, part.rows);
      count = 0;
      for (const row of picks) if (time[row]! >= plan.from && time[row]! <= plan.to) picks[count++] = row;
    }
  }
  if (plan.predicates.length > 0 && count > 0) {
    picks ??= range(from, count);
    count = part.mayKeep(plan.predicates, picks, count);
  }
  for (const { column, keep } of plan.predicates) {
    if (count <= 0) break;
    count = keep(part.column(column, picks!.subarray(0, count)), picks!, count);
  }
  count = Math.max(0, count);
  return { part, picks: picks?.subarray(0, count), from, count };
}

/** Decodes the times and the wanted columns, of parts that have any row: only vectors that have one, in a large block. */
function withColumns({ part, picks, from, count }: Selected, plan: QueryPlan): Slice {
  return {
    time: count === 0 || !plan.wantsTime ? NO_TIMES : part.time(),
    columns: count === 0 ? [] : plan.columns.map((column) => part.column(column, picks)),
    picks,
    from,
    count,
  };
}

const NO_TIMES = new Float64Array(0);

function reversed(slice: Slice): Slice {
  const picks = (slice.picks ?? range(slice.from, slice.count)).slice().reverse();
  return { ...slice, picks, from: 0 };
}

/** Order of rows by time, ties as they are. */
function sortedOrder(time: Float64Array | BigInt64Array): Uint32Array | undefined {
  let sorted = true;
  for (let i = 1; i < time.length && sorted; i++) sorted = time[i - 1]! <= time[i]!;
  if (sorted) return undefined;
  // Typed arrays sort stably, as plain ones do.
  if (time instanceof Float64Array) return range(0, time.length).sort((a, b) => time[a]! - time[b]!);
  return range(0, time.length).sort((a, b) => (time[a]! < time[b]! ? -1 : time[a]! > time[b]! ? 1 : 0));
}

function range(from: number, count: number): Uint32Array {
  const result = new Uint32Array(Math.max(0, count));
  for (let i = 0; i < result.length; i++) result[i] = from + i;
  return result;
}
