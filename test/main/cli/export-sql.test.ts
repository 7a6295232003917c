import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { skip } from '../../sql/duckdb-package.ts';
import { tempDir } from '../ingest/temp-dir.ts';
import { cli } from './run-cli.ts';

const dir = tempDir();
const plant = join(dir.path, 'plant.ntt');

before(async () => {
  const lines = Array.from({ length: 300 }, (_, i) => {
    const minute = new Date(Date.UTC(2024, 0, 1, 0, i)).toISOString();
    return `${minute},${i === 7 ? '' : (20 + 5 * Math.sin(i / 20)).toFixed(2)},${i % 2 === 0},"it's ${i % 3}"`;
  });
  const file = dir.write('press.csv', ['time,temp,on,state', ...lines].join('\n'));
  const { code, err } = await cli('ingest', file, '--db', plant);
  assert.equal(code, 0, err);
});

describe('millrace export', () => {
  test('writes the format that the file ends with, and says how to read CSV back, which does', async () => {
    const file = join(dir.path, "it's.csv");
    const { code, out, err } = await cli('export', plant, 'press', '-o', file);
    assert.equal(code, 0, err);
    assert.match(out, /^300 rows of table "press" of .* \(csv\)\n/);
    const command = /to read it back: millrace (.*)/.exec(out)![1]!;
    const words = [...command.matchAll(/'((?:[^']|'\\'')*)'|(\S+)/g)].map(
      (m) => m[2] ?? m[1]!.replaceAll("'\\''", "'"),
    );
    const copy = join(dir.path, 'copy.ntt');
    const back = await cli(...words.map((word) => (word === 'DB' ? copy : word)));
    assert.equal(back.code, 0, back.err);
    const again = join(dir.path, 'again.csv');
    assert.equal((await cli('export', copy, 'press', '-o', again)).code, 0);
    assert.equal(readFileSync(again, 'utf8'), readFileSync(file, 'utf8'));
  });

  test('--json is one object; a range and columns can be chosen', async () => {
    const file = join(dir.path, 'part.parquet');
    const range = [
      '--from',
      '2024-01-01T01:00:00Z',
      '--to',
      '2024-01-01T01:59:59Z',
      '--columns',
      'state,temp',
    ];
    const { code, out } = await cli('export', plant, 'press', '-o', file, ...range, '--json');
    assert.equal(code, 0);
    const { rows, bytes, format, columns } = JSON.parse(out);
    assert.deepEqual([rows, bytes, format], [60, readFileSync(file).length, 'parquet']);
    assert.deepEqual(
      columns.map(({ name }: { name: string }) => name),
      ['state', 'temp'],
    );
    assert.match(
      (await cli('ingest', file, '--db', join(dir.path, 'part.ntt'))).out,
      /^60 rows in table "part"/,
    );
  });

  test('- is the standard output, with nothing else on it', async () => {
    const { code, out, err } = await cli(
      'export',
      plant,
      'press',
      '-o',
      '-',
      '--format',
      'csv',
      '--to',
      '2024-01-01',
    );
    assert.equal(code, 0);
    assert.equal(out, "ts,temp,on,state\n2024-01-01T00:00:00.000Z,20,true,it's 0\n");
    assert.match(err, /^1 row of table/);
  });

  test('says what is wrong with a command line, and leaves no file', async () => {
    for (const [args, code] of [
      [['press'], 2],
      [['press', '-o', join(dir.path, 'x.txt')], 2],
      [['press', '-o', '-', '--format', 'arrow'], 2],
      [['press', '-o', join(dir.path, 'x.parquet'), '--epoch'], 2],
      [['nope', '-o', join(dir.path, 'x.csv')], 1],
      [['press', '-o', join(dir.path, 'x.csv'), '--columns', 'nope'], 1],
      [['press', '-o', join(dir.path, 'no', 'x.csv')], 1],
    ] as const) {
      const result = await cli('export', plant, ...args, '--json');
      assert.equal(result.code, code, result.err);
      assert.ok(JSON.parse(result.err).code);
    }
    assert.ok(!existsSync(join(dir.path, 'x.csv')));
  });
});

