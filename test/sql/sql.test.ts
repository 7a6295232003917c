import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type MillraceError, NanoTsDbShared } from '../../src/main/index.ts';
import { loadDuckDb } from '../../src/main/sql/duckdb.ts';
import type { Storage } from '../../src/shared/storage/storage.ts';
import { InlineEngine, newFile } from '../support/inline-engine.ts';
import { skip } from './duckdb-package.ts';
import { fillPlant } from './fill-plant.ts';

const code = (expected: string, pattern?: RegExp) => (error: MillraceError) => {
  assert.equal(error.code, expected, error.message);
  if (pattern !== undefined) assert.match(error.message, pattern);
  return true;
};

it('a SELECT without @duckdb/node-api says how to install it', async () => {
  const missing = () =>
    Promise.reject(Object.assign(new Error('not found'), { code: 'ERR_MODULE_NOT_FOUND' }));
  await assert.rejects(loadDuckDb(missing), code('MISSING_PACKAGE', /npm install @duckdb\/node-api/));
});

describe('CREATE TABLE and INSERT go to the engine, without DuckDB', () => {
  let db: NanoTsDbShared;
  before(() => {
    db = NanoTsDbShared.over(new InlineEngine());
  });
  after(() => db.close());

  it('makes tables, with names in double quotes and backticks, once', async () => {
    await db.sql('CREATE TABLE "my values" (ts TIMESTAMP_MS, `a b` DOUBLE, "select" VARCHAR(20));');
    assert.deepEqual(db.schema('my values'), {
      name: 'my values',
      unit: 'ms',
      columns: [
        { name: 'a b', type: 'f64' },
        { name: 'select', type: 'utf8' },
      ],
    });
    await assert.rejects(db.sql('CREATE TABLE "my values" (x INT)'), code('TABLE_EXISTS'));
    assert.deepEqual(await db.sql('create table if not exists `my values` (x INT)'), [{ Count: 0n }]);
  });

  it('knows every type, and the unit of the time', async () => {
    await db.sql(
      'CREATE TABLE every (a DOUBLE PRECISION, b REAL, c BIGINT, d INTEGER, e BOOLEAN, f TEXT, g BLOB, ts TIMESTAMP_NS NOT NULL)',
    );
    const { unit, columns } = db.schema('every');
    assert.equal(unit, 'ns');
    assert.deepEqual(
      columns.map(({ type }) => type),
      ['f64', 'f32', 'i64', 'i32', 'bool', 'utf8', 'bytes'],
    );
    await db.sql('CREATE TABLE micros (ts TIMESTAMP, v DOUBLE)');
    assert.equal(db.schema('micros').unit, 'us');
    await db.sql('CREATE TABLE timeless (v DOUBLE)');
    assert.equal(db.schema('timeless').unit, 'ms');
  });

  it('inserts several rows with every kind of literal', async () => {
    await db.sql(
      `INSERT INTO "my values" (ts, "select", \`a b\`) VALUES
      (1704067200000, 'it''s, (VALUES)', -2.5e3), -- a comment; with a semicolon
      (TIMESTAMP '2024-01-01 00:00:01', NULL, .5), ('2024-01-01T00:00:02.5Z', '', 1_000), (?, ?, ?)`,
      [new Date(1704067203000), 'param', -0],
    );
    const rows = await db.table('my values').query();
    assert.deepEqual([...rows.ts], [1704067200000, 1704067201000, 1704067202500, 1704067203000]);
    assert.deepEqual([...(rows.columns['a b'] as Float64Array)], [-2500, 0.5, 1000, -0]);
    assert.deepEqual(rows.columns['select'], ["it's, (VALUES)", '', '', 'param']);
    assert.deepEqual([...rows.validity['select']!], [0b1101]);

    const done = await db.sql(
      "INSERT INTO every VALUES ($n, 'inf', 1.5, -9223372036854775808, 7, TRUE, '😀', x'00ff')",
      { n: 5n },
    );
    assert.deepEqual(done, [{ Count: 1n }]);
    const one = await db.table('every').query();
    assert.deepEqual(
      [one.ts[0], one.columns['a']![0], one.columns['c']![0]],
      [5n, Number.POSITIVE_INFINITY, -(2n ** 63n)],
    );
    assert.deepEqual(one.columns['g']![0], Uint8Array.of(0, 255));
  });

  it('refuses what is wrong in any row before the first one is taken', async () => {
    const into = 'INSERT INTO "my values" (ts, `a b`) VALUES ';
    const before = await db.table('my values').lastSeq();
    for (const [sql, expected] of [
      [`${into}(1, 2), (3)`, 'WRONG_ARITY'],
      [`${into}(1, 2), (3, 'x')`, 'WRONG_TYPE'],
      [`${into}(1, 2), (NULL, 3)`, 'INVALID_TIMESTAMP'],
      [`${into}(1, 2), (1.5, 3)`, 'INVALID_TIMESTAMP'],
      [`${into}(1, 2), ('2024-01-01 00:00:00.0001', 3)`, 'INVALID_TIMESTAMP'],
      [`${into}(1, 2 + 3)`, 'SQL_ERROR'],
      [`${into}(1, ?)`, 'SQL_ERROR'],
      [`${into}(1, 'x)`, 'SQL_ERROR'],
      ['INSERT INTO "my values" (`a b`) VALUES (1)', 'INVALID_TIMESTAMP'],
      ['INSERT INTO "my values" (ts, nope) VALUES (1, 2)', 'UNKNOWN_COLUMN'],
      ['INSERT INTO "my values" (ts, ts) VALUES (1, 2)', 'DUPLICATE_COLUMN'],
      ['INSERT INTO nope VALUES (1, 2)', 'UNKNOWN_TABLE'],
      ['INSERT INTO "my values" SELECT 1', 'SQL_ERROR'],
      ['CREATE TABLE t (v POINT)', 'SQL_ERROR'],
      ['CREATE TABLE t (v DOUBLE', 'SQL_ERROR'],
      ['CREATE TABLE t (ts TIMESTAMP, ts_ms BIGINT)', 'SQL_ERROR'],
      ['CREATE TABLE t (ts TIMESTAMP)', 'NO_COLUMNS'],
      ['DROP TABLE "my values"', 'SQL_ERROR'],
      ["COPY press TO 'x'", 'SQL_ERROR'],
      ['SELECT 1; SELECT 2', 'SQL_ERROR'],
      ['  -- nothing', 'SQL_ERROR'],
    ] as const) {
      await assert.rejects(db.sql(sql), code(expected), sql);
    }
    assert.equal(await db.table('my values').lastSeq(), before);
  });
});

