import { MillraceError, show } from '../../shared/errors.ts';
import { type Column, isVariable } from '../../shared/schema/types.ts';
import type { TableAppender } from './table-appender.ts';

/** A batch that was checked: every row of it can be appended. */
export interface CheckedBatch {
  readonly rows: number;
  readonly ts: ArrayLike<number | bigint>;
  /** Whether a time is 0, and so perhaps −0. */
  readonly hasZero: boolean;
  readonly columns: readonly CheckedColumn[];
}

export interface CheckedColumn {
  /** A typed array of the column's own type can be copied whole; anything else goes value by value. */
  readonly values: ArrayLike<unknown>;
  readonly isTyped: boolean;
  /** 1 = present; undefined: nulls, if any, are nulls in `values`. */
  readonly validity: Uint8Array | undefined;
}

const ARRAY_OF = {
  f64: Float64Array,
  f32: Float32Array,
  i64: BigInt64Array,
  i32: Int32Array,
  bool: Uint8Array,
} as const;

/**
 * Checks every value of a batch, so that appending it cannot fail halfway.
 * @throws WRONG_TYPE, WRONG_LENGTH, UNKNOWN_COLUMN, WRONG_ARITY, INVALID_TIMESTAMP, LONE_SURROGATE, VALUE_TOO_LARGE,
 *   ROW_TOO_LARGE
 */
export function checkBatch(appender: TableAppender, batch: unknown): CheckedBatch {
  const table = appender.definition.name;
  const { ts, columns, validity } = shapeOf(batch, table);
  checkNames(appender.columns, columns, table);
  if (validity !== undefined) {
    for (const name of Object.keys(validity)) {
      if (!Object.hasOwn(columns, name)) throw unknownColumn(name, appender.columns, table);
    }
  }
  const rows = ts.length;
  const hasZero = checkTimes(appender, ts);
  const checked: CheckedColumn[] = [];
  for (let i = 0; i < appender.columns.length; i++) {
    const { name } = appender.columns[i]!;
    // A column may be called as something that every object has: `constructor`.
    const bits = validity !== undefined && Object.hasOwn(validity, name) ? validity[name] : undefined;
    checked.push(checkColumn(appender, i, columns[name], bits, rows));
  }
  if (appender.shape.variable > 1) checkRowBytes(appender, checked, rows);
  return { rows, ts, hasZero, columns: checked };
}

function shapeOf(batch: unknown, table: string) {
  const { ts, columns, validity = null } = (batch ?? {}) as Record<string, unknown>;
  if (!isList(ts) || typeof columns !== 'object' || columns === null || typeof validity !== 'object') {
    throw new MillraceError(
      'WRONG_TYPE',
      `append to table ${JSON.stringify(table)} takes { ts, columns, validity? } or an Arrow RecordBatch or Table, not ${show(batch)}`,
      { table },
    );
  }
  return {
    ts: ts as ArrayLike<number | bigint>,
    columns: columns as Record<string, unknown>,
    validity: (validity ?? undefined) as Record<string, unknown> | undefined,
  };
}

function checkNames(wanted: readonly Column[], columns: Record<string, unknown>, table: string): void {
  const names = Object.keys(columns);
  let known = 0;
  for (const { name } of wanted) if (Object.hasOwn(columns, name)) known++;
  if (known === wanted.length && known === names.length) return;
  for (const name of names) {
    if (!wanted.some((column) => column.name === name)) throw unknownColumn(name, wanted, table);
  }
  const missing = wanted
    .filter((column) => !Object.hasOwn(columns, column.name))
    .map((column) => column.name);
  if (missing.length === 0) return;
  throw new MillraceError(
    'WRONG_ARITY',
    `the batch for table ${JSON.stringify(table)} lacks column${missing.length > 1 ? 's' : ''} ${missing.join(', ')}; give every column, with nulls where there is no value`,
    { table, missing: missing.join(', ') },
  );
}

function unknownColumn(name: string, columns: readonly Column[], table: string): MillraceError {
  return new MillraceError(
    'UNKNOWN_COLUMN',
    `table ${JSON.stringify(table)} has no column ${JSON.stringify(name)}; it has ${columns.map((column) => column.name).join(', ')}`,
    { table, column: name },
  );
}

/** @returns whether one of them is 0 */
function checkTimes(appender: TableAppender, ts: ArrayLike<number | bigint>): boolean {
  const isMs = appender.definition.unit === 'ms';
  if (!isMs && ts instanceof BigInt64Array) return false;
  const areNumbers = isMs && ts instanceof Float64Array;
  let hasZero = false;
  let row = 0;
  try {
    for (; row < ts.length; row++) {
      if (!areNumbers || !Number.isSafeInteger(ts[row])) appender.checkTime(ts[row]);
      if (ts[row] === 0) hasZero = true;
    }
  } catch (error) {
    throw atRow(row, error);
  }
  return hasZero;
}

