import type { DecodedColumn } from '../codec/column-data.ts';
import { ColumnTarget } from '../codec/column-target.ts';
import { damaged } from '../codec/damage.ts';
import { decodeVectorInto } from '../codec/decode.ts';
import { readU32 } from '../codec/int64.ts';
import { readVectorHeader, VECTOR_HEADER_BYTES } from '../codec/vector-header.ts';
import { VECTOR_ROWS } from '../schema/limits.ts';
import type { ColumnType } from '../schema/types.ts';

/** What the encoder wrote down of a vector's values that are not null. */
export interface VectorStatistics {
  /** Rows, nulls included. */
  readonly count: number;
  readonly nulls: number;
  /** NaN is left out; NaN if there is nothing else. */
  readonly min: number | bigint;
  readonly max: number | bigint;
  readonly sum: number | bigint;
}

/** The vectors of one encoded column of a block, each decoded on its own: a reader of few rows decodes few vectors. */
export class ColumnVectors {
  readonly count: number;
  private readonly bytes: Uint8Array;
  private readonly rows: number;
  private readonly offsets: number[] = [0];

  /** @param bytes a column's bytes, checked against their checksum */
  constructor(bytes: Uint8Array, rows: number) {
    this.bytes = bytes;
    this.rows = rows;
    this.count = Math.ceil(rows / VECTOR_ROWS);
  }

  /** Rows of a vector. */
  rowsOf(vector: number): number {
    return Math.min(VECTOR_ROWS, this.rows - vector * VECTOR_ROWS);
  }

  /** Rows of a vector that have a value. @throws DAMAGED */
  present(vector: number): number {
    return readVectorHeader(this.bytes, this.offset(vector)).present;
  }

  /** What the encoder wrote down of a vector's values; undefined if the file's vectors have none, as is so now. */
  statistics(_vector: number): VectorStatistics | undefined {
    return undefined;
  }

  /**
   * Decodes a vector to the target's rows from `row` on.
   * @returns the target's column: the vector's rows, if `row` is 0 and the target has room for one vector
   * @throws DAMAGED
   */
  decode(vector: number, target: ColumnTarget, row = 0): DecodedColumn {
    const at = this.offset(vector);
    const count = this.bytes[at + 2]! | (this.bytes[at + 3]! << 8);
    if (count !== this.rowsOf(vector)) {
      throw damaged(at + 2, `a vector of ${count} rows where ${this.rowsOf(vector)} belong`);
    }
    decodeVectorInto(this.bytes, at, target, row);
    return target.column();
  }

  /** Where a vector begins. */
  private offset(vector: number): number {
    const { offsets, bytes } = this;
    while (offsets.length <= vector) {
      const at = offsets[offsets.length - 1]!;
      const end =
        at + VECTOR_HEADER_BYTES + (at + VECTOR_HEADER_BYTES <= bytes.length ? readU32(bytes, at + 4) : 0);
      if (end + VECTOR_HEADER_BYTES > bytes.length) {
        throw damaged(at, `the bytes end at ${bytes.length}, before vector ${offsets.length}`);
      }
      offsets.push(end);
    }
    return offsets[vector]!;
  }
}

/** Room for one vector, to be used again for the next one: decoding then allocates nothing. */
export class VectorRoom {
  private readonly target: ColumnTarget;
  private vectors: ColumnVectors | undefined;
  private vector = -1;

  /** @param timeAsNumber of a time column: ms tables */
  constructor(kind: ColumnType, isTime = false, timeAsNumber = false) {
    this.target = new ColumnTarget(kind, isTime, timeAsNumber, VECTOR_ROWS);
  }

  /** The decoded vector, until the next one is. One that is here still is not decoded again. @throws DAMAGED */
  decode(vectors: ColumnVectors, vector: number): DecodedColumn {
    if (this.vectors !== vectors || this.vector !== vector) {
      // A failure on the way leaves nothing that could be taken for a vector.
      this.vectors = undefined;
      this.target.validity = undefined;
      vectors.decode(vector, this.target);
      this.vectors = vectors;
      this.vector = vector;
    }
    return this.target.column();
  }
}