describe('millrace query --plot', () => {
  test('draws a curve of each column of numbers', async () => {
    const { code, out, err } = await cli('query', plant, 'press', '--plot');
    assert.equal(code, 0, err);
    assert.match(out, /^temp\n25\.0 ┤/);
    assert.match(out, /\non\n/);
    assert.doesNotMatch(out, /state/);
    assert.match(out, /2024-01-01T00:00:00\.000Z +2024-01-01T04:59:00\.000Z/);
    assert.match(out, /300 rows\n$/);
  });

  test('says so where there is nothing to draw', async () => {
    assert.equal(
      (await cli('query', plant, 'press', '--plot', '--columns', 'state')).out,
      '(no column of numbers to plot)\n',
    );
    assert.equal(
      (await cli('query', plant, 'press', '--plot', '--from', '2030-01-01')).out,
      '(no rows to plot)\n',
    );
    assert.equal((await cli('query', plant, 'press', '--plot', '--json')).code, 2);
  });
});

describe('millrace sql', () => {
  test('CREATE TABLE and INSERT, without DuckDB', async () => {
    const db = join(dir.path, 'made.ntt');
    assert.equal(
      (await cli('sql', db, 'CREATE TABLE IF NOT EXISTS `my table` (ts TIMESTAMP_MS, v DOUBLE)')).code,
      0,
    );
    const done = await cli(
      'sql',
      db,
      'INSERT INTO "my table" VALUES (1, ?), (2, ?)',
      '--param',
      '1.5',
      '--param',
      '2',
      '--json',
    );
    assert.deepEqual(JSON.parse(done.out).rows, [{ Count: '2' }]);
    assert.equal(
      (await cli('query', db, 'my table', '--format', 'csv', '--epoch')).out,
      'ts,v\n1,1.5\n2,2\n',
    );
    const missing = await cli('sql', join(dir.path, 'none.ntt'), 'INSERT INTO t VALUES (1)');
    assert.match(missing.err, /FILE_NOT_FOUND/);
  });

  test('a result as a table, as CSV and as JSON', { skip }, async () => {
    const sql =
      "SELECT time_bucket(INTERVAL '2 hours', ts) AS b, count(*) AS n, max(temp) AS t, any_value(NULL) AS x FROM press WHERE ts >= ? GROUP BY b ORDER BY b";
    const from = ['--param', '2024-01-01 01:00:00'];
    const table = await cli('sql', plant, sql, ...from);
    assert.equal(table.code, 0, table.err);
    assert.match(table.out, /^b +n +t +x\n.*\n2024-01-01T00:00:00.000000Z +60 +\d\d/);
    const csv = (await cli('sql', plant, sql, ...from, '--format', 'csv')).out.split('\n');
    assert.deepEqual([csv[0], csv[1]!.slice(0, 31)], ['b,n,t,x', '2024-01-01T00:00:00.000000Z,60,']);
    const json = JSON.parse((await cli('sql', plant, sql, ...from, '--json')).out);
    assert.deepEqual(json.columns.map(({ type }: { type: string }) => type).slice(0, 3), [
      'TIMESTAMP',
      'BIGINT',
      'DOUBLE',
    ]);
    assert.deepEqual(
      [json.rowCount, json.rows[0].b, json.rows[0].n, json.rows[0].x],
      [3, 1704067200000, '60', null],
    );
  });

  test('EXPLAIN shows what is pushed down', { skip }, async () => {
    const { out } = await cli(
      'sql',
      plant,
      "EXPLAIN SELECT max(temp) FROM press WHERE ts < '2024-01-01 01:00:00'",
    );
    assert.match(
      out,
      /press: columns ts, temp; ts to 2024-01-01T01:00:00\.000Z; 1 of 1 blocks, 0 rows in memory\n$/,
    );
  });

  test('says where a statement is wrong', { skip }, async () => {
    const { code, err } = await cli('sql', plant, 'SELECT nope FROM press', '--json');
    assert.equal(code, 1);
    assert.equal(JSON.parse(err).code, 'SQL_ERROR');
    assert.match(JSON.parse(err).message, /nope/);
  });
});
