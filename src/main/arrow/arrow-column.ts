import type { Data, DataType, Vector } from 'apache-arrow';
import type { ColumnType, TimeUnit } from '../../shared/schema/types.ts';
import type { ColumnArray } from '../api-types.ts';
import { INTEGER_ARRAYS, ownBytes, readBools, widenFloats, widenHalves } from './arrow-fixed.ts';
import { isNull, readValidity } from './arrow-nulls.ts';
import { badRow, type Place } from './arrow-place.ts';
import { readTimesAsIntegers } from './arrow-time.ts';
import { ID, kindOfColumn } from './arrow-types.ts';
import { readBinary, readFixedSizeBinary, readStrings } from './arrow-variable.ts';

const NO_BYTES = new Uint8Array(0);

/** A column as `append` takes it. */
export interface ArrowColumn {
  readonly values: ColumnArray<ColumnType>;
  readonly validity: Uint8Array | undefined;
}

/** Reads columns of one Arrow input into columns of a table; dictionaries are read once, however many batches share one. */
export class ArrowColumnReader {
  private readonly unit: TimeUnit;
  private readonly dictionaries = new Map<Vector, Map<ColumnType, ArrowColumn>>();

  /** @param unit the table's: what timestamps become in an i64 column */
  constructor(unit: TimeUnit) {
    this.unit = unit;
  }

  /** @throws WRONG_TYPE, WRONG_LENGTH, INVALID_TIMESTAMP */
  read(data: Data, type: ColumnType, place: Place): ArrowColumn {
    if ((data.type.typeId as number) === ID.dictionary) return this.readDictionary(data, type, place);
    const kind = kindOfColumn(data.type, place.column, type);
    const validity = readValidity(data);
    switch (kind) {
      case 'Null':
        return nulls(type, data.length);
      case 'Bool':
        return { values: readBools(data, validity, place), validity };
      case 'Utf8':
        return { values: readStrings(data, validity, place), validity };
      case 'Binary':
        return { values: readBinary(data, validity, place), validity };
      case 'FixedSizeBinary':
        return { values: readFixedSizeBinary(data, validity, place), validity };
      case 'Float64':
        return { values: new Float64Array(ownBytes(data, 8, validity, place)), validity };
      case 'Int64':
        return { values: new BigInt64Array(ownBytes(data, 8, validity, place)), validity };
      case 'Uint64':
        return { values: readUint64(data, validity, place), validity };
      case 'Timestamp':
      case 'Date':
        return { values: readTimesAsIntegers(data, this.unit, validity, place), validity };
      case 'Float16':
      case 'Float32': {
        const own = ownBytes(data, kind === 'Float16' ? 2 : 4, validity, place);
        const floats = kind === 'Float16' ? widenHalves(new Uint16Array(own)) : new Float32Array(own);
        return { values: type === 'f32' ? floats : widenFloats(floats), validity };
      }
      default: {
        const Integers = INTEGER_ARRAYS[kind];
        const integers = new Integers(ownBytes(data, Integers.BYTES_PER_ELEMENT, validity, place));
        return { values: widenIntegers(integers, type), validity };
      }
    }
  }

  /** A row is null if its index is, or if the entry of the dictionary that the index names is. */
  private readDictionary(data: Data, type: ColumnType, place: Place): ArrowColumn {
    kindOfColumn(data.type, place.column, type);
    const validity = readValidity(data);
    const entries = this.entries(data, type, place);
    const { bitWidth, isSigned } = (
      data.type as DataType & { indices: { bitWidth: number; isSigned: boolean } }
    ).indices;
    const own = ownBytes(data, bitWidth / 8, validity, place);
    const indices =
      bitWidth === 64
        ? new BigInt64Array(own)
        : new INTEGER_ARRAYS[`${isSigned ? 'Int' : 'Uint'}${bitWidth as 8 | 16 | 32}`](own);
    const { values, validity: nullBits } = nulls(type, data.length);
    let bits = validity;
    const copy = copier(entries.values, values);
    for (let row = 0; row < data.length; row++) {
      if (isNull(validity, row)) continue;
      const index = Number(indices[row]);
      if (!(index >= 0 && index < entries.values.length)) {
        const problem = `index ${indices[row]} of a dictionary of ${entries.values.length}; build the data anew`;
        throw badRow('WRONG_LENGTH', place, row, problem);
      }
      if (isNull(entries.validity, index)) {
        bits ??= nullBits!.fill(255);
        bits[row >>> 3]! &= ~(1 << (row & 7));
      } else copy(index, row);
    }
    return { values, validity: bits };
  }

