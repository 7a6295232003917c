import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { openParquetSource, type ParquetOptions } from '../../../src/main/ingest/parquet-source.ts';
import { hasFields } from './has-fields.ts';
import { rowsOf } from './rows-of.ts';
import { tempDir } from './temp-dir.ts';
import { type TinyColumn, tinyParquet } from './tiny-parquet.ts';

const dir = tempDir();
let files = 0;

const MS = { unit: 'MILLIS', isAdjustedToUTC: true } as const;
/** A time column in ms with the given number of rows. */
function times(...rows: number[]): TinyColumn {
  const groups = rows.map((count) => Array.from({ length: count }, (_, row) => BigInt(row)));
  return { name: 'ts', type: 'INT64', timestamp: MS, groups };
}

function write(columns: readonly TinyColumn[]): string {
  return dir.write(`file${files++}.parquet`, tinyParquet(columns));
}

async function read(columns: readonly TinyColumn[], options: ParquetOptions = {}) {
  const source = await openParquetSource(write(columns), options);
  const types = source.columns.map(({ name, type }) => `${name} ${type}`);
  return { source, types, unit: source.unit, ...(await rowsOf(source)) };
}

async function refusal(columns: readonly TinyColumn[], options: ParquetOptions = {}): Promise<unknown> {
  return openParquetSource(write(columns), options).then(
    () => assert.fail('was opened'),
    (error: unknown) => error,
  );
}

test('every physical type becomes the type that loses nothing, with its nulls', async () => {
  const { types, rows, error } = await read([
    times(3),
    { name: 'b', type: 'BOOLEAN', groups: [[true, null, false]] },
    { name: 'i', type: 'INT32', groups: [[-2147483648, null, 7]] },
    { name: 'l', type: 'INT64', groups: [[-(2n ** 63n), null, 2n ** 63n - 1n]] },
    { name: 'f', type: 'FLOAT', groups: [[1.5, null, -0]] },
    { name: 'd', type: 'DOUBLE', groups: [[5e-324, null, Number.NEGATIVE_INFINITY]] },
    { name: 's', type: 'BYTE_ARRAY', converted: 'UTF8', groups: [['ä😀', null, '']] },
    { name: 'x', type: 'BYTE_ARRAY', groups: [[new Uint8Array([0, 255]), null, new Uint8Array(0)]] },
  ]);
  assert.equal(error, undefined);
  assert.deepEqual(types, ['b bool', 'i i32', 'l i64', 'f f32', 'd f64', 's utf8', 'x bytes']);
  assert.deepEqual(rows, [
    [0, 1, -2147483648, -(2n ** 63n), 1.5, 5e-324, 'ä😀', new Uint8Array([0, 255])],
    [1, null, null, null, null, null, null, null],
    [2, 0, 7, 2n ** 63n - 1n, -0, Number.NEGATIVE_INFINITY, '', new Uint8Array(0)],
  ]);
});

test('row groups follow each other, empty ones too', async () => {
  const a: TinyColumn = { name: 'a', type: 'DOUBLE', groups: [[1, 2], [], [3]] };
  assert.deepEqual((await read([times(2, 0, 1), a])).rows, [
    [0, 1],
    [1, 2],
    [0, 3],
  ]);
});

test('the table gets the unit of the time column, and times are exact', async () => {
  const values = [-1n, 1704067200123456789n, null];
  const column = (unit: 'MILLIS' | 'MICROS' | 'NANOS', value: bigint): TinyColumn[] => [
    { name: 'ts', type: 'INT64', timestamp: { unit, isAdjustedToUTC: true }, groups: [[value]] },
    { name: 'a', type: 'INT32', groups: [[1]] },
  ];
  const ns = await read(column('NANOS', values[1]!));
  assert.deepEqual([ns.unit, ns.rows[0]![0]], ['ns', 1704067200123456789n]);
  const us = await read(column('MICROS', -1n));
  assert.deepEqual([us.unit, us.rows[0]![0]], ['us', -1n]);
  const ms = await read(column('MILLIS', 5n));
  assert.deepEqual([ms.unit, ms.rows[0]![0]], ['ms', 5]);
});

test('another unit can be asked for; digits it cannot hold are cut off towards the past and counted', async () => {
  const columns: TinyColumn[] = [
    {
      name: 'ts',
      type: 'INT64',
      timestamp: { unit: 'NANOS', isAdjustedToUTC: true },
      groups: [[1704067200123456789n, -1n, 2_000_000n]],
    },
    { name: 'a', type: 'INT32', groups: [[1, 2, 3]] },
  ];
  const ms = await read(columns, { unit: 'ms' });
  assert.deepEqual(
    ms.rows.map(([ts]) => ts),
    [1704067200123, -1, 2],
  );
  assert.equal(ms.source.cutTimestamps, 2);
  const us = await read(columns, { unit: 'us' });
  assert.deepEqual(
    us.rows.map(([ts]) => ts),
    [1704067200123456n, -1n, 2000n],
  );
});

