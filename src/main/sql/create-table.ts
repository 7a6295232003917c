import { MillraceError } from '../../shared/errors.ts';
import type { ColumnType, TimeUnit } from '../../shared/schema/types.ts';
import { TokenReader } from './token-reader.ts';
import type { Token } from './tokens.ts';

/** A CREATE TABLE, read. */
export interface CreateTable {
  readonly name: string;
  readonly ifNotExists: boolean;
  readonly unit: TimeUnit;
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
}

/** SQL's names of the types, and Millrace's own. */
const TYPES: Readonly<Record<string, ColumnType>> = {
  DOUBLE: 'f64',
  FLOAT8: 'f64',
  F64: 'f64',
  FLOAT: 'f32',
  FLOAT4: 'f32',
  REAL: 'f32',
  F32: 'f32',
  BIGINT: 'i64',
  INT8: 'i64',
  INT64: 'i64',
  LONG: 'i64',
  I64: 'i64',
  INTEGER: 'i32',
  INT: 'i32',
  INT4: 'i32',
  INT32: 'i32',
  SIGNED: 'i32',
  I32: 'i32',
  SMALLINT: 'i32',
  TINYINT: 'i32',
  BOOLEAN: 'bool',
  BOOL: 'bool',
  LOGICAL: 'bool',
  VARCHAR: 'utf8',
  TEXT: 'utf8',
  STRING: 'utf8',
  CHAR: 'utf8',
  BPCHAR: 'utf8',
  UTF8: 'utf8',
  BLOB: 'bytes',
  BYTEA: 'bytes',
  BINARY: 'bytes',
  VARBINARY: 'bytes',
  BYTES: 'bytes',
};
/** The types that the column `ts` can have. */
const UNITS: Readonly<Record<string, TimeUnit>> = {
  TIMESTAMP_MS: 'ms',
  TIMESTAMP: 'us',
  TIMESTAMP_US: 'us',
  DATETIME: 'us',
  TIMESTAMP_NS: 'ns',
  BIGINT: 'ms',
  INT8: 'ms',
  INT64: 'ms',
  I64: 'ms',
};

/**
 * `CREATE TABLE [IF NOT EXISTS] name (ts TIMESTAMP_MS, column type, …)`. The column `ts` may stand anywhere or be left out
 * (ms then); TIMESTAMP is µs, as in DuckDB; `ts_ms` is `ts` in ms, as NanoTS has it.
 * @throws SQL_ERROR
 */
export function parseCreateTable(tokens: readonly Token[]): CreateTable {
  const reader = new TokenReader(tokens);
  reader.word('CREATE');
  reader.word('TABLE');
  const ifNotExists = reader.words('IF', 'NOT', 'EXISTS');
  const name = reader.name('the table');
  reader.symbol('(');
  const columns: { name: string; type: ColumnType }[] = [];
  let unit: TimeUnit | undefined;
  do {
    const column = reader.name('a column');
    const type = reader.typeName();
    const isTime = column.toLowerCase() === 'ts' || column.toLowerCase() === 'ts_ms';
    if (isTime) {
      if (unit !== undefined) throw reader.error('there are two columns for the time', 'leave one out');
      unit = column.toLowerCase() === 'ts_ms' ? 'ms' : unitOf(reader, type);
      reader.words('NOT', 'NULL');
      continue;
    }
    const known = TYPES[type.name];
    if (known === undefined) {
      throw reader.error(
        `column ${JSON.stringify(column)} has the unknown type ${type.name}`,
        'use DOUBLE, FLOAT, BIGINT, INTEGER, BOOLEAN, VARCHAR or BLOB',
      );
    }
    columns.push({ name: column, type: known });
  } while (reader.takeSymbol(','));
  reader.symbol(')');
  reader.end();
  return { name, ifNotExists, unit: unit ?? 'ms', columns };
}

function unitOf(reader: TokenReader, type: { name: string; size: string | undefined }): TimeUnit {
  const bySize = { '3': 'ms', '6': 'us', '9': 'ns' } as const;
  const unit =
    type.size === undefined
      ? UNITS[type.name]
      : type.name === 'TIMESTAMP'
        ? bySize[type.size as '3']
        : undefined;
  if (unit !== undefined) return unit;
  throw reader.error(
    `the time cannot be ${type.name}`,
    'use TIMESTAMP_MS, TIMESTAMP (µs), TIMESTAMP_NS or BIGINT (ms)',
  );
}

/** The error for a table that is there already. */
export function tableExists(name: string): MillraceError {
  return new MillraceError(
    'TABLE_EXISTS',
    `there is a table ${JSON.stringify(name)} already; use CREATE TABLE IF NOT EXISTS, or another name`,
    { table: name },
  );
}
