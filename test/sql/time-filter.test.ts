import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { needOf } from '../../src/main/sql/plan.ts';
import { timeBounds } from '../../src/main/sql/time-filter.ts';

const NS = 1_000_000_000n;
const at = (iso: string): bigint => BigInt(Date.parse(`${iso}Z`)) * 1_000_000n;
const JAN = "'2024-01-01 00:00:00'::TIMESTAMP";
const FEB = "'2024-02-01 00:00:00'::TIMESTAMP";
const jan = at('2024-01-01T00:00:00');
const feb = at('2024-02-01T00:00:00');
const ALL = { from: undefined, to: undefined };

describe('time bounds of a filter as DuckDB prints it', () => {
  const cases: readonly [string, { from: bigint | undefined; to: bigint | undefined }][] = [
    [`(ts >= ${JAN})`, { from: jan, to: undefined }],
    [`(ts > ${JAN})`, { from: jan, to: undefined }],
    [`(ts < ${FEB})`, { from: undefined, to: feb }],
    [`(ts = ${JAN})`, { from: jan, to: jan }],
    [`(ts BETWEEN ${JAN} AND ${FEB})`, { from: jan, to: feb }],
    [`((ts BETWEEN ${JAN} AND ${FEB}) AND prefix(s, 'x'))`, { from: jan, to: feb }],
    [`((v > 3.0) AND (ts >= ${JAN}) AND (ts <= ${FEB}))`, { from: jan, to: feb }],
    [`((ts >= ${JAN}) AND (ts >= ${FEB}))`, { from: feb, to: undefined }],
    [`((ts = ${JAN}) OR (ts = ${FEB}))`, { from: jan, to: feb }],
    [`((ts IS NOT NULL) AND (ts = ${JAN}))`, { from: jan, to: jan }],
    ["(ts >= '2024-01-01 00:00:00.123456789'::TIMESTAMP_NS)", { from: jan + 123_456_789n, to: undefined }],
    ["(ts >= '0099-01-01 00:00:00'::TIMESTAMP)", { from: at('0099-01-01T00:00:00'), to: undefined }],
    ["(ts < '10000-01-01 00:00:00'::TIMESTAMP)", { from: undefined, to: at('+010000-01-01T00:00:00') }],
    [
      "(CAST(ts AS TIMESTAMP WITH TIME ZONE) >= '2024-01-01 00:00:00+00'::TIMESTAMP WITH TIME ZONE)",
      { from: jan - 1000n, to: undefined },
    ],
    ["(CAST(ts AS TIMESTAMP_S) = '2024-01-01 00:00:00'::TIMESTAMP_S)", { from: jan - NS, to: jan + NS }],
    ['(epoch_ms(ts) >= 1704067200000)', { from: jan - 1_000_000n, to: undefined }],
    ['(epoch_us(ts) BETWEEN 1704067200000000 AND 1704067200000001)', { from: jan - 1000n, to: jan + 2000n }],
    ['(epoch(ts) <= 1704067200.0)', { from: undefined, to: jan + NS }],
  ];
  for (const [text, bounds] of cases) it(text, () => assert.deepEqual(timeBounds(text), bounds));
});

describe('what is not understood sets no bound', () => {
  const cases = [
    '',
    '(v > 3.0)',
    `(v = ts)`,
    `((ts >= ${JAN}) OR (v > 1.0))`,
    `(NOT (ts >= ${JAN}))`,
    `NOT(ts >= ${JAN})`,
    `((ts + '1 day'::INTERVAL) >= ${JAN})`,
    `(s = '(ts >= ''2030-01-01 00:00:00''::TIMESTAMP)')`,
    `(s = 'x) AND (ts >= ''2030-01-01 00:00:00''::TIMESTAMP')`,
    `("a) AND (ts" >= ${JAN})`,
    `(true BETWEEN (ts >= ${JAN}) AND (ts >= ${FEB}))`,
    `CASE  WHEN ((ts >= ${JAN})) THEN (true) ELSE (v > 1) END`,
    "(ts < 'infinity'::TIMESTAMP)",
    "(ts > '0044-03-15 (BC) 00:00:00'::TIMESTAMP)",
    "(CAST(ts AS TIMESTAMP WITH TIME ZONE) >= '2024-01-01 00:00:00+02'::TIMESTAMP WITH TIME ZONE)",
    `((ts >= ${JAN}) AND (v > 1`,
    `(tsx >= ${JAN})`,
    `(ts != ${JAN})`,
    '(epoch_ms(ts) >= v)',
  ];
  for (const text of cases) it(text, () => assert.deepEqual(timeBounds(text), ALL));

  it('but what is understood beside it does', () => {
    assert.deepEqual(
      timeBounds(`((ts >= ${JAN}) AND (s = ') OR (ts < ${FEB}'))`.replaceAll("''", "'")).from,
      jan,
    );
  });
});

describe('what a plan needs of a table', () => {
  const scan = { name: 'MILLRACE_7', children: [], extra_info: { Projections: ['ts', 'v'] } };
  const filter = (expression: string | string[]) => ({
    name: 'FILTER',
    children: [scan],
    extra_info: { Expression: expression },
  });

  it('is bounded by the filter directly above its scan', () => {
    const need = needOf([{ name: 'PROJECTION', children: [filter(`(ts >= ${JAN})`)] }], 'millrace_7');
    assert.deepEqual(need, { bounds: { from: jan, to: undefined }, columns: ['ts', 'v'], isShown: true });
  });

  it('takes all scans of it together', () => {
    const plan = [{ name: 'HASH_JOIN', children: [filter(`(ts = ${JAN})`), filter(`(ts = ${FEB})`)] }];
    assert.deepEqual(needOf(plan, 'millrace_7').bounds, { from: jan, to: feb });
    const unbounded = [{ name: 'HASH_JOIN', children: [filter(`(ts = ${JAN})`), scan] }];
    assert.deepEqual(needOf(unbounded, 'millrace_7').bounds, ALL);
  });

  it('is everything where a projection lies between, or where the plan does not show it', () => {
    const between = { name: 'PROJECTION', children: [scan] };
    const plan = [{ name: 'FILTER', children: [between], extra_info: { Expression: `(ts >= ${JAN})` } }];
    assert.deepEqual(needOf(plan, 'millrace_7').bounds, ALL);
    assert.deepEqual(needOf([filter(`(ts >= ${JAN})`)], 'millrace_71'), {
      bounds: ALL,
      columns: undefined,
      isShown: false,
    });
  });

  it('reads a filter whose text has line breaks, which EXPLAIN shows as a list', () => {
    const lines = ["((s = 'a", `b') AND (ts >= ${JAN}))`];
    assert.deepEqual(needOf([filter(lines)], 'millrace_7').bounds, { from: jan, to: undefined });
  });
});
