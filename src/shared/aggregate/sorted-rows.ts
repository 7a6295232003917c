import type { DecodedColumn } from '../codec/column-data.ts';
import type { AggregateInput, VectorSource } from './bucket-aggregator.ts';

type Times = Float64Array | BigInt64Array;

/** First of `rows` sorted rows at or after a time. */
export function lowerBound(time: Times, rows: number, wanted: number | bigint): number {
  let low = 0;
  let high = rows;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (time[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** First of `rows` sorted rows after a time. */
export function upperBound(time: Times, rows: number, wanted: number | bigint): number {
  let low = 0;
  let high = rows;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (time[middle]! <= wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Those of `rows` rows that lie in a range of time, both ends inclusive, in order of time, ties as they are. */
export function sortedPicks(
  time: Times,
  rows: number,
  from: number | bigint,
  to: number | bigint,
): Uint32Array {
  const picks = new Uint32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) if (time[row]! >= from && time[row]! <= to) picks[count++] = row;
  const wanted = picks.subarray(0, count);
  // Typed arrays sort stably, as plain ones do.
  if (time instanceof Float64Array) return wanted.sort((a, b) => time[a]! - time[b]!);
  return wanted.sort((a, b) => (time[a]! < time[b]! ? -1 : time[a]! > time[b]! ? 1 : 0));
}

/** All vectors of a column joined. */
export function wholeColumn(input: AggregateInput, source: VectorSource): DecodedColumn {
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
export function pickRows({ values, validity }: DecodedColumn, picks: Uint32Array): DecodedColumn {
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
