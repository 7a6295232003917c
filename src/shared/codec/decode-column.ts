import { kernels } from '../kernels/kernels.ts';
import { VECTOR_ROWS } from '../schema/limits.ts';
import type { ColumnType } from '../schema/types.ts';
import { COLUMN_DICTIONARY, PLACES } from './codec-ids.ts';
import type { DecodedColumn } from './column-data.ts';
import { ColumnTarget, widthInWords } from './column-target.ts';
import { damaged } from './damage.ts';
import { decodeVector, decodeVectorInto } from './decode.ts';
import { readU32 } from './int64.ts';
import { decodeNarrowRows, narrowRows } from './narrow-rows.ts';
import { columnBytes, validityBits } from './scratch.ts';
import { IS_WHOLE, readVectorHeader, VECTOR_HEADER_BYTES, type VectorHeader } from './vector-header.ts';
import { decodeWhole, mayBeWhole } from './whole-column.ts';

/** No vector is smaller: a header and one unit of values or of validity. So bytes bound the rows that they can have. */
const VECTOR_BYTES_MIN = VECTOR_HEADER_BYTES + 8;
const DICTIONARY_HEAD_BYTES = 8;

/** Where places are decoded to. */
const placeTarget = new ColumnTarget('i32', false, false, VECTOR_ROWS);
const keptValidity = new Uint8Array(validityBits.length);

/**
 * Decodes a whole column: vectors of 1,024 rows and a rest, or one that stands for all, `rows` in all, that fill `encoded`.
 * `bytes` must not be shared memory; the result does not refer to it. ms timestamps (`isTime` and `timeAsNumber`) come as
 * Float64Array, others as BigInt64Array, whatever `kind` is. Rows of equal value may share one Uint8Array.
 *
 * Throws DAMAGED for any bytes that are not such a column; memory taken before that is bounded by `rows` and by 512 times
 * the length of `encoded`, or by 2^24 rows.
 */
export function decodeColumn(
  encoded: Uint8Array,
  kind: ColumnType,
  isTime: boolean,
  timeAsNumber: boolean,
  rows: number,
): DecodedColumn {
  const bytes = inKernels(encoded);
  const isBounded = rows >= 0 && rows <= VECTOR_ROWS * Math.floor(bytes.length / VECTOR_BYTES_MIN);
  if (!isBounded && !mayBeWhole(bytes, rows)) {
    throw damaged(0, `${bytes.length} bytes cannot hold ${rows} rows`, { rows });
  }
  const isDictionary = bytes[0] === COLUMN_DICTIONARY && bytes[1] === IS_WHOLE;
  if (!isBounded && isDictionary)
    throw damaged(0, `${bytes.length} bytes cannot hold ${rows} rows`, { rows });
  const target = new ColumnTarget(kind, isTime, timeAsNumber, rows);
  let at = 0;
  if (isDictionary) at = decodeWithDictionary(bytes, kind, target);
  else if (rows > 0 && bytes[1] === IS_WHOLE) at = decodeWhole(bytes, target);
  else at = decodeVectors(bytes, 0, rows, rows, target, 0);
  if (at !== bytes.length) throw damaged(at, `the column's vectors end here, its bytes at ${bytes.length}`);
  return target.column();
}

/** The same bytes where kernels can read them, which saves a copy of each vector, if there is room for them. */
function inKernels(bytes: Uint8Array): Uint8Array {
  if (kernels === undefined || bytes.length > columnBytes.length) return bytes;
  columnBytes.set(bytes);
  return columnBytes.subarray(0, bytes.length);
}

/**
 * Decodes `wanted` rows, whole vectors that begin at `at`, to the target's rows from `first` on, and returns where they end.
 * @param rows of the column, from these vectors' first one on
 * @throws DAMAGED
 */
export function decodeVectors(
  bytes: Uint8Array,
  at: number,
  rows: number,
  wanted: number,
  target: ColumnTarget,
  first: number,
): number {
  let next = at;
  for (let done = 0; done < wanted; ) {
    const count = decodeNarrowRows(bytes, next, rows - done, wanted - done, target, first + done);
    if (count > 0) {
      next = narrowRows.next;
      done += count;
      continue;
    }
    const header = readRows(bytes, next, done, rows);
    decodeVector(bytes, next, header, target, first + done);
    next = header.end;
    done += header.count;
  }
  return next;
}

