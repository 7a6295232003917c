import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeColumnBuilder, parseNumber } from '../../../src/main/ingest/column-builder.ts';
import { inferType, inferUnit } from '../../../src/main/ingest/infer-types.ts';
import { findTimeColumn } from '../../../src/main/ingest/time-column.ts';
import { makeTimeParser } from '../../../src/main/ingest/time-format.ts';

test('numbers are f64, whole ones too', () => {
  assert.equal(inferType(['1', '-2.5', '+.5', '3e-7', '1.', '0', ' 4 ']), 'f64');
  assert.equal(inferType(['inf', '-Infinity', '1']), 'f64');
  assert.equal(inferType(['9007199254740991']), 'f64');
});

test('integers beyond 2^53 are i64 as long as all are integers of 64 bits', () => {
  assert.equal(inferType(['1', '9007199254740993']), 'i64');
  assert.equal(inferType(['-9223372036854775808']), 'i64');
  assert.equal(inferType(['9007199254740993', '0.5']), 'f64');
  assert.equal(inferType(['9223372036854775808']), 'f64');
});

test('true and false are bool, in any case; 0 and 1 are numbers', () => {
  assert.equal(inferType(['true', 'FALSE', 'True']), 'bool');
  assert.equal(inferType(['0', '1']), 'f64');
  assert.equal(inferType(['true', '1']), 'utf8');
});

test('all else is text: words, dates, codes with leading zeros, hexadecimal numbers', () => {
  assert.equal(inferType(['RUN', 'STOP']), 'utf8');
  assert.equal(inferType(['1', 'x']), 'utf8');
  assert.equal(inferType(['007', '008']), 'utf8');
  assert.equal(inferType(['0x10']), 'utf8');
  assert.equal(inferType(['2024-01-01']), 'utf8');
  assert.equal(inferType(['1,5']), 'utf8');
});

test('a column without any value is f64', () => {
  assert.equal(inferType([]), 'f64');
});

test('the unit is the coarsest that holds every time', () => {
  const iso = makeTimeParser('iso');
  assert.equal(inferUnit(['2024-01-01 00:00:00', '2024-01-01 00:00:00.123000'], iso), 'ms');
  assert.equal(inferUnit(['2024-01-01 00:00:00', '2024-01-01 00:00:00.1234'], iso), 'us');
  assert.equal(inferUnit(['2024-01-01 00:00:00.123456789', '2024-01-01'], iso), 'ns');
  assert.equal(inferUnit(['1700000000123456'], makeTimeParser('us')), 'us');
  assert.equal(inferUnit(['not a time'], iso), 'ms');
});

test('the time column is found by its name, the likeliest first, in any case', () => {
  assert.equal(findTimeColumn(['Date', 'value', 'TS']), 'TS');
  assert.equal(findTimeColumn(['value', 'Timestamp']), 'Timestamp');
  assert.equal(findTimeColumn(['DateTime']), 'DateTime');
  assert.equal(findTimeColumn(['when', 'value']), undefined);
});

test('a number is what JavaScript reads as a decimal one', () => {
  assert.equal(parseNumber('1e3'), 1000);
  assert.equal(parseNumber(' -0 '), -0);
  assert.equal(parseNumber('5e-324'), 5e-324);
  assert.equal(parseNumber('-inf'), Number.NEGATIVE_INFINITY);
  assert.equal(parseNumber('NaN'), Number.NaN);
  for (const text of ['', '  ', '0x1f', '0b1', '0o7', '1_000', '1,5', 'abc', '1n']) {
    assert.equal(parseNumber(text), undefined, text);
  }
});

test('values that do not fit a type are refused with the reason', () => {
  const problem = (type: Parameters<typeof makeColumnBuilder>[0], text: string) =>
    makeColumnBuilder(type, 1).set(0, text);
  assert.equal(problem('i32', '2147483648'), 'is no integer of 32 bits');
  assert.equal(problem('i32', '1.5'), 'is no integer of 32 bits');
  assert.equal(problem('i64', '9223372036854775808'), 'is no integer of 64 bits');
  assert.equal(problem('i64', '1e3'), 'is no integer of 64 bits');
  assert.equal(problem('bool', 'maybe'), 'is neither true nor false');
  assert.equal(problem('bytes', 'abc'), 'is no row of hexadecimal digit pairs');
  assert.match(problem('utf8', 'x'.repeat(2 ** 20 + 1))!, /is longer than/);
  assert.equal(problem('utf8', 'x'.repeat(2 ** 20)), undefined);
  assert.equal(problem('i64', '-9223372036854775808'), undefined);
});
