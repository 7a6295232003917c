import type { DecodedColumn } from '../../shared/codec/column-data.ts';
import { isPresent } from '../../shared/format/piece.ts';
import type { Column, ColumnType } from '../../shared/schema/types.ts';
import type { Rows } from '../api-types.ts';
import type { Slice } from './slices.ts';

type Values = DecodedColumn['values'];

/** Joins slices into columns that own their memory. */
export class SliceBuilder {
  private readonly columns: readonly Column[];
  private readonly timeKind: 'f64' | 'i64';
  private readonly slices: Slice[] = [];
  rows = 0;

  constructor(columns: readonly Column[], timeKind: 'f64' | 'i64') {
    this.columns = columns;
    this.timeKind = timeKind;
  }

  add(slice: Slice): void {
    this.slices.push(slice);
    this.rows += slice.count;
  }

  /** All rows added so far, in the order in which they were added. */
  build(): { time: Float64Array | BigInt64Array; columns: DecodedColumn[] } {
    const time = this.timeKind === 'f64' ? new Float64Array(this.rows) : new BigInt64Array(this.rows);
    let at = 0;
    for (const slice of this.slices) {
      copyValues(slice.time, slice, time, at);
      at += slice.count;
    }
    return { time, columns: this.columns.map((column, i) => this.buildColumn(column.type, i)) };
  }

  /** The same as the rows of a result. */
  result(): Rows {
    const { time, columns } = this.build();
    const named = this.columns.map(({ name, type }, i) => ({ name, type, ...columns[i]! }));
    // fromEntries, unlike an assignment, makes an own property of a column that is called __proto__.
    const values = Object.fromEntries(
      named.map(({ name, type, values }) => [
        name,
        type === 'bytes' ? ownBytes(values as Uint8Array[]) : values,
      ]),
    );
    const validity = Object.fromEntries(
      named.filter(({ validity }) => validity !== undefined).map(({ name, validity }) => [name, validity]),
    );
    return { rowCount: this.rows, ts: time, columns: values, validity } as unknown as Rows;
  }

  private buildColumn(type: ColumnType, i: number): DecodedColumn {
    const values = emptyValues(type, this.rows);
    let validity: Uint8Array | undefined;
    let at = 0;
    for (const slice of this.slices) {
      const decoded = slice.columns[i];
      if (decoded !== undefined) copyValues(decoded.values, slice, values, at);
      if (decoded === undefined || decoded.validity !== undefined) {
        validity ??= new Uint8Array(Math.ceil(this.rows / 8)).fill(0xff);
        clearNulls(validity, at, slice, decoded);
      }
      at += slice.count;
    }
    // The bits after the last row are zero, as Arrow has them.
    if (validity !== undefined && (this.rows & 7) !== 0)
      validity[validity.length - 1]! &= (1 << (this.rows & 7)) - 1;
    return {
      values,
      validity: validity !== undefined && hasNull(validity, this.rows) ? validity : undefined,
    };
  }
}

/** An array of a column's type; utf8 and bytes begin as empty strings and arrays, as nulls have them. */
function emptyValues(type: ColumnType, rows: number): Values {
  switch (type) {
    case 'f64':
      return new Float64Array(rows);
    case 'f32':
      return new Float32Array(rows);
    case 'i64':
      return new BigInt64Array(rows);
    case 'i32':
      return new Int32Array(rows);
    case 'bool':
      return new Uint8Array(rows);
    case 'utf8':
      return new Array<string>(rows).fill('');
    default:
      return Array.from({ length: rows }, () => new Uint8Array(0));
  }
}

/** Byte arrays that are decoded together share memory, and equal ones are one array: a result's must not. */
function ownBytes(values: readonly Uint8Array[]): Uint8Array[] {
  return values.map((value) => value.slice());
}

function copyValues(from: Values, slice: Slice, into: Values, at: number): void {
  const { picks, count } = slice;
  if (Array.isArray(from) || Array.isArray(into)) {
    for (let i = 0; i < count; i++) into[at + i] = from[picks === undefined ? slice.from + i : picks[i]!]!;
  } else if (picks === undefined) {
    // Array types are the same on both sides: bits are copied, NaN payloads stay.
    (into as Float64Array).set((from as Float64Array).subarray(slice.from, slice.from + count), at);
  } else {
    gather(from, picks, count, into, at);
  }
}

/** Copies picked values bit by bit: a NaN that goes through a JS number could lose its payload. */
function gather(from: Values, picks: Uint32Array, count: number, into: Values, at: number): void {
  const source = integersOf(from as Float64Array);
  const target = integersOf(into as Float64Array);
  const words = (from as Float64Array).BYTES_PER_ELEMENT === 8 ? 2 : 1;
  if (words === 1) {
    for (let i = 0; i < count; i++) target[at + i] = source[picks[i]!]!;
    return;
  }
  for (let i = 0; i < count; i++) {
    target[2 * (at + i)] = source[2 * picks[i]!]!;
    target[2 * (at + i) + 1] = source[2 * picks[i]! + 1]!;
  }
}

/** The same memory as integers: two a value for 8-byte types. */
function integersOf(values: Float64Array | Uint8Array): Int32Array | Uint8Array {
  if (values.BYTES_PER_ELEMENT === 1) return values as Uint8Array;
  return new Int32Array(values.buffer, values.byteOffset, values.byteLength / 4);
}

function clearNulls(
  validity: Uint8Array,
  at: number,
  slice: Slice,
  decoded: DecodedColumn | undefined,
): void {
  for (let i = 0; i < slice.count; i++) {
    const row = slice.picks === undefined ? slice.from + i : slice.picks[i]!;
    if (decoded === undefined || !isPresent(decoded.validity, row))
      validity[(at + i) >> 3]! &= ~(1 << ((at + i) & 7));
  }
}

function hasNull(validity: Uint8Array, rows: number): boolean {
  const whole = rows >> 3;
  for (let i = 0; i < whole; i++) if (validity[i] !== 0xff) return true;
  return (rows & 7) !== 0 && validity[whole] !== (1 << (rows & 7)) - 1;
}
