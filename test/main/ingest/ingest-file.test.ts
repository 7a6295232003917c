import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ingestFile } from '../../../src/main/ingest/ingest-file.ts';
import { partitionByKey } from '../../../src/main/ingest/partition.ts';
import { isPresent, ValidityBuilder } from '../../../src/main/ingest/validity.ts';
import { MillraceError } from '../../../src/shared/errors.ts';
import { FakeTarget } from './fake-target.ts';
import { hasFields } from './has-fields.ts';
import { tempDir } from './temp-dir.ts';
import { tinyParquet } from './tiny-parquet.ts';

const dir = tempDir();

test('a file becomes a table of its name, and all of it is synced', async () => {
  const target = new FakeTarget();
  const result = await ingestFile(target, dir.write('press_01.csv', 'ts,a\n1,1\n2,\n'));
  assert.deepEqual(target.rows.get('press_01'), [
    [1000, 1],
    [2000, null],
  ]);
  assert.equal(target.syncs, 1);
  hasFields(result, { rows: 2, tables: ['press_01'], format: 'csv', interrupted: false });
  assert.equal(result.inputBytes, 12);
});

test('a column can name the tables: each gets its rows in the order of the file', async () => {
  const target = new FakeTarget();
  const lines = Array.from(
    { length: 50_000 },
    (_, row) => `${row},site ${row % 7},${row % 5 === 0 ? '' : row}`,
  );
  const file = dir.write('sites.csv', `ts,site,a\n${lines.join('\n')}\n`);
  const result = await ingestFile(target, file, { tableBy: 'site' });
  assert.equal(result.rows, 50_000);
  assert.deepEqual(
    result.tables,
    Array.from({ length: 7 }, (_, site) => `site ${site}`),
  );
  for (let site = 0; site < 7; site++) {
    const expected: unknown[][] = [];
    for (let row = site; row < 50_000; row += 7) expected.push([row * 1000, row % 5 === 0 ? null : row]);
    assert.deepEqual(target.rows.get(`site ${site}`), expected);
  }
});

test('what a file is, is told by its first bytes', async () => {
  const target = new FakeTarget();
  const bytes = tinyParquet([
    { name: 'ts', type: 'INT64', timestamp: { unit: 'MILLIS', isAdjustedToUTC: true }, groups: [[5n]] },
    { name: 'a', type: 'DOUBLE', groups: [[1.5]] },
  ]);
  const result = await ingestFile(target, dir.write('no-extension', bytes), { table: 't' });
  assert.equal(result.format, 'parquet');
  assert.deepEqual(target.rows.get('t'), [[5, 1.5]]);
});

test('after a bad line the rows before it are in the database, synced, and their number is in the error', async () => {
  const target = new FakeTarget();
  const file = dir.write('bad.csv', 'ts,a,b\n1,1,1\n2,2,2\n3,3\n4,4,4\n');
  await assert.rejects(ingestFile(target, file, { table: 't' }), {
    code: 'BAD_INPUT_FILE',
    message: /bad\.csv, line 4: 2 fields.*\(the 2 rows before it were ingested and stay\)$/,
    details: { file, line: 4, rowsIngested: 2 },
  });
  assert.equal(target.rows.get('t')?.length, 2);
  assert.equal(target.syncs, 1);
});

test('when nothing was ingested before an error, it says so', async () => {
  const file = dir.write('worse.csv', 'ts,a\nnever,1\n');
  await assert.rejects(ingestFile(new FakeTarget(), file), { message: /\(nothing was ingested\)$/ });
});

test('an error of the database says how many rows it had taken', async () => {
  const target = new FakeTarget();
  target.createTable = async (name) => {
    throw new MillraceError('TOO_MANY', `no room for ${name}`, { table: name });
  };
  await assert.rejects(ingestFile(target, dir.write('many.csv', 'ts,a\n1,1\n')), {
    code: 'TOO_MANY',
    details: { table: 'many', rowsIngested: 0 },
  });
});

test('a database that asks to slow down is waited for', async () => {
  const target = new FakeTarget();
  target.wantsMore = false;
  await ingestFile(target, dir.write('slow.csv', 'ts,k,a\n1,x,1\n2,y,2\n'), { tableBy: 'k' });
  assert.equal(target.appends, 2);
  assert.equal(target.drains, 2);
});

test('a table that is there gives its unit and types, and its columns may be in another order', async () => {
  const target = new FakeTarget();
  await target.createTable(
    't',
    [
      { name: 'b', type: 'utf8' },
      { name: 'a', type: 'i64' },
    ],
    { unit: 'us' },
  );
  await ingestFile(target, dir.write('more.csv', 'ts,a,b\n1,5,007\n'), { table: 't' });
  assert.deepEqual(target.rows.get('t'), [[1_000_000n, '007', 5n]]);
});

