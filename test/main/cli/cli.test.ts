import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { CodecUse } from '../../../src/main/index.ts';
import { hasFields } from '../ingest/has-fields.ts';
import { tempDir } from '../ingest/temp-dir.ts';
import { tinyParquet } from '../ingest/tiny-parquet.ts';
import { cli, startCli } from './run-cli.ts';

const dir = tempDir();
const plant = join(dir.path, 'plant.ntt');
const press = dir.write(
  'press.csv',
  [
    'time,temp,on,state,id',
    '2024-01-01T00:00:00Z,21.5,true,RUN,9007199254740993',
    '2024-01-01T00:00:01Z,,false,"a, ""b""",1',
    '2024-01-01T00:00:02Z,-3,true,,2',
    '2024-01-01T00:00:01Z,22,true,RUN,3',
  ].join('\n'),
);

before(async () => {
  const { code, err } = await cli('ingest', press, '--db', plant);
  assert.equal(code, 0, err);
});

test('ingest says what it did, on stdout, and nothing else', async () => {
  const { code, out, err } = await cli('ingest', press, '--db', join(dir.path, 'said.ntt'));
  assert.equal(code, 0);
  assert.equal(err, '', 'no progress bar where there is no terminal');
  assert.match(out, /^4 rows in table "press" of .*said\.ntt\n/);
  assert.match(out, /rows\/s/);
  assert.match(out, /time: column "time", ISO 8601, in UTC where no zone is named; kept in ms/);
  assert.match(out, /columns: temp f64, on bool, state utf8, id i64/);
});

test('ingest --json is one object with rows, tables, seconds and bytes', async () => {
  const db = join(dir.path, 'json.ntt');
  const { code, out } = await cli('ingest', press, '--db', db, '--table', 't', '--json');
  assert.equal(code, 0);
  const result = JSON.parse(out);
  hasFields(result, {
    database: db,
    file: press,
    format: 'csv',
    rows: 4,
    tables: ['t'],
    unit: 'ms',
    interrupted: false,
  });
  assert.ok(result.seconds > 0 && result.fileBytes > 0);
  assert.equal(result.inputBytes > 100, true);
});

test('tables lists them with rows, columns and times', async () => {
  const { code, out } = await cli('tables', plant);
  assert.equal(code, 0);
  assert.match(out, /press +4 +2024-01-01T00:00:00\.000Z +2024-01-01T00:00:02\.000Z +temp f64, on bool/);
  const json = JSON.parse((await cli('tables', plant, '--json')).out);
  hasFields(json, { database: plant });
  assert.deepEqual(json.tables[0].columns[3], { name: 'id', type: 'i64' });
  hasFields(json.tables[0], { name: 'press', unit: 'ms', rows: 4, from: 1704067200000, to: 1704067202000 });
});

test('query prints rows by time as a table, as CSV and as JSON', async () => {
  const table = await cli('query', plant, 'press');
  assert.equal(table.code, 0, table.err);
  const lines = table.out.trimEnd().split('\n');
  assert.equal(lines.length, 6);
  assert.match(lines[0]!, /^ts +temp +on +state +id$/);
  assert.match(lines[2]!, /^2024-01-01T00:00:00\.000Z +21\.5 +true +RUN +9007199254740993$/);

  const csv = await cli('query', plant, 'press', '--format', 'csv');
  assert.equal(
    csv.out,
    [
      'ts,temp,on,state,id',
      '2024-01-01T00:00:00.000Z,21.5,true,RUN,9007199254740993',
      '2024-01-01T00:00:01.000Z,,false,"a, ""b""",1',
      '2024-01-01T00:00:01.000Z,22,true,RUN,3',
      '2024-01-01T00:00:02.000Z,-3,true,,2\n',
    ].join('\n'),
  );

  const json = JSON.parse((await cli('query', plant, 'press', '--json')).out);
  hasFields(json, { table: 'press', unit: 'ms', rowCount: 4 });
  assert.deepEqual(json.rows[0], {
    ts: 1704067200000,
    temp: 21.5,
    on: true,
    state: 'RUN',
    id: '9007199254740993',
  });
  assert.deepEqual(json.rows[1], { ts: 1704067201000, temp: null, on: false, state: 'a, "b"', id: '1' });
});

