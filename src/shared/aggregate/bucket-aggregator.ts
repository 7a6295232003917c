import type { DecodedColumn } from '../codec/column-data.ts';
import type { VectorStatistics } from '../codec/statistics.ts';
import { VECTOR_ROWS } from '../schema/limits.ts';
import type { Column } from '../schema/types.ts';
import type { BucketGrid } from '../time/bucket-grid.ts';
import { type Aggregate, ColumnAccumulator } from './column-accumulator.ts';
import { addColumnRuns, addWholeVector } from './column-runs.ts';
import { wordsToMs } from './kernels.ts';
import { Runs } from './runs.ts';
import { Slots } from './slots.ts';
import { lowerBound, pickRows, sortedPicks, upperBound, wholeColumn } from './sorted-rows.ts';

type Times = Float64Array | BigInt64Array;

/** Buckets a vector up to which their ends are looked up one by one: each costs some 300 ns, decoding all times 1 µs and more. */
const LOOKED_UP_MAX = 8;

/** What an aggregation wants of one table. Times are of the table's kind: numbers for ms tables, else bigints. */
export interface AggregatePlan {
  readonly grid: BucketGrid;
  readonly from: number | bigint;
  readonly to: number | bigint;
  readonly timeKind: 'f64' | 'i64';
  /** Units of the table's times in a ms: 1, 1,000 or 1,000,000. */
  readonly perMs: number;
  readonly columns: readonly { readonly column: Column; readonly wanted: readonly Aggregate[] }[];
}

/** A column of a block, vector by vector. */
export interface VectorSource {
  /** Rows of a vector that have a value. */
  present(vector: number): number;
  /** Decodes a vector; what is returned holds until the next one is decoded. */
  decode(vector: number): DecodedColumn;
  /** What the encoder wrote down of a vector; undefined if it did not. */
  statistics(vector: number): VectorStatistics | undefined;
  /**
   * Of doubles in blocks: adds up the staged runs (see `ColumnAccumulator.stage`), the first of which begins at row `from` in this
   * vector, as far as that goes without asking for single vectors.
   * @returns the row, some vector's first, before which all is added; this vector's first one if nothing is
   */
  addUp?(vector: number, from: number, runs: number, wantsExtremes: boolean): number;
  /** Whether it is worth trying with this vector. */
  canAddUp?(vector: number): boolean;
}

/** The times of a block, vector by vector; those of a sorted one can be looked up without decoding. */
export interface TimeSource extends VectorSource {
  /** A row's time; absent, as the others, where times are not encoded. */
  at?(vector: number, row: number): number | bigint;
  /** The first row of a sorted vector at or after a time, or after it. */
  rowAt?(vector: number, wanted: number | bigint, isAfter: boolean): number;
}

type LookedUpTimes = Required<TimeSource>;

/** Rows that lie together: a block, or rows in memory. */
export interface AggregateInput {
  readonly rows: number;
  readonly minTs: bigint;
  readonly maxTs: bigint;
  readonly sorted: boolean;
  /** Vectors have this many rows, the last one fewer. */
  readonly vectorRows: number;
  time(): TimeSource;
  /** undefined if the rows are older than the column: all null. */
  column(column: Column): VectorSource | undefined;
}

/**
 * Sorts rows into buckets of time. Inputs must be added in order of arrival. Only what must be is decoded: of a vector that
 * lies within one bucket its statistics are enough, where it has them, and of one without nulls its length is for a count.
 */
export class BucketAggregator {
  readonly columns: readonly ColumnAccumulator[];
  readonly slots: Slots;
  /** Rows of each slot. */
  rows = new Float64Array(0);
  private readonly plan: AggregatePlan;
  /** Whether a column's first or last value is wanted, which is told by the times. */
  private readonly needsTimes: boolean;
  private ms = new Float64Array(VECTOR_ROWS);
  /** Of the input or the vector in work. */
  private readonly runs = new Runs();

