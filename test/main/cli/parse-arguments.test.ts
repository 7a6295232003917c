import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBound, parseCount, parseTypes } from '../../../src/main/cli/parse-arguments.ts';
import { parseWhere } from '../../../src/main/cli/parse-where.ts';

const table = {
  name: 't',
  unit: 'ms',
  columns: [
    { name: 'temp', type: 'f64' },
    { name: 'temp max', type: 'f64' },
    { name: 'a<b', type: 'i32' },
    { name: 'id', type: 'i64' },
    { name: 'on', type: 'bool' },
    { name: 'state', type: 'utf8' },
    { name: 'raw', type: 'bytes' },
  ],
} as const;

test('a condition is a column, an operator and a value of the type of the column', () => {
  const where = (text: string) => parseWhere(text, table);
  assert.deepEqual(where('temp>=20.5'), { column: 'temp', op: '>=', value: 20.5 });
  assert.deepEqual(where(' temp < -1e3 '), { column: 'temp', op: '<', value: -1000 });
  assert.deepEqual(where('temp max=1'), { column: 'temp max', op: '=', value: 1 });
  assert.deepEqual(where('a<b<=3'), { column: 'a<b', op: '<=', value: 3 });
  assert.deepEqual(where('id=9007199254740993'), { column: 'id', op: '=', value: 9007199254740993n });
  assert.deepEqual(where('on != true'), { column: 'on', op: '!=', value: true });
  assert.deepEqual(where('state==RUN'), { column: 'state', op: '=', value: 'RUN' });
  assert.deepEqual(where('state = "a b "'), { column: 'state', op: '=', value: 'a b ' });
  assert.deepEqual(where("state<>''"), { column: 'state', op: '!=', value: '' });
  assert.deepEqual(where('raw=01ff'), { column: 'raw', op: '=', value: Buffer.from([1, 255]) });
  assert.deepEqual(where('temp is null'), { column: 'temp', op: 'is null' });
  assert.deepEqual(where('temp max IS NOT NULL'), { column: 'temp max', op: 'is not null' });
});

test('a condition that cannot be meant is refused with the reason', () => {
  assert.throws(() => parseWhere('temp>warm', table), {
    code: 'INVALID_OPTION',
    message: /"warm" is no number; the column is f64/,
  });
  assert.throws(() => parseWhere('temp', table), { code: 'INVALID_OPTION', message: /is no condition/ });
  assert.throws(() => parseWhere('ts>5', table), { code: 'INVALID_OPTION', message: /use --from and --to/ });
  assert.throws(() => parseWhere('nope=5', table), {
    code: 'UNKNOWN_COLUMN',
    details: { table: 't', column: 'nope' },
  });
  assert.throws(() => parseWhere('nope is null', table), { code: 'UNKNOWN_COLUMN' });
});

test('a bound is ISO 8601 or a number in the unit of the table', () => {
  assert.equal(parseBound('from', '2024-01-01', 'ms', undefined), 1704067200000);
  assert.equal(parseBound('from', '1704067200000', 'ms', undefined), 1704067200000);
  assert.equal(parseBound('to', '2024-01-01T00:00:00.5Z', 'ns', undefined), 1704067200500000000n);
  assert.equal(parseBound('to', '-5', 'us', undefined), -5n);
  assert.equal(parseBound('from', '2024-01-01T01:00', 'ms', 'Europe/Berlin'), 1704067200000);
  assert.equal(parseBound('from', undefined, 'ms', undefined), undefined);
});

test('a bound that is finer than the unit is rounded into the range', () => {
  assert.equal(parseBound('from', '1970-01-01 00:00:00.0005', 'ms', undefined), 1);
  assert.equal(parseBound('to', '1970-01-01 00:00:00.0005', 'ms', undefined), 0);
  assert.equal(parseBound('from', '1970-01-01 00:00:00.000000001', 'us', undefined), 1n);
});

test('types are a list of column=type', () => {
  assert.deepEqual(parseTypes(['a=f64,b c=utf8', 'x=y=i32']), { a: 'f64', 'b c': 'utf8', 'x=y': 'i32' });
  for (const text of ['a', 'a=', '=f64', 'a=double'])
    assert.throws(() => parseTypes([text]), { code: 'INVALID_OPTION' });
});

test('counts are whole numbers', () => {
  assert.equal(parseCount('limit', '0', 0), 0);
  for (const text of ['', '-1', '1.5', '1e3', 'x']) {
    assert.throws(() => parseCount('limit', text, 0), {
      code: 'INVALID_OPTION',
      message: /--limit takes a whole number from 0 on/,
    });
  }
});
