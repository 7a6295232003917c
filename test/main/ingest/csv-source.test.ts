import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CsvOptions, openCsvSource } from '../../../src/main/ingest/csv-source.ts';
import { hasFields } from './has-fields.ts';
import { rowsOf } from './rows-of.ts';
import { tempDir } from './temp-dir.ts';

const dir = tempDir();
let files = 0;

/** Rows, columns and error of a CSV text. */
async function read(text: string | Uint8Array, options: CsvOptions = {}, name = `file${files++}.csv`) {
  const file = dir.write(name, text);
  const source = await openCsvSource(file, options);
  const columns = source.columns.map(({ name, type }) => `${name} ${type}`);
  return { file, columns, unit: source.unit, notes: source.notes, source, ...(await rowsOf(source)) };
}

test('a file with a header becomes typed columns, the time apart', async () => {
  const { columns, rows, unit } = await read(
    'time,temp,on,state\n2024-01-01 00:00:00,21.5,true,RUN\n1970-01-01,-1,false,x\n',
  );
  assert.deepEqual(columns, ['temp f64', 'on bool', 'state utf8']);
  assert.equal(unit, 'ms');
  assert.deepEqual(rows, [
    [Date.UTC(2024, 0, 1), 21.5, 1, 'RUN'],
    [0, -1, 0, 'x'],
  ]);
});

test('quotes hold delimiters, doubled quotes and line breaks', async () => {
  const { rows } = await read('ts,a,b\n0,"x, y","say ""hi"""\n1,"two\nlines","and\r\nmore"\n2,,last');
  assert.deepEqual(rows, [
    [0, 'x, y', 'say "hi"'],
    [1000, 'two\nlines', 'and\r\nmore'],
    [2000, null, 'last'],
  ]);
});

test('lines may end in LF or CR LF, the last one in nothing, and empty ones are skipped', async () => {
  const expected = [
    [1000, 1],
    [2000, 2],
  ];
  assert.deepEqual((await read('ts,a\n1,1\n\n2,2')).rows, expected);
  assert.deepEqual((await read('ts,a\r\n1,1\r\n\r\n2,2\r\n')).rows, expected);
});

test('a byte order mark is no part of the first name', async () => {
  assert.deepEqual((await read('\uFEFFts,a\n1,1\n')).rows, [[1000, 1]]);
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('ts,a\n1,ä\n', 'utf16le')]);
  assert.deepEqual((await read(utf16)).rows, [[1000, 'ä']]);
});

test('empty fields, NA, NaN and null are missing values in every type', async () => {
  const { columns, rows } = await read(
    'ts,f,b,s\n1,1,true,x\n2,,,\n3,NA,NA,NA\n4,NaN,NaN,NaN\n5,null,null,null\n6,2,false,y\n',
  );
  assert.deepEqual(columns, ['f f64', 'b bool', 's utf8']);
  assert.deepEqual(
    rows.map((row) => row.slice(1)),
    [[1, 1, 'x'], ...Array.from({ length: 4 }, () => [null, null, null]), [2, 0, 'y']],
  );
});

test('what means a missing value can be chosen', async () => {
  const { rows } = await read('ts,f,s\n1,-999,NA\n2,NaN,\n', { missing: ['-999'], types: { f: 'f64' } });
  assert.deepEqual(rows, [
    [1000, null, 'NA'],
    [2000, Number.NaN, ''],
  ]);
});

test('types can be given', async () => {
  const { rows } = await read('ts,a,b,c,d,e,f\n1,1,2,3,4,1,0xff00\n', {
    types: { a: 'i32', b: 'i64', c: 'f32', d: 'utf8', e: 'bool', f: 'bytes' },
  });
  assert.deepEqual(rows, [[1000, 1, 2n, 3, '4', 1, Buffer.from([255, 0])]]);
});

test('integers beyond 2^53 come through exactly', async () => {
  const { columns, rows } = await read('ts,id\n1,9007199254740993\n2,-9223372036854775808\n');
  assert.deepEqual(columns, ['id i64']);
  assert.deepEqual(rows, [
    [1000, 9007199254740993n],
    [2000, -9223372036854775808n],
  ]);
});

test('times finer than ms make the unit finer', async () => {
  assert.deepEqual((await read('ts,a\n2024-01-01 00:00:00.000001,1\n')).rows, [[1704067200000001n, 1]]);
  const ns = await read('ts,a\n1704067200000000001,1\n');
  assert.equal(ns.unit, 'ns');
  assert.deepEqual(ns.rows, [[1704067200000000001n, 1]]);
});

