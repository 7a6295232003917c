import { MAX_CHUNK_BYTES, MIN_CHUNK_ROWS, VECTOR_ROWS } from '../schema/limits.ts';
import type { ColumnType, TimeUnit } from '../schema/types.ts';

/** Bytes that one value takes in a chunk's column; variable kinds keep [offset, length] into the arena there. */
export const WIDTH: Readonly<Record<ColumnType, number>> = {
  f64: 8,
  f32: 4,
  i64: 8,
  i32: 4,
  bool: 1,
  utf8: 8,
  bytes: 8,
};

/** How ms timestamps are kept in a chunk: as the numbers that they are given as. Others are int64. */
export function timeKind(unit: TimeUnit): 'f64' | 'i64' {
  return unit === 'ms' ? 'f64' : 'i64';
}

/** Where a column lies within a chunk's data, in bytes from its start. */
export interface ColumnPlace {
  readonly kind: ColumnType;
  readonly values: number;
  readonly validity: number;
}

/**
 * How a chunk's data is divided: the timestamps, then each column's values, then the validity bitmaps, then the arena of
 * the variable values. Follows from the columns' kinds, the capacity and the size alone, so producer, writer, reader and a
 * dead writer's successor agree on it without a word.
 */
export interface ChunkLayout {
  readonly capacity: number;
  /** `ts` is at 0. */
  readonly columns: readonly ColumnPlace[];
  readonly arena: number;
  /** Bytes from the start of the data to the end of the arena. */
  readonly bytes: number;
}

/**
 * Columns of large chunks begin at odd multiples of a cache line from each other. Without that all columns of all chunks
 * have the same low address bits, a row's stores fall into one set of the first-level cache, and each of them misses.
 */
const SKEW_BYTES = 192;
const SKEW_FROM_ROWS = 256;

/** Bytes of a column of values. Capacities are multiples of 16, so that each part begins at a multiple of 8. */
function columnBytes(width: number, capacity: number): number {
  return width * capacity + (capacity >= SKEW_FROM_ROWS ? SKEW_BYTES : 0);
}

/** Bytes of a chunk without its arena. */
export function fixedBytes(kinds: readonly ColumnType[], capacity: number): number {
  let bytes = columnBytes(8, capacity);
  for (const kind of kinds) bytes += columnBytes(WIDTH[kind], capacity) + bitmapBytes(capacity);
  return bytes;
}

export function chunkLayout(kinds: readonly ColumnType[], capacity: number, bytes: number): ChunkLayout {
  let at = columnBytes(8, capacity);
  const values = kinds.map((kind) => {
    const place = at;
    at += columnBytes(WIDTH[kind], capacity);
    return place;
  });
  const columns = kinds.map((kind, i) => ({
    kind,
    values: values[i]!,
    validity: (at += bitmapBytes(capacity)) - bitmapBytes(capacity),
  }));
  return { capacity, columns, arena: at, bytes };
}

/** Bytes of a validity bitmap in a chunk, a multiple of 8. */
export function bitmapBytes(capacity: number): number {
  return Math.ceil(capacity / 64) * 8;
}

/** The most rows a chunk of these columns can have, so that it stays within the limits: a power of two, 16…1,024. */
export function maxCapacity(kinds: readonly ColumnType[], limit = MAX_CHUNK_BYTES): number {
  let capacity = VECTOR_ROWS;
  // A quarter of the limit for the fixed part leaves room for the arena and for many tables beside this one.
  while (capacity > MIN_CHUNK_ROWS && fixedBytes(kinds, capacity) > Math.min(MAX_CHUNK_BYTES / 4, limit))
    capacity /= 2;
  return capacity;
}