test('query takes a range, columns, conditions, a limit and an order', async () => {
  const query = async (...args: string[]) => {
    const { code, out, err } = await cli('query', plant, 'press', '--json', ...args);
    assert.equal(code, 0, err);
    return JSON.parse(out).rows as Record<string, unknown>[];
  };
  assert.equal((await query('--from', '2024-01-01T00:00:01Z')).length, 3);
  assert.equal((await query('--to', '1704067201000')).length, 3);
  assert.equal((await query('--from', '2024-01-01T01:00:02', '--time-zone', 'Europe/Berlin')).length, 1);
  assert.deepEqual(await query('--columns', 'state,on', '--limit', '1'), [
    { ts: 1704067200000, state: 'RUN', on: true },
  ]);
  assert.deepEqual(
    (await query('--where', 'temp>=21.5', '--where', 'state=RUN')).map(({ temp }) => temp),
    [21.5, 22],
  );
  assert.deepEqual(
    (await query('--where', 'temp is null')).map(({ id }) => id),
    ['1'],
  );
  assert.deepEqual((await query('--where', 'on = false')).length, 1);
  assert.deepEqual((await query('--where', 'id=9007199254740993')).length, 1);
  assert.deepEqual(
    (await query('--order', 'desc', '--limit', '2')).map(({ temp }) => temp),
    [-3, 22],
  );
});

test('stats shows the database, or one table', async () => {
  const { code, out } = await cli('stats', plant);
  assert.equal(code, 0);
  assert.match(out, /^database +.*plant\.ntt\ntables +1\nrows +4\n/);
  const json = JSON.parse((await cli('stats', plant, '--json')).out);
  hasFields(json, { readOnly: true, rows: 4 });
  assert.ok(json.fileBytes > 0);
  hasFields(JSON.parse((await cli('stats', plant, 'press', '--json')).out), { name: 'press', rows: 4 });
  assert.match((await cli('stats', plant, 'press')).out, /^table +press\nunit +ms\nrows +4\n/);
});

test('stats of a table shows how each column is coded, in all its blocks', async () => {
  const db = join(dir.path, 'coded.ntt');
  const rows = Array.from({ length: 3000 }, (_, i) => `${1000 * i},7,${(i % 97) / 10},note ${i % 3}`);
  const file = dir.write('coded.csv', `ts,same,wave,note\n${rows.join('\n')}\n`);
  await cli('ingest', file, '--db', db, '--table', 'coded');
  const { columns } = JSON.parse((await cli('stats', db, 'coded', '--json')).out);
  const codecs = columns.map(
    (column: { name: string; rows: number; rawBytes: number; storedBytes: number; codecs: CodecUse[] }) => {
      assert.equal(column.rows, 3000);
      const parts = column.codecs.reduce((sum, { bytes }) => sum + bytes, 0);
      assert.equal(parts, column.storedBytes, 'every byte is in some codec');
      const covered = column.codecs.reduce((sum, { rows }) => sum + rows, 0);
      assert.equal(covered, 3000, 'every row is in one codec');
      return [column.name, column.rawBytes, column.codecs[0]!.codec];
    },
  );
  assert.deepEqual(codecs[1], ['same', 24_000, 'constant']);
  assert.deepEqual(codecs[2].slice(0, 2), ['wave', 24_000]);
  assert.equal(codecs[3][1], null);
  const { out } = await cli('stats', db, 'coded');
  assert.match(out, /^column +type +stored +bits a row +raw \/ stored +codecs$/m);
  assert.match(out, /^same +f64 +.* constant$/m);
});

test('a second file goes on with the tables that are there', async () => {
  const db = join(dir.path, 'more.ntt');
  await cli('ingest', press, '--db', db);
  const { code, err } = await cli('ingest', press, '--db', db);
  assert.equal(code, 0, err);
  hasFields(JSON.parse((await cli('stats', db, '--json')).out), { rows: 8 });
});

