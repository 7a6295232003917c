import type { DuckDBDataChunk, DuckDBType, DuckDBValue, DuckDBVector } from '@duckdb/node-api';
import type { FixedArray } from '../arrow/arrow-data.ts';
import { isPresent } from '../ingest/validity.ts';
import type { DuckDb } from './duckdb.ts';

/** A column of a SQL result. */
export interface SqlColumn {
  readonly name: string;
  /** DuckDB's name of its type, such as `DOUBLE` or `DECIMAL(18,3)`. */
  readonly type: string;
  readonly values: FixedArray | readonly unknown[];
  /** 1 = present, least significant bit first; undefined = no nulls. A null holds 0, false or null. */
  readonly validity: Uint8Array | undefined;
}

/** How times come in rows and columns. */
export type SqlTimes = 'ms' | 'bigint';

type FixedClass = new (length: number) => FixedArray;

/** The types whose values are copied from DuckDB's memory as they are. */
const FIXED: Readonly<Record<string, FixedClass>> = {
  DOUBLE: Float64Array,
  FLOAT: Float32Array,
  BIGINT: BigInt64Array,
  UBIGINT: BigUint64Array,
  INTEGER: Int32Array,
  UINTEGER: Uint32Array,
  SMALLINT: Int16Array,
  USMALLINT: Uint16Array,
  TINYINT: Int8Array,
  UTINYINT: Uint8Array,
  TIMESTAMP: BigInt64Array,
  'TIMESTAMP WITH TIME ZONE': BigInt64Array,
  TIMESTAMP_NS: BigInt64Array,
  TIMESTAMP_MS: BigInt64Array,
  TIMESTAMP_S: BigInt64Array,
};

/** Collects one column of a result, chunk by chunk. */
export class SqlColumnBuilder {
  readonly name: string;
  readonly type: string;
  private readonly duckdb: DuckDb;
  private readonly Fixed: FixedClass | undefined;
  private pieces: FixedArray[] = [];
  private items: unknown[] = [];
  private nulls: number[] = [];
  private rows = 0;

  constructor(duckdb: DuckDb, name: string, type: DuckDBType) {
    this.duckdb = duckdb;
    this.name = name;
    this.type = String(type);
    this.Fixed = FIXED[this.type];
  }

  add(chunk: DuckDBDataChunk, at: number): void {
    const vector = chunk.getColumnVector(at);
    const rows = chunk.rowCount;
    if (this.Fixed === undefined) {
      for (let i = 0; i < rows; i++) {
        const value = vector.getItem(i) as DuckDBValue;
        this.items.push(value === null ? null : plainValue(this.duckdb, value, vector.type));
      }
    } else {
      const piece = ((vector as unknown as { items: FixedArray }).items as Float64Array).slice(0, rows);
      this.noteNulls(vector, piece, rows);
      this.pieces.push(piece);
    }
    this.rows += rows;
  }

  /** The column so far; the builder begins anew. */
  take(): SqlColumn {
    const { Fixed, rows, name, type, items } = this;
    if (Fixed === undefined) {
      for (let i = 0; i < rows; i++) if (items[i] === null) this.nulls.push(i);
    }
    const values = Fixed === undefined ? items : joinFixed(Fixed, this.pieces);
    const validity = bitmapOf(rows, this.nulls);
    this.pieces = [];
    this.items = [];
    this.nulls = [];
    this.rows = 0;
    return { name, type, values, validity };
  }

  /** Pieces of one column as one. */
  static join(pieces: readonly SqlColumn[]): SqlColumn {
    const { name, type } = pieces[0]!;
    const Fixed = FIXED[type];
    const nulls: number[] = [];
    let rows = 0;
    for (const { values, validity } of pieces) {
      for (let i = 0; i < values.length; i++) if (!isPresent(validity, i)) nulls.push(rows + i);
      rows += values.length;
    }
    const values =
      Fixed === undefined
        ? pieces.flatMap((piece) => piece.values as readonly unknown[])
        : joinFixed(
            Fixed,
            pieces.map((piece) => piece.values as FixedArray),
          );
    return { name, type, values, validity: bitmapOf(rows, nulls) };
  }

  private noteNulls(vector: DuckDBVector, piece: FixedArray, rows: number): void {
    for (let i = 0; i < rows; i++) {
      if (vector.getItem(i) !== null) continue;
      this.nulls.push(this.rows + i);
      // What DuckDB leaves under a null is not for anyone's eyes.
      new Uint8Array(piece.buffer).fill(0, i * piece.BYTES_PER_ELEMENT, (i + 1) * piece.BYTES_PER_ELEMENT);
    }
  }
}

function joinFixed(Fixed: FixedClass, pieces: readonly FixedArray[]): FixedArray {
  const all = new Fixed(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    (all as Float64Array).set(piece as Float64Array, at);
    at += piece.length;
  }
  return all;
}

function bitmapOf(rows: number, nulls: readonly number[]): Uint8Array | undefined {
  if (nulls.length === 0) return undefined;
  const bits = new Uint8Array((rows + 7) >> 3).fill(0xff);
  if ((rows & 7) !== 0) bits[bits.length - 1] = (1 << (rows & 7)) - 1;
  for (const row of nulls) bits[row >> 3]! &= ~(1 << (row & 7));
  return bits;
}

/**
 * A value of DuckDB's other types as JavaScript has it: DECIMAL as the nearest number, DATE, TIME and INTERVAL as text, BLOB
 * as its own bytes, LIST as an array, STRUCT as an object, MAP as an array of { key, value }.
 */
function plainValue(duckdb: DuckDb, value: DuckDBValue, type: DuckDBType): unknown {
  const convert = (each: DuckDBValue, of: DuckDBType): never => {
    if (each === null) return null as never;
    const { DuckDBTypeId: Id } = duckdb;
    switch (of.typeId) {
      case Id.DECIMAL:
        return Number(String(each)) as never;
      case Id.DATE:
      case Id.TIME:
      case Id.TIME_NS:
      case Id.TIME_TZ:
      case Id.INTERVAL:
        return String(each) as never;
      case Id.TIMESTAMP:
      case Id.TIMESTAMP_TZ:
        return (each as { micros: bigint }).micros as never;
      case Id.TIMESTAMP_NS:
        return (each as { nanos: bigint }).nanos as never;
      case Id.TIMESTAMP_MS:
        return (each as { millis: bigint }).millis as never;
      case Id.TIMESTAMP_S:
        return (each as { seconds: bigint }).seconds as never;
      case Id.BLOB:
        return new Uint8Array((each as { bytes: Uint8Array }).bytes) as never;
      default:
        return duckdb.JSDuckDBValueConverter(each, of, convert as never) as never;
    }
  };
  return convert(value, type);
}