describe('SELECT', { skip }, () => {
  let db: NanoTsDbShared;
  before(async () => {
    db = NanoTsDbShared.over(new InlineEngine());
    await fillPlant(db);
  });
  after(() => db.close());

  it('gives rows, columns or an Arrow table, with times as ms or as bigints', async () => {
    const sql =
      "SELECT ts, temperature, pieces, state FROM press_01 WHERE ts < '2024-01-01 00:00:02' AND ts >= '2024-01-01' ORDER BY ts, pieces LIMIT 4";
    const rows = await db.sql(sql);
    assert.equal(rows[0]!['ts'], 1704067200000);
    assert.equal(typeof rows[0]!['pieces'], 'bigint');
    const columns = await db.sql(sql, undefined, { format: 'columns', times: 'bigint' });
    assert.deepEqual(
      columns.columns['ts'],
      BigInt64Array.from(rows.map((row) => BigInt(row['ts'] as number) * 1000n)),
    );
    assert.ok(columns.columns['temperature'] instanceof Float64Array);
    assert.equal(columns.types['ts'], 'TIMESTAMP');
    assert.equal(columns.rowCount, rows.length);
    const table = await db.sql(sql, undefined, { format: 'arrow' });
    assert.deepEqual(
      table.toArray().map((row) => ({ ...row.toJSON() })),
      rows.map((row) => ({ ...row, ts: row['ts'] })),
    );
  });

  it('gives an Arrow table for the types that only SQL has', async () => {
    const table = await db.sql(
      "SELECT 170141183460469231731687303715884105727::HUGEINT AS h, -5::HUGEINT AS m, 1.25 AS d, 7::UTINYINT AS u, DATE '2024-02-29' AS day, NULL AS n, true AS b, '\\xAA'::BLOB AS x FROM range(2)",
      undefined,
      { format: 'arrow' },
    );
    assert.equal(table.numRows, 2);
    assert.equal(table.getChild('d')!.get(0), 1.25);
    assert.equal(table.getChild('day')!.get(1), '2024-02-29');
    assert.equal(table.getChild('n')!.get(0), null);
    assert.deepEqual([...table.getChild('m')!.get(0)], [0xfffffffb, 0xffffffff, 0xffffffff, 0xffffffff]);
    await assert.rejects(
      db.sql('SELECT [1] AS l', undefined, { format: 'arrow' }),
      code('WRONG_TYPE', /"l"/),
    );
  });

  it('takes parameters by place and by name', async () => {
    const sql = 'SELECT count(*) AS n FROM press_01 WHERE ts >= ? AND ts < ? AND pressure > ?';
    const from = new Date(1704067200000);
    const [byPlace] = await db.sql(sql, [from, new Date(1704067260000), 0]);
    const [byName] = await db.sql(
      'SELECT count(*) AS n FROM press_01 WHERE ts >= $from AND ts < epoch_ms($to) AND pressure > $p',
      { from: '2024-01-01', to: 1704067260000, p: 0.5 },
    );
    assert.deepEqual(byPlace, byName);
    assert.ok((byPlace!['n'] as bigint) >= 59n);
    await assert.rejects(db.sql('SELECT ?', [Symbol('x') as never]), code('WRONG_TYPE'));
  });

  it('sees each row from the moment of its append', async () => {
    const line = await db.createTable('growing', ['v']);
    for (let i = 1; i <= 50; i++) {
      line.appendRow(i, [i]);
      assert.deepEqual(await db.sql('SELECT count(*) AS n, sum(v) AS s FROM growing'), [
        { n: BigInt(i), s: (i * (i + 1)) / 2 },
      ]);
    }
  });

  it('streams a large result, and stops reading where the loop ends', async () => {
    let rows = 0;
    for await (const batch of db.sqlStream('SELECT * FROM press_01 a, orders b')) {
      rows += batch.length;
      if (rows > 30_000) break;
    }
    assert.ok(rows > 30_000 && rows < 100_000, `${rows}`);
    let all = 0;
    for await (const batch of db.sqlStream('SELECT ts FROM press_01', undefined, { format: 'arrow' }))
      all += batch.numRows;
    assert.equal(all, 5000);
  });

  it('ends streams early again and again, while DuckDB reads ahead on its own threads', async () => {
    for (let round = 0; round < 20; round++) {
      const stream = db.sqlStream('SELECT a.*, b.article FROM press_01 a, orders b WHERE b.amount > ?', [
        round,
      ]);
      await stream.next();
      if (round % 2 === 0) await stream.next();
      await stream.return(undefined as never);
    }
    assert.deepEqual(await db.sql('SELECT 1 AS one'), [{ one: 1 }]);
  });

  it('an AbortSignal ends a statement that would run for hours', async () => {
    const controller = new AbortController();
    const endless = db.sql('SELECT count(*) FROM range(100000000) a, range(100000) b, press_01', [], {
      signal: controller.signal,
    });
    controller.abort(new Error('enough'));
    await assert.rejects(endless, code('ABORTED'));
    await assert.rejects(db.sql('SELECT 1', [], { signal: controller.signal }), code('ABORTED'));
    assert.deepEqual(await db.sql('SELECT 1 AS one'), [{ one: 1 }]);
  });

  it('runs many statements at once, each with its own bounds', async () => {
    const counts = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        db.sql(
          'SELECT count(DISTINCT ts) AS n FROM press_01 JOIN orders USING (ts) RIGHT JOIN (SELECT ts FROM press_01 WHERE ts BETWEEN ? AND ?) USING (ts)',
          [new Date(1704067800000), new Date(1704067800000 + i * 1000)],
        ),
      ),
    );
    assert.deepEqual(
      counts.map(([row]) => row!['n']),
      await Promise.all(
        counts.map(async (_, i) => {
          const rows = await db
            .table('press_01')
            .query({ from: 1704067800000, to: 1704067800000 + i * 1000, columns: [] });
          return BigInt(new Set<unknown>(rows.ts as Float64Array).size);
        }),
      ),
    );
  });

  it('says where a statement is wrong', async () => {
    await assert.rejects(db.sql('SELECT nope FROM press_01'), code('SQL_ERROR', /nope/));
    await assert.rejects(db.sql('SELECT * FROM nowhere'), code('SQL_ERROR', /nowhere/));
    await assert.rejects(db.sql('SELEC 1'), code('SQL_ERROR', /SELEC/));
    await assert.rejects(db.sql(7 as never), code('INVALID_OPTION'));
    await assert.rejects(db.sql('SELECT 1', [], { format: 'csv' as never }), code('INVALID_OPTION'));
  });

  it('gives columns of one name a number', async () => {
    assert.deepEqual(await db.sql('SELECT 1 AS a, 2 AS a'), [{ a: 1, a_1: 2 }]);
  });

  it('reads tables and columns whose names differ only by case', async () => {
    const upper = await db.createTable('Sensor', ['temp', 'Temp']);
    const lower = await db.createTable('sensor', ['v']);
    upper.appendRow(1, [1, 2]);
    lower.appendRow(1, [3]);
    assert.deepEqual(await db.sql('SELECT temp, Temp_1 FROM Sensor'), [{ temp: 1, Temp_1: 2 }]);
    assert.deepEqual(await db.sql('SELECT v FROM `sensor`'), [{ v: 3 }]);
    await assert.rejects(db.sql('SELECT 1 FROM SENSOR'), code('SQL_ERROR', /"Sensor" or "sensor"/));
    await assert.rejects(db.sql('SELECT 1 FROM Sensor, sensor'), code('SQL_ERROR', /case/));
  });

  it('EXPLAIN shows which columns, times and blocks are read', async () => {
    const rows = await db.sql(
      "EXPLAIN SELECT max(pressure) FROM press_01 WHERE ts >= '2024-01-01 01:00:00' AND state = 'RUN'",
    );
    const said = rows.find((row) => row['explain_key'] === 'millrace')!['explain_value'] as string;
    assert.match(
      said,
      /^press_01: columns ts, pressure, state; ts from 2024-01-01T01:00:00.000Z; \d+ of \d+ blocks, \d+ rows in memory$/,
    );
    const none = await db.sql('EXPLAIN SELECT 1 AS orders');
    assert.equal(none.at(-1)!['explain_value'], 'no table is read');
    const analyze = await db.sql('EXPLAIN ANALYZE SELECT count(*) FROM orders');
    assert.match(analyze.at(-1)!['explain_value'] as string, /^orders: /);
  });
});

