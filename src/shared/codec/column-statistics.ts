import { VECTOR_ROWS } from '../schema/limits.ts';
import type { ColumnType } from '../schema/types.ts';
import { COLUMN_DICTIONARY, CONSTANT, NONE } from './codec-ids.ts';
import { readU32 } from './int64.ts';
import { readStatistics, type VectorStatistics } from './statistics.ts';
import { IS_WHOLE, readVectorHeader, VECTOR_HEADER_BYTES } from './vector-header.ts';

/** Rows count, all null, and what a sum of none is. */
const NO_VALUES = { min: Number.NaN, max: Number.NaN, sum: 0 };

/**
 * What is known of a column's vectors without decoding them: one entry for each 1,024 rows, undefined where nothing is (vectors
 * of few values, of strings, bytes or bools; integers whose sums are too large). Constant vectors need no statistics of their own.
 * Of vectors without a value min and max are NaN.
 * Throws DAMAGED.
 */
export function columnStatistics(
  bytes: Uint8Array,
  kind: ColumnType,
  rows: number,
): (VectorStatistics | undefined)[] {
  const isSummed = kind === 'f64' || kind === 'f32' || kind === 'i64' || kind === 'i32';
  const result: (VectorStatistics | undefined)[] = [];
  if (!isSummed) return new Array(Math.ceil(rows / VECTOR_ROWS)).fill(undefined);
  if (bytes[1] === IS_WHOLE && bytes[0] !== COLUMN_DICTIONARY) {
    for (let row = 0; row < rows; row += VECTOR_ROWS) {
      const count = Math.min(VECTOR_ROWS, rows - row);
      result.push(
        bytes[0] === CONSTANT ? ofConstant(bytes, VECTOR_HEADER_BYTES + 8, kind, count, 0) : undefined,
      );
    }
    return result;
  }
  let at = bytes[0] === COLUMN_DICTIONARY ? VECTOR_HEADER_BYTES + readU32(bytes, 4) : 0;
  for (let row = 0; row < rows; row += VECTOR_ROWS) {
    const { codec, count, present, statistics, values, end } = readVectorHeader(bytes, at);
    const nulls = count - present;
    if (statistics >= 0) result.push(readStatistics(bytes, statistics, kind, count, nulls));
    else if (codec === CONSTANT) result.push(ofConstant(bytes, values, kind, count, nulls));
    else result.push(codec === NONE ? { count, nulls, ...NO_VALUES } : undefined);
    at = end;
  }
  return result;
}

function ofConstant(
  bytes: Uint8Array,
  at: number,
  kind: ColumnType,
  count: number,
  nulls: number,
): VectorStatistics {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8);
  const present = count - nulls;
  if (kind === 'i64') {
    const value = view.getBigInt64(0, true);
    return { count, nulls, min: value, max: value, sum: value * BigInt(present) };
  }
  const value =
    kind === 'f64'
      ? view.getFloat64(0, true)
      : kind === 'f32'
        ? view.getFloat32(0, true)
        : view.getInt32(0, true);
  return { count, nulls, min: value + 0, max: value + 0, sum: value * present + 0 };
}
