import type { Data, DataType, Field, RecordBatch } from 'apache-arrow';
import { MillraceError } from '../../shared/errors.ts';
import { binaryData, boolData, type FixedArray, fixedData, utf8Data } from '../arrow/arrow-data.ts';
import type { Arrow } from '../arrow/load-arrow.ts';
import { isPresent } from '../ingest/validity.ts';
import type { SqlColumn } from './sql-column.ts';

/** A SQL result as an Arrow record batch; times keep DuckDB's units. */
export function toRecordBatch(arrow: Arrow, columns: readonly SqlColumn[]): RecordBatch {
  const children = columns.map((column) => columnData(arrow, column));
  const fields: Field[] = columns.map(
    ({ name }, i) => new arrow.Field(name, children[i]!.type as DataType, true),
  );
  const schema = new arrow.Schema(fields);
  const length = columns[0]?.values.length ?? 0;
  const data = arrow.makeData({ type: new arrow.Struct(fields), length, nullCount: 0, children });
  return new arrow.RecordBatch(schema, data as never);
}

function columnData(arrow: Arrow, column: SqlColumn): Data {
  const { type, values, validity } = column;
  const fixed = fixedType(arrow, type);
  if (fixed !== undefined) return fixedData(arrow, fixed, values as FixedArray, validity);
  const texts = (): string[] =>
    Array.from(values as readonly unknown[], (v) => (v === null ? '' : String(v)));
  if (type === 'BOOLEAN') {
    return boolData(arrow, Uint8Array.from(values as readonly boolean[], Number), validity);
  }
  if (type === 'BLOB') {
    const empty = new Uint8Array(0);
    return binaryData(
      arrow,
      (values as readonly (Uint8Array | null)[]).map((value) => value ?? empty),
      validity,
    );
  }
  if (type === 'HUGEINT' || type === 'UHUGEINT') return hugeData(arrow, column);
  if (type.startsWith('DECIMAL')) {
    const numbers = Float64Array.from(values as readonly (number | null)[], (value) => value ?? 0);
    return fixedData(arrow, new arrow.Float64(), numbers, validity);
  }
  if (/^(VARCHAR|DATE|TIME|INTERVAL|UUID|ENUM)/.test(type) && !type.endsWith(']')) {
    return utf8Data(arrow, texts(), validity);
  }
  if (type === '"NULL"' || type === 'SQLNULL' || type === 'NULL') return utf8Data(arrow, texts(), validity);
  throw new MillraceError(
    'WRONG_TYPE',
    `column ${JSON.stringify(column.name)} is ${type}, which has no Arrow form here; cast it (say to VARCHAR), unnest it, or take rows`,
    { column: column.name, type },
  );
}

function fixedType(arrow: Arrow, type: string): DataType | undefined {
  const timestamp = (unit: number, zone?: string): DataType => new arrow.Timestamp(unit as never, zone);
  switch (type) {
    case 'DOUBLE':
      return new arrow.Float64();
    case 'FLOAT':
      return new arrow.Float32();
    case 'BIGINT':
      return new arrow.Int64();
    case 'UBIGINT':
      return new arrow.Uint64();
    case 'INTEGER':
      return new arrow.Int32();
    case 'UINTEGER':
      return new arrow.Uint32();
    case 'SMALLINT':
      return new arrow.Int16();
    case 'USMALLINT':
      return new arrow.Uint16();
    case 'TINYINT':
      return new arrow.Int8();
    case 'UTINYINT':
      return new arrow.Uint8();
    case 'TIMESTAMP':
      return timestamp(arrow.TimeUnit.MICROSECOND);
    case 'TIMESTAMP WITH TIME ZONE':
      return timestamp(arrow.TimeUnit.MICROSECOND, 'UTC');
    case 'TIMESTAMP_NS':
      return timestamp(arrow.TimeUnit.NANOSECOND);
    case 'TIMESTAMP_MS':
      return timestamp(arrow.TimeUnit.MILLISECOND);
    case 'TIMESTAMP_S':
      return timestamp(arrow.TimeUnit.SECOND);
    default:
      return undefined;
  }
}

/** 128-bit integers (what sums of integers are) as decimals without digits behind the point. */
function hugeData(arrow: Arrow, { values, validity }: SqlColumn): Data {
  const words = new BigInt64Array(values.length * 2);
  for (let i = 0; i < values.length; i++) {
    if (!isPresent(validity, i)) continue;
    const value = values[i] as bigint;
    words[2 * i] = BigInt.asIntN(64, value);
    words[2 * i + 1] = BigInt.asIntN(64, value >> 64n);
  }
  const type = new arrow.Decimal(0, 38, 128);
  return arrow.makeData({
    type,
    length: values.length,
    data: new Uint32Array(words.buffer) as never,
    nullCount: validity === undefined ? 0 : -1,
    nullBitmap: validity as never,
  });
}