  /**
   * @param first number of the lowest bucket that can have rows
   * @param last number of the highest one
   * @param rows how many rows there may be
   */
  constructor(plan: AggregatePlan, first: number, last: number, rows: number) {
    this.plan = plan;
    this.columns = plan.columns.map(
      ({ column, wanted }) => new ColumnAccumulator(column, wanted, plan.timeKind),
    );
    this.needsTimes = this.columns.some(({ needsEnds }) => needsEnds);
    this.slots = new Slots(first, last, rows);
    this.reserve();
  }

  /** Adds the rows of an input that lie in the plan's range. @throws DAMAGED */
  add(input: AggregateInput): void {
    if (!input.sorted) {
      this.addUnsorted(input);
      return;
    }
    const { from, to, grid, perMs } = this.plan;
    const isWhole = input.minTs >= from && input.maxTs <= to;
    const one = isWhole ? numberIfOne(grid, perMs, input.minTs, input.maxTs) : undefined;
    if (this.needsTimes) {
      this.addByVector(input, isWhole, one);
      return;
    }
    this.runs.clear(0);
    if (one !== undefined) this.addRun(one, 0, input.rows);
    else this.findRunsOf(input, isWhole);
    if (this.runs.count === 0) return;
    for (const accumulator of this.columns) {
      const source = input.column(accumulator.column);
      if (source !== undefined) addColumnRuns(accumulator, source, this.runs, input);
    }
  }

  /** Divides those rows of an input that lie in the plan's range into runs of one bucket each. */
  private findRunsOf(input: AggregateInput, isWhole: boolean): void {
    const { rows, vectorRows, minTs, maxTs } = input;
    const { grid, from, to, perMs } = this.plan;
    const time = input.time();
    const vectors = Math.ceil(rows / vectorRows);
    const least = isWhole || minTs > from ? minTs : from;
    const greatest = isWhole || maxTs < to ? maxTs : to;
    const buckets = grid.numberOf(msAt(greatest, perMs)) - grid.numberOf(msAt(least, perMs));
    if (time.at !== undefined && time.rowAt !== undefined && buckets < LOOKED_UP_MAX * vectors) {
      this.lookUpRuns(input, time as LookedUpTimes, isWhole);
      return;
    }
    for (let vector = 0; vector < vectors; vector++) {
      const first = vector * vectorRows;
      const count = Math.min(vectorRows, rows - first);
      const times = time.decode(vector).values as Times;
      const start = lowerBound(times, count, from);
      const end = upperBound(times, count, to);
      if (start >= end) continue;
      if (this.runs.count === 0) this.runs.clear(first + start);
      this.findRuns(times, count, start, end, first);
    }
  }

  /** Finds the runs of an input of few buckets by looking up single times. */
  private lookUpRuns(input: AggregateInput, time: LookedUpTimes, isWhole: boolean): void {
    const { grid, from, to, perMs } = this.plan;
    const { rows, vectorRows } = input;
    const first = isWhole ? 0 : rowAt(time, 0, rows, vectorRows, from, false);
    const last = isWhole ? rows : rowAt(time, first, rows, vectorRows, to, true);
    this.runs.clear(first);
    for (let start = first; start < last; ) {
      const vector = Math.floor(start / vectorRows);
      const number = grid.numberOf(msAt(time.at(vector, start - vector * vectorRows), perMs));
      const next = grid.startOf(number + 1);
      const wanted = this.plan.timeKind === 'f64' ? next : BigInt(next) * BigInt(perMs);
      const end = Math.min(rowAt(time, start, rows, vectorRows, wanted, false), last);
      this.addRun(number, start, end);
      start = end;
    }
  }

