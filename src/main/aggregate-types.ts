import type { ColumnType, TimeUnit } from '../shared/schema/types.ts';
import type { ColumnArray, Timestamp } from './api-types.ts';

/**
 * What can be asked of a column in each bucket. Nulls count for nothing.
 *
 * | | |
 * |---|---|
 * | `count` | values that are not null |
 * | `min`, `max` | NaN is passed over, unless there is nothing else; −0 and 0 are equal |
 * | `sum`, `mean` | in float64, in no promised order: the last digits may differ with how rows lie in blocks; a NaN makes them NaN; i64 values are rounded to float64 first; of bools the number, and the share, that are true |
 * | `first`, `last` | the oldest and the newest value, by time and then by arrival |
 */
export type Aggregate = 'count' | 'min' | 'max' | 'sum' | 'mean' | 'first' | 'last';

/** What can be asked of a column of a type: strings and byte arrays are counted, and have a first and a last one. */
export type AggregateOf<T extends ColumnType> = T extends 'utf8' | 'bytes'
  ? 'count' | 'first' | 'last'
  : Aggregate;

/** A step of time: a whole number and a unit, or a number of ms. `d w mo y` follow the calendar. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd' | 'w' | 'mo' | 'y'}`;

/** Which aggregates are wanted of which columns. */
export type AggregateColumns<M extends Record<string, ColumnType> = Record<string, ColumnType>> = {
  readonly [K in keyof M]?: readonly AggregateOf<M[K]>[];
};

export interface AggregateOptions<
  M extends Record<string, ColumnType> = Record<string, ColumnType>,
  U extends TimeUnit = TimeUnit,
  A extends AggregateColumns<M> = AggregateColumns<M>,
> {
  /** First timestamp wanted, inclusive. It may cut the first bucket, which still starts where its step does. */
  readonly from?: Timestamp<U> | undefined;
  /** Last timestamp wanted, inclusive. */
  readonly to?: Timestamp<U> | undefined;
  /**
   * Length of a bucket. `ms s m h` are lengths of time, counted from 1970-01-01T00:00Z. `d w mo y` follow the calendar:
   * buckets start at midnight, weeks on Monday, counted from 1970.
   */
  readonly every: Duration;
  readonly columns: A;
  /** IANA name of the zone whose calendar `d w mo y` follow, summer time included. Default UTC. */
  readonly timeZone?: string | undefined;
  /**
   * Also give the buckets without rows, from that of `from` (or of the first row) to that of `to` (or of the last row); at
   * most 10,000,000. Default false.
   */
  readonly fillEmpty?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The array of an aggregate: counts, sums and means as float64, others as the column's own type. */
export type AggregateArray<T extends ColumnType, F> = F extends 'count' | 'sum' | 'mean'
  ? Float64Array
  : ColumnArray<T>;

/** Buckets in order of time. Owns plain ArrayBuffers. */
export interface Buckets<
  M extends Record<string, ColumnType> = Record<string, ColumnType>,
  U extends TimeUnit = TimeUnit,
  A extends AggregateColumns<M> = AggregateColumns<M>,
> {
  readonly bucketCount: number;
  /** Where each bucket starts. ms tables: numbers; us and ns tables: bigints. */
  readonly ts: U extends 'ms' ? Float64Array : BigInt64Array;
  readonly columns: {
    readonly [K in keyof A & keyof M]: {
      readonly [F in NonNullable<A[K]>[number] & string]: AggregateArray<M[K], F>;
    };
  };
  /**
   * Per column a bitmap, 1 = the bucket has a value that is not null; absent = all have. Where there is none, `count` is 0
   * and the others are null: floats hold NaN then, integers 0, strings ''.
   */
  readonly validity: { readonly [K in keyof A & keyof M]?: Uint8Array };
}

/** As `AggregateColumns`, of tables whose types are not known here. */
export type AnyAggregateColumns = { readonly [name: string]: readonly Aggregate[] };

/** As `AggregateOptions`, for several tables. Columns, and the units of `from` and `to`, must suit each of them. */
export interface TablesAggregateOptions<
  T extends string = string,
  A extends AnyAggregateColumns = AnyAggregateColumns,
> extends Omit<AggregateOptions, 'columns'> {
  readonly tables: readonly T[];
  readonly columns: A;
}

/** As `Buckets`, of a table whose types are not known here. */
export interface AnyBuckets<A extends AnyAggregateColumns = AnyAggregateColumns> {
  readonly bucketCount: number;
  readonly ts: Float64Array | BigInt64Array;
  readonly columns: {
    readonly [K in keyof A]: {
      readonly [F in A[K][number]]: F extends 'count' | 'sum' | 'mean'
        ? Float64Array
        : ColumnArray<ColumnType>;
    };
  };
  readonly validity: { readonly [K in keyof A]?: Uint8Array };
}
