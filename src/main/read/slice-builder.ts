import type { DecodedColumn } from '../../shared/codec/column-data.ts';
import { copyRows, ResultColumns } from '../../shared/read/result-columns.ts';
import type { Column } from '../../shared/schema/types.ts';
import type { Rows } from '../api-types.ts';
import type { Slice } from './slices.ts';

/** Joins slices into columns that own their memory. */
export class SliceBuilder {
  private readonly columns: readonly Column[];
  private readonly timeKind: 'f64' | 'i64' | undefined;
  private readonly slices: Slice[] = [];
  rows = 0;

  /** @param timeKind undefined if the timestamps are not wanted */
  constructor(columns: readonly Column[], timeKind: 'f64' | 'i64' | undefined) {
    this.columns = columns;
    this.timeKind = timeKind;
  }

  add(slice: Slice): void {
    this.slices.push(slice);
    this.rows += slice.count;
  }

  /** All rows added so far, in the order in which they were added. */
  build(): ResultColumns {
    const types = this.columns.map(({ type }) => type);
    const result = new ResultColumns(types, this.timeKind, this.rows);
    let at = 0;
    for (const slice of this.slices) {
      copySlice(slice, result, at);
      at += slice.count;
    }
    return result;
  }

  /** The same as the rows of a result. */
  result(): Rows {
    return toRows(this.columns, this.build());
  }
}

/** Copies a slice to the rows of a result from `at` on. */
export function copySlice(slice: Slice, { time, columns }: ResultColumns, at: number): void {
  const { picks, from, count } = slice;
  if (count === 0) return;
  if (time !== undefined) copyRows({ values: slice.time, validity: undefined }, picks, from, count, time, at);
  for (const [i, target] of columns.entries()) copyRows(slice.columns[i], picks, from, count, target, at);
}

/** Filled columns as the rows of a result, which own their memory. */
export function toRows(columns: readonly Column[], result: ResultColumns): Rows {
  const values: [string, unknown][] = [];
  const validity: [string, Uint8Array][] = [];
  for (const [i, { name, type }] of columns.entries()) {
    const target = result.columns[i]!;
    values.push([name, type === 'bytes' ? ownBytes(target.runs) : target.values]);
    const bits = target.validity && endBits(target.validity, result.rows);
    if (bits !== undefined && hasNull(bits, result.rows)) validity.push([name, bits]);
  }
  return {
    rowCount: result.rows,
    ...(result.time === undefined ? {} : { ts: result.time.values }),
    // fromEntries, unlike an assignment, makes an own property of a column that is called __proto__.
    columns: Object.fromEntries(values),
    validity: Object.fromEntries(validity),
  } as unknown as Rows;
}

/** The decoded form of a filled column. */
export function decodedOf({ columns }: ResultColumns): DecodedColumn[] {
  return columns.map((target) => target.column());
}

/** The bits after the last row are zero, as Arrow has them. */
function endBits(validity: Uint8Array, rows: number): Uint8Array {
  if ((rows & 7) !== 0) validity[validity.length - 1]! &= (1 << (rows & 7)) - 1;
  return validity;
}

/** Byte arrays that are decoded together share memory, and equal ones are one array: a result's must not. */
function ownBytes(values: readonly Uint8Array[]): Uint8Array[] {
  return values.map((value) => value.slice());
}

function hasNull(validity: Uint8Array, rows: number): boolean {
  const whole = rows >> 3;
  for (let i = 0; i < whole; i++) if (validity[i] !== 0xff) return true;
  return (rows & 7) !== 0 && validity[whole] !== (1 << (rows & 7)) - 1;
}
