import type { DecodedColumn } from '../codec/column-data.ts';
import { runEnds, runExtremes, runSums } from '../codec/scratch.ts';
import type { VectorStatistics } from '../codec/statistics.ts';
import { type Column, isVariable } from '../schema/types.ts';
import {
  countPresent,
  extremesOf,
  firstPresent,
  found,
  lastPresent,
  presentOf,
  sumOf,
  wordsOf,
} from './kernels.ts';
import type { Runs } from './runs.ts';

/** What can be asked of a column in each bucket. */
export const AGGREGATES = ['count', 'min', 'max', 'sum', 'mean', 'first', 'last'] as const;
export type Aggregate = (typeof AGGREGATES)[number];

type Times = Float64Array | BigInt64Array;
/** Values as they are kept for each bucket: i64 as int64, other numbers and bools as doubles, which hold them exactly. */
type Kept = Float64Array | BigInt64Array | (string | Uint8Array)[];

/** The column that a block is older than: null in each row. */
const NO_COLUMN: DecodedColumn = { values: new Float64Array(0), validity: new Uint8Array(0) };

/** What is known so far of one column in each bucket; buckets have slots, numbers from 0 on. */
export class ColumnAccumulator {
  readonly column: Column;
  readonly wanted: readonly Aggregate[];
  /** Whether values must be read; a count needs only to know which are null. */
  readonly needsValues: boolean;
  /** Whether statistics of a vector can stand for its values. */
  readonly needsEnds: boolean;
  readonly counts: Float64Array;
  sums: Float64Array;
  mins: Kept;
  maxs: Kept;
  firsts: Kept;
  lasts: Kept;
  private readonly needsSum: boolean;
  readonly needsExtremes: boolean;
  private firstTimes: Times;
  private lastTimes: Times;
  private readonly timeKind: 'f64' | 'i64';
  // The vector that is being added.
  private decoded: DecodedColumn = NO_COLUMN;
  private doubles: Float64Array = new Float64Array(0);
  private words: Int32Array = new Int32Array(0);

  constructor(column: Column, wanted: readonly Aggregate[], timeKind: 'f64' | 'i64') {
    this.column = column;
    this.wanted = wanted;
    this.timeKind = timeKind;
    this.needsSum = wanted.includes('sum') || wanted.includes('mean');
    this.needsExtremes = wanted.includes('min') || wanted.includes('max');
    this.needsEnds = wanted.includes('first') || wanted.includes('last');
    this.needsValues = this.needsSum || this.needsExtremes || this.needsEnds;
    this.counts = new Float64Array(0);
    this.sums = new Float64Array(0);
    this.mins = this.keep(0);
    this.maxs = this.keep(0);
    // Arrays of their own: those of strings are never made anew.
    this.firsts = this.keep(0);
    this.lasts = this.keep(0);
    this.firstTimes = this.lastTimes = this.times(0);
  }

  /** Makes room for slots 0…slots - 1. */
  reserve(slots: number): void {
    const larger = <T extends Kept | Times>(old: T, fresh: T): T => {
      if (Array.isArray(old)) return old;
      (fresh as Float64Array).set(old as Float64Array);
      return fresh;
    };
    (this as { counts: Float64Array }).counts = larger(this.counts, new Float64Array(slots));
    if (this.needsSum) this.sums = larger(this.sums, new Float64Array(slots));
    if (this.needsExtremes) {
      this.mins = larger(this.mins, this.keep(slots));
      this.maxs = larger(this.maxs, this.keep(slots));
    }
    if (this.needsEnds) {
      this.firsts = larger(this.firsts, this.keep(slots));
      this.lasts = larger(this.lasts, this.keep(slots));
      this.firstTimes = larger(this.firstTimes, this.times(slots));
      this.lastTimes = larger(this.lastTimes, this.times(slots));
    }
  }

  /** Makes a decoded vector the one that runs are added of. undefined: all its rows are null. */
  load(decoded: DecodedColumn | undefined, rows: number): void {
    this.decoded = decoded ?? NO_COLUMN;
    const { values } = this.decoded;
    if (values instanceof Float64Array) this.doubles = values;
    else if (values instanceof BigInt64Array) {
      this.words = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
    } else if (!Array.isArray(values)) {
      if (this.doubles.length < rows) this.doubles = new Float64Array(Math.max(rows, 1024));
      // Fewer kinds of arrays in the kernels: they stay fast.
      this.doubles.set((values as Float32Array).subarray(0, rows));
    }
  }

  /** Adds `count` rows that have a value, none of which need be looked at. */
  addCount(slot: number, count: number): void {
    this.counts[slot]! += count;
  }

  /** Adds what is known of a vector's values. */
  addStatistics(slot: number, { count, nulls, min, max, sum }: VectorStatistics): void {
    if (count === nulls) return;
    if (this.needsSum) this.sums[slot]! += Number(sum);
    if (this.needsExtremes) {
      // NaN: there is nothing else.
      const isNone = Number.isNaN(min);
      this.widen(slot, isNone ? Number.POSITIVE_INFINITY : min, isNone ? Number.NEGATIVE_INFINITY : max);
    }
    this.counts[slot]! += count - nulls;
  }

