import assert from 'node:assert/strict';
import type { ColumnType, TimeUnit } from '../../src/shared/schema/types.ts';

/** A row as it was appended: time in the table's units, a value or null for each column. */
export interface NaiveRow {
  readonly ts: bigint;
  readonly values: readonly unknown[];
}

export interface NaiveColumn {
  readonly name: string;
  readonly type: ColumnType;
}

export interface NaiveQuery {
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
  readonly every: string;
  readonly fillEmpty: boolean;
}

/** What `aggregate` must answer, for each bucket: null where it must be null. */
export interface NaiveBucket {
  readonly start: bigint;
  /** By column, then by aggregate. */
  readonly columns: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Of each column, Σ|x|: how far rounding may take a sum. */
  readonly weights: Readonly<Record<string, number>>;
}

const PER_MS: Readonly<Record<TimeUnit, bigint>> = { ms: 1n, us: 1000n, ns: 1_000_000n };
const STEP_MS: Readonly<Record<string, bigint>> = {
  ms: 1n,
  s: 1000n,
  m: 60_000n,
  h: 3_600_000n,
  d: 86_400_000n,
  w: 604_800_000n,
};

/** Start of the bucket of a time, in ms, UTC: by whole-number division, and by Date for months and years. */
export function naiveStart(ms: bigint, every: string): bigint {
  const [, digits, unit] = /^(\d+)(\D+)$/.exec(every)!;
  const count = BigInt(digits!);
  if (unit === 'mo' || unit === 'y') {
    const date = new Date(Number(ms));
    const months = BigInt((date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth());
    const step = count * (unit === 'y' ? 12n : 1n);
    return BigInt(Date.UTC(1970, Number(floorTo(months, step)), 1));
  }
  // 1970-01-05 was a Monday.
  const origin = unit === 'w' ? 4n * 86_400_000n : 0n;
  return floorTo(ms - origin, count * STEP_MS[unit!]!) + origin;
}

function nextStart(start: bigint, every: string): bigint {
  for (let step = 1n; ; step *= 2n) {
    let high = start + step;
    if (naiveStart(high, every) === start) continue;
    let low = start;
    while (low + 1n < high) {
      const middle = (low + high) / 2n;
      if (naiveStart(middle, every) === start) low = middle;
      else high = middle;
    }
    return high;
  }
}

export function naiveAggregate(
  rows: readonly NaiveRow[],
  unit: TimeUnit,
  columns: readonly NaiveColumn[],
  query: NaiveQuery,
): NaiveBucket[] {
  const { from, to, every, fillEmpty } = query;
  const toMs = (ts: bigint): bigint => floorTo(ts, PER_MS[unit]) / PER_MS[unit];
  const wanted = rows.filter(
    ({ ts }) => (from === undefined || ts >= from) && (to === undefined || ts <= to),
  );
  // Stable: ties stay in order of arrival.
  wanted.sort((a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0));
  const buckets = new Map<bigint, NaiveRow[]>();
  for (const row of wanted) {
    const start = naiveStart(toMs(row.ts), every);
    buckets.set(start, [...(buckets.get(start) ?? []), row]);
  }
  if (fillEmpty && !(from !== undefined && to !== undefined && from > to)) {
    const first = from === undefined ? wanted[0]?.ts : from;
    const last = to === undefined ? wanted.at(-1)?.ts : to;
    if (first !== undefined && last !== undefined && first <= last) {
      const end = naiveStart(toMs(last), every);
      for (let at = naiveStart(toMs(first), every); at <= end; at = nextStart(at, every)) {
        if (!buckets.has(at)) buckets.set(at, []);
      }
    }
  }
  return [...buckets]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([start, within]) => ({
      start: start * PER_MS[unit],
      columns: Object.fromEntries(columns.map(({ name }, i) => [name, ofColumn(within, i)])),
      weights: Object.fromEntries(
        columns.map(({ name }, i) => [
          name,
          within.reduce((sum, { values }) => sum + Math.abs(Number(values[i] ?? 0)), 0),
        ]),
      ),
    }));
}

function ofColumn(rows: readonly NaiveRow[], i: number): Record<string, unknown> {
  const values = rows.map((row) => row.values[i]).filter((value) => value !== null);
  if (values.length === 0) {
    return { count: 0, min: null, max: null, sum: null, mean: null, first: null, last: null };
  }
  const ordered = (values as (number | bigint)[]).filter((value) => !Number.isNaN(value));
  const best = (isBetter: (a: number | bigint, b: number | bigint) => boolean): unknown =>
    ordered.length === 0 ? Number.NaN : ordered.reduce((a, b) => (isBetter(b, a) ? b : a));
  const sum = values.reduce((total: number, value) => total + Number(value), 0);
  return {
    count: values.length,
    min: best((a, b) => a < b),
    max: best((a, b) => a > b),
    sum,
    mean: sum / values.length,
    first: values[0],
    last: values.at(-1),
  };
}

function floorTo(value: bigint, step: bigint): bigint {
  const rest = value % step;
  return value - (rest < 0n ? rest + step : rest);
}

/** What `aggregate` gave, as plain data: null where its bitmap says so. */
export interface GivenBuckets {
  readonly bucketCount: number;
  readonly ts: Float64Array | BigInt64Array;
  readonly columns: Readonly<Record<string, Readonly<Record<string, ArrayLike<unknown>>>>>;
  readonly validity: Readonly<Record<string, Uint8Array | undefined>>;
}

/** Fails unless the buckets given are the expected ones. Sums may be off by what rounding in another order allows. */
export function assertBuckets(given: GivenBuckets, expected: readonly NaiveBucket[]): void {
  assert.deepEqual(
    Array.from(given.ts as Float64Array, BigInt),
    expected.map(({ start }) => start),
  );
  assert.equal(given.bucketCount, expected.length);
  for (const [name, arrays] of Object.entries(given.columns)) {
    const bits = given.validity[name];
    for (const [aggregate, array] of Object.entries(arrays)) {
      assert.equal(array.length, expected.length);
      for (const [i, bucket] of expected.entries()) {
        const isNull = bits !== undefined && ((bits[i >> 3]! >> (i & 7)) & 1) === 0;
        const want = bucket.columns[name]![aggregate];
        const label = `${name}.${aggregate} of bucket ${i}`;
        if (aggregate === 'count') assert.equal(array[i], want, label);
        else if (want === null) assert.ok(isNull, `${label} is ${String(array[i])}, not null`);
        else assertValue(isNull ? null : array[i], want, bucket.weights[name]!, aggregate, label);
      }
    }
    if (bits !== undefined) assert.ok(expected.some(({ columns }) => columns[name]!['count'] === 0));
  }
}

function assertValue(found: unknown, want: unknown, weight: number, aggregate: string, label: string): void {
  if ((aggregate === 'sum' || aggregate === 'mean') && Number.isFinite(want as number)) {
    const off = Math.abs((found as number) - (want as number));
    assert.ok(off <= weight * 1e-12, `${label}: ${String(found)} is not ${String(want)}`);
  } else if (want instanceof Uint8Array) assert.deepEqual(found, want, label);
  else if (typeof want === 'number' && Number.isNaN(want)) assert.ok(Number.isNaN(found), `${label} is NaN`);
  // −0 and 0 are the same to a user of aggregates.
  else assert.ok(found === want, `${label}: ${String(found)} is not ${String(want)}`);
}