  private entries(data: Data, type: ColumnType, place: Place): ArrowColumn {
    const { dictionary } = data;
    if (dictionary === undefined) return nulls(type, 0);
    let byType = this.dictionaries.get(dictionary);
    if (byType === undefined) {
      byType = new Map();
      this.dictionaries.set(dictionary, byType);
    }
    let entries = byType.get(type);
    if (entries === undefined) {
      entries = this.readEntries(dictionary, type, place);
      byType.set(type, entries);
    }
    return entries;
  }

  private readEntries(dictionary: Vector, type: ColumnType, place: Place): ArrowColumn {
    const { values, validity } = nulls(type, dictionary.length);
    validity?.fill(255);
    let at = 0;
    for (const chunk of dictionary.data) {
      const part = this.read(chunk, type, { column: place.column, firstRow: at, isDictionary: true });
      const copy = copier(part.values, values);
      for (let i = 0; i < chunk.length; i++, at++) {
        if (isNull(part.validity, i)) validity![at >>> 3]! &= ~(1 << (at & 7));
        else copy(i, at);
      }
    }
    return { values, validity };
  }
}

/** Copies single values between arrays of one type. Floats go as words: as JS numbers, NaNs could lose their payload. */
function copier(
  from: ColumnArray<ColumnType>,
  to: ColumnArray<ColumnType>,
): (source: number, target: number) => void {
  if (from instanceof Float64Array || from instanceof Float32Array) {
    const words = from.BYTES_PER_ELEMENT / 4;
    const source = new Int32Array(from.buffer, from.byteOffset, from.length * words);
    const target = new Int32Array((to as Float64Array).buffer);
    return (i, j) => {
      target[j * words] = source[i * words]!;
      if (words === 2) target[j * 2 + 1] = source[i * 2 + 1]!;
    };
  }
  return (i, j) => {
    to[j] = from[i]! as never;
  };
}

function widenIntegers(
  integers: InstanceType<(typeof INTEGER_ARRAYS)[keyof typeof INTEGER_ARRAYS]>,
  type: ColumnType,
): ColumnArray<ColumnType> {
  switch (type) {
    case 'i64':
      return BigInt64Array.from(integers as Iterable<number>, BigInt);
    case 'i32':
      return new Int32Array(integers);
    case 'f32':
      return new Float32Array(integers);
    default:
      return new Float64Array(integers);
  }
}

function readUint64(data: Data, validity: Uint8Array | undefined, place: Place): BigInt64Array {
  const values = new BigInt64Array(ownBytes(data, 8, validity, place));
  const row = values.findIndex((value) => value < 0n);
  if (row < 0) return values;
  const problem = `${BigInt.asUintN(64, values[row]!)} is beyond what an i64 holds; take the column as another type`;
  throw badRow('WRONG_TYPE', place, row, problem);
}

/** A column of nulls only. */
function nulls(type: ColumnType, rows: number): ArrowColumn {
  const validity = rows === 0 ? undefined : new Uint8Array((rows + 7) >>> 3);
  switch (type) {
    case 'f64':
      return { values: new Float64Array(rows), validity };
    case 'f32':
      return { values: new Float32Array(rows), validity };
    case 'i64':
      return { values: new BigInt64Array(rows), validity };
    case 'i32':
      return { values: new Int32Array(rows), validity };
    case 'bool':
      return { values: new Uint8Array(rows), validity };
    case 'utf8':
      return { values: new Array<string>(rows).fill(''), validity };
    case 'bytes':
      return { values: new Array<Uint8Array>(rows).fill(NO_BYTES), validity };
  }
}
