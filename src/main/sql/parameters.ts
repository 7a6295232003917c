import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { MillraceError, show } from '../../shared/errors.ts';
import type { DuckDb } from './duckdb.ts';
import type { SqlParameter, SqlParameters } from './sql-types.ts';

/** Parameters as DuckDB's client takes them. */
export interface BoundParameters {
  readonly values: DuckDBValue[] | Record<string, DuckDBValue>;
  readonly types: DuckDBType[] | Record<string, DuckDBType>;
}

/**
 * Checks parameters, before anything runs.
 * @throws WRONG_TYPE, INVALID_OPTION
 */
export function checkParameters(params: unknown): SqlParameters | undefined {
  if (params === undefined) return undefined;
  if (typeof params !== 'object' || params === null) {
    throw new MillraceError(
      'INVALID_OPTION',
      `params is ${show(params)}; give an array for ? and $1, or an object for $name`,
    );
  }
  for (const [name, value] of Object.entries(params)) {
    const isPlain = value === null || ['boolean', 'number', 'bigint', 'string'].includes(typeof value);
    const isDate = value instanceof Date && !Number.isNaN(value.getTime());
    if (isPlain || isDate || value instanceof Uint8Array) continue;
    throw new MillraceError(
      'WRONG_TYPE',
      `parameter ${show(name)} is ${show(value)}; it must be null, a boolean, number, bigint, string, valid Date or Uint8Array`,
      { parameter: name, value: show(value) },
    );
  }
  return params as SqlParameters;
}

export function bindParameters(duckdb: DuckDb, params: SqlParameters): BoundParameters {
  if (Array.isArray(params)) {
    const bound = params.map((value: SqlParameter) => bind(duckdb, value));
    return { values: bound.map(({ value }) => value), types: bound.map(({ type }) => type) };
  }
  const bound = Object.entries(params).map(([name, value]) => [name, bind(duckdb, value)] as const);
  return {
    values: Object.fromEntries(bound.map(([name, { value }]) => [name, value])),
    types: Object.fromEntries(bound.map(([name, { type }]) => [name, type])),
  };
}

const INT64_MAX = 2n ** 63n - 1n;

function bind(duckdb: DuckDb, value: SqlParameter): { value: DuckDBValue; type: DuckDBType } {
  if (value === null) return { value, type: duckdb.SQLNULL };
  if (typeof value === 'boolean') return { value, type: duckdb.BOOLEAN };
  if (typeof value === 'string') return { value, type: duckdb.VARCHAR };
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) return { value, type: duckdb.DOUBLE };
    return { value: BigInt(value), type: duckdb.BIGINT };
  }
  if (typeof value === 'bigint') {
    const fits = value <= INT64_MAX && value >= -INT64_MAX - 1n;
    return { value, type: fits ? duckdb.BIGINT : duckdb.HUGEINT };
  }
  if (value instanceof Date) {
    return {
      value: new duckdb.DuckDBTimestampValue(BigInt(value.getTime()) * 1000n),
      type: duckdb.TIMESTAMP,
    };
  }
  return { value: new duckdb.DuckDBBlobValue(value), type: duckdb.BLOB };
}
