/**
 * Writes test/sql/expected.json: what plain DuckDB, without Millrace, answers to test/sql/statements.sql over the same rows.
 * Run it by hand after a change of the statements: node dist/test/sql/make-expected.js
 */
import { readFileSync, writeFileSync } from 'node:fs';
import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  DuckDBInstance,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampValue,
  type DuckDBType,
  FLOAT,
  INTEGER,
  VARCHAR,
} from '@duckdb/node-api';
import type { ColumnType } from '../../src/main/index.ts';
import { toRows, uniqueNames } from '../../src/main/sql/result-forms.ts';
import { SqlColumnBuilder } from '../../src/main/sql/sql-column.ts';
import { canonical } from './canonical.ts';
import { PLANT, type PlantTable } from './plant.ts';
import { readStatements, statementsFile } from './read-statements.ts';

const SQL_TYPES: Record<ColumnType, [string, DuckDBType]> = {
  f64: ['DOUBLE', DOUBLE],
  f32: ['FLOAT', FLOAT],
  i64: ['BIGINT', BIGINT],
  i32: ['INTEGER', INTEGER],
  bool: ['BOOLEAN', BOOLEAN],
  utf8: ['VARCHAR', VARCHAR],
  bytes: ['BLOB', BLOB],
};

async function load(connection: DuckDBConnection, table: PlantTable): Promise<void> {
  const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
  const time = table.unit === 'ns' ? 'TIMESTAMP_NS' : 'TIMESTAMP';
  const columns = table.columns.map(({ name, type }) => `${quoted(name)} ${SQL_TYPES[type][0]}`);
  await connection.run(`CREATE TABLE ${quoted(table.name)} (ts ${time}, ${columns.join(', ')})`);
  const appender = await connection.createAppender(table.name);
  for (const { ts, values } of table.rows) {
    if (table.unit === 'ns') appender.appendTimestampNanoseconds(new DuckDBTimestampNanosecondsValue(ts));
    else appender.appendTimestamp(new DuckDBTimestampValue(table.unit === 'ms' ? ts * 1000n : ts));
    for (const [i, value] of values.entries()) {
      if (value === null) appender.appendNull();
      else if (value instanceof Uint8Array) appender.appendBlob(value);
      else appender.appendValue(value as never, SQL_TYPES[table.columns[i]!.type][1]);
    }
    appender.endRow();
  }
  appender.closeSync();
}

const duckdb = await import('@duckdb/node-api');
const connection = await (await DuckDBInstance.create(':memory:')).connect();
await connection.run("SET TimeZone = 'UTC'");
for (const table of PLANT) await load(connection, table);
const expected: Record<string, unknown> = {};
for (const sql of readStatements(readFileSync(statementsFile, 'utf8'))) {
  const result = await connection.run(sql);
  const names = uniqueNames(result.columnNames());
  const builders = result.columnTypes().map((type, i) => new SqlColumnBuilder(duckdb, names[i]!, type));
  for (const chunk of await result.fetchAllChunks())
    for (const [i, builder] of builders.entries()) builder.add(chunk, i);
  expected[sql] = toRows(
    builders.map((builder) => builder.take()),
    'ms',
  ).map(canonical);
}
const lines = Object.entries(expected).map(
  ([sql, rows]) => `${JSON.stringify(sql)}: ${JSON.stringify(rows)}`,
);
writeFileSync(new URL('expected.json', statementsFile), `{\n${lines.join(',\n')}\n}\n`);
console.log(`${lines.length} statements`);