  /** Adds an input of which some column's first or last value is wanted: times and values are decoded side by side. */
  private addByVector(input: AggregateInput, isWhole: boolean, one: number | undefined): void {
    const time = new Lazy(() => input.time());
    const sources = this.columns.map(({ column }) => new Lazy(() => input.column(column)));
    const vectors = Math.ceil(input.rows / input.vectorRows);
    for (let vector = 0; vector < vectors; vector++) {
      const rows = Math.min(input.vectorRows, input.rows - vector * input.vectorRows);
      const number = one ?? this.numberOfVector(input, time, vector, isWhole);
      if (number !== undefined) this.addWithinBucket(number, time, sources, vector, rows);
      else this.addAcrossBuckets(time, sources, vector, rows);
    }
  }

  /** The bucket of a vector all of which is wanted, if its first time and the next vector's say that it lies within one. */
  private numberOfVector(
    { rows, vectorRows, maxTs }: AggregateInput,
    time: Lazy<TimeSource>,
    vector: number,
    isWhole: boolean,
  ): number | undefined {
    const { grid, from, to, perMs } = this.plan;
    const times = time.value;
    if (times.at === undefined) return undefined;
    const first = times.at(vector, 0);
    const next = (vector + 1) * vectorRows < rows ? times.at(vector + 1, 0) : maxTs;
    if (!isWhole && (first < from || next > to)) return undefined;
    const number = grid.numberOf(msAt(first, perMs));
    return msAt(next, perMs) < grid.startOf(number + 1) ? number : undefined;
  }

  /** Adds a vector all of whose rows are wanted and lie in one bucket: its times matter for `first` and `last` only. */
  private addWithinBucket(
    number: number,
    time: Lazy<TimeSource>,
    sources: readonly Lazy<VectorSource | undefined>[],
    vector: number,
    rows: number,
  ): void {
    const slot = this.slotOf(number);
    this.rows[slot]! += rows;
    const times = new Lazy(() => time.value.decode(vector).values as Times);
    for (const [i, accumulator] of this.columns.entries()) {
      const source = sources[i]!.value;
      if (source === undefined) continue;
      if (!accumulator.needsEnds) addWholeVector(accumulator, source, vector, rows, slot);
      else {
        accumulator.load(source.decode(vector), rows);
        accumulator.addRun(slot, 0, rows, times.value);
      }
    }
  }

  private addAcrossBuckets(
    time: Lazy<TimeSource>,
    sources: readonly Lazy<VectorSource | undefined>[],
    vector: number,
    rows: number,
  ): void {
    const times = time.value.decode(vector).values as Times;
    const from = lowerBound(times, rows, this.plan.from);
    const to = upperBound(times, rows, this.plan.to);
    if (from >= to) return;
    this.runs.clear(from);
    this.findRuns(times, rows, from, to, 0);
    for (const [i, accumulator] of this.columns.entries()) {
      const source = sources[i]!.value;
      if (source === undefined) continue;
      if (!accumulator.needsValues && source.present(vector) === rows) this.addCounts(accumulator);
      else this.addRuns(accumulator, source.decode(vector), times, rows);
    }
  }

  /** Rows that are not in order of time: they are put in order first. */
  private addUnsorted(input: AggregateInput): void {
    const whole = (source: VectorSource): DecodedColumn => wholeColumn(input, source);
    const all = whole(input.time()).values as Times;
    const picks = sortedPicks(all, input.rows, this.plan.from, this.plan.to);
    if (picks.length === 0) return;
    const times = pickRows({ values: all, validity: undefined }, picks).values as Times;
    this.runs.clear(0);
    this.findRuns(times, picks.length, 0, picks.length, 0);
    for (const accumulator of this.columns) {
      const source = input.column(accumulator.column);
      if (source === undefined) continue;
      this.addRuns(accumulator, pickRows(whole(source), picks), times, picks.length);
    }
  }

  private addRuns(accumulator: ColumnAccumulator, decoded: DecodedColumn, times: Times, rows: number): void {
    const { runs } = this;
    accumulator.load(decoded, rows);
    let start = runs.from;
    for (let run = 0; run < runs.count; run++) {
      const end = runs.ends[run]!;
      accumulator.addRun(runs.slots[run]!, start, end, times);
      start = end;
    }
  }

