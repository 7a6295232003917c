/**
 * Arrow data to append: RecordBatches and Tables become the column arrays that `append` takes. Only types are imported
 * from apache-arrow, so a program without Arrow does not load it, and what is read are the plain fields of its Data
 * objects, so another copy or version of the package works as well. Fixed-width values are copied as bytes: going through
 * JS numbers could change a NaN's payload.
 */
import type { Data, RecordBatch, Table } from 'apache-arrow';
import { MillraceError, show } from '../../shared/errors.ts';
import type { ColumnType, TimeUnit } from '../../shared/schema/types.ts';
import type { ColumnArray } from '../api-types.ts';
import { ArrowColumnReader } from './arrow-column.ts';
import { firstNull, readValidity } from './arrow-nulls.ts';
import { demandTimeType, nullTime, readTime } from './arrow-time.ts';
import { kindOfColumn } from './arrow-types.ts';

/** A column of the table as the conversion needs to know it. */
export interface ArrowTarget {
  readonly name: string;
  readonly type: ColumnType;
}

/**
 * One record batch in the shape that `append` takes. The arrays are its own, but for the values of bytes columns: they are
 * views of Arrow's memory. A null holds 0, '' or no bytes; columns without nulls have no entry in `validity`.
 */
export interface ArrowBatch {
  readonly rowCount: number;
  readonly ts: Float64Array | BigInt64Array;
  readonly columns: Record<string, ColumnArray<ColumnType>>;
  readonly validity: Record<string, Uint8Array | undefined>;
}

/** Whether a value is an Arrow RecordBatch or Table, told by its shape and not by its class. */
export function isArrowInput(value: unknown): value is RecordBatch | Table {
  return isRecordBatch(value) || isTable(value);
}

/**
 * The rows of a RecordBatch or Table, by column name, one result for each record batch. All is converted before anything
 * is returned, so an error means that no row was taken.
 *
 * A column `ts` is wanted (Int64 in the table's unit, or a Timestamp or Date of any unit) and every column of the table;
 * types must match or widen exactly. Throws UNKNOWN_COLUMN (columns that the table has not), WRONG_ARITY (columns that are
 * missing), DUPLICATE_COLUMN, WRONG_TYPE, INVALID_TIMESTAMP (null, out of range, or finer than the unit) or WRONG_LENGTH.
 */
export function arrowToBatches(
  input: RecordBatch | Table,
  columns: readonly ArrowTarget[],
  unit: TimeUnit,
): ArrowBatch[] {
  const { fields } = input.schema;
  const places = placesOf(
    fields.map((field) => field.name),
    columns.map((column) => column.name),
  );
  // The schema is looked at apart from the batches, so that a wrong type is found in a Table without rows, too.
  demandTimeType(fields[places.get('ts')!]!.type);
  for (const { name, type } of columns) kindOfColumn(fields[places.get(name)!]!.type, name, type);

  const reader = new ArrowColumnReader(unit);
  const batches: ArrowBatch[] = [];
  let firstRow = 0;
  for (const { data } of isRecordBatch(input) ? [input] : input.batches) {
    demandSoundRows(data, firstRow);
    const child = (name: string): Data => data.children[places.get(name)!]!;
    const ts = readTime(child('ts'), unit, firstRow);
    const read = columns.map(({ name, type }) => reader.read(child(name), type, { column: name, firstRow }));
    // fromEntries, unlike an assignment, makes an own property of a column that is called __proto__.
    batches.push({
      rowCount: data.length,
      ts,
      columns: Object.fromEntries(columns.map(({ name }, i) => [name, read[i]!.values])),
      validity: Object.fromEntries(
        columns
          .map(({ name }, i) => [name, read[i]!.validity] as const)
          .filter(([, bits]) => bits !== undefined),
      ),
    });
    firstRow += data.length;
  }
  return batches;
}

function isRecordBatch(value: unknown): value is RecordBatch {
  const { schema, data } = (value ?? {}) as Partial<RecordBatch>;
  return Array.isArray(schema?.fields) && Array.isArray(data?.children) && typeof data.length === 'number';
}

function isTable(value: unknown): value is Table {
  const { schema, batches } = (value ?? {}) as Partial<Table>;
  return Array.isArray(schema?.fields) && Array.isArray(batches) && batches.every(isRecordBatch);
}

/** The place of each wanted column among Arrow's fields; all must be there and no others, for nothing is dropped silently. */
function placesOf(fields: readonly string[], columns: readonly string[]): Map<string, number> {
  const wanted = new Set(['ts', ...columns]);
  const places = new Map<string, number>();
  for (const [i, name] of fields.entries()) {
    if (places.has(name)) {
      throw new MillraceError(
        'DUPLICATE_COLUMN',
        `the Arrow data has two columns named ${show(name)}; rename or remove one`,
        { column: name },
      );
    }
    places.set(name, i);
  }
  const list = (names: readonly string[]): string => names.map(show).join(', ');
  const extra = fields.filter((name) => !wanted.has(name));
  const missing = [...wanted].filter((name) => !places.has(name));
  if (extra.length > 0) {
    throw new MillraceError(
      'UNKNOWN_COLUMN',
      `the table has no column ${list(extra)}, but the Arrow data has${missing.length > 0 ? `, and lacks ${list(missing)}` : ''}; ` +
        `select the table's columns (${list([...wanted])}) or add the others to it`,
      { columns: extra.join(', '), missing: missing.join(', ') },
    );
  }
  if (missing.length > 0) {
    throw new MillraceError(
      'WRONG_ARITY',
      `the Arrow data has no column ${list(missing)}; give every column of the table, one of type Null where there are no values`,
      { columns: missing.join(', ') },
    );
  }
  return places;
}

/** Demands columns of one length, and no row that is null as a whole: it would have no timestamp. */
function demandSoundRows(data: Data, firstRow: number): void {
  for (const child of data.children) {
    if (child.length === data.length) continue;
    throw new MillraceError(
      'WRONG_LENGTH',
      `a column of an Arrow record batch has ${child.length} rows, the batch has ${data.length}; make them of one length`,
      { rows: child.length, batchRows: data.length },
    );
  }
  const validity = readValidity(data);
  if (validity !== undefined) throw nullTime(firstNull(validity), firstRow);
}
