import type { ColumnType } from './types.ts';

/** The types whose values have one width each. */
export type FixedType = Exclude<ColumnType, 'utf8' | 'bytes'>;

export type FixedValues = Float64Array | Float32Array | BigInt64Array | Int32Array | Uint8Array;

/**
 * Zeros of a type, one a row: what a column's values are before they are filled in.
 * @param memory where they are to lie, if not in memory of their own
 */
export function fixedValues(
  type: FixedType,
  rows: number,
  memory: (bytes: number) => ArrayBufferLike = (bytes) => new ArrayBuffer(bytes),
): FixedValues {
  switch (type) {
    case 'f64':
      return new Float64Array(memory(8 * rows));
    case 'f32':
      return new Float32Array(memory(4 * rows));
    case 'i64':
      return new BigInt64Array(memory(8 * rows));
    case 'i32':
      return new Int32Array(memory(4 * rows));
    case 'bool':
      return new Uint8Array(memory(rows));
  }
}