test('digits that a chosen unit cannot hold are cut off towards the past, and counted', async () => {
  const { rows, source } = await read(
    'ts,a\n1970-01-01 00:00:00.0019,1\n1969-12-31 23:59:59.9999,2\n1970-01-01,3\n',
    {
      unit: 'ms',
    },
  );
  assert.deepEqual(rows, [
    [1, 1],
    [-1, 2],
    [0, 3],
  ]);
  assert.equal(source.cutTimestamps, 2);
});

test('what was decided about the time is said', async () => {
  const { notes } = await read('when,a\n1700000000,1\n', { ts: 'when' });
  assert.deepEqual(notes, [
    'time: column "when", s since 1970 (UTC) (by its magnitude; --time-format overrides); kept in ms',
  ]);
});

test('delimiter, quotation mark and comments can be chosen; *.tsv has tabs', async () => {
  const expected = [[1000, 1.5, 'x;y']];
  const semicolons = { delimiter: ';', quote: "'", comment: '#' };
  assert.deepEqual((await read("# from the lab\nts;a;b\n1;1.5;'x;y'\n# end\n", semicolons)).rows, expected);
  assert.deepEqual((await read('ts\ta\tb\n1\t1.5\tx;y\n', {}, 'tabs.tsv')).rows, expected);
  assert.deepEqual((await read('ts,a\n1,5" pipe\n', { quote: '' })).rows, [[1000, '5" pipe']]);
});

test('a file without header gets the names c1, c2, …', async () => {
  const { columns, rows } = await read('1,2\n3,4\n', { header: false, ts: 'c1' });
  assert.deepEqual(columns, ['c2 f64']);
  assert.equal(rows.length, 2);
});

test('an unnamed column, as pandas writes its index, is called by its position', async () => {
  assert.deepEqual((await read(',ts,a\n0,1,2\n')).columns, ['c1 f64', 'a f64']);
});

test('columns can be chosen, and one can name the table', async () => {
  const { columns, rows, keys } = await read('ts,a,b,site\n1,2,3,north\n2,4,5,NA\n', {
    columns: ['b'],
    tableBy: 'site',
  });
  assert.deepEqual(columns, ['b f64']);
  assert.deepEqual(rows, [
    [1000, 3],
    [2000, 5],
  ]);
  assert.deepEqual(keys, ['north', 'NA']);
});

test('a value that is no number names file, line and column, and the rows before it are delivered', async () => {
  const { file, rows, error } = await read('ts,a,b\n1,1,1\n2,2,2\n3,oops,3\n4,4,4\n', {
    types: { a: 'f64' },
  });
  assert.equal(rows.length, 2);
  hasFields(error, {
    code: 'BAD_INPUT_FILE',
    details: { file, line: 4, column: 'a', value: 'oops' },
  });
  assert.match(
    (error as Error).message,
    /file\d+\.csv, line 4, column "a": "oops" is no number; .*--types a=utf8/,
  );
});

test('lines are counted right after line breaks in quotes, comments and empty lines', async () => {
  for (const end of ['\n', '\r\n']) {
    const lines = ['# comment', 'ts,a,b', '1,"x', 'y', 'z",1', '', '2,"p', '', 'q",1', '3,r,oops'];
    const { error } = await read(lines.join(end), { comment: '#', types: { b: 'f64' } });
    hasFields(error, { details: { line: 10, column: 'b' } });
  }
});

test('the line of a record is the one on which it begins', async () => {
  const { error } = await read('ts,a,b\n1,x,1\n2,"two\r\nlines",oops\n', { types: { b: 'f64' } });
  hasFields(error, { details: { line: 3, column: 'b' } });
});

test('a bad line far behind the sample is found, after all rows before it', async () => {
  const lines = Array.from({ length: 40_000 }, (_, row) => `${row},${row / 4}`);
  lines[39_998] = '39998,broken';
  const { rows, error } = await read(`ts,a\n${lines.join('\n')}\n`);
  assert.equal(rows.length, 39_998);
  assert.deepEqual(rows.at(-1), [39_997_000, 39_997 / 4]);
  hasFields(error, { details: { line: 40_000, column: 'a' } });
});

test('values of one batch do not leak into the nulls of a later one', async () => {
  const lines = Array.from({ length: 40_000 }, (_, row) => `${row},${row % 3 === 0 ? '' : row}`);
  const { rows } = await read(`ts,a\n${lines.join('\n')}\n`);
  assert.ok(rows.every(([ts, a]) => a === ((ts as number) % 3000 === 0 ? null : (ts as number) / 1000)));
});

test('a line with too few or too many fields is named', async () => {
  const few = await read('ts,a,b\n1,1,1\n2,2\n');
  assert.equal(few.rows.length, 1);
  assert.match((few.error as Error).message, /line 3: 2 fields, unlike the lines before/);
  const many = await read('ts,a\n1,1\n2,2,2\n');
  hasFields(many.error, { code: 'BAD_INPUT_FILE', details: { line: 3 } });
});

