import { countPresent } from '../aggregate/kernels.ts';
import type { DecodedColumn } from '../codec/column-data.ts';
import { columnStatistics } from '../codec/column-statistics.ts';
import { ColumnTarget } from '../codec/column-target.ts';
import { damaged } from '../codec/damage.ts';
import { decodeVectorInto } from '../codec/decode.ts';
import { decodeColumn, decodeVectors } from '../codec/decode-column.ts';
import { readU32 } from '../codec/int64.ts';
import { looksNarrow } from '../codec/narrow-rows.ts';
import { addUpNarrow } from '../codec/narrow-sums.ts';
import type { VectorStatistics } from '../codec/statistics.ts';
import type { TimePoints } from '../codec/time-points.ts';
import { IS_WHOLE, readVectorHeader, VECTOR_HEADER_BYTES } from '../codec/vector-header.ts';
import { kernels } from '../kernels/kernels.ts';
import { VECTOR_ROWS } from '../schema/limits.ts';
import type { ColumnType } from '../schema/types.ts';
import { copyRows } from './result-columns.ts';

/** What a column's bytes hold. */
export interface ColumnKind {
  readonly type: ColumnType;
  readonly isTime: boolean;
  /** Of a time column: ms tables. */
  readonly timeAsNumber: boolean;
}

/** The vectors of one encoded column of a block, each decoded on its own: a reader of few rows decodes few vectors. */
export class ColumnVectors {
  readonly count: number;
  private readonly bytes: Uint8Array;
  readonly rows: number;
  private readonly kind: ColumnKind;
  private readonly offsets: number[] = [0];
  private known: readonly (VectorStatistics | undefined)[] | undefined;
  /** The decoded column, if its vectors do not stand alone: one stands for all, or all use one dictionary. */
  private all: DecodedColumn | undefined;

  /** @param bytes a column's bytes, checked against their checksum */
  constructor(bytes: Uint8Array, rows: number, kind: ColumnKind) {
    this.bytes = bytes;
    this.rows = rows;
    this.kind = kind;
    this.count = Math.ceil(rows / VECTOR_ROWS);
  }

  /** Rows of a vector. */
  rowsOf(vector: number): number {
    return Math.min(VECTOR_ROWS, this.rows - vector * VECTOR_ROWS);
  }

  /** Rows of a vector that have a value. @throws DAMAGED */
  present(vector: number): number {
    if (!this.isWhole) return readVectorHeader(this.bytes, this.offset(vector)).present;
    const { validity } = this.decodeAll();
    const from = vector * VECTOR_ROWS;
    return validity === undefined
      ? this.rowsOf(vector)
      : countPresent(validity, from, from + this.rowsOf(vector));
  }

  /** What the encoder wrote down of a vector's values; undefined where it did not. @throws DAMAGED */
  statistics(vector: number): VectorStatistics | undefined {
    // Times are looked up by their block's range; their vectors have none.
    if (this.kind.isTime) return undefined;
    this.known ??= columnStatistics(this.bytes, this.kind.type, this.rows);
    return this.known[vector];
  }

  /**
   * Decodes a vector to the target's rows from `row` on: all of its rows, or at least `from`…`to` - 1, the others then holding
   * anything.
   * @returns the target's column: the vector's rows, if `row` is 0 and the target has room for one vector
   * @throws DAMAGED
   */
  decode(vector: number, target: ColumnTarget, row = 0, from = 0, to: number = VECTOR_ROWS): DecodedColumn {
    if (this.isWhole) {
      copyRows(this.decodeAll(), undefined, vector * VECTOR_ROWS, this.rowsOf(vector), target, row);
      return target.column();
    }
    const at = this.offset(vector);
    const count = this.bytes[at + 2]! | (this.bytes[at + 3]! << 8);
    if (count !== this.rowsOf(vector)) {
      throw damaged(at + 2, `a vector of ${count} rows where ${this.rowsOf(vector)} belong`);
    }
    decodeVectorInto(this.bytes, at, target, row, from, to);
    return target.column();
  }