  /**
   * Adds rows from…to - 1 of the loaded vector, which are sorted by time, ties in order of arrival. Vectors must be added in
   * order of arrival: of values of one time the first and the last one are told by it.
   * @param time the vector's times; only read for `first` and `last`
   */
  addRun(slot: number, from: number, to: number, time: Times): void {
    if (this.decoded === NO_COLUMN) return;
    const { values, validity } = this.decoded;
    if (this.needsEnds) this.addEnds(slot, from, to, time);
    if (!this.needsSum && !this.needsExtremes) {
      this.counts[slot]! += validity === undefined ? to - from : countPresent(validity, from, to);
    } else if (values instanceof BigInt64Array) {
      wordsOf(this.words, validity, from, to);
      if (found.count === 0) return;
      if (this.needsSum) this.sums[slot]! += found.sum;
      if (this.needsExtremes) this.widen(slot, values[found.minRow]!, values[found.maxRow]!);
      this.counts[slot]! += found.count;
    } else if (validity === undefined) {
      if (this.needsSum) this.sums[slot]! += sumOf(this.doubles, from, to);
      if (this.needsExtremes) {
        extremesOf(this.doubles, from, to);
        this.widen(slot, found.min, found.max);
      }
      this.counts[slot]! += to - from;
    } else {
      presentOf(this.doubles, validity, from, to);
      if (found.count === 0) return;
      if (this.needsSum) this.sums[slot]! += found.sum;
      if (this.needsExtremes) this.widen(slot, found.min, found.max);
      this.counts[slot]! += found.count;
    }
  }

  /** Whether all that is wanted of runs are sums and extremes of doubles, which `stage` and `take` are for. */
  get isAddedUp(): boolean {
    return this.column.type === 'f64' && this.needsValues && !this.needsEnds;
  }

  /** Lays out what is known of runs `first`… for a kernel that adds to it. At most `RUNS_MAX` of them. */
  stage({ slots, ends, count }: Runs, first: number): void {
    const { needsSum, sums } = this;
    for (let run = first; run < count; run++) {
      const i = run - first;
      runEnds[i] = ends[run]!;
      runSums[i] = needsSum ? sums[slots[run]!]! : 0;
      if (!this.needsExtremes) continue;
      runExtremes[2 * i] = Number.POSITIVE_INFINITY;
      runExtremes[2 * i + 1] = Number.NEGATIVE_INFINITY;
    }
  }

  /** Takes what was staged and added up: rows from…to - 1, none of which is null; run `first` has row `from`. */
  take({ slots, ends, count }: Runs, first: number, from: number, to: number): void {
    let start = from;
    for (let run = first; run < count && start < to; run++) {
      const slot = slots[run]!;
      const end = Math.min(ends[run]!, to);
      const i = run - first;
      if (this.needsSum) this.sums[slot] = runSums[i]!;
      if (this.needsExtremes) this.widen(slot, runExtremes[2 * i]!, runExtremes[2 * i + 1]!);
      this.counts[slot]! += end - start;
      start = end;
    }
  }

  /** The smallest or largest value of a bucket that has any: NaN if all of them are. */
  extreme(which: 'min' | 'max', slot: number): number | bigint {
    const min = (this.mins as Float64Array)[slot]!;
    const max = (this.maxs as Float64Array)[slot]!;
    if (min === Number.POSITIVE_INFINITY && max === Number.NEGATIVE_INFINITY) return Number.NaN;
    return which === 'min' ? min : max;
  }

  private widen(slot: number, min: number | bigint, max: number | bigint): void {
    const { mins, maxs } = this as unknown as { mins: Float64Array; maxs: Float64Array };
    if (this.counts[slot] === 0 || min < mins[slot]!) mins[slot] = min as number;
    if (this.counts[slot] === 0 || max > maxs[slot]!) maxs[slot] = max as number;
  }

  private addEnds(slot: number, from: number, to: number, time: Times): void {
    const { values, validity } = this.decoded;
    const first = validity === undefined ? from : firstPresent(validity, from, to);
    if (first === to) return;
    const last = validity === undefined ? to - 1 : lastPresent(validity, from, to);
    const isNew = this.counts[slot] === 0;
    if (isNew || time[first]! < this.firstTimes[slot]!) {
      (this.firsts as unknown[])[slot] = values[first];
      (this.firstTimes as Float64Array)[slot] = time[first] as number;
    }
    if (isNew || time[last]! >= this.lastTimes[slot]!) {
      (this.lasts as unknown[])[slot] = values[last];
      (this.lastTimes as Float64Array)[slot] = time[last] as number;
    }
  }

  private keep(slots: number): Kept {
    if (isVariable(this.column.type)) return [];
    return this.column.type === 'i64' ? new BigInt64Array(slots) : new Float64Array(slots);
  }

  private times(slots: number): Times {
    return this.timeKind === 'f64' ? new Float64Array(slots) : new BigInt64Array(slots);
  }
}
