import { invariant, MillraceError } from '../errors.ts';
import { fixedValues } from '../schema/fixed-values.ts';
import type { ColumnType } from '../schema/types.ts';
import type { DecodedColumn } from './column-data.ts';
import { rowMemory } from './result-memory.ts';
import { clearBits, spread8, spread32, spread64, spreadAny } from './validity.ts';

/** What null rows of a bytes column hold, and views of other types than the column's. */
const NO_BYTES = new Uint8Array(0);
const NO_WORDS = new Int32Array(0);
const NO_F64 = new Float64Array(0);
const NO_F32 = new Float32Array(0);
const NO_STRINGS: string[] = [];
const NO_RUNS: Uint8Array[] = [];

/**
 * The rows that vectors of one column are decoded into. Time columns of ms tables are held as numbers, those of others as
 * int64. The validity bitmap is made when the first null is met: 1 = present, bits beyond the rows mean nothing.
 */
export class ColumnTarget {
  /** The type in memory: f64 or i64 for time. */
  readonly type: ColumnType;
  readonly isTime: boolean;
  readonly rows: number;
  readonly values: DecodedColumn['values'];
  validity: Uint8Array | undefined;
  /** The values again, for kernels: each is the right view of them or has no elements; so are `bytes` and `words`. */
  readonly f64: Float64Array;
  readonly f32: Float32Array;
  readonly strings: string[];
  readonly runs: Uint8Array[];
  private ownBytes: Uint8Array | undefined;
  private ownWords: Int32Array | undefined;

  /**
   * Throws DAMAGED if `rows` is more than an array can have, as the number comes from a file.
   * @param memory where the rows of a fixed-width type are to be, or those of f64, instead of memory of their own
   */
  constructor(
    kind: ColumnType,
    isTime: boolean,
    timeAsNumber: boolean,
    rows: number,
    memory?: SharedArrayBuffer | Float64Array,
  ) {
    this.type = isTime ? (timeAsNumber ? 'f64' : 'i64') : kind;
    this.isTime = isTime;
    this.rows = rows;
    this.values = memory === undefined ? emptyValues(this.type, rows) : valuesIn(memory, this.type, rows);
    const values = this.values;
    this.ownBytes = undefined;
    this.ownWords = undefined;
    this.f64 = values instanceof Float64Array ? values : NO_F64;
    this.f32 = values instanceof Float32Array ? values : NO_F32;
    this.strings = this.type === 'utf8' ? (values as string[]) : NO_STRINGS;
    this.runs = this.type === 'bytes' ? (values as Uint8Array[]) : NO_RUNS;
  }

  /** The values' bytes. Views cost as much as decoding 50 values, so those that few codecs want are made when asked for. */
  get bytes(): Uint8Array {
    return (this.ownBytes ??= Array.isArray(this.values)
      ? NO_BYTES
      : new Uint8Array(this.values.buffer, this.values.byteOffset, this.values.byteLength));
  }

  /** The values as words of 4 bytes; none for types that have no such. */
  get words(): Int32Array {
    if (Array.isArray(this.values) || this.type === 'bool') return NO_WORDS;
    return (this.ownWords ??= new Int32Array(
      this.values.buffer,
      this.values.byteOffset,
      this.values.byteLength / 4,
    ));
  }

  /**
   * Moves `present` values at `row` to those of the `count` rows there whose bit is 1 in `bits`, makes the others null
   * and remembers which they are.
   */
  spread(row: number, bits: Uint8Array, count: number, present: number): void {
    if (this.validity === undefined) this.validity = new Uint8Array(Math.ceil(this.rows / 8)).fill(0xff);
    clearBits(this.validity, row, bits, count);
    if (this.type === 'bool') spread8(this.bytes, row, bits, count, present);
    else if (this.type === 'utf8') spreadAny(this.strings, row, bits, count, present, '');
    else if (this.type === 'bytes') spreadAny(this.runs, row, bits, count, present, NO_BYTES);
    else if (widthInWords(this.type) === 1) spread32(this.words, row, bits, count, present);
    else spread64(this.words, row, bits, count, present);
  }

  /** The rows as they are: no copy. */
  column(): DecodedColumn {
    return { values: this.values, validity: this.validity };
  }
}

/** Words of 4 bytes that a value of a number type takes. */
export function widthInWords(type: ColumnType): 1 | 2 {
  return type === 'f32' || type === 'i32' ? 1 : 2;
}

function valuesIn(
  memory: SharedArrayBuffer | Float64Array,
  type: ColumnType,
  rows: number,
): DecodedColumn['values'] {
  if (memory instanceof Float64Array) {
    invariant(type === 'f64' && memory.length === rows, 'memory of doubles is for a column of doubles');
    return memory;
  }
  switch (type) {
    case 'f64':
      return new Float64Array(memory, 0, rows);
    case 'f32':
      return new Float32Array(memory, 0, rows);
    case 'i64':
      return new BigInt64Array(memory, 0, rows);
    case 'i32':
      return new Int32Array(memory, 0, rows);
    case 'bool':
      return new Uint8Array(memory, 0, rows);
    default:
      throw new MillraceError('INTERNAL', `a column of type ${type} has no memory of a fixed width`);
  }
}

function emptyValues(type: ColumnType, rows: number): DecodedColumn['values'] {
  try {
    if (type === 'utf8') return new Array<string>(rows);
    if (type === 'bytes') return new Array<Uint8Array>(rows);
    return fixedValues(type, rows, rowMemory);
  } catch (cause) {
    throw new MillraceError('DAMAGED', `a column of ${rows} rows does not fit in memory`, { rows }, cause);
  }
}
