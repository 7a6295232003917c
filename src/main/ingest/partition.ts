import type { ColumnType } from '../../shared/schema/types.ts';
import type { ColumnArray } from '../api-types.ts';
import type { IngestBatch } from './source.ts';
import { isPresent } from './validity.ts';

/** The rows of a batch that belong to one table, in the batch's order. */
export interface TablePart {
  readonly key: string;
  readonly batch: IngestBatch;
}

/**
 * Takes a batch apart by its keys: a counting sort of the row numbers, then each column is gathered once in the new order
 * and cut. So no table keeps a buffer of its own, and the memory is that of one more batch whatever the number of tables.
 */
export function partitionByKey(batch: IngestBatch): TablePart[] {
  const { rowCount, keys } = batch;
  if (keys === undefined || rowCount === 0) return [];
  const numberOf = new Map<string, number>();
  const groups = new Int32Array(rowCount);
  const counts: number[] = [];
  for (let row = 0; row < rowCount; row++) {
    const key = keys[row]!;
    let group = numberOf.get(key);
    if (group === undefined) {
      group = counts.length;
      numberOf.set(key, group);
      counts.push(0);
    }
    groups[row] = group;
    counts[group]!++;
  }
  const starts = new Int32Array(counts.length + 1);
  for (let group = 0; group < counts.length; group++) starts[group + 1] = starts[group]! + counts[group]!;
  const next = starts.slice();
  const order = new Int32Array(rowCount);
  for (let row = 0; row < rowCount; row++) order[next[groups[row]!]!++] = row;
  return cut(batch, [...numberOf.keys()], starts, order);
}

function cut(
  batch: IngestBatch,
  keys: readonly string[],
  starts: Int32Array,
  order: Int32Array,
): TablePart[] {
  const ts = gather(batch.ts, order) as Float64Array | BigInt64Array;
  const columns = batch.columns.map((column) => gather(column, order));
  return keys.map((key, group) => {
    const from = starts[group]!;
    const to = starts[group + 1]!;
    return {
      key,
      batch: {
        rowCount: to - from,
        ts: ts.subarray(from, to),
        columns: columns.map((column) => cutColumn(column, from, to)),
        validity: batch.validity.map((bitmap) => gatherBits(bitmap, order, from, to)),
        keys: undefined,
      },
    };
  });
}

function cutColumn(column: ColumnArray<ColumnType>, from: number, to: number): ColumnArray<ColumnType> {
  return Array.isArray(column) ? column.slice(from, to) : column.subarray(from, to);
}

/**
 * The values of a column in a new order. Words of 4 bytes are moved, not numbers: the bits of a NaN stay what they are,
 * no bigint is made, and each loop sees one kind of array only.
 */
function gather(column: ColumnArray<ColumnType>, order: Int32Array): ColumnArray<ColumnType> {
  if (Array.isArray(column))
    return gatherValues<string | Uint8Array>(column, order) as string[] | Uint8Array[];
  if (column instanceof Uint8Array) {
    const result = new Uint8Array(order.length);
    for (let i = 0; i < order.length; i++) result[i] = column[order[i]!]!;
    return result;
  }
  const Same = column.constructor as new (
    rows: number,
  ) => Float64Array | Float32Array | BigInt64Array | Int32Array;
  const result = new Same(order.length);
  const from = new Int32Array(column.buffer, column.byteOffset, column.byteLength >> 2);
  const to = new Int32Array(result.buffer);
  if (column.BYTES_PER_ELEMENT === 4) {
    for (let i = 0; i < order.length; i++) to[i] = from[order[i]!]!;
    return result;
  }
  for (let i = 0; i < order.length; i++) {
    const at = order[i]! * 2;
    to[2 * i] = from[at]!;
    to[2 * i + 1] = from[at + 1]!;
  }
  return result;
}

function gatherValues<T>(column: readonly T[], order: Int32Array): T[] {
  const result = new Array<T>(order.length);
  for (let i = 0; i < order.length; i++) result[i] = column[order[i]!]!;
  return result;
}

/** The bitmap of the rows `order[from…to)`, or undefined if none of them is null. */
function gatherBits(
  bitmap: Uint8Array | undefined,
  order: Int32Array,
  from: number,
  to: number,
): Uint8Array | undefined {
  if (bitmap === undefined) return undefined;
  let nulls = 0;
  const result = new Uint8Array((to - from + 7) >> 3);
  for (let i = from; i < to; i++) {
    if (isPresent(bitmap, order[i]!)) result[(i - from) >> 3]! |= 1 << ((i - from) & 7);
    else nulls++;
  }
  return nulls === 0 ? undefined : result;
}
