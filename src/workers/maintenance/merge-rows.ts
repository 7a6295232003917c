import type { ColumnSource, DecodedColumn } from '../../shared/codec/column-data.ts';
import { isPresent } from '../../shared/format/piece.ts';
import { type FixedType, type FixedValues, fixedValues } from '../../shared/schema/fixed-values.ts';
import { type ColumnType, isVariable } from '../../shared/schema/types.ts';

/** Decoded rows of one block. Strings come as their bytes; undefined is a column that the block is older than. */
export interface DecodedRows {
  readonly rows: number;
  readonly time: Float64Array | BigInt64Array;
  readonly columns: readonly (DecodedColumn | undefined)[];
}

export interface MergedRows {
  readonly rows: number;
  /** `ts` first. */
  readonly sources: readonly ColumnSource[];
}

/** Values above this size are looked up, so that one that is repeated takes room once. */
const SHARED_VALUE_BYTES = 64;
const NOT_KEPT = 0xffff_ffff;

/**
 * Joins the rows of blocks, sorted by time.
 * @param parts in order of arrival: rows of one time stay in this order
 * @param kinds the types of the columns
 * @param cutoff rows with a smaller timestamp are left out
 */
export function mergeRows(
  parts: readonly DecodedRows[],
  kinds: readonly ColumnType[],
  timeKind: 'f64' | 'i64',
  cutoff: bigint,
): MergedRows {
  const total = parts.reduce((sum, part) => sum + part.rows, 0);
  const joined = timeKind === 'f64' ? new Float64Array(total) : new BigInt64Array(total);
  let at = 0;
  for (const part of parts) {
    (joined as Float64Array).set(part.time as Float64Array, at);
    at += part.rows;
  }
  const order = orderOf(joined, timeKind === 'f64' ? Number(cutoff) : cutoff);
  const places = new Uint32Array(total).fill(NOT_KEPT);
  for (let i = 0; i < order.length; i++) places[order[i]!] = i;
  const rows = order.length;
  const time = timeKind === 'f64' ? new Float64Array(rows) : new BigInt64Array(rows);
  for (let i = 0; i < rows; i++) time[i] = joined[order[i]!]!;
  const sources: ColumnSource[] = [
    { kind: timeKind, isTime: true, values: time, validity: undefined, arena: undefined },
  ];
  for (const [column, kind] of kinds.entries()) {
    const columns = parts.map((part) => ({ rows: part.rows, decoded: part.columns[column] }));
    const validity = mergeValidity(columns, places, rows);
    const values = isVariable(kind)
      ? mergeVariable(columns, places, rows)
      : { values: mergeFixed(kind, columns, places, rows), arena: undefined };
    sources.push({ kind, isTime: false, validity, ...values });
  }
  return { rows, sources };
}

/** Row numbers in order of time, ties as they are, without those before the cutoff. */
function orderOf(time: Float64Array | BigInt64Array, cutoff: number | bigint): Uint32Array {
  const order = new Uint32Array(time.length);
  let kept = 0;
  let sorted = true;
  for (let i = 0; i < time.length; i++) {
    if (time[i]! < cutoff) continue;
    if (kept > 0 && time[order[kept - 1]!]! > time[i]!) sorted = false;
    order[kept++] = i;
  }
  const result = order.subarray(0, kept);
  if (sorted) return result;
  // Typed arrays sort stably. Halves of an int64 are not compared by hand here: pack is no hot path for us and ns tables.
  if (time instanceof Float64Array) return result.sort((a, b) => time[a]! - time[b]!);
  return result.sort((a, b) => (time[a]! < time[b]! ? -1 : time[a]! > time[b]! ? 1 : 0));
}

interface ColumnPart {
  readonly rows: number;
  readonly decoded: DecodedColumn | undefined;
}

function mergeValidity(
  parts: readonly ColumnPart[],
  places: Uint32Array,
  rows: number,
): Uint8Array | undefined {
  if (parts.every(({ decoded }) => decoded !== undefined && decoded.validity === undefined)) return undefined;
  const validity = new Uint8Array(Math.ceil(rows / 8));
  let base = 0;
  for (const { rows: count, decoded } of parts) {
    for (let i = 0; i < count && decoded !== undefined; i++) {
      const place = places[base + i]!;
      if (place !== NOT_KEPT && isPresent(decoded.validity, i)) validity[place >> 3]! |= 1 << (place & 7);
    }
    base += count;
  }
  return validity;
}

/** Values are moved as integers: a NaN that goes through a JS number could lose its payload. */
function mergeFixed(
  kind: ColumnType,
  parts: readonly ColumnPart[],
  places: Uint32Array,
  rows: number,
): FixedValues {
  const values = fixedValues(kind as FixedType, rows);
  const into = integersOf(values);
  const isWide = values.BYTES_PER_ELEMENT === 8;
  let base = 0;
  for (const { rows: count, decoded } of parts) {
    const from = decoded === undefined ? undefined : integersOf(decoded.values as FixedValues);
    for (let i = 0; i < count && from !== undefined; i++) {
      const place = places[base + i]!;
      if (place === NOT_KEPT) continue;
      if (isWide) {
        into[2 * place] = from[2 * i]!;
        into[2 * place + 1] = from[2 * i + 1]!;
      } else into[place] = from[i]!;
    }
    base += count;
  }
  return values;
}

function integersOf(values: FixedValues): Int32Array | Uint8Array {
  if (values instanceof Uint8Array) return values;
  return new Int32Array(values.buffer, values.byteOffset, values.byteLength / 4);
}

function mergeVariable(
  parts: readonly ColumnPart[],
  places: Uint32Array,
  rows: number,
): { values: Uint32Array; arena: Uint8Array } {
  const refs = new Uint32Array(2 * rows);
  // Decoding gives equal values of a dictionary as one array.
  const known = new Map<Uint8Array, number>();
  const pieces: { at: number; bytes: Uint8Array }[] = [];
  let end = 0;
  let base = 0;
  for (const { rows: count, decoded } of parts) {
    const values = decoded?.values as Uint8Array[] | undefined;
    for (let i = 0; i < count && values !== undefined; i++) {
      const place = places[base + i]!;
      const value = values[i]!;
      if (place === NOT_KEPT || value.length === 0) continue;
      let at = value.length > SHARED_VALUE_BYTES ? known.get(value) : undefined;
      if (at === undefined) {
        at = end;
        end += value.length;
        pieces.push({ at, bytes: value });
        if (value.length > SHARED_VALUE_BYTES) known.set(value, at);
      }
      refs[2 * place] = at;
      refs[2 * place + 1] = value.length;
    }
    base += count;
  }
  const arena = new Uint8Array(end);
  for (const { at, bytes } of pieces) arena.set(bytes, at);
  return { values: refs, arena };
}