test('a quotation mark that never closes is named where its record begins', async () => {
  const { rows, error } = await read('ts,a\n1,1\n2,"open\n3,3\n');
  assert.equal(rows.length, 1);
  hasFields(error, { details: { line: 3, column: 'a' } });
  assert.match((error as Error).message, /opens and the file ends before it closes/);
});

test('a quotation mark in the middle of a field is named', async () => {
  const { error } = await read('ts,a\n1,ok\n2,say "hi"\n');
  hasFields(error, { code: 'BAD_INPUT_FILE', details: { line: 3, column: 'a' } });
});

test('a time that is missing, impossible or out of range is named', async () => {
  for (const [text, pattern] of [
    ['', /line 3, column "ts": there is no time/],
    ['2024-02-30', /"2024-02-30" is no time/],
    ['2300-01-01', /is outside of what ns tables hold/],
  ] as const) {
    const { rows, error } = await read(`ts,a\n2024-01-01,1\n${text},2\n`, { unit: 'ns' });
    assert.equal(rows.length, 1);
    assert.match((error as Error).message, pattern);
  }
});

test('text that is not UTF-8 is named, and can be read by its encoding', async () => {
  const latin1 = Buffer.from('ts,a\n1,ok\n2,K\xe4se\n3,ok\n', 'latin1');
  const { rows, error } = await read(latin1);
  assert.equal(rows.length, 1);
  hasFields(error, { details: { line: 3, column: 'a' } });
  assert.deepEqual((await read(latin1, { encoding: 'latin1' })).rows[1], [2000, 'Käse']);
});

test('a header that is not UTF-8 is refused as well', async () => {
  const file = dir.write('header.csv', Buffer.from('ts,K\xe4se\n1,1\n', 'latin1'));
  await assert.rejects(openCsvSource(file), { code: 'BAD_INPUT_FILE', message: /is not UTF-8/ });
});

test('a replacement character that the file really has is taken', async () => {
  assert.deepEqual((await read('ts,a\n1,\uFFFD\n')).rows, [[1000, '\uFFFD']]);
});

test('characters of several bytes survive the ends of the pieces in which a file is read', async () => {
  const lines = Array.from({ length: 30_000 }, (_, row) => `${row},€${'ü'.repeat(row % 7)}😀`);
  const { rows } = await read(`ts,a\n${lines.join('\n')}\n`);
  assert.equal(rows.length, 30_000);
  assert.ok(rows.every(([ts, a]) => a === `€${'ü'.repeat(((ts as number) / 1000) % 7)}😀`));
});

/** The error of opening a CSV text. */
async function refusal(text: string, options: CsvOptions = {}): Promise<unknown> {
  return openCsvSource(dir.write(`bad${files++}.csv`, text), options).then(
    () => assert.fail('was opened'),
    (error: unknown) => error,
  );
}

test('a file without a time column is refused with the columns it has', async () => {
  const error = await refusal('when,a\n1,2\n');
  hasFields(error, { code: 'BAD_INPUT_FILE' });
  assert.match(
    (error as Error).message,
    /no column is named ts, time, .*; say with --ts which of "when", "a" it is/,
  );
  assert.match(((await refusal('ts;a\n1;2\n')) as Error).message, /try --delimiter ";"/);
});

test('an empty file, repeated names, a second ts and a file of times alone are refused', async () => {
  assert.match(((await refusal('')) as Error).message, /the file is empty/);
  assert.match(((await refusal('ts,a,a\n')) as Error).message, /columns 2 and 3 have the same name/);
  assert.match(
    ((await refusal('time,ts,a\n1,2,3\n', { ts: 'time' })) as Error).message,
    /ts is the time's own name/,
  );
  assert.match(((await refusal('ts\n1\n')) as Error).message, /no column is left beside the time/);
});

test('options that name columns which the file does not have are refused', async () => {
  for (const options of [
    { ts: 'x' },
    { tableBy: 'x' },
    { columns: ['x'] },
    { types: { x: 'f64' } },
  ] as CsvOptions[]) {
    const error = await refusal('ts,a\n1,2\n', options);
    hasFields(error, { code: 'UNKNOWN_COLUMN', details: { column: 'x' } });
    assert.match((error as Error).message, /it has "ts", "a"/);
  }
  hasFields(await refusal('ts,a\n', { tableBy: 'ts' }), { code: 'INVALID_OPTION' });
  hasFields(await refusal('ts,a\n', { types: { ts: 'f64' } }), {
    code: 'INVALID_OPTION',
  });
});