test('--table-by makes a table of each value', async () => {
  const db = join(dir.path, 'sites.ntt');
  const file = dir.write('sites.csv', 'ts,site,a\n1,north,1\n2,south,2\n3,north,3\n');
  const { code, out } = await cli('ingest', file, '--db', db, '--table-by', 'site');
  assert.equal(code, 0);
  assert.match(out, /^3 rows in 2 tables of/);
  const { tables } = JSON.parse((await cli('tables', db, '--json')).out);
  assert.deepEqual(
    tables.map(({ name, rows }: { name: string; rows: number }) => [name, rows]),
    [
      ['north', 2],
      ['south', 1],
    ],
  );
});

test('a Parquet file is ingested with its types and its unit', async () => {
  const db = join(dir.path, 'parquet.ntt');
  const bytes = tinyParquet([
    {
      name: 'ts',
      type: 'INT64',
      timestamp: { unit: 'NANOS', isAdjustedToUTC: true },
      groups: [[1n], [1704067200123456789n]],
    },
    { name: 'n', type: 'INT64', groups: [[2n ** 60n], [null]] },
    { name: 'raw', type: 'BYTE_ARRAY', groups: [[new Uint8Array([1, 255])], [new Uint8Array(0)]] },
  ]);
  const { code, err } = await cli('ingest', dir.write('sensor.parquet', bytes), '--db', db);
  assert.equal(code, 0, err);
  assert.deepEqual(JSON.parse((await cli('query', db, 'sensor', '--json')).out).rows, [
    { ts: '1', n: '1152921504606846976', raw: '01ff' },
    { ts: '1704067200123456789', n: null, raw: '' },
  ]);
  const { out } = await cli('query', db, 'sensor', '--format', 'csv', '--from', '2024-01-01');
  assert.equal(out, 'ts,n,raw\n2024-01-01T00:00:00.123456789Z,,""\n');
});

test('a bad line ends with exit code 3, file, line and column, and what was ingested stays', async () => {
  const db = join(dir.path, 'bad.ntt');
  const file = dir.write('bad.csv', 'ts,a,b\n1,1,1\n2,2,2\n3,3,oops\n4,4,4\n');
  const { code, out, err } = await cli('ingest', file, '--db', db, '--types', 'b=f64');
  assert.equal(code, 3);
  assert.equal(out, '');
  assert.match(
    err,
    /^millrace: BAD_INPUT_FILE: .*bad\.csv, line 4, column "b": "oops" is no number; .*\(the 2 rows before it were ingested and stay\)\n$/,
  );
  assert.equal(JSON.parse((await cli('query', db, 'bad', '--json')).out).rowCount, 2);
});

test('with --json an error is an object with code, message and details, on stderr', async () => {
  const file = dir.write('bad2.csv', 'ts,a\n1,1\n2,2,2\n');
  const { code, out, err } = await cli('ingest', file, '--db', join(dir.path, 'bad2.ntt'), '--json');
  assert.equal(code, 3);
  assert.equal(out, '');
  hasFields(JSON.parse(err), { code: 'BAD_INPUT_FILE', details: { file, line: 3, rowsIngested: 1 } });
});

test('failures of the database end with exit code 1', async () => {
  const missing = join(dir.path, 'missing.ntt');
  const cases: [string[], RegExp][] = [
    [['query', missing, 'press'], /^millrace: FILE_NOT_FOUND: /],
    [['tables', press], /^millrace: NOT_A_DATABASE: /],
    [['query', plant, 'nope'], /^millrace: UNKNOWN_TABLE: .*nope/],
    [['query', plant, 'press', '--columns', 'nope'], /^millrace: UNKNOWN_COLUMN: .*nope/],
    [['query', plant, 'press', '--where', 'nope=1'], /^millrace: UNKNOWN_COLUMN: .*nope/],
    [['stats', plant, 'nope'], /^millrace: UNKNOWN_TABLE: /],
    [['ingest', join(dir.path, 'none.csv'), '--db', missing], /^millrace: FILE_NOT_FOUND: .*none\.csv/],
    [
      ['ingest', press, '--db', missing, '--ts', 'nope'],
      /^millrace: UNKNOWN_COLUMN: .*it has "time", "temp"/,
    ],
  ];
  const outcomes = await Promise.all(cases.map(([args]) => cli(...args)));
  for (const [at, { code, out, err }] of outcomes.entries()) {
    const [args, pattern] = cases[at]!;
    assert.equal(code, 1, `${args.join(' ')}: ${err}`);
    assert.equal(out, '');
    assert.match(err, pattern);
  }
});

