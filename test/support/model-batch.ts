import {
  Binary,
  Bool,
  type Data,
  type DataType,
  Field,
  Float32,
  Float64,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  Utf8,
} from 'apache-arrow';
import type { Batch } from '../../src/main/api-types.ts';
import type { ColumnType, TableInfo } from '../../src/main/index.ts';
import { type Cell, type Row, toValue } from './model-values.ts';

/** The forms in which rows can be appended together. */
export type BatchForm = 'typed' | 'plain' | 'arrow batch' | 'arrow table';

type Columns = Record<string, never>;

/** Rows as `append` takes them. `typed` and Arrow keep the payloads of NaNs, `plain` does not. */
export function batchOf(
  form: BatchForm,
  table: TableInfo,
  rows: readonly Row[],
): Batch<Columns> | RecordBatch | Table {
  switch (form) {
    case 'typed':
      return typedBatch(table, rows);
    case 'plain':
      return plainBatch(table, rows);
    case 'arrow batch':
      return recordBatch(table, rows, 0, rows.length);
    default:
      return arrowTable(table, rows);
  }
}

/** Plain arrays with nulls; ms timestamps as numbers and bigints in turn. */
function plainBatch({ unit, columns }: TableInfo, rows: readonly Row[]): Batch<Columns> {
  return {
    ts: rows.map(({ ts }, i) => (unit === 'ms' && i % 2 === 0 ? Number(ts) : ts)) as never,
    columns: entries(columns, (type, i) => rows.map((row) => toValue(type, row.cells[i]!))),
  };
}

/** Typed arrays with validity bitmaps; strings and byte arrays in plain arrays. What lies under a null is rubbish. */
function typedBatch({ unit, columns }: TableInfo, rows: readonly Row[]): Batch<Columns> {
  const ts = BigInt64Array.from(rows, (row) => row.ts);
  const hasNull = columns.map((_, i) => rows.some((row) => row.cells[i] === null));
  return {
    ts: unit === 'ms' ? Float64Array.from(ts, Number) : ts,
    columns: entries(columns, (type, i) => {
      if (type === 'utf8' || type === 'bytes')
        return rows.map((row) => toValue(type, row.cells[i]!) ?? 'rubbish');
      return fixedArray(
        type,
        rows.map((row) => row.cells[i]!),
      );
    }),
    validity: entries(columns, (_, i) => (hasNull[i] ? bitmap(rows, i, 0xff) : undefined)),
  };
}

function entries(columns: TableInfo['columns'], of: (type: ColumnType, i: number) => unknown): Columns {
  return Object.fromEntries(columns.map(({ name, type }, i) => [name, of(type, i)])) as Columns;
}

type FixedArray = Float64Array | Float32Array | BigInt64Array | Int32Array | Uint8Array;

/** Values of one type, made from their bits. */
function fixedArray(type: ColumnType, cells: readonly Cell[]): FixedArray {
  switch (type) {
    case 'f64':
      return new Float64Array(BigUint64Array.from(cells, (cell) => (cell ?? 0xdead_beefn) as bigint).buffer);
    case 'f32':
      return new Float32Array(Uint32Array.from(cells, (cell) => Number(cell ?? 0xbeef)).buffer);
    case 'i64':
      return BigInt64Array.from(cells, (cell) => (cell ?? -7n) as bigint);
    case 'i32':
      return Int32Array.from(cells, (cell) => Number(cell ?? -7));
    default:
      return Uint8Array.from(cells, (cell) => Number(cell ?? 77));
  }
}

/** Bit i says whether row i has a value. `beyond` fills the bits after the last row. */
function bitmap(rows: readonly Row[], column: number, beyond: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(rows.length / 8)).fill(beyond);
  for (const [i, row] of rows.entries()) {
    if (row.cells[column] === null) bits[i >> 3]! &= ~(1 << (i & 7));
    else bits[i >> 3]! |= 1 << (i & 7);
  }
  return bits;
}

const ARROW_TIME = { ms: TimestampMillisecond, us: TimestampMicrosecond, ns: TimestampNanosecond };
const ARROW_TYPE = {
  f64: Float64,
  f32: Float32,
  i64: Int64,
  i32: Int32,
  bool: Bool,
  utf8: Utf8,
  bytes: Binary,
};

function arrowSchema({ unit, columns }: TableInfo): Schema {
  const fields = columns.map(({ name, type }) => new Field(name, new ARROW_TYPE[type](), true));
  return new Schema([...fields, new Field('ts', new ARROW_TIME[unit](), false)]);
}

/** Rows `from` … `to − 1` as a slice of a batch that holds all, so that Arrow's own offsets take part. */
function recordBatch(table: TableInfo, rows: readonly Row[], from: number, to: number): RecordBatch {
  const schema = arrowSchema(table);
  const columns: Data[] = table.columns.map(({ type }, i) => arrowData(type, rows, i));
  const ts = BigInt64Array.from(rows, (row) => row.ts);
  columns.push(makeData({ type: new ARROW_TIME[table.unit](), data: ts, length: rows.length }) as Data);
  const data = makeData({
    type: new Struct(schema.fields),
    children: columns,
    length: rows.length,
    nullCount: 0,
  });
  const batch = new RecordBatch(schema, data as never);
  return from === 0 && to === rows.length ? batch : batch.slice(from, to);
}

/** A Table of two record batches. */
function arrowTable(table: TableInfo, rows: readonly Row[]): Table {
  const middle = rows.length >> 1;
  return new Table(arrowSchema(table), [
    recordBatch(table, rows, 0, middle),
    recordBatch(table, rows, middle, rows.length),
  ]);
}

function arrowData(type: ColumnType, rows: readonly Row[], i: number): Data {
  const cells = rows.map((row) => row.cells[i]!);
  const nullCount = cells.filter((cell) => cell === null).length;
  const own = {
    length: cells.length,
    nullCount,
    ...(nullCount > 0 ? { nullBitmap: bitmap(rows, i, 0) } : {}),
  };
  if (type === 'bool') {
    const bits = bitmap(
      cells.map((cell) => ({ ts: 0n, cells: [cell === 1n ? cell : null] })),
      0,
      0,
    );
    return makeData({ type: new Bool(), data: bits, ...own }) as Data;
  }
  if (type !== 'utf8' && type !== 'bytes') {
    return makeData({
      type: new ARROW_TYPE[type]() as DataType,
      data: fixedArray(type, cells),
      ...own,
    } as never) as Data;
  }
  const encoding = type === 'utf8' ? 'utf8' : 'latin1';
  const values = cells.map((cell) => Buffer.from((cell ?? '') as string, encoding));
  const valueOffsets = new Int32Array(cells.length + 1);
  for (const [row, value] of values.entries()) valueOffsets[row + 1] = valueOffsets[row]! + value.length;
  const data = new Uint8Array(Buffer.concat(values));
  return makeData({ type: new ARROW_TYPE[type]() as DataType, valueOffsets, data, ...own } as never) as Data;
}
