import type { BucketAggregator } from '../../shared/aggregate/bucket-aggregator.ts';
import { msOf } from '../../shared/aggregate/bucket-aggregator.ts';
import type { Aggregate, ColumnAccumulator } from '../../shared/aggregate/column-accumulator.ts';
import { MillraceError } from '../../shared/errors.ts';
import { ALL_TIME } from '../../shared/index/index-reader.ts';
import type { ColumnType } from '../../shared/schema/types.ts';
import type { Buckets } from '../aggregate-types.ts';
import type { CheckedAggregate } from './aggregate-options.ts';

/** Of a result with empty buckets: 80 MB for each aggregate. */
const MAX_FILLED = 10_000_000;
/** Slot of a bucket without rows. */
const EMPTY = -1;

/** What an aggregator found, as columns that own their memory. @throws INVALID_OPTION for too many empty buckets */
export function toBuckets(query: CheckedAggregate, aggregator: BucketAggregator): Buckets {
  const found = aggregator.slots.inOrder().filter(([, slot]) => aggregator.rows[slot]! > 0);
  return build(query, query.fillEmpty ? filled(query, found) : found, aggregator.columns);
}

/** The result where no row lies in the range. @throws INVALID_OPTION for too many empty buckets */
export function emptyBuckets(query: CheckedAggregate): Buckets {
  return build(query, query.fillEmpty ? filled(query, []) : [], []);
}

/** All buckets from the first to the last one that the query has, those without rows too. */
function filled(
  { plan, range, isBounded }: CheckedAggregate,
  found: readonly [number: number, slot: number][],
): [number, number][] {
  const { grid, perMs } = plan;
  if (range.from > range.to) return [];
  const ends = [
    isBounded.from ? msOf(range.from, perMs) : undefined,
    isBounded.to ? msOf(range.to, perMs) : undefined,
  ];
  if (ends.some((ms) => ms !== undefined && !Number.isSafeInteger(ms))) throw tooManyBuckets();
  const [first, last] = [
    ends[0] === undefined ? found[0]?.[0] : grid.numberOf(ends[0]),
    ends[1] === undefined ? found.at(-1)?.[0] : grid.numberOf(ends[1]),
  ];
  if (first === undefined || last === undefined) return [];
  if (last - first >= MAX_FILLED) throw tooManyBuckets();
  const slots = new Map(found);
  const all: [number, number][] = [];
  for (let number = first; number <= last; number++) {
    // A calendar may leave out a day: its bucket has no length and cannot have rows.
    if (grid.startOf(number) === grid.startOf(number + 1)) continue;
    all.push([number, slots.get(number) ?? EMPTY]);
  }
  return all;
}

function build(
  query: CheckedAggregate,
  buckets: readonly [number: number, slot: number][],
  accumulators: readonly ColumnAccumulator[],
): Buckets {
  const { grid, timeKind, perMs, columns } = query.plan;
  const starts = buckets.map(([number]) => grid.startOf(number));
  // The bucket of the earliest int64 may start before there are any.
  const toInt64 = (ms: number): bigint => {
    const ts = BigInt(ms) * BigInt(perMs);
    return ts < ALL_TIME.from ? ALL_TIME.from : ts;
  };
  const values: [string, unknown][] = [];
  const validity: [string, Uint8Array][] = [];
  for (const [i, { column, wanted }] of columns.entries()) {
    const accumulator = accumulators[i];
    const slots = buckets.map(([, slot]) =>
      accumulator !== undefined && slot !== EMPTY && accumulator.counts[slot]! > 0 ? slot : EMPTY,
    );
    const named = wanted.map((aggregate) => [aggregate, arrayOf(column.type, aggregate, slots, accumulator)]);
    // fromEntries, unlike an assignment, makes an own property of a column that is called __proto__.
    values.push([column.name, Object.fromEntries(named)]);
    if (slots.includes(EMPTY)) validity.push([column.name, bitmapOf(slots)]);
  }
  return {
    bucketCount: buckets.length,
    ts: timeKind === 'f64' ? Float64Array.from(starts) : BigInt64Array.from(starts, toInt64),
    columns: Object.fromEntries(values),
    validity: Object.fromEntries(validity),
  } as unknown as Buckets;
}

function arrayOf(
  type: ColumnType,
  aggregate: Aggregate,
  slots: readonly number[],
  from: ColumnAccumulator | undefined,
): unknown {
  const value = (slot: number): unknown => resultOf(from!, aggregate, slot);
  const fill = <T extends Float64Array | Float32Array | Int32Array | Uint8Array>(
    into: T,
    absent: number,
  ): T => {
    for (let i = 0; i < slots.length; i++)
      into[i] = slots[i] === EMPTY ? absent : (value(slots[i]!) as number);
    return into;
  };
  const { length } = slots;
  if (aggregate === 'count') return fill(new Float64Array(length), 0);
  if (aggregate === 'sum' || aggregate === 'mean' || type === 'f64')
    return fill(new Float64Array(length), Number.NaN);
  switch (type) {
    case 'f32':
      return fill(new Float32Array(length), Number.NaN);
    case 'i32':
      return fill(new Int32Array(length), 0);
    case 'bool':
      return fill(new Uint8Array(length), 0);
    case 'i64':
      return BigInt64Array.from(slots, (slot) => (slot === EMPTY ? 0n : (value(slot) as bigint)));
    case 'utf8':
      return slots.map((slot) => (slot === EMPTY ? '' : value(slot)));
    default:
      return slots.map((slot) =>
        // A copy: byte arrays that are decoded together share memory.
        slot === EMPTY ? new Uint8Array(0) : (value(slot) as Uint8Array).slice(),
      );
  }
}

function resultOf(from: ColumnAccumulator, aggregate: Aggregate, slot: number): unknown {
  switch (aggregate) {
    case 'count':
      return from.counts[slot];
    case 'sum':
      return from.sums[slot];
    case 'mean':
      return from.sums[slot]! / from.counts[slot]!;
    case 'first':
      return from.firsts[slot];
    case 'last':
      return from.lasts[slot];
    default:
      return from.extreme(aggregate, slot);
  }
}

function bitmapOf(slots: readonly number[]): Uint8Array {
  const bits = new Uint8Array(Math.ceil(slots.length / 8));
  for (let i = 0; i < slots.length; i++) if (slots[i] !== EMPTY) bits[i >> 3]! |= 1 << (i & 7);
  return bits;
}

function tooManyBuckets(): MillraceError {
  return new MillraceError(
    'INVALID_OPTION',
    `fillEmpty would give over ${MAX_FILLED.toLocaleString('en')} buckets; give a longer step, or from and to closer together`,
    { limit: MAX_FILLED },
  );
}