  /**
   * Decodes whole vectors, first…end - 1, to the target's rows from `row` on: many of them at once where that can be.
   * @throws DAMAGED
   */
  decodeRun(first: number, end: number, target: ColumnTarget, row: number): void {
    if (this.isWhole || end - first === 1) {
      for (let vector = first, at = row; vector < end; at += this.rowsOf(vector), vector++) {
        this.decode(vector, target, at);
      }
      return;
    }
    const start = first * VECTOR_ROWS;
    const rows = this.rows - start;
    const wanted = Math.min(rows, end * VECTOR_ROWS - start);
    if (!(row >= 0 && row + wanted <= target.rows)) {
      throw damaged(this.offset(first), `${wanted} rows at row ${row} of ${target.rows}`);
    }
    decodeVectors(this.bytes, this.offset(first), rows, wanted, target, row);
  }

  /** Whether `addUp` may get beyond a vector: what is staged for it costs as much as some values. */
  canAddUp(vector: number): boolean {
    return kernels !== undefined && !this.isWhole && looksNarrow(this.bytes, this.offset(vector));
  }

  /**
   * Of doubles: adds up the staged runs of rows, of which the first begins at row `from` in this vector, as far as a kernel can.
   * @returns the row, some vector's first, before which all is added; this vector's first one if nothing is
   */
  addUp(vector: number, from: number, runs: number, wantsExtremes: boolean): number {
    const row = vector * VECTOR_ROWS;
    if (this.isWhole) return row;
    return addUpNarrow(this.bytes, this.offset(vector), row, this.rows, from, runs, wantsExtremes);
  }

  /** Makes a vector's timestamps readable one by one, or those of all rows if one vector stands for all. @throws DAMAGED */
  loadPoints(points: TimePoints, vector: number): void {
    if (this.isWhole) points.load(this.bytes, 0, this.rows);
    else points.load(this.bytes, this.offset(vector), this.rowsOf(vector));
  }

  /** Whether one vector stands for all rows, or a dictionary comes first. */
  get isWhole(): boolean {
    return this.bytes.length > 1 && (this.bytes[1]! & IS_WHOLE) !== 0;
  }

  private decodeAll(): DecodedColumn {
    const { type, isTime, timeAsNumber } = this.kind;
    return (this.all ??= decodeColumn(this.bytes, type, isTime, timeAsNumber, this.rows));
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
  private from = 0;
  private to = 0;

  /**
   * @param timeAsNumber of a time column: ms tables
   * @param memory of f64: where the rows are to be, instead of memory of their own
   */
  constructor(kind: ColumnType, isTime = false, timeAsNumber = false, memory?: Float64Array) {
    this.target = new ColumnTarget(kind, isTime, timeAsNumber, VECTOR_ROWS, memory);
  }

  /**
   * The decoded vector, at least its rows `from`…`to` - 1, until the next one is. What is here still is not decoded again.
   * @throws DAMAGED
   */
  decode(vectors: ColumnVectors, vector: number, from = 0, to: number = VECTOR_ROWS): DecodedColumn {
    const isHere = this.vectors === vectors && this.vector === vector && this.from <= from && this.to >= to;
    if (!isHere) {
      // A failure on the way leaves nothing that could be taken for a vector.
      this.vectors = undefined;
      this.target.validity = undefined;
      vectors.decode(vector, this.target, 0, from, to);
      this.vectors = vectors;
      this.vector = vector;
      this.from = from;
      this.to = to;
    }
    return this.target.column();
  }
}

/** The kind of a column of values. */
export function valuesOf(type: ColumnType): ColumnKind {
  return { type, isTime: false, timeAsNumber: false };
}

/** The kind of the timestamps: numbers for ms tables. */
export function timesOf(kind: 'f64' | 'i64'): ColumnKind {
  return { type: kind, isTime: true, timeAsNumber: kind === 'f64' };
}