test('a table that is there but has other columns is refused before a row is taken', async () => {
  const target = new FakeTarget();
  await target.createTable('t', [{ name: 'b', type: 'utf8' }], { unit: 'ms' });
  await assert.rejects(ingestFile(target, dir.write('other.csv', 'ts,a\n1,5\n'), { table: 't' }), {
    code: 'TABLE_EXISTS',
    message: /it has b utf8, which the file does not; it does not have a f64/,
  });
  await assert.rejects(ingestFile(target, dir.write('unit.csv', 'ts,b\n1,x\n'), { table: 't', unit: 'ns' }), {
    code: 'TABLE_EXISTS',
    message: /its unit is ms, not ns/,
  });
  assert.deepEqual(target.rows.get('t'), []);
});

test('an interruption ends it after the batch at hand; what was read is kept, synced and counted', async () => {
  const target = new FakeTarget();
  const lines = Array.from({ length: 60_000 }, (_, row) => `${row},1`);
  const interrupt = new AbortController();
  const result = await ingestFile(target, dir.write('long.csv', `ts,a\n${lines.join('\n')}\n`), {
    signal: interrupt.signal,
    onProgress: ({ rows }) => rows > 10_000 && interrupt.abort(),
  });
  assert.equal(result.interrupted, true);
  assert.ok(result.rows > 10_000 && result.rows < 60_000);
  assert.equal(target.rows.get('long')?.length, result.rows);
  assert.equal(target.syncs, 1);
});

test('progress grows to the whole file', async () => {
  const seen: number[] = [];
  const lines = Array.from({ length: 60_000 }, (_, row) => `${row},1`);
  await ingestFile(new FakeTarget(), dir.write('progress.csv', `ts,a\n${lines.join('\n')}\n`), {
    onProgress: ({ bytesRead, totalBytes }) => seen.push(bytesRead / totalBytes),
  });
  assert.ok(seen.length > 1);
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
  assert.equal(seen.at(-1), 1);
});

test('a file that is not there, a folder, and contradicting options are errors', async () => {
  const target = new FakeTarget();
  await assert.rejects(ingestFile(target, `${dir.path}/none.csv`), {
    code: 'FILE_NOT_FOUND',
    message: /none\.csv/,
  });
  await assert.rejects(ingestFile(target, dir.path), { code: 'BAD_INPUT_FILE', message: /is a directory/ });
  await assert.rejects(ingestFile(target, 'x.csv', { table: 'a', tableBy: 'b' }), { code: 'INVALID_OPTION' });
});

test('a batch taken apart by its keys has every value, bit for bit, in the same order', () => {
  const row = fc.record({
    key: fc.constantFrom('a', 'b', 'c', ''),
    bits: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    text: fc.string(),
    present: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 100 }), (rows) => {
      const count = rows.length;
      const bits = BigInt64Array.from(rows, ({ bits }) => bits);
      const validity = new ValidityBuilder(count);
      for (const [at, { present }] of rows.entries()) if (!present) validity.setNull(at);
      const parts = partitionByKey({
        rowCount: count,
        ts: Float64Array.from(rows.keys()),
        columns: [
          bits,
          new Float64Array(bits.buffer),
          new Float32Array(bits.buffer).subarray(0, count),
          Int32Array.from(rows.keys()),
          Uint8Array.from(rows, (_, at) => at & 1),
          rows.map(({ text }) => text),
        ],
        validity: [validity.bitmap(count), undefined, undefined, undefined, undefined, undefined],
        keys: rows.map(({ key }) => key),
      });
      assert.deepEqual(
        parts.map(({ key }) => key),
        [...new Set(rows.map(({ key }) => key))],
      );
      const words = new Int32Array(bits.buffer);
      for (const { key, batch } of parts) {
        const mine = [...rows.entries()].filter(([, each]) => each.key === key);
        assert.deepEqual(
          [...batch.ts],
          mine.map(([at]) => at),
        );
        const [i64, f64, f32, i32, bool, utf8] = batch.columns as [
          BigInt64Array,
          Float64Array,
          Float32Array,
          Int32Array,
          Uint8Array,
          string[],
        ];
        assert.deepEqual(
          [...i64],
          mine.map(([, each]) => each.bits),
        );
        assert.deepEqual(
          [...new BigInt64Array(f64.slice().buffer)],
          mine.map(([, each]) => each.bits),
        );
        assert.deepEqual(
          [...new Int32Array(f32.slice().buffer)],
          mine.map(([at]) => words[at]),
        );
        assert.deepEqual(
          [...i32],
          mine.map(([at]) => at),
        );
        assert.deepEqual(
          [...bool],
          mine.map(([at]) => at & 1),
        );
        assert.deepEqual(
          utf8,
          mine.map(([, each]) => each.text),
        );
        assert.deepEqual(
          mine.map((_, at) => isPresent(batch.validity[0], at)),
          mine.map(([, each]) => each.present),
        );
      }
    }),
  );
});
