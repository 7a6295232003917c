import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatTimestamp, formatValue, valueToJson } from '../../../src/main/cli/format-value.ts';
import { formatBytes, formatCount, formatDuration, plural } from '../../../src/main/cli/numbers.ts';
import { csvLine, formatTable, oneLine, toJson } from '../../../src/main/cli/output.ts';

test('timestamps are ISO 8601 in UTC with the digits of their unit', () => {
  assert.equal(formatTimestamp(0, 'ms'), '1970-01-01T00:00:00.000Z');
  assert.equal(formatTimestamp(-1, 'ms'), '1969-12-31T23:59:59.999Z');
  assert.equal(formatTimestamp(1704067200123456n, 'us'), '2024-01-01T00:00:00.123456Z');
  assert.equal(formatTimestamp(1704067200123456789n, 'ns'), '2024-01-01T00:00:00.123456789Z');
  assert.equal(formatTimestamp(-1n, 'ns'), '1969-12-31T23:59:59.999999999Z');
});

test('timestamps of years that have not four digits are bare numbers', () => {
  assert.equal(formatTimestamp(Number.MAX_SAFE_INTEGER, 'ms'), '9007199254740991');
  assert.equal(formatTimestamp(-(2n ** 63n), 'us'), '-9223372036854775808');
  assert.equal(formatTimestamp(Date.parse('9999-12-31T23:59:59.999Z'), 'ms'), '9999-12-31T23:59:59.999Z');
});

test('floats are written so that they read back the same', () => {
  fc.assert(
    fc.property(fc.double(), (value) => assert.ok(Object.is(Number(formatValue(value, 'f64')), value))),
  );
  fc.assert(
    fc.property(fc.float(), (value) =>
      assert.ok(Object.is(Math.fround(Number(formatValue(value, 'f32'))), value)),
    ),
  );
  assert.equal(formatValue(Math.fround(0.1), 'f32'), '0.1');
  assert.equal(formatValue(-0, 'f64'), '-0');
});

test('values are JSON that no reader rounds', () => {
  assert.equal(valueToJson(1.5, 'f64'), '1.5');
  assert.equal(valueToJson(-0, 'f64'), '-0');
  assert.equal(valueToJson(Number.NaN, 'f64'), '"NaN"');
  assert.equal(valueToJson(Number.NEGATIVE_INFINITY, 'f32'), '"-Infinity"');
  assert.equal(valueToJson(2n ** 63n - 1n, 'i64'), '"9223372036854775807"');
  assert.equal(valueToJson(7, 'i32'), '7');
  assert.equal(valueToJson(1, 'bool'), 'true');
  assert.equal(valueToJson('a"b\n', 'utf8'), '"a\\"b\\n"');
  assert.equal(valueToJson(new Uint8Array([1, 255]), 'bytes'), '"01ff"');
});

test('any value becomes JSON, bigints and infinities as strings', () => {
  assert.equal(
    toJson({ a: 1n, b: [Number.POSITIVE_INFINITY], c: null }),
    '{"a":"1","b":["Infinity"],"c":null}',
  );
});

test('CSV fields are quoted where they must be; null and the empty string differ', () => {
  assert.equal(
    csvLine(['a', null, '', 'x,y', 'say "hi"', 'two\nlines', ' blank']),
    'a,,"","x,y","say ""hi""","two\nlines"," blank"\n',
  );
});

test('a table is as wide as its widest texts, numbers to the right', () => {
  assert.deepEqual(
    formatTable(
      ['name', 'rows'],
      [
        ['ä', '1'],
        ['longer', '1,000'],
      ],
      ['left', 'right'],
    ),
    ['name     rows', '──────  ─────', 'ä           1', 'longer  1,000'],
  );
  assert.deepEqual(formatTable(['a'], [], []), ['a', '─']);
});

test('text with line breaks or escape sequences cannot disturb a terminal', () => {
  assert.equal(
    oneLine('a\nb\u001b[31m\u2028'),
    'a\\nb\\u001b[31m\u2028'.replace('\u2028', JSON.stringify('\u2028').slice(1, -1)),
  );
  assert.equal(oneLine('plain ü'), 'plain ü');
});

test('counts, bytes and durations are written for people', () => {
  assert.equal(formatCount(3_000_000), '3,000,000');
  assert.equal(plural(1, 'row'), '1 row');
  assert.equal(plural(0, 'row'), '0 rows');
  assert.equal(formatBytes(1), '1 bytes');
  assert.equal(formatBytes(13_493_022), '12.9 MiB');
  assert.equal(formatBytes(2 ** 40), '1.0 TiB');
  assert.equal(formatDuration(0.42), '0.4 ms');
  assert.equal(formatDuration(420), '420 ms');
  assert.equal(formatDuration(5130), '5.13 s');
  assert.equal(formatDuration(125_000), '2 min 5 s');
});