function readRows(bytes: Uint8Array, at: number, row: number, rows: number): VectorHeader {
  const header = readVectorHeader(bytes, at);
  const expected = Math.min(VECTOR_ROWS, rows - row);
  if (header.count !== expected) {
    throw damaged(at + 2, `a vector of ${header.count} rows where ${expected} belong`);
  }
  return header;
}

/** Decodes a column that begins with its dictionary; returns where it ends. */
function decodeWithDictionary(bytes: Uint8Array, kind: ColumnType, target: ColumnTarget): number {
  const first = VECTOR_HEADER_BYTES + DICTIONARY_HEAD_BYTES;
  if (bytes.length < first) throw damaged(0, 'the bytes end inside a dictionary');
  const end = VECTOR_HEADER_BYTES + readU32(bytes, 4);
  const size = readU32(bytes, VECTOR_HEADER_BYTES);
  if (end < first || end > bytes.length)
    throw damaged(4, `the dictionary ends at ${end}, the bytes at ${bytes.length}`);
  if (kind === 'bool' || target.isTime) throw damaged(0, `a dictionary in a column of type ${kind}`);
  if (!(size > 0 && size <= target.rows)) throw damaged(first - 8, `a dictionary of ${size} values`);
  // Its vectors are a column of their own, without a dictionary.
  const entries = new ColumnTarget(kind, false, false, size);
  let at = first;
  for (let row = 0; row < size; row += VECTOR_ROWS) {
    const header = readRows(bytes, at, row, size);
    if (header.present < header.count) throw damaged(at + 1, 'a null in a dictionary');
    decodeVector(bytes, at, header, entries, row);
    at = header.end;
  }
  if (at !== end) throw damaged(4, `the dictionary's values end at ${at}, it ends at ${end}`);
  for (let row = 0; row < target.rows; row += VECTOR_ROWS) {
    const header = readRows(bytes, at, row, target.rows);
    if (header.codec === PLACES) decodePlaces(bytes, header, target, row, entries);
    else decodeVector(bytes, at, header, target, row);
    at = header.end;
  }
  return at;
}

function decodePlaces(
  bytes: Uint8Array,
  header: VectorHeader,
  target: ColumnTarget,
  row: number,
  entries: ColumnTarget,
): void {
  const { count, end, present, values } = header;
  // The vector of places is read through the same scratch.
  if (present < count) keptValidity.set(validityBits);
  const inner = readVectorHeader(bytes, values);
  if (inner.count !== present || inner.present !== present) {
    throw damaged(values + 2, `${inner.present} places for ${present} values`);
  }
  if (decodeVectorInto(bytes, values, placeTarget, 0) !== end)
    throw damaged(values, 'places that do not fill their vector');
  const places = placeTarget.words;
  for (let i = 0; i < present; i++) {
    const place = places[i];
    if (!(place >= 0 && place < entries.rows))
      throw damaged(values, `place ${place} in a dictionary of ${entries.rows}`);
  }
  copyEntries(target, row, present, entries, places);
  if (present < count) target.spread(row, keptValidity, count, present);
}

function copyEntries(
  target: ColumnTarget,
  row: number,
  count: number,
  entries: ColumnTarget,
  places: Int32Array,
): void {
  if (target.type === 'utf8')
    for (let i = 0; i < count; i++) target.strings[row + i] = entries.strings[places[i]];
  else if (target.type === 'bytes')
    for (let i = 0; i < count; i++) target.runs[row + i] = entries.runs[places[i]];
  else if (widthInWords(target.type) === 1) {
    const { words } = target;
    const from = entries.words;
    for (let i = 0; i < count; i++) words[row + i] = from[places[i]];
  } else {
    const { words } = target;
    const from = entries.words;
    for (let i = 0; i < count; i++) {
      words[2 * (row + i)] = from[2 * places[i]];
      words[2 * (row + i) + 1] = from[2 * places[i] + 1];
    }
  }
}