test('a file that cannot be ingested at all makes no database', async () => {
  const db = join(dir.path, 'never.ntt');
  const noTime = dir.write('no-time.csv', 'a,b\n1,2\n');
  const outcomes = [
    await cli('ingest', join(dir.path, 'none.csv'), '--db', db),
    await cli('ingest', noTime, '--db', db),
    await cli('ingest', press, '--db', db, '--columns', 'nope'),
  ];
  assert.deepEqual(
    outcomes.map(({ code }) => code),
    [1, 3, 1],
  );
  assert.match(outcomes[1]!.err, /say with --ts which of "a", "b" it is \(nothing was ingested\)/);
  assert.equal(existsSync(db), false);
});

test('mistakes in the command line end with exit code 2 and say where help is', async () => {
  const cases: string[][] = [
    ['frobnicate'],
    ['query', plant],
    ['query', plant, 'press', 'more'],
    ['query', plant, 'press', '--limit', 'many'],
    ['query', plant, 'press', '--order', 'up'],
    ['query', plant, 'press', '--format', 'xml'],
    ['query', plant, 'press', '--from', 'yesterday'],
    ['query', plant, 'press', '--where', 'temp'],
    ['query', plant, 'press', '--where', 'temp>warm'],
    ['query', plant, 'press', '--where', 'ts>5'],
    ['query', plant, 'press', '--frm', '1'],
    ['ingest', press],
    ['ingest', '--db', plant],
    ['ingest', press, '--db', plant, '--table', 'a', '--table-by', 'b'],
    ['ingest', press, '--db', plant, '--types', 'temp=double'],
    ['ingest', press, '--db', plant, '--unit', 's'],
    ['ingest', press, '--db', plant, '--time-zone', 'Nowhere'],
    ['ingest', press, '--db', plant, '--time-format', 'HH:mm'],
    ['ingest', press, '--db', plant, '--writers', '0'],
  ];
  const outcomes = await Promise.all(cases.map((args) => cli(...args)));
  for (const [at, { code, out, err }] of outcomes.entries()) {
    assert.equal(code, 2, `${cases[at]!.join(' ')}: ${err}`);
    assert.equal(out, '');
    assert.match(err, /^millrace: INVALID_OPTION: .+\n$/);
  }
  assert.match(
    (await cli('query', plant, 'press', '--frm', '1')).err,
    /unknown option '--frm'; see millrace query --help/,
  );
  assert.equal((await cli()).code, 2);
});

test('help and version are printed without a database', async () => {
  const all = await cli('--help');
  assert.equal(all.code, 0);
  for (const command of ['ingest', 'query', 'tables', 'stats']) {
    assert.match(all.out, new RegExp(`^  ${command} `, 'm'));
    const { code, out } = await cli(command, '--help');
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^Usage: millrace ${command} `));
    assert.match(out, /--json/);
  }
  for (const exitCode of ['0', '1', '2', '3', '130'])
    assert.match(all.out, new RegExp(`^  ${exitCode} `, 'm'));
  assert.match((await cli('--version')).out, /^\d+\.\d+\.\d+/);
});

test('Ctrl-C ends an ingestion cleanly: exit code 130, and the rows that it states are there', async () => {
  const db = join(dir.path, 'interrupted.ntt');
  const lines = Array.from({ length: 1_000_000 }, (_, row) => `${row},${row}`);
  const file = dir.write('long.csv', `ts,a\n${lines.join('\n')}\n`);
  const { child, outcome } = startCli(['ingest', file, '--db', db, '--json']);
  while (!existsSync(db)) await delay(2);
  child.kill('SIGINT');
  const { code, signal, out, err } = await outcome;
  assert.deepEqual([code, signal], [130, null], err);
  const result = JSON.parse(out);
  assert.equal(result.interrupted, true);
  assert.ok(result.rows < 1_000_000);
  hasFields(JSON.parse((await cli('stats', db, '--json')).out), { rows: result.rows });
});

test('a reader that has enough ends a query without an error', async () => {
  const { child, outcome } = startCli(['query', plant, 'press', '--format', 'csv']);
  child.stdout!.destroy();
  const { code, err } = await outcome;
  assert.deepEqual([code, err], [0, '']);
});
