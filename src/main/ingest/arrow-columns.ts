import type { Data, DataType, Schema } from 'apache-arrow';
import type { ColumnType, TimeUnit } from '../../shared/schema/types.ts';
import type { ArrowColumn, ArrowColumnReader } from '../arrow/arrow-column.ts';
import { ID, type Kind, kindOf } from '../arrow/arrow-types.ts';
import type { RawValues } from './parquet-column.ts';
import type { ParquetKind } from './parquet-types.ts';
import type { TypedColumn, UnfitColumn } from './typed-columns.ts';
import { isPresent } from './validity.ts';

/** A column of an Arrow file that a table can hold; its kind is in the words that the Parquet builders know. */
export interface ArrowFileColumn extends TypedColumn {
  /** The unit in which times are read. */
  readonly unit: TimeUnit;
}

const NATURAL: Readonly<Record<Kind, { type: ColumnType; kind: ParquetKind }>> = {
  Null: { type: 'f64', kind: { kind: 'number' } },
  Int8: { type: 'i32', kind: { kind: 'number' } },
  Int16: { type: 'i32', kind: { kind: 'number' } },
  Int32: { type: 'i32', kind: { kind: 'number' } },
  Uint8: { type: 'i32', kind: { kind: 'number' } },
  Uint16: { type: 'i32', kind: { kind: 'number' } },
  Uint32: { type: 'i64', kind: { kind: 'bigint' } },
  Int64: { type: 'i64', kind: { kind: 'bigint' } },
  Uint64: { type: 'i64', kind: { kind: 'bigint' } },
  Float16: { type: 'f32', kind: { kind: 'number' } },
  Float32: { type: 'f32', kind: { kind: 'number' } },
  Float64: { type: 'f64', kind: { kind: 'number' } },
  Bool: { type: 'bool', kind: { kind: 'bool' } },
  Utf8: { type: 'utf8', kind: { kind: 'text' } },
  Binary: { type: 'bytes', kind: { kind: 'bytes' } },
  FixedSizeBinary: { type: 'bytes', kind: { kind: 'bytes' } },
  Timestamp: { type: 'i64', kind: { kind: 'timestamp', unit: 'ms', isLocal: true } },
  Date: { type: 'i64', kind: { kind: 'timestamp', unit: 'ms', isLocal: true } },
};
/** Seconds are read as ms: no table counts seconds. */
const UNITS: readonly TimeUnit[] = ['ms', 'ms', 'us', 'ns'];

/** The columns of a file, in its order. */
export function arrowFileColumns(schema: Schema): (ArrowFileColumn | UnfitColumn)[] {
  return schema.fields.map(({ name, type }) => {
    const inner = valueTypeOf(type);
    const kind = kindOf(inner);
    if (kind === undefined) return { name, unfit: `is of the Arrow type ${type}` };
    const natural = NATURAL[kind];
    if (kind !== 'Timestamp') return { name, ...natural, unit: 'ms' };
    const { unit: tick, timezone } = inner as DataType & { unit: number; timezone?: string | null };
    const unit = UNITS[tick]!;
    return { name, type: natural.type, kind: { kind: 'timestamp', unit, isLocal: !timezone }, unit };
  });
}

/** The values of a column as the Parquet builders take them: undefined for a null, bools as booleans. */
export function rawValues({ values, validity }: ArrowColumn, type: ColumnType): RawValues {
  if (type !== 'bool' && validity === undefined) return values as RawValues;
  return Array.from(values as ArrayLike<unknown>, (value, row) => {
    if (!isPresent(validity, row)) return undefined;
    return type === 'bool' ? value === 1 : value;
  });
}

/** Reads a column in its natural type. */
export function readNatural(
  readers: Readonly<Record<TimeUnit, ArrowColumnReader>>,
  column: ArrowFileColumn,
  data: Data,
  firstRow: number,
): ArrowColumn {
  return readers[column.unit].read(data, column.type, { column: column.name, firstRow });
}

function valueTypeOf(type: DataType): DataType {
  if ((type.typeId as number) !== ID.dictionary) return type;
  return (type as DataType & { dictionary: DataType }).dictionary;
}