test('local timestamps and dates are of the zone that is named, by default UTC', async () => {
  const columns: TinyColumn[] = [
    {
      name: 'ts',
      type: 'INT64',
      timestamp: { unit: 'MICROS', isAdjustedToUTC: false },
      groups: [[BigInt(Date.UTC(2024, 6, 1, 12)) * 1000n]],
    },
    { name: 'day', type: 'INT32', converted: 'DATE', groups: [[19905]] },
  ];
  assert.deepEqual((await read(columns)).rows, [
    [BigInt(Date.UTC(2024, 6, 1, 12)) * 1000n, BigInt(Date.UTC(2024, 6, 1)) * 1000n],
  ]);
  for (const unit of ['ms', 'us'] as const) {
    const { rows } = await read(columns, { timeZone: 'Europe/Berlin', unit });
    assert.equal(
      (BigInt(rows[0]![0] as bigint) * (unit === 'ms' ? 1n : 1n)) / (unit === 'ms' ? 1n : 1000n),
      BigInt(Date.UTC(2024, 6, 1, 10)),
    );
  }
});

test('old annotations, INT96 and dates are times as well', async () => {
  const int96 = Buffer.alloc(12);
  int96.writeBigInt64LE(1_000_000_001n); // nanoseconds of the day
  int96.writeInt32LE(2440588, 8); // 1970-01-01 as a Julian day
  const a: TinyColumn = { name: 'a', type: 'INT32', groups: [[1]] };
  const first = async (column: TinyColumn) => (await read([column, a])).rows[0]![0];
  assert.equal(await first({ name: 'ts', type: 'INT64', converted: 'TIMESTAMP_MILLIS', groups: [[7n]] }), 7);
  assert.equal(await first({ name: 'ts', type: 'INT64', converted: 'TIMESTAMP_MICROS', groups: [[7n]] }), 7n);
  assert.equal(await first({ name: 'ts', type: 'INT96', groups: [[int96]] }), 1_000_000_001n);
  assert.equal(await first({ name: 'ts', type: 'INT32', converted: 'DATE', groups: [[1]] }), 86_400_000);
});

test('a time column of plain numbers or text is read as in a CSV file', async () => {
  const a: TinyColumn = { name: 'a', type: 'INT32', groups: [[1]] };
  const first = async (column: TinyColumn, options?: ParquetOptions) =>
    (await read([column, a], options)).rows[0]![0];
  assert.equal(await first({ name: 'ts', type: 'INT64', groups: [[1700000000n]] }), 1.7e12);
  assert.equal(
    await first({ name: 'ts', type: 'INT64', groups: [[1700000000n]] }, { timeFormat: 'ms' }),
    1.7e9,
  );
  assert.equal(await first({ name: 'ts', type: 'DOUBLE', groups: [[1700000000.25]] }), 1700000000250);
  assert.equal(
    await first({ name: 'ts', type: 'BYTE_ARRAY', converted: 'UTF8', groups: [['2024-01-01 00:00:00']] }),
    Date.UTC(2024, 0, 1),
  );
});

test('timestamps that are not the time become i64 in the unit of the table', async () => {
  const { types, rows } = await read([
    times(2),
    {
      name: 'seen',
      type: 'INT64',
      timestamp: { unit: 'MICROS', isAdjustedToUTC: true },
      groups: [[5_001n, null]],
    },
  ]);
  assert.deepEqual(types, ['seen i64']);
  assert.deepEqual(
    rows.map(([, seen]) => seen),
    [5n, null],
  );
});

test('decimals are the nearest doubles', async () => {
  const { rows } = await read([
    times(3),
    { name: 'price', type: 'INT32', converted: 'DECIMAL', scale: 2, groups: [[115, -1, 1234567]] },
  ]);
  assert.deepEqual(
    rows.map(([, price]) => price),
    [1.15, -0.01, 12345.67],
  );
});

test('types can be given where no value is changed by it', async () => {
  const columns: TinyColumn[] = [
    times(2),
    { name: 'n', type: 'INT64', groups: [[33n, null]] },
    { name: 'i', type: 'INT32', groups: [[1, 2]] },
    { name: 's', type: 'BYTE_ARRAY', groups: [[Buffer.from('12'), Buffer.from('x')]] },
  ];
  const { rows } = await read(columns, { types: { n: 'f64', i: 'utf8', s: 'utf8' } });
  assert.deepEqual(rows, [
    [0, 33, '1', '12'],
    [1, null, '2', 'x'],
  ]);
});

