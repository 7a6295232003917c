import type { MemoryViews } from '../../shared/chunk/views.ts';
import { isVariable } from '../../shared/schema/types.ts';
import { type CheckedBatch, type CheckedColumn, isSet } from './batch-check.ts';
import type { BatchSlot, TableAppender } from './table-appender.ts';

/** Appends a checked batch: fixed columns are copied whole, chunk by chunk. */
export function appendBatch(appender: TableAppender, batch: CheckedBatch): void {
  const variable = appender.shape.variableAt;
  for (let from = 0; from < batch.rows; ) {
    const slot = appender.begin(batch.rows - from);
    const wanted = Math.min(slot.room, batch.rows - from);
    const count =
      variable.length === 0 ? wanted : storeVariable(appender, batch, variable, slot.row, from, wanted);
    if (count > 0) {
      storeTimes(appender, slot, batch, from, count);
      for (let i = 0; i < batch.columns.length; i++) {
        if (!isVariable(appender.columns[i]!.type))
          storeFixed(appender, slot, i, batch.columns[i]!, from, count);
      }
      appender.publish(count);
      from += count;
    }
    if (count < wanted) appender.next(batch.rows - from, bytesOfRow(appender, batch, variable, from));
  }
}

/** Stores the variable values row by row. @returns how many rows found room in the arena */
function storeVariable(
  appender: TableAppender,
  batch: CheckedBatch,
  variable: readonly number[],
  firstRow: number,
  from: number,
  wanted: number,
): number {
  for (let offset = 0; offset < wanted; offset++) {
    const mark = appender.arenaMark;
    for (const i of variable) {
      const { values, validity } = batch.columns[i]!;
      const value = validity === undefined || isSet(validity, from + offset) ? values[from + offset] : null;
      if (!appender.storeValue(i, value, firstRow + offset)) {
        appender.forgetRow(firstRow + offset, mark);
        return offset;
      }
    }
  }
  return wanted;
}

function bytesOfRow(
  appender: TableAppender,
  batch: CheckedBatch,
  variable: readonly number[],
  row: number,
): number {
  let bytes = 0;
  for (const i of variable) {
    const { values, validity } = batch.columns[i]!;
    if (validity === undefined || isSet(validity, row)) bytes += appender.checkValue(i, values[row]);
  }
  return bytes;
}

function storeTimes(
  appender: TableAppender,
  slot: BatchSlot,
  { ts, hasZero }: CheckedBatch,
  from: number,
  count: number,
): void {
  const at = slot.timeAt + slot.row;
  if (appender.definition.unit !== 'ms') {
    if (ts instanceof BigInt64Array) slot.views.i64.set(part(ts, from, count), at);
    else for (let i = 0; i < count; i++) slot.views.i64[at + i] = ts[from + i] as bigint;
  } else if (ts instanceof Float64Array) {
    slot.views.f64.set(part(ts, from, count), at);
    // −0 is a safe integer, but there is no −0 among timestamps.
    if (!hasZero) return;
    for (let i = at; i < at + count; i++) if (slot.views.f64[i] === 0) slot.views.f64[i] = 0;
  } else {
    for (let i = 0; i < count; i++) slot.views.f64[at + i] = Number(ts[from + i]) + 0;
  }
}

function storeFixed(
  appender: TableAppender,
  slot: BatchSlot,
  i: number,
  column: CheckedColumn,
  from: number,
  count: number,
): void {
  const { values, validity, isTyped } = column;
  if (!isTyped) {
    for (let row = 0; row < count; row++) {
      const present = validity === undefined || isSet(validity, from + row);
      appender.storeValue(i, present ? values[from + row] : null, slot.row + row);
    }
    return;
  }
  copyTyped(slot.views, appender.columns[i]!.type, values, from, count, appender.placeOf(i, slot.row));
  if (validity === undefined) return;
  for (let row = 0; row < count; row++) {
    if (!isSet(validity, from + row)) appender.storeNull(i, slot.row + row);
  }
}

/** Copies within one type, so that every bit of a NaN stays. */
function copyTyped(
  views: MemoryViews,
  type: string,
  values: ArrayLike<unknown>,
  from: number,
  count: number,
  at: number,
): void {
  switch (type) {
    case 'f64':
      views.f64.set(part(values as Float64Array, from, count), at);
      break;
    case 'f32':
      views.f32.set(part(values as Float32Array, from, count), at);
      break;
    case 'i64':
      views.i64.set(part(values as BigInt64Array, from, count), at);
      break;
    case 'i32':
      views.i32.set(part(values as Int32Array, from, count), at);
      break;
    default:
      views.u8.set(part(values as Uint8Array, from, count), at);
  }
}

/** Values from…from + count - 1: of a small batch all of them, and a view would cost more than the copy. */
function part<T extends { readonly length: number; subarray(from: number, to: number): T }>(
  values: T,
  from: number,
  count: number,
): T {
  return count === values.length ? values : values.subarray(from, from + count);
}
