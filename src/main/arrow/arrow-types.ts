import type { DataType } from 'apache-arrow';
import { MillraceError, show } from '../../shared/errors.ts';
import type { ColumnType } from '../../shared/schema/types.ts';

/**
 * The kinds of Arrow types that are taken, and as what: only where every value has one equal to it. Of Uint64 the values
 * from 2^63 on are refused, of Timestamps and Dates those that the table's unit cannot hold.
 */
const TAKEN_AS = {
  Null: ['f64', 'f32', 'i64', 'i32', 'bool', 'utf8', 'bytes'],
  Int8: ['i32', 'i64', 'f32', 'f64'],
  Int16: ['i32', 'i64', 'f32', 'f64'],
  Int32: ['i32', 'i64', 'f64'],
  Uint8: ['i32', 'i64', 'f32', 'f64'],
  Uint16: ['i32', 'i64', 'f32', 'f64'],
  Uint32: ['i64', 'f64'],
  Int64: ['i64'],
  Uint64: ['i64'],
  Float16: ['f32', 'f64'],
  Float32: ['f32', 'f64'],
  Float64: ['f64'],
  Bool: ['bool'],
  Utf8: ['utf8'],
  Binary: ['bytes'],
  FixedSizeBinary: ['bytes'],
  Timestamp: ['i64'],
  Date: ['i64'],
} as const satisfies Record<string, readonly ColumnType[]>;
export type Kind = keyof typeof TAKEN_AS;

/** Arrow's numbers of its types, as its files have them (Schema.fbs, union Type; Dictionary is apache-arrow's own −1). */
export const ID = {
  null: 1,
  int: 2,
  float: 3,
  binary: 4,
  utf8: 5,
  bool: 6,
  date: 8,
  timestamp: 10,
  fixedSizeBinary: 15,
  largeBinary: 19,
  largeUtf8: 20,
  binaryView: 23,
  utf8View: 24,
  dictionary: -1,
} as const;
const FLOATS = ['Float16', 'Float32', 'Float64'] as const;
/** The kind of an Arrow type, of a dictionary that of its values; undefined if no column takes it. */
export function kindOf(type: DataType): Kind | undefined {
  switch (type.typeId as number) {
    case ID.null:
      return 'Null';
    case ID.bool:
      return 'Bool';
    case ID.int: {
      const { isSigned, bitWidth } = type as DataType & { isSigned: boolean; bitWidth: number };
      const kind = `${isSigned ? 'Int' : 'Uint'}${bitWidth}`;
      return kind in TAKEN_AS ? (kind as Kind) : undefined;
    }
    case ID.float:
      return FLOATS[(type as DataType & { precision: number }).precision];
    case ID.utf8:
    case ID.largeUtf8:
    case ID.utf8View:
      return 'Utf8';
    case ID.binary:
    case ID.largeBinary:
    case ID.binaryView:
      return 'Binary';
    case ID.fixedSizeBinary:
      return 'FixedSizeBinary';
    case ID.date:
      return 'Date';
    case ID.timestamp:
      return 'Timestamp';
    case ID.dictionary:
      return kindOf((type as DataType & { dictionary: DataType }).dictionary);
    default:
      return undefined;
  }
}

/** The kind of an Arrow type; WRONG_TYPE if a column of type `type` does not take it. */
export function kindOfColumn(arrowType: DataType, column: string, type: ColumnType): Kind {
  const kind = kindOf(arrowType);
  if (kind !== undefined && (TAKEN_AS[kind] as readonly ColumnType[]).includes(type)) return kind;
  const taken = (Object.keys(TAKEN_AS) as Kind[]).filter((k) =>
    (TAKEN_AS[k] as readonly ColumnType[]).includes(type),
  );
  throw new MillraceError(
    'WRONG_TYPE',
    `column ${show(column)} is ${type} and takes no Arrow ${arrowType}; cast it to one of ${taken.join(', ')}, or a Dictionary of them`,
    { column, type, arrowType: String(arrowType) },
  );
}