  private addCounts(accumulator: ColumnAccumulator): void {
    const { runs } = this;
    let start = runs.from;
    for (let run = 0; run < runs.count; run++) {
      accumulator.addCount(runs.slots[run]!, runs.ends[run]! - start);
      start = runs.ends[run]!;
    }
  }

  /** Divides rows from…to - 1 of `rows` decoded times, sorted, into runs, and counts their rows; runs count from `first` on. */
  private findRuns(times: Times, rows: number, from: number, to: number, first: number): void {
    const { grid } = this.plan;
    const ms = this.toMs(times, rows);
    for (let start = from; start < to; ) {
      const number = grid.numberOf(ms[start]!);
      const end = endOfRun(ms, start, to, grid.startOf(number + 1));
      this.addRun(number, first + start, first + end);
      start = end;
    }
  }

  private addRun(number: number, start: number, end: number): void {
    const slot = this.slotOf(number);
    this.rows[slot]! += end - start;
    this.runs.add(slot, end);
  }

  private toMs(times: Times, rows: number): Float64Array {
    if (times instanceof Float64Array) return times;
    if (this.ms.length < rows) this.ms = new Float64Array(rows);
    const words = new Int32Array(times.buffer, times.byteOffset, 2 * times.length);
    wordsToMs(words, rows, this.plan.perMs, this.ms);
    return this.ms;
  }

  private slotOf(number: number): number {
    const slot = this.slots.of(number);
    if (slot >= this.rows.length) this.reserve();
    return slot;
  }

  private reserve(): void {
    const room = Math.max(16, this.slots.count, Math.min(2 * this.rows.length, this.rows.length + 1_000_000));
    const rows = new Float64Array(room);
    rows.set(this.rows);
    this.rows = rows;
    for (const column of this.columns) column.reserve(room);
  }
}

/** Decoding as late as can be, and once. */
class Lazy<T> {
  private made: { readonly value: T } | undefined;
  private readonly make: () => T;

  constructor(make: () => T) {
    this.make = make;
  }

  get value(): T {
    return (this.made ??= { value: this.make() }).value;
  }
}

/** Whole ms at or before a time of a table. */
function msAt(ts: number | bigint, perMs: number): number {
  return typeof ts === 'number' ? ts : msOf(ts, perMs);
}

/** The first of `rows` rows, from `start` on, at or after a time, or after it. */
function rowAt(
  time: LookedUpTimes,
  start: number,
  rows: number,
  vectorRows: number,
  wanted: number | bigint,
  isAfter: boolean,
): number {
  let vector = Math.floor(start / vectorRows);
  for (; (vector + 1) * vectorRows < rows; vector++) {
    const next = time.at(vector + 1, 0);
    if (isAfter ? next > wanted : next >= wanted) break;
  }
  return vector * vectorRows + time.rowAt(vector, wanted, isAfter);
}

/** Whole ms at or before a time. */
export function msOf(ts: bigint, perMs: number): number {
  const per = BigInt(perMs);
  const quotient = ts / per;
  return Number(ts % per < 0n ? quotient - 1n : quotient);
}

function numberIfOne(grid: BucketGrid, perMs: number, minTs: bigint, maxTs: bigint): number | undefined {
  const number = grid.numberOf(msOf(minTs, perMs));
  return msOf(maxTs, perMs) < grid.startOf(number + 1) ? number : undefined;
}

/** First row of start + 1…to whose time is at or after `end`. Runs are short or long, so steps double until one is found. */
function endOfRun(ms: Float64Array, start: number, to: number, end: number): number {
  if (ms[to - 1]! < end) return to;
  let low = start + 1;
  let step = 16;
  while (low + step < to && ms[low + step - 1]! < end) {
    low += step;
    step *= 2;
  }
  let high = Math.min(to, low + step);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ms[middle]! < end) low = middle + 1;
    else high = middle;
  }
  return low;
}