/** The same error, saying which row of the batch it speaks of. Loops catch it outside: a call a row would cost a fifth. */
function atRow(row: number, error: unknown): unknown {
  if (!MillraceError.is(error)) return error;
  return new MillraceError(error.code, `row ${row} of the batch: ${error.message}`, {
    ...error.details,
    row,
  });
}

function checkColumn(
  appender: TableAppender,
  i: number,
  values: unknown,
  validity: unknown,
  rows: number,
): CheckedColumn {
  const column = appender.columns[i]!;
  if (!isList(values)) {
    throw new MillraceError(
      'WRONG_TYPE',
      `column ${JSON.stringify(column.name)} of the batch is ${show(values)}, not an array`,
      detailsOf(appender, column),
    );
  }
  if (values.length !== rows) {
    throw new MillraceError(
      'WRONG_LENGTH',
      `column ${JSON.stringify(column.name)} has ${values.length} values, ts has ${rows}; all must be of one length`,
      { ...detailsOf(appender, column), length: values.length, rows },
    );
  }
  const bitmap = checkBitmap(validity, rows, appender, column);
  if (ArrayBuffer.isView(values)) {
    const wanted = isVariable(column.type) ? undefined : ARRAY_OF[column.type as keyof typeof ARRAY_OF];
    if (wanted === undefined || !(values instanceof wanted)) {
      throw new MillraceError(
        'WRONG_TYPE',
        `column ${JSON.stringify(column.name)} is ${column.type} and takes ${wanted?.name ?? 'an array of values'}, not ${show(values)}`,
        detailsOf(appender, column),
      );
    }
    if (column.type === 'bool') checkBools(appender, i, values as Uint8Array, bitmap);
    return { values: values as ArrayLike<unknown>, isTyped: true, validity: bitmap };
  }
  let row = 0;
  try {
    for (; row < rows; row++)
      if (bitmap === undefined || isSet(bitmap, row)) appender.checkValue(i, values[row]);
  } catch (error) {
    throw atRow(row, error);
  }
  return { values, isTyped: false, validity: bitmap };
}

/** What an error says of a column. */
function detailsOf({ definition }: TableAppender, { name }: Column): Record<string, unknown> {
  return { table: definition.name, column: name };
}

function checkBools(
  appender: TableAppender,
  i: number,
  values: Uint8Array,
  bitmap: Uint8Array | undefined,
): void {
  for (let row = 0; row < values.length; row++) {
    if (values[row]! <= 1 || (bitmap !== undefined && !isSet(bitmap, row))) continue;
    try {
      appender.checkValue(i, values[row]);
    } catch (error) {
      throw atRow(row, error);
    }
  }
}

function checkBitmap(
  validity: unknown,
  rows: number,
  appender: TableAppender,
  column: Column,
): Uint8Array | undefined {
  if (validity === undefined || validity === null) return undefined;
  if (validity instanceof Uint8Array && validity.length >= Math.ceil(rows / 8)) return validity;
  const wrongLength = validity instanceof Uint8Array;
  throw new MillraceError(
    wrongLength ? 'WRONG_LENGTH' : 'WRONG_TYPE',
    `the validity of column ${JSON.stringify(column.name)} is ${show(validity)}; it must be a Uint8Array of at least ${Math.ceil(rows / 8)} bytes, a bit a row, least significant first`,
    detailsOf(appender, column),
  );
}

function checkRowBytes(appender: TableAppender, columns: readonly CheckedColumn[], rows: number): void {
  const variable = appender.shape.variableAt;
  for (let row = 0; row < rows; row++) {
    // Three bytes a UTF-16 unit at most: only a row near the limit is measured.
    let most = 0;
    for (const i of variable)
      most += 3 * ((columns[i]!.values[row] as { length: number } | null)?.length ?? 0);
    if (most > appender.rowLimit) measureRow(appender, columns, variable, row);
  }
}

function measureRow(
  appender: TableAppender,
  columns: readonly CheckedColumn[],
  variable: readonly number[],
  row: number,
): void {
  let bytes = 0;
  for (const i of variable) {
    const { values, validity } = columns[i]!;
    // What lies under a null was not checked, and is not stored.
    if (validity === undefined || isSet(validity, row)) bytes += appender.checkValue(i, values[row]);
  }
  try {
    appender.checkRowBytes(bytes);
  } catch (error) {
    throw atRow(row, error);
  }
}

/** Whether bit `i` of a bitmap is set. */
export function isSet(bitmap: Uint8Array, i: number): boolean {
  return (bitmap[i >> 3]! & (1 << (i & 7))) !== 0;
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}
