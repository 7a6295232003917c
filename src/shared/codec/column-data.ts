import type { ColumnType } from '../schema/types.ts';

/**
 * Values of one column in memory before they are encoded: a chunk's column in shared memory, or a decoded piece.
 * `f64` is also the kind of ms timestamps and `i64` of us and ns timestamps: the encoder is told apart by `isTime`.
 */
export interface ColumnSource {
  readonly kind: ColumnType;
  /** True for `ts`: an f64 source then holds safe integers and is written as int64. */
  readonly isTime: boolean;
  /** f64 Float64Array, f32 Float32Array, i64 BigInt64Array, i32 Int32Array, bool Uint8Array of 0/1; variable kinds: below. */
  readonly values: Float64Array | Float32Array | BigInt64Array | Int32Array | Uint8Array | Uint32Array;
  /** 1 = present, least significant bit first; bit i belongs to row i. Absent: no nulls. */
  readonly validity: Uint8Array | undefined;
  /** utf8 and bytes: `values` is a Uint32Array of [offset, length] pairs into this. */
  readonly arena: Uint8Array | undefined;
}

/** Values of one column decoded from a block, all its vectors joined. */
export interface DecodedColumn {
  /** As `ColumnSource.values`, but utf8 is string[] and bytes is Uint8Array[]. Null rows hold 0, '' or an empty array. */
  readonly values:
    | Float64Array
    | Float32Array
    | BigInt64Array
    | Int32Array
    | Uint8Array
    | string[]
    | Uint8Array[];
  readonly validity: Uint8Array | undefined;
}
