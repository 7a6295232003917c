/**
 * Rows as Arrow. f64, f32, i64, i32 and the timestamps of us and ns tables lie in Arrow as they lie in a result, so nothing
 * is copied; bools are packed into bits, strings and byte arrays joined, ms timestamps turned from numbers into int64.
 */
import type { Data, DataType, Field, RecordBatch, Schema, Table } from 'apache-arrow';
import type { ColumnType, TimeUnit } from '../../shared/schema/types.ts';
import type { Rows, TableInfo } from '../api-types.ts';
import { binaryData, boolData, type FixedArray, fixedData, utf8Data } from './arrow-data.ts';
import type { Arrow } from './load-arrow.ts';
import { toInt64 } from './to-int64.ts';

/** Makes Arrow record batches of a table's rows, all of one schema. */
export class ArrowOutput {
  readonly schema: Schema;
  private readonly arrow: Arrow;
  private readonly unit: TimeUnit;
  private readonly columns: TableInfo['columns'];
  private readonly hasTime: boolean;

  /**
   * @param columns those that the rows have, in the order wanted
   * @param hasTime whether the rows have timestamps
   */
  constructor(arrow: Arrow, unit: TimeUnit, columns: TableInfo['columns'], hasTime = true) {
    this.arrow = arrow;
    this.unit = unit;
    this.columns = columns;
    this.hasTime = hasTime;
    const fields: Field[] = [
      ...(hasTime ? [new arrow.Field('ts', timestampType(arrow, unit), false)] : []),
      ...columns.map(({ name, type }) => new arrow.Field(name, typeOf(arrow, type), true)),
    ];
    this.schema = new arrow.Schema(fields);
  }

  batch(rows: Rows): RecordBatch {
    const { arrow } = this;
    const children = [
      ...(this.hasTime ? [this.times(rows)] : []),
      ...this.columns.map(({ name, type }) =>
        columnData(arrow, type, rows.columns[name] as never, rows.validity[name]),
      ),
    ];
    const type = new arrow.Struct(this.schema.fields);
    const data = arrow.makeData({ type, length: rows.rowCount, nullCount: 0, children });
    return new arrow.RecordBatch(this.schema, data as never);
  }

  private times({ ts }: Rows): Data {
    const int64 = this.unit === 'ms' ? toInt64(ts as Float64Array) : (ts as unknown as BigInt64Array);
    return fixedData(this.arrow, timestampType(this.arrow, this.unit), int64, undefined);
  }

  table(batches: readonly RecordBatch[]): Table {
    return new this.arrow.Table(this.schema, [...batches]);
  }
}

/** The Arrow type of a table's timestamps: its own unit, without a zone. */
function timestampType(arrow: Arrow, unit: TimeUnit): DataType {
  const units = {
    ms: arrow.TimeUnit.MILLISECOND,
    us: arrow.TimeUnit.MICROSECOND,
    ns: arrow.TimeUnit.NANOSECOND,
  } as const;
  return new arrow.Timestamp(units[unit] as never);
}

function typeOf(arrow: Arrow, type: ColumnType): DataType {
  switch (type) {
    case 'f64':
      return new arrow.Float64();
    case 'f32':
      return new arrow.Float32();
    case 'i64':
      return new arrow.Int64();
    case 'i32':
      return new arrow.Int32();
    case 'bool':
      return new arrow.Bool();
    case 'utf8':
      return new arrow.Utf8();
    case 'bytes':
      return new arrow.Binary();
  }
}

function columnData(
  arrow: Arrow,
  type: ColumnType,
  values: FixedArray | readonly string[] | readonly Uint8Array[],
  validity: Uint8Array | undefined,
): Data {
  switch (type) {
    case 'bool':
      return boolData(arrow, values as Uint8Array, validity);
    case 'utf8':
      return utf8Data(arrow, values as readonly string[], validity);
    case 'bytes':
      return binaryData(arrow, values as readonly Uint8Array[], validity);
    default:
      return fixedData(arrow, typeOf(arrow, type), values as FixedArray, validity);
  }
}