describe('a database that is closed while a statement runs', { skip }, () => {
  it('ends the statement with CLOSED', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    await fillPlant(db);
    const stream = db.sqlStream('SELECT * FROM press_01 a, orders b');
    await stream.next();
    const running = assert.rejects(
      db.sql('SELECT count(*) FROM range(100000000) a, range(100000) b, press_01'),
      code('CLOSED'),
    );
    await db.sql('SELECT 1');
    await db.close();
    await running;
    await assert.rejects(stream.next(), code('CLOSED'));
    await assert.rejects(db.sql('SELECT 1'), code('CLOSED'));
  });
});

describe('of 2 million rows', { skip }, () => {
  it('a filter for 1 % of the time reads about 1 % of the blocks, and one column only', async () => {
    const file = newFile();
    const reads: number[] = [];
    let isCounting = false;
    const counting = (storage: Storage): Storage => ({
      read: (into, position) => {
        if (isCounting) reads.push(position);
        return storage.read(into, position);
      },
      write: (bytes, position) => storage.write(bytes, position),
      sync: () => storage.sync(),
      length: () => storage.length(),
      truncate: (length) => storage.truncate(length),
      identity: () => storage.identity(),
      close: () => storage.close(),
    });
    const db = NanoTsDbShared.over(new InlineEngine({ file, open: () => counting(file.open()) }));
    const table = await db.createTable('big', ['a', 'b']);
    const rows = 100_000;
    for (let from = 0; from < 2_000_000; from += rows) {
      const ts = Float64Array.from({ length: rows }, (_, i) => (from + i) * 1000);
      table.append({ ts, columns: { a: ts, b: ts } });
      await db.drained();
    }
    await db.flush();
    const { blocks } = (await db.stats()).tables[0]!;
    // 1.2 million rows in: 1 % of the time
    const sql =
      'SELECT count(*) AS n, max(a) AS a FROM big WHERE ts >= epoch_ms(1200000000) AND ts < epoch_ms(1220000000)';
    isCounting = true;
    assert.deepEqual(await db.sql(sql), [{ n: 20_000n, a: 1219999000 }]);
    isCounting = false;
    const said = (await db.sql(`EXPLAIN ${sql}`)).at(-1)!['explain_value'] as string;
    const [, read, of] = /(\d+) of (\d+) blocks/.exec(said)!;
    assert.equal(Number(of), blocks);
    assert.ok(Number(read) <= Math.ceil(blocks / 100) + 2, said);
    // a block takes a few reads (header, time, column), the index a few pages
    assert.ok(reads.length < blocks / 10, `${reads.length} reads of ${blocks} blocks`);
    await db.close();
  });
});
