import type { DecodedColumn } from '../codec/column-data.ts';
import type { VectorStatistics } from '../codec/statistics.ts';
import { VECTOR_ROWS } from '../schema/limits.ts';
import type { Column } from '../schema/types.ts';
import type { BucketGrid } from '../time/bucket-grid.ts';
import { type Aggregate, ColumnAccumulator } from './column-accumulator.ts';
import { wordsToMs } from './kernels.ts';
import { Slots } from './slots.ts';
import { lowerBound, sortedPicks, upperBound } from './sorted-rows.ts';

type Times = Float64Array | BigInt64Array;

/** Buckets of a vector up to which their ends are looked up one by one: each costs some 300 ns, decoding all times 1 µs and more. */
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
}

/** The times of a block, vector by vector; those of a sorted one can be looked up without decoding. */
export interface TimeSource extends VectorSource {
  /** A row's time; absent, as the others, where times are not encoded. */
  at?(vector: number, row: number): number | bigint;
  /** Whether each time of a vector can be read without decoding all of them. */
  isOpen?(vector: number): boolean;
  /** The first row of a sorted vector at or after a time, or after it. */
  rowAt?(vector: number, wanted: number | bigint, isAfter: boolean): number;
}

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
  // The runs of the vector in work: bucket slot, and the row after its last one.
  private readonly runSlots: number[] = [];
  private readonly runEnds: number[] = [];
  private runs = 0;

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
    const { from, to } = this.plan;
    if (!input.sorted) {
      this.addUnsorted(input);
      return;
    }
    const isWhole = input.minTs >= from && input.maxTs <= to;
    const { grid, perMs } = this.plan;
    const one = isWhole ? numberIfOne(grid, perMs, input.minTs, input.maxTs) : undefined;
    const time = new Lazy(() => input.time());
    const sources = this.columns.map(({ column }) => new Lazy(() => input.column(column)));
    const vectors = Math.ceil(input.rows / input.vectorRows);
    for (let vector = 0; vector < vectors; vector++) {
      const rows = Math.min(input.vectorRows, input.rows - vector * input.vectorRows);
      const number = one ?? this.numberOfVector(input, time, vector, isWhole);
      if (number !== undefined) this.addWithinBucket(number, time, sources, vector, rows);
      else this.addAcrossBuckets(time, sources, vector, rows, isWhole);
    }
  }

  /** The bucket of a vector all of which is wanted, if its first time and the next vector's say that it lies within one. */
  private numberOfVector(
    { rows, vectorRows, maxTs }: AggregateInput,
    time: Lazy<TimeSource>,
    vector: number,
    isWhole: boolean,
  ): number | undefined {
    const { grid, from, to } = this.plan;
    const times = time.value;
    if (times.at === undefined) return undefined;
    const first = times.at(vector, 0);
    const next = (vector + 1) * vectorRows < rows ? times.at(vector + 1, 0) : maxTs;
    if (!isWhole && (first < from || next > to)) return undefined;
    const number = grid.numberOf(this.msOf(first));
    return this.msOf(next) < grid.startOf(number + 1) ? number : undefined;
  }

  /** Whole ms at or before a time of the table. */
  private msOf(ts: number | bigint): number {
    return typeof ts === 'number' ? ts : msOf(ts, this.plan.perMs);
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
      if (!accumulator.needsEnds) {
        const known = source.statistics(vector);
        if (known !== undefined || !accumulator.needsValues) {
          if (known !== undefined) accumulator.addStatistics(slot, known);
          else accumulator.addCount(slot, source.present(vector));
          continue;
        }
      }
      accumulator.load(source.decode(vector), rows);
      accumulator.addRun(slot, 0, rows, accumulator.needsEnds ? times.value : NO_TIMES);
    }
  }

  private addAcrossBuckets(
    time: Lazy<TimeSource>,
    sources: readonly Lazy<VectorSource | undefined>[],
    vector: number,
    rows: number,
    isWhole: boolean,
  ): void {
    let times: Times = NO_TIMES;
    let from = this.lookUpRuns(time.value, vector, rows, isWhole);
    if (from === undefined) {
      times = time.value.decode(vector).values as Times;
      from = lowerBound(times, rows, this.plan.from);
      const to = upperBound(times, rows, this.plan.to);
      if (from < to) this.findRuns(times, rows, from, to);
      else this.clearRuns();
    }
    if (this.runs === 0) return;
    for (const [i, accumulator] of this.columns.entries()) {
      const source = sources[i]!.value;
      if (source === undefined) continue;
      if (!accumulator.needsValues && source.present(vector) === rows) this.addCounts(accumulator, from);
      else this.addRuns(accumulator, source.decode(vector), times, from, rows);
    }
  }

  /**
   * Finds the runs of a vector of few buckets by looking up single times.
   * @returns the first row of the first run; undefined if the times must be decoded
   */
  private lookUpRuns(time: TimeSource, vector: number, rows: number, isWhole: boolean): number | undefined {
    const { grid, from: first, to: last, perMs } = this.plan;
    if (time.rowAt === undefined || time.at === undefined || this.needsTimes) return undefined;
    if (time.isOpen?.(vector) !== true) return undefined;
    const from = isWhole ? 0 : time.rowAt(vector, first, false);
    const to = isWhole ? rows : time.rowAt(vector, last, true);
    this.clearRuns();
    if (from >= to) return from;
    const lowest = grid.numberOf(this.msOf(time.at(vector, from)));
    if (grid.numberOf(this.msOf(time.at(vector, to - 1))) - lowest >= LOOKED_UP_MAX) return undefined;
    for (let start = from; start < to; ) {
      const number = start === from ? lowest : grid.numberOf(this.msOf(time.at(vector, start)));
      const next = grid.startOf(number + 1);
      const found = time.rowAt(vector, perMs === 1 ? next : BigInt(next) * BigInt(perMs), false);
      const end = Math.min(found, to);
      this.addRun(number, start, end);
      start = end;
    }
    return from;
  }

  /** Rows that are not in order of time: they are put in order first. */
  private addUnsorted(input: AggregateInput): void {
    const whole = (source: VectorSource): DecodedColumn => wholeColumn(input, source);
    const all = whole(input.time()).values as Times;
    const picks = sortedPicks(all, input.rows, this.plan.from, this.plan.to);
    if (picks.length === 0) return;
    const times = pickRows({ values: all, validity: undefined }, picks).values as Times;
    this.findRuns(times, picks.length, 0, picks.length);
    for (const accumulator of this.columns) {
      const source = input.column(accumulator.column);
      if (source === undefined) continue;
      this.addRuns(accumulator, pickRows(whole(source), picks), times, 0, picks.length);
    }
  }

  private addRuns(
    accumulator: ColumnAccumulator,
    decoded: DecodedColumn,
    times: Times,
    from: number,
    rows: number,
  ): void {
    accumulator.load(decoded, rows);
    let start = from;
    for (let run = 0; run < this.runs; run++) {
      const end = this.runEnds[run]!;
      accumulator.addRun(this.runSlots[run]!, start, end, times);
      start = end;
    }
  }

  private addCounts(accumulator: ColumnAccumulator, from: number): void {
    let start = from;
    for (let run = 0; run < this.runs; run++) {
      accumulator.addCount(this.runSlots[run]!, this.runEnds[run]! - start);
      start = this.runEnds[run]!;
    }
  }

  /** Divides rows from…to - 1, sorted by time, into runs of one bucket each, and counts their rows. */
  private findRuns(times: Times, rows: number, from: number, to: number): void {
    const { grid } = this.plan;
    const ms = this.toMs(times, rows);
    this.clearRuns();
    for (let start = from; start < to; ) {
      const number = grid.numberOf(ms[start]!);
      const end = endOfRun(ms, start, to, grid.startOf(number + 1));
      this.addRun(number, start, end);
      start = end;
    }
  }

  private clearRuns(): void {
    this.runs = 0;
  }

  private addRun(number: number, start: number, end: number): void {
    const slot = this.slotOf(number);
    this.rows[slot]! += end - start;
    this.runSlots[this.runs] = slot;
    this.runEnds[this.runs++] = end;
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

const NO_TIMES = new Float64Array(0);

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

/** All vectors of a column joined. */
function wholeColumn(input: AggregateInput, source: VectorSource): DecodedColumn {
  const vectors = Math.ceil(input.rows / input.vectorRows);
  if (vectors === 1) return source.decode(0);
  const parts = Array.from({ length: vectors }, (_, vector) => {
    const { values, validity } = source.decode(vector);
    return { values: values.slice() as DecodedColumn['values'], validity: validity?.slice() };
  });
  const all = new Array<unknown>(input.rows);
  const validity = parts.some((part) => part.validity !== undefined)
    ? new Uint8Array(Math.ceil(input.rows / 8)).fill(0xff)
    : undefined;
  for (let row = 0; row < input.rows; row++) {
    const part = parts[Math.floor(row / input.vectorRows)]!;
    const i = row % input.vectorRows;
    all[row] = part.values[i];
    const isNull = part.validity !== undefined && ((part.validity[i >> 3]! >> (i & 7)) & 1) === 0;
    if (isNull) validity![row >> 3]! &= ~(1 << (row & 7));
  }
  const like = parts[0]!.values;
  if (Array.isArray(like)) return { values: all as string[], validity };
  const typed = new (like.constructor as new (length: number) => Float64Array)(input.rows);
  for (let row = 0; row < input.rows; row++) typed[row] = all[row] as number;
  return { values: typed, validity };
}

/** Rows of a column in another order. */
function pickRows({ values, validity }: DecodedColumn, picks: Uint32Array): DecodedColumn {
  const rows = picks.length;
  const picked = Array.isArray(values)
    ? new Array<string>(rows)
    : new (values.constructor as new (length: number) => Float64Array)(rows);
  for (let i = 0; i < rows; i++) (picked as unknown[])[i] = values[picks[i]!];
  if (validity === undefined) return { values: picked, validity };
  const bits = new Uint8Array(Math.ceil(rows / 8));
  for (let i = 0; i < rows; i++) {
    const row = picks[i]!;
    if (((validity[row >> 3]! >> (row & 7)) & 1) !== 0) bits[i >> 3]! |= 1 << (i & 7);
  }
  return { values: picked, validity: bits };
}
