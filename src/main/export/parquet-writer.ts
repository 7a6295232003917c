import { ByteWriter, type ColumnSource, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import type { ColumnType, TimeUnit } from '../../shared/schema/types.ts';
import type { Rows, TableInfo } from '../api-types.ts';
import { toInt64 } from '../arrow/to-int64.ts';
import { isPresent } from '../ingest/validity.ts';
import type { RowsWriter } from './rows-writer.ts';

/** Rows of a row group: what hyparquet-writer takes by default, and readers like. */
export const GROUP_ROWS = 100_000;
const UNITS = { ms: 'MILLIS', us: 'MICROS', ns: 'NANOS' } as const satisfies Record<TimeUnit, string>;

/** Rows as Parquet, snappy, a row group for each batch. Times are TIMESTAMPs in UTC of the table's unit. */
export class ParquetRowsWriter implements RowsWriter {
  private readonly info: TableInfo;
  private readonly bytes = new ByteWriter(1 << 20);
  private readonly writer: ParquetWriter;

  constructor(info: TableInfo) {
    this.info = info;
    const schema: SchemaElement[] = [
      { name: 'millrace', num_children: info.columns.length + 1 },
      {
        name: 'ts',
        type: 'INT64',
        repetition_type: 'REQUIRED',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: UNITS[info.unit] },
      },
      ...info.columns.map(({ name, type }) => elementOf(name, type)),
    ];
    this.writer = new ParquetWriter({ writer: this.bytes, schema, createdBy: 'millrace' });
  }

  add(rows: Rows): readonly Uint8Array[] {
    const ts = this.info.unit === 'ms' ? toInt64(rows.ts as Float64Array) : rows.ts;
    const columnData: ColumnSource[] = [
      { name: 'ts', data: ts as BigInt64Array, encoding: 'DELTA_BINARY_PACKED' },
      ...this.info.columns.map(({ name, type }) => {
        const data = dataOf(type, rows.columns[name] as ArrayLike<unknown>, rows.validity[name]);
        // A dictionary of floats would take -0 for 0, and one NaN for all.
        const isFloat = type === 'f64' || type === 'f32';
        return { name, data: data as never, ...(isFloat ? { encoding: 'PLAIN' as const } : {}) };
      }),
    ];
    this.writer.write({ columnData, rowGroupSize: GROUP_ROWS });
    return this.take();
  }

  end(): readonly Uint8Array[] {
    this.writer.finish();
    return this.take();
  }

  private take(): readonly Uint8Array[] {
    const bytes = this.bytes.getBytes().slice();
    this.bytes.index = 0;
    return [bytes];
  }
}

function elementOf(name: string, type: ColumnType): SchemaElement {
  const types = {
    f64: { type: 'DOUBLE' },
    f32: { type: 'FLOAT' },
    i64: { type: 'INT64' },
    i32: { type: 'INT32' },
    bool: { type: 'BOOLEAN' },
    utf8: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
    bytes: { type: 'BYTE_ARRAY' },
  } as const satisfies Record<ColumnType, Partial<SchemaElement>>;
  return { name, repetition_type: 'OPTIONAL', ...types[type] };
}

/** Values as hyparquet-writer takes them: typed arrays where there is no null, bools as booleans, null for a null. */
function dataOf(type: ColumnType, values: ArrayLike<unknown>, validity: Uint8Array | undefined): unknown {
  if (validity === undefined && type !== 'bool') return values;
  return Array.from(values, (value, row) => {
    if (!isPresent(validity, row)) return null;
    return type === 'bool' ? value === 1 : value;
  });
}
