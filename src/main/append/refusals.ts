import { MillraceError, show } from '../../shared/errors.ts';
import { MAX_VALUE_BYTES } from '../../shared/schema/limits.ts';
import type { Column, TableDefinition } from '../../shared/schema/types.ts';

/** The errors for rows that cannot be taken: each names the value, the place where it was to go, and what would fit. */

const HINT: Partial<Record<Column['type'], string>> = {
  i64: '; it takes bigints within int64, and numbers that are safe integers',
  i32: '; it takes whole numbers within int32',
  bool: '; it takes true, false, 1 and 0',
  bytes: '; it takes Uint8Arrays',
};

/** WRONG_TYPE: a value that its column does not take. */
export function wrongType(
  table: string,
  { name, type }: Pick<Column, 'name' | 'type'>,
  value: unknown,
): MillraceError {
  return new MillraceError(
    'WRONG_TYPE',
    `column ${JSON.stringify(name)} of table ${JSON.stringify(table)} is ${type} and does not take ${show(value)}${HINT[type] ?? ''}`,
    { table, column: name, type, value: show(value) },
  );
}

/** INVALID_TIMESTAMP: a timestamp that the table's unit does not allow. */
export function badTime({ name, unit }: Pick<TableDefinition, 'name' | 'unit'>, ts: unknown): MillraceError {
  const want = unit === 'ms' ? 'a safe integer, as a number or bigint' : 'an int64, as a bigint';
  return new MillraceError(
    'INVALID_TIMESTAMP',
    `table ${JSON.stringify(name)} takes timestamps in ${unit}: ${want}, not ${show(ts)}`,
    { table: name, unit, value: show(ts) },
  );
}

/** WRONG_ARITY or WRONG_TYPE: a row that is not an array of as many values as there are columns. */
export function wrongRow(table: string, columns: readonly Column[], values: unknown): MillraceError {
  const names = columns.map((column) => column.name).join(', ');
  const want = `a row of table ${JSON.stringify(table)} has ${columns.length} values (${names})`;
  if (!Array.isArray(values)) {
    const value = show(values);
    return new MillraceError('WRONG_TYPE', `${want} in an array, not ${value}`, { table, value });
  }
  return new MillraceError('WRONG_ARITY', `${want}, not ${values.length}; use null where there is none`, {
    table,
    columns: columns.length,
    values: values.length,
  });
}

/** Half of a surrogate pair without the other: under the flag u, whole pairs are one character. */
const LONE = /\p{Surrogate}/u;
/** Characters shown before the half, so that it is seen in a long string too. */
const SHOWN_BEFORE = 20;

/** LONE_SURROGATE: a string that has no UTF-8 form. */
export function loneSurrogate(text: string, column: string): MillraceError {
  const value = show(text.slice(Math.max(0, text.search(LONE) - SHOWN_BEFORE)));
  return new MillraceError(
    'LONE_SURROGATE',
    `column ${JSON.stringify(column)}: ${value} holds half of a surrogate pair, which has no UTF-8 form; mend it with toWellFormed()`,
    { column, value },
  );
}

/** VALUE_TOO_LARGE: a string or byte array over the limit. */
export function tooLarge(bytes: number, column: string): MillraceError {
  return new MillraceError(
    'VALUE_TOO_LARGE',
    `column ${JSON.stringify(column)}: a value of ${bytes} bytes is over the limit of ${MAX_VALUE_BYTES}; split it`,
    { column, bytes, limit: MAX_VALUE_BYTES },
  );
}

/** ROW_TOO_LARGE: strings and byte arrays that are together over the limit. */
export function rowTooLarge(table: string, bytes: number, limit: number): MillraceError {
  return new MillraceError(
    'ROW_TOO_LARGE',
    `a row of table ${JSON.stringify(table)} has ${bytes} bytes of strings and byte arrays, over the limit of ${limit}; split it over several tables or rows`,
    { table, bytes, limit },
  );
}
