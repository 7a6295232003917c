import type { DuckDBBlobValue, DuckDBVector } from '@duckdb/node-api';
import type { ColumnType, TimeUnit } from '../../shared/schema/types.ts';
import type { ColumnArray } from '../api-types.ts';
import { toInt64 } from '../arrow/to-int64.ts';
import { isPresent } from '../ingest/validity.ts';

/** A DuckDB vector whose values lie in a typed array. */
interface FixedVector {
  readonly items: { set(values: ArrayLike<unknown>): void };
}

/** Writes timestamps into a DuckDB vector: µs for ms and us tables, ns for ns tables. */
export function fillTimes(
  vector: DuckDBVector,
  unit: TimeUnit,
  ts: Float64Array | BigInt64Array,
  from: number,
  count: number,
): void {
  const values = ts.subarray(from, from + count);
  (vector as unknown as FixedVector).items.set(
    unit === 'ms' ? toInt64(values as Float64Array, 1000) : (values as BigInt64Array),
  );
  vector.flush();
}

/** Writes rows `from…from + count − 1` of a column into a DuckDB vector. */
export function fillVector(
  vector: DuckDBVector,
  type: ColumnType,
  values: ColumnArray<ColumnType>,
  validity: Uint8Array | undefined,
  from: number,
  count: number,
  blobOf: (bytes: Uint8Array) => DuckDBBlobValue,
): void {
  const setNulls = (): void => {
    if (validity === undefined) return;
    for (let i = 0; i < count; i++) if (!isPresent(validity, from + i)) vector.setItem(i, null);
  };
  switch (type) {
    case 'utf8':
    case 'bytes':
    case 'bool':
      for (let i = 0; i < count; i++) {
        const value = values[from + i]!;
        if (!isPresent(validity, from + i)) vector.setItem(i, null);
        else if (type === 'bytes') vector.setItem(i, blobOf(value as Uint8Array));
        else vector.setItem(i, type === 'bool' ? value === 1 : (value as string));
      }
      break;
    default:
      (vector as unknown as FixedVector).items.set(
        (values as Float64Array).subarray(from, from + count) as unknown as ArrayLike<unknown>,
      );
      setNulls();
  }
  vector.flush();
}