test('a value that a type cannot hold names file, row and column, after the rows before it', async () => {
  const { rows, error, source } = await read(
    [
      times(2, 2),
      {
        name: 'n',
        type: 'INT64',
        groups: [
          [1n, 2n],
          [3n, 2n ** 53n],
        ],
      },
    ],
    { types: { n: 'f64' } },
  );
  assert.equal(rows.length, 3);
  hasFields(error, {
    code: 'BAD_INPUT_FILE',
    details: { file: source.file, row: 4, column: 'n' },
  });
});

test('a time that is missing is named', async () => {
  const { rows, error } = await read([
    { name: 'ts', type: 'INT64', timestamp: MS, groups: [[1n, null]] },
    { name: 'a', type: 'INT32', groups: [[1, 1]] },
  ]);
  assert.equal(rows.length, 1);
  assert.match((error as Error).message, /row 2, column "ts": there is no time/);
});

test('unsigned integers beyond 2^63 and text that is not UTF-8 are refused', async () => {
  const big = await read([
    times(1),
    { name: 'u', type: 'INT64', converted: 'UINT_64', groups: [[2n ** 63n]] },
  ]);
  assert.match((big.error as Error).message, /9223372036854775808n is no integer of 64 bits/);
  const bad: TinyColumn = {
    name: 's',
    type: 'BYTE_ARRAY',
    converted: 'UTF8',
    groups: [[new Uint8Array([0xff])]],
  };
  hasFields((await read([times(1), bad])).error, {
    code: 'BAD_INPUT_FILE',
    details: { column: 's' },
  });
});

test('nested columns are refused, unless they are left out', async () => {
  const columns: TinyColumn[] = [
    times(1),
    { name: 'a', type: 'INT32', groups: [[1]] },
    { name: 'place', type: 'DOUBLE', nested: true, groups: [[1]] },
  ];
  const error = await refusal(columns);
  hasFields(error, { code: 'BAD_INPUT_FILE', details: { column: 'place' } });
  assert.match((error as Error).message, /the column is nested; leave it out: --columns a/);
  assert.deepEqual((await read(columns, { columns: ['a'] })).rows, [[0, 1]]);
});

test('a column can name the table, whatever its type', async () => {
  const { keys, types } = await read(
    [
      times(2),
      { name: 'a', type: 'INT32', groups: [[1, 2]] },
      { name: 'site', type: 'INT64', groups: [[7n, 8n]] },
    ],
    { tableBy: 'site' },
  );
  assert.deepEqual([keys, types], [['7', '8'], ['a i32']]);
});

test('a file that is cut off or no Parquet file is refused by name', async () => {
  const whole = tinyParquet([times(2), { name: 'a', type: 'DOUBLE', groups: [[1, 2]] }]);
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('PAR1'),
    whole.subarray(0, whole.length - 9),
    Buffer.from('x'.repeat(100)),
  ]) {
    const file = dir.write('broken.parquet', bytes);
    await assert.rejects(openParquetSource(file), {
      code: 'BAD_INPUT_FILE',
      message: /broken\.parquet: cannot be decoded/,
    });
  }
});

test('a damaged page is an error that names the column, not wrong rows', async () => {
  const bytes = tinyParquet([
    times(2),
    { name: 'a', type: 'BYTE_ARRAY', converted: 'UTF8', groups: [['one', 'two']] },
  ]);
  bytes.writeUInt32LE(0x7fffffff, bytes.indexOf('one') - 4);
  const source = await openParquetSource(dir.write('page.parquet', bytes));
  const { rows, error } = await rowsOf(source);
  assert.deepEqual(rows, []);
  hasFields(error, { code: 'BAD_INPUT_FILE', details: { column: 'a', row: 1 } });
});

test('a compressed file with dictionaries, made by another program, is read', async () => {
  const data = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..', 'data');
  const decoded = new Map<string, number>();
  const source = await openParquetSource(join(data, 'flights-3m.parquet'), {
    unit: 'ms',
    tableBy: 'origin',
    types: { delay: 'f64', distance: 'f64' },
    onDecoded: (column, _row, values) => decoded.set(column, (decoded.get(column) ?? 0) + values.length),
  });
  assert.deepEqual(source.columns, [
    { name: 'delay', type: 'f64' },
    { name: 'distance', type: 'f64' },
    { name: 'destination', type: 'utf8' },
  ]);
  let rows = 0;
  let first: unknown;
  // one row group is enough here; the main job compares the whole file
  for await (const batch of source.batches()) {
    first ??= [batch.ts[0], batch.columns.map((column) => column[0]), batch.keys?.[0]];
    rows += batch.rowCount;
    if (rows >= 272_727) break;
  }
  await source.close();
  assert.deepEqual(first, [Date.parse('2001-01-01T00:01Z'), [33, 2176, 'PHL'], 'LAS']);
  assert.equal(rows, 272_727);
  assert.deepEqual([...new Set(decoded.values())], [272_727]);
});
