import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ColumnSpec, NanoTsDbShared } from '../../src/main/index.ts';
import type { Storage } from '../../src/shared/storage/storage.ts';
import { InlineEngine, newFile } from '../support/inline-engine.ts';
import { refused } from '../support/model-refusal.ts';

async function open<const C extends readonly ColumnSpec[]>(columns: C) {
  const db = NanoTsDbShared.over(new InlineEngine());
  return { db, table: await db.createTable('press', columns) };
}

describe('aggregate', () => {
  it('gives the shape that the docs show', async () => {
    const { db, table } = await open(['temperature', { name: 'state', type: 'utf8' }]);
    for (const [ts, temperature, state] of [
      [60_000, 20, 'a'],
      [119_999, 22, null],
      [120_000, null, null],
      [240_001, 5, 'b'],
    ] as const) {
      table.appendRow(ts, [temperature, state]);
    }
    const perMinute = await table.aggregate({
      every: '1m',
      columns: { temperature: ['mean', 'max', 'count', 'last'], state: ['first', 'count'] },
    });
    assert.deepEqual(perMinute, {
      bucketCount: 3,
      ts: Float64Array.of(60_000, 120_000, 240_000),
      columns: {
        temperature: {
          mean: Float64Array.of(21, Number.NaN, 5),
          max: Float64Array.of(22, Number.NaN, 5),
          count: Float64Array.of(2, 0, 1),
          last: Float64Array.of(22, Number.NaN, 5),
        },
        state: { first: ['a', '', 'b'], count: Float64Array.of(1, 0, 1) },
      },
      validity: { temperature: Uint8Array.of(0b101), state: Uint8Array.of(0b101) },
    });
    await db.close();
  });

  it('has the types of its columns', async () => {
    const types = ['f64', 'f32', 'i64', 'i32', 'bool', 'bytes'] as const;
    const { db, table } = await open(types.map((type) => ({ name: type, type })));
    table.appendRow(1, [1.5, 0.5, 2n ** 60n + 1n, -7, true, Uint8Array.of(1)] as never);
    table.appendRow(2, [2.5, 1.5, 2n ** 60n, 9, false, Uint8Array.of(2)] as never);
    const wanted = ['min', 'max', 'first', 'sum'];
    const columns = { f64: wanted, f32: wanted, i64: wanted, i32: wanted, bool: wanted, bytes: ['last'] };
    const { columns: found, validity } = await table.aggregate({ every: 1000, columns } as never);
    assert.deepEqual(found, {
      f64: {
        min: Float64Array.of(1.5),
        max: Float64Array.of(2.5),
        first: Float64Array.of(1.5),
        sum: Float64Array.of(4),
      },
      f32: {
        min: Float32Array.of(0.5),
        max: Float32Array.of(1.5),
        first: Float32Array.of(0.5),
        sum: Float64Array.of(2),
      },
      i64: {
        min: BigInt64Array.of(2n ** 60n),
        max: BigInt64Array.of(2n ** 60n + 1n),
        first: BigInt64Array.of(2n ** 60n + 1n),
        sum: Float64Array.of(2 ** 61),
      },
      i32: {
        min: Int32Array.of(-7),
        max: Int32Array.of(9),
        first: Int32Array.of(-7),
        sum: Float64Array.of(2),
      },
      bool: {
        min: Uint8Array.of(0),
        max: Uint8Array.of(1),
        first: Uint8Array.of(1),
        sum: Float64Array.of(1),
      },
      bytes: { last: [Uint8Array.of(2)] },
    });
    assert.deepEqual(validity, {});
    await db.close();
  });

  it('passes over NaN for min and max unless there is nothing else, and lets it through to sum and mean', async () => {
    const { db, table } = await open(['a']);
    for (const [ts, a] of [
      [0, Number.NaN],
      [1, -1],
      [10, Number.NaN],
      [20, Number.NaN],
      [21, Number.POSITIVE_INFINITY],
    ] as const) {
      table.appendRow(ts, [a]);
    }
    const { columns } = await table.aggregate({
      every: '10ms',
      columns: { a: ['min', 'max', 'sum', 'count'] },
    });
    assert.deepEqual(columns.a.min, Float64Array.of(-1, Number.NaN, Number.POSITIVE_INFINITY));
    assert.deepEqual(columns.a.max, Float64Array.of(-1, Number.NaN, Number.POSITIVE_INFINITY));
    assert.deepEqual(columns.a.sum, Float64Array.of(Number.NaN, Number.NaN, Number.NaN));
    assert.deepEqual(columns.a.count, Float64Array.of(2, 1, 2));
    await db.close();
  });

  it('takes first and last by time, then by arrival, whichever part of the rows is on disk', async () => {
    const { db, table } = await open(['a']);
    for (const [i, ts] of [5, 3, 9, 3, 9, 5].entries()) {
      table.appendRow(ts, [i]);
      if (i % 2 === 1) await db.flush();
    }
    const { columns } = await table.aggregate({ every: 10, columns: { a: ['first', 'last'] } });
    assert.deepEqual([columns.a.first[0], columns.a.last[0]], [1, 4]);
    await db.close();
  });

  it('gives empty buckets when asked, from end to end of the range', async () => {
    const { db, table } = await open(['a']);
    table.appendRow(25, [1]);
    table.appendRow(47, [2]);
    const starts = async (options: object) => [
      ...(await table.aggregate({ every: '10ms', columns: { a: ['sum'] }, fillEmpty: true, ...options })).ts,
    ];
    assert.deepEqual(await starts({}), [20, 30, 40]);
    assert.deepEqual(await starts({ from: 5, to: 61 }), [0, 10, 20, 30, 40, 50, 60]);
    assert.deepEqual(await starts({ from: 100, to: 115 }), [100, 110]);
    assert.deepEqual(await starts({ from: 100 }), []);
    assert.deepEqual(await starts({ from: 50, to: 40 }), []);
    const { columns, validity } = await table.aggregate({
      every: '10ms',
      columns: { a: ['sum', 'count'] },
      fillEmpty: true,
    });
    assert.deepEqual(columns.a, {
      sum: Float64Array.of(1, Number.NaN, 2),
      count: Float64Array.of(1, 0, 1),
    });
    assert.deepEqual(validity.a, Uint8Array.of(0b101));
    await db.close();
  });

  it('counts days by the clocks of a zone, 23 hours of rows where summer time begins', async () => {
    const { db, table } = await open(['a']);
    for (let hour = 0; hour < 72; hour++) {
      table.appendRow(Date.parse('2024-03-29T23:00Z') + hour * 3_600_000, [hour]);
    }
    const days = await table.aggregate({
      every: '1d',
      timeZone: 'Europe/Berlin',
      columns: { a: ['count', 'first'] },
    });
    assert.deepEqual([...days.columns.a.count], [24, 23, 24, 1]);
    assert.equal(new Date(days.ts[2]!).toISOString(), '2024-03-31T22:00:00.000Z');
    const utc = await table.aggregate({ every: '1d', columns: { a: ['count'] } });
    assert.deepEqual([...utc.columns.a.count], [1, 24, 24, 23]);
    await db.close();
  });

  it('leaves out a day that the calendar of the zone left out', async () => {
    const { db, table } = await open(['a']);
    table.appendRow(Date.parse('2011-12-29T12:00-10:00'), [1]);
    table.appendRow(Date.parse('2011-12-31T12:00+14:00'), [2]);
    const { ts } = await table.aggregate({
      every: '1d',
      timeZone: 'Pacific/Apia',
      columns: { a: ['sum'] },
      fillEmpty: true,
    });
    assert.equal(ts.length, 2);
    await db.close();
  });

  it('of a ns table rounds nothing: both ends of the range and of a bucket are exact', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    const table = await db.createTable('t', ['a'], { unit: 'ns' });
    const second = 1_700_000_000_000_000_000n;
    const times = [-(2n ** 63n), second - 1n, second, second + 999_999_999n, second + 1_000_000_000n];
    for (const [i, ts] of times.entries()) table.appendRow(ts, [i]);
    const { ts, columns } = await table.aggregate({ every: '1s', columns: { a: ['count', 'last'] } });
    assert.deepEqual([...ts], [-(2n ** 63n), second - 1_000_000_000n, second, second + 1_000_000_000n]);
    assert.deepEqual([...columns.a.count], [1, 1, 2, 1]);
    const cut = await table.aggregate({
      every: '1s',
      columns: { a: ['last'] },
      from: second + 1n,
      to: second + 999_999_999n,
    });
    assert.deepEqual([...cut.columns.a.last], [3]);
    await db.close();
  });

  it('keeps rows that are 285,000 years away out of buckets, and says so', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    const table = await db.createTable('t', ['a'], { unit: 'us' });
    table.appendRow(2n ** 63n - 1n, [0]);
    table.appendRow(5n, [0]);
    const columns = { a: ['count'] } as const;
    await refused('INVALID_OPTION', 'too far', () => table.aggregate({ every: '1s', columns }));
    assert.equal((await table.aggregate({ every: '1s', columns, to: 10n })).bucketCount, 1);
    await db.close();
  });

  it('refuses what it cannot do, and says what it could', async () => {
    const { db, table } = await open(['a', { name: 's', type: 'utf8' }]);
    table.appendRow(0, [1, 'x']);
    table.appendRow(1e12, [1, 'x']);
    const good = { every: '1m', columns: { a: ['mean'] } };
    const cases: [string, string | RegExp, object][] = [
      ['INVALID_OPTION', '"every minute"', { every: 'every minute' }],
      ['INVALID_OPTION', 'every is undefined', { every: undefined }],
      ['INVALID_OPTION', 'columns is undefined', { columns: undefined }],
      ['INVALID_OPTION', 'columns is', { columns: {} }],
      ['INVALID_OPTION', 'columns is', { columns: ['a'] }],
      ['INVALID_OPTION', 'columns.a', { columns: { a: [] } }],
      ['INVALID_OPTION', 'columns.a', { columns: { a: 'mean' } }],
      ['INVALID_OPTION', '"median"', { columns: { a: ['median'] } }],
      ['UNKNOWN_COLUMN', '"b"', { columns: { b: ['mean'] } }],
      ['WRONG_TYPE', 'mean', { columns: { s: ['mean'] } }],
      ['INVALID_OPTION', '"Middle/Earth"', { timeZone: 'Middle/Earth' }],
      ['INVALID_OPTION', 'timeZone is 1', { timeZone: 1 }],
      ['INVALID_OPTION', 'fillEmpty is 1', { fillEmpty: 1 }],
      ['INVALID_OPTION', 'signal', { signal: {} }],
      ['INVALID_OPTION', '"where"', { where: [] }],
      ['INVALID_TIMESTAMP', 'from is "x"', { from: 'x' }],
      ['INVALID_OPTION', '10,000,000 buckets', { every: '1ms', fillEmpty: true }],
    ];
    for (const [code, names, options] of cases) {
      await refused(code as 'INVALID_OPTION', names, () => table.aggregate({ ...good, ...options } as never));
    }
    await refused('INVALID_OPTION', 'the options', () => table.aggregate(undefined as never));
    await db.close();
    await refused('CLOSED', 'closed', () => table.aggregate(good as never));
  });

  it('is ended by its signal, before it begins and between two blocks', async () => {
    const controller = new AbortController();
    let reads = -1;
    const file = newFile();
    const traced = (): Storage => {
      const storage = file.open();
      const read = (into: Uint8Array, position: number): number => {
        if (reads >= 0 && ++reads === 3) controller.abort();
        return storage.read(into, position);
      };
      return { ...storage, read };
    };
    const db = NanoTsDbShared.over(new InlineEngine({ file, open: traced }));
    const table = await db.createTable('t', ['a']);
    for (let block = 0; block < 20; block++) {
      table.appendRow(block, [block]);
      await db.flush();
    }
    const options = { every: '2ms', columns: { a: ['mean'] } } as const;
    const signal = AbortSignal.abort('the reason');
    const error = await refused('ABORTED', 'aborted', () => table.aggregate({ ...options, signal }));
    assert.equal(error.cause, 'the reason');
    reads = 0;
    await refused('ABORTED', 'aborted', () => table.aggregate({ ...options, signal: controller.signal }));
    assert.ok(reads < 20, `${reads} reads after the third asked to stop`);
    await db.close();
  });
});

describe('aggregate of a database', () => {
  it('answers for each table by its name', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    for (const [name, value] of [
      ['a', 1],
      ['b', 2],
      ['__proto__', 3],
    ] as const) {
      const table = await db.createTable(name, ['x']);
      table.appendRow(value, [value]);
    }
    const options = { every: '1s', columns: { x: ['sum'] }, fillEmpty: true, from: 0, to: 1500 } as const;
    const found = await db.aggregate({ ...options, tables: ['b', '__proto__'] });
    assert.deepEqual(Object.keys(found), ['b', '__proto__']);
    assert.deepEqual(found.b.columns.x.sum, Float64Array.of(2, Number.NaN));
    assert.equal(found.b.bucketCount, 2);
    assert.deepEqual(await db.aggregate({ ...options, tables: [] }), {});
    await refused('UNKNOWN_TABLE', '"c"', () => db.aggregate({ ...options, tables: ['a', 'c'] }));
    await refused('INVALID_OPTION', '"a"', () => db.aggregate({ ...options, tables: ['a', 'a'] }));
    await refused('INVALID_OPTION', 'tables', () => db.aggregate({ ...options, tables: 'a' as never }));
    await db.close();
  });
});
