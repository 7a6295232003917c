import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type ColumnSpec, NanoTsDbShared, type Rows, type Table } from '../../src/main/index.ts';
import type { Storage } from '../../src/shared/storage/storage.ts';
import { InlineEngine, newFile } from '../support/inline-engine.ts';
import { refused } from '../support/model-refusal.ts';

const TYPED = [
  { name: 'f64', type: 'f64' },
  { name: 'f32', type: 'f32' },
  { name: 'i64', type: 'i64' },
  { name: 'i32', type: 'i32' },
  { name: 'bool', type: 'bool' },
  { name: 'utf8', type: 'utf8' },
  { name: 'bytes', type: 'bytes' },
] as const;

/** Where the rows of a test are when it asks for them. */
const PLACES = ['in memory', 'in the log', 'in blocks', 'in blocks of two checkpoints'] as const;

/** A database of one table; `settle` brings the rows so far to a place. */
async function open<const C extends readonly ColumnSpec[]>(columns: C, storage?: () => Storage) {
  const engine = new InlineEngine(storage === undefined ? {} : { open: storage });
  const db = NanoTsDbShared.over(engine);
  const table = await db.createTable('t', columns);
  return { db, engine, table };
}

async function settle(db: NanoTsDbShared, place: (typeof PLACES)[number]): Promise<void> {
  if (place === 'in the log') await db.sync();
  if (place.startsWith('in blocks')) await db.flush();
  if (place.endsWith('checkpoints')) await db.flush();
}

/** Runs a check with the same rows in every place, half of them, too, in another one than the rest. */
function everywhere<const C extends readonly ColumnSpec[]>(
  what: string,
  columns: C,
  rows: readonly (readonly [ts: number, ...values: unknown[]])[],
  check: (table: Table<C, 'ms'>, db: NanoTsDbShared) => Promise<void>,
): void {
  for (const place of PLACES) {
    it(`${what} (${place})`, async () => {
      const { db, table } = await open(columns);
      for (const [i, [ts, ...values]] of rows.entries()) {
        table.appendRow(ts, values as never);
        if (i === rows.length >> 1) await settle(db, place);
      }
      await check(table, db);
      await settle(db, place);
      await check(table, db);
      await db.close();
    });
  }
}

const times = (rows: Rows): number[] => Array.from(rows.ts as Float64Array);

describe('the time range of a query', () => {
  const rows = [10, 20, 20, 30, 40].map((ts, i) => [ts, i] as const);
  everywhere('has both its ends', ['a'], rows, async (table) => {
    assert.deepEqual(times(await table.query({ from: 20, to: 30 })), [20, 20, 30]);
    assert.deepEqual(times(await table.query({ from: 10, to: 10 })), [10]);
    assert.deepEqual(times(await table.query({ from: 20 })), [20, 20, 30, 40]);
    assert.deepEqual(times(await table.query({ to: 20 })), [10, 20, 20]);
    assert.deepEqual(times(await table.query({ from: undefined, to: undefined })), [10, 20, 20, 30, 40]);
  });
  everywhere('may hold no row', ['a'], rows, async (table) => {
    for (const range of [{ from: 41 }, { to: 9 }, { from: 21, to: 29 }, { from: 30, to: 20 }]) {
      const none = await table.query(range);
      assert.equal(none.rowCount, 0);
      assert.deepEqual(none, {
        rowCount: 0,
        ts: new Float64Array(0),
        columns: { a: new Float64Array(0) },
        validity: {},
      });
      assert.deepEqual(await collect(table.scan(range)), []);
    }
  });
  everywhere('takes bigints, fractions and infinities', ['a'], rows, async (table) => {
    assert.deepEqual(times(await table.query({ from: 20n, to: 30n })), [20, 20, 30]);
    assert.deepEqual(times(await table.query({ from: 19.5, to: 30.5 })), [20, 20, 30]);
    assert.deepEqual(times(await table.query({ from: 20.1, to: 29.9 })), []);
    const all = [10, 20, 20, 30, 40];
    assert.deepEqual(times(await table.query({ from: -Infinity, to: Infinity })), all);
    assert.deepEqual(times(await table.query({ from: -(10n ** 400n), to: 10n ** 400n })), all);
    assert.deepEqual(times(await table.query({ from: 10n ** 400n })), []);
    assert.deepEqual(times(await table.query({ to: -(10n ** 400n) })), []);
  });

  it('of an empty table holds no row, and has no ends', async () => {
    const { db, table } = await open(TYPED);
    assert.equal((await table.query()).rowCount, 0);
    assert.equal(await table.timeRange(), null);
    assert.equal(await db.timeRange('t'), null);
    assert.equal(await table.lastSeq(), 0);
    await db.close();
  });

  it('of a ns table is exact to the last bit', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    const table = await db.createTable('t', ['a'], { unit: 'ns' });
    const now = 1_700_000_000_000_000_001n;
    const ends = [-(2n ** 63n), 2n ** 63n - 1n];
    for (const ts of [now, now + 1n, ...ends, now + 2n]) table.appendRow(ts, [0]);
    assert.deepEqual([...(await table.query({ from: now + 1n, to: now + 2n })).ts], [now + 1n, now + 2n]);
    assert.deepEqual([...(await table.query({ to: now - 1n })).ts], [ends[0]]);
    assert.deepEqual([...(await table.query({ from: 2n ** 63n })).ts], []);
    assert.deepEqual([...(await table.query({ from: -(2n ** 70n), to: 2n ** 70n })).ts].length, 5);
    assert.deepEqual(await table.timeRange(), { from: ends[0], to: ends[1] });
    await db.close();
  });
});

describe('the order of a query', () => {
  // Out of order, with ties; the value is the order of arrival.
  const rows = [5, 3, 5, 1, 3, 5, 4].map((ts, i) => [ts, i] as const);
  everywhere('is that of time, ties in order of arrival', ['a'], rows, async (table) => {
    const { ts, columns } = await table.query();
    assert.deepEqual([...ts], [1, 3, 3, 4, 5, 5, 5]);
    assert.deepEqual([...columns.a], [3, 1, 4, 6, 0, 2, 5]);
  });
  everywhere('descending is the exact reverse', ['a'], rows, async (table) => {
    const { ts, columns } = await table.query({ order: 'desc' });
    assert.deepEqual([...ts], [5, 5, 5, 4, 3, 3, 1]);
    assert.deepEqual([...columns.a], [5, 2, 0, 6, 4, 1, 3]);
  });
  everywhere('decides which rows a limit leaves', ['a'], rows, async (table) => {
    const values = async (options: object) => [...(await table.query(options)).columns.a];
    assert.deepEqual(await values({ limit: 2 }), [3, 1]);
    assert.deepEqual(await values({ limit: 2, order: 'desc' }), [5, 2]);
    assert.deepEqual(await values({ limit: 0 }), []);
    assert.deepEqual(await values({ limit: 7 }), [3, 1, 4, 6, 0, 2, 5]);
    assert.deepEqual(await values({ limit: 1e9 }), [3, 1, 4, 6, 0, 2, 5]);
    assert.deepEqual(
      await values({ limit: 1, from: 4, order: 'desc', where: [{ column: 'a', op: '<', value: 5 }] }),
      [2],
    );
  });
});

describe('a predicate', () => {
  const nan = Number.NaN;
  const floats = [1, -0, nan, null, Infinity, -Infinity, 0.5].map((value, i) => [i, value] as const);
  everywhere(
    'on floats: -0 equals 0, NaN fulfils != alone, null fulfils nothing',
    ['a'],
    floats,
    async (table) => {
      const found = (op: string, value: number) => matches(table, 'a', op, value);
      assert.deepEqual(await found('=', 0), [1]);
      assert.deepEqual(await found('<', 1), [1, 5, 6]);
      assert.deepEqual(await found('<=', 1), [0, 1, 5, 6]);
      assert.deepEqual(await found('>', 0.5), [0, 4]);
      assert.deepEqual(await found('>=', 0.5), [0, 4, 6]);
      assert.deepEqual(await found('!=', 1), [1, 2, 4, 5, 6]);
      assert.deepEqual(await found('=', nan), []);
      assert.deepEqual(await found('!=', nan), [0, 1, 2, 4, 5, 6]);
      assert.deepEqual(await found('<', nan), []);
    },
  );

  const f32 = [{ name: 'a', type: 'f32' }] as const;
  everywhere(
    'on f32 compares what is stored, which 0.1 is not',
    f32,
    [
      [0, 0.1],
      [1, 0.5],
    ],
    async (table) => {
      assert.deepEqual(await matches(table, 'a', '=', 0.1), []);
      assert.deepEqual(await matches(table, 'a', '=', Math.fround(0.1)), [0]);
      assert.deepEqual(await matches(table, 'a', '=', 0.5), [1]);
    },
  );

  const i64 = [{ name: 'a', type: 'i64' }] as const;
  const big = 2n ** 53n;
  everywhere(
    'on i64 is exact beyond 2^53',
    i64,
    [
      [0, big],
      [1, big + 1n],
      [2, null],
      [3, -5],
    ],
    async (table) => {
      assert.deepEqual(await matches(table, 'a', '=', big), [0]);
      assert.deepEqual(await matches(table, 'a', '>', big), [1]);
      assert.deepEqual(await matches(table, 'a', '=', -5), [3]);
      assert.deepEqual(await matches(table, 'a', '<', 2n ** 70n), [0, 1, 3]);
    },
  );

  const bool = [{ name: 'a', type: 'bool' }] as const;
  everywhere(
    'on bools takes true, false, 1 and 0',
    bool,
    [
      [0, true],
      [1, false],
      [2, null],
    ],
    async (table) => {
      assert.deepEqual(await matches(table, 'a', '=', true), [0]);
      assert.deepEqual(await matches(table, 'a', '=', 0), [1]);
      assert.deepEqual(await matches(table, 'a', '!=', 1), [1]);
      assert.deepEqual(await matches(table, 'a', '>', false), [0]);
    },
  );

  const utf8 = [{ name: 'a', type: 'utf8' }] as const;
  everywhere(
    'on strings compares them as JavaScript does',
    utf8,
    [
      [0, ''],
      [1, 'b'],
      [2, null],
      [3, 'é'],
      [4, 'B'],
    ],
    async (table) => {
      assert.deepEqual(await matches(table, 'a', '=', ''), [0]);
      assert.deepEqual(await matches(table, 'a', '!=', ''), [1, 3, 4]);
      assert.deepEqual(await matches(table, 'a', '<', 'b'), [0, 4]);
      assert.deepEqual(await matches(table, 'a', '>=', 'b'), [1, 3]);
    },
  );

  const bytes = [{ name: 'a', type: 'bytes' }] as const;
  const raw = [
    [0, Uint8Array.of()],
    [1, Uint8Array.of(1)],
    [2, null],
    [3, Uint8Array.of(1, 0)],
    [4, Uint8Array.of(255)],
  ] as const;
  everywhere('on bytes compares byte by byte, then by length', bytes, raw, async (table) => {
    assert.deepEqual(await matches(table, 'a', '=', Uint8Array.of(1)), [1]);
    assert.deepEqual(await matches(table, 'a', '=', Uint8Array.of()), [0]);
    assert.deepEqual(await matches(table, 'a', '>', Uint8Array.of(1)), [3, 4]);
    assert.deepEqual(await matches(table, 'a', '<', Uint8Array.of(1, 0)), [0, 1]);
  });

  const pairs = [
    [0, 1, 'x'],
    [1, 2, null],
    [2, null, 'x'],
    [3, 2, 'x'],
    [4, null, null],
  ] as const;
  everywhere(
    'may test for null, and several are joined by "and"',
    ['a', { name: 'b', type: 'utf8' }],
    pairs,
    async (table) => {
      const found = async (...where: object[]) => times(await table.query({ where: where as never }));
      const isNull = (column: string) => ({ column, op: 'is null' });
      const isNotNull = (column: string) => ({ column, op: 'is not null' });
      assert.deepEqual(await found(), [0, 1, 2, 3, 4]);
      assert.deepEqual(await found(isNull('a')), [2, 4]);
      assert.deepEqual(await found(isNotNull('b')), [0, 2, 3]);
      assert.deepEqual(await found(isNull('a'), isNotNull('b')), [2]);
      assert.deepEqual(
        await found({ column: 'a', op: '=', value: 2 }, { column: 'b', op: '=', value: 'x' }),
        [3],
      );
      assert.deepEqual(
        await found({ column: 'a', op: '>', value: 1 }, { column: 'a', op: '<', value: 2 }),
        [],
      );
    },
  );
});

describe('the columns of a query', () => {
  everywhere(
    'are those asked for, though a predicate needs others',
    ['a', 'b', 'c'],
    [
      [0, 1, 2, 3],
      [1, 4, 5, 6],
    ],
    async (table) => {
      assert.deepEqual((await table.query({ columns: ['c', 'a'] })).columns, {
        c: Float64Array.of(3, 6),
        a: Float64Array.of(1, 4),
      });
      const where = [{ column: 'b', op: '=', value: 5 } as const];
      assert.deepEqual((await table.query({ columns: ['a'], where })).columns, { a: Float64Array.of(4) });
      const none = await table.query({ columns: [] });
      assert.deepEqual(none, { rowCount: 2, ts: Float64Array.of(0, 1), columns: {}, validity: {} });
    },
  );

  it('that are not asked for are not read from the file', async () => {
    let read = 0;
    const { file, open: counted } = tracedFile((bytes) => (read += bytes));
    // Without a cache, so that each query reads what it needs.
    const engine = new InlineEngine({ file, open: counted, readCacheBytes: 0 });
    const db = NanoTsDbShared.over(engine);
    const table = await db.createTable('t', ['small', { name: 'large', type: 'bytes' }]);
    for (let i = 0; i < 1000; i++) table.appendRow(i, [i, crypto.getRandomValues(new Uint8Array(1000))]);
    await db.flush();
    read = 0;
    await table.query({ columns: ['small'] });
    const withoutLarge = read;
    await table.query();
    assert.ok(read - withoutLarge > 1_000_000, `${read - withoutLarge} bytes read for all columns`);
    assert.ok(withoutLarge < 300_000, `${withoutLarge} bytes read for one small column`);
    await db.close();
  });
});

describe('a result', () => {
  const rows = Array.from({ length: 100 }, (_, i) => {
    const isNull = i % 7 === 3;
    const values = [i, i, BigInt(i), i, i % 2 === 0, `s${i % 3}`, Uint8Array.of(i % 3)];
    return [i, ...values.map((value) => (isNull ? null : value))] as const;
  });
  everywhere('is not changed by what is done to an earlier one', TYPED, rows, async (table) => {
    const first = await table.query();
    const copy = structuredClone(first);
    first.ts.fill(-1);
    for (const [name, column] of Object.entries(first.columns)) {
      if (name === 'bytes') for (const value of column as Uint8Array[]) value.fill(99);
      else (column as Float64Array).fill(column[1] as never);
    }
    for (const bits of Object.values(first.validity)) (bits as Uint8Array).fill(0);
    assert.deepEqual(await table.query(), copy);
  });
  everywhere('has byte arrays of their own, equal ones too', TYPED, rows, async (table) => {
    const { bytes } = (await table.query()).columns;
    bytes[0]!.fill(99);
    assert.deepEqual([bytes[1], bytes[6], bytes[9]], [Uint8Array.of(1), Uint8Array.of(0), Uint8Array.of(0)]);
    assert.equal(new Set(bytes.map((value) => value.buffer)).size, bytes.length);
  });
  everywhere(
    'can be transferred to another thread, and leaves the table whole',
    TYPED,
    rows,
    async (table) => {
      const expected = await table.query();
      const result = await table.query();
      const columns = Object.values(result.columns).flat() as (Uint8Array | string)[];
      const arrays = [result.ts, ...columns, ...Object.values(result.validity)].filter((array) =>
        ArrayBuffer.isView(array),
      );
      const transfer = arrays.map(({ buffer }) => buffer as ArrayBuffer);
      assert.deepEqual(structuredClone(result, { transfer }), expected);
      assert.ok(
        arrays.every((array) => array.byteLength === 0),
        'what was transferred is gone here',
      );
      assert.deepEqual(await table.query(), expected);
    },
  );
  everywhere(
    'has bitmaps only for columns with nulls among its rows, zero beyond its last row',
    TYPED,
    rows,
    async (table) => {
      assert.deepEqual((await table.query({ from: 0, to: 2 })).validity, {});
      const { validity } = await table.query({ from: 1, to: 4 });
      assert.deepEqual(
        Object.keys(validity),
        TYPED.map(({ name }) => name),
      );
      for (const bits of Object.values(validity)) assert.deepEqual(bits, Uint8Array.of(0b1011));
      const reversed = await table.query({ from: 1, to: 4, order: 'desc' });
      assert.deepEqual(reversed.validity.f64, Uint8Array.of(0b1101));
    },
  );
  everywhere(
    'holds 0, an empty string or no bytes where it is null',
    TYPED,
    [[0, null, null, null, null, null, null, null]],
    async (table) => {
      assert.deepEqual((await table.query()).columns, {
        f64: Float64Array.of(0),
        f32: Float32Array.of(0),
        i64: BigInt64Array.of(0n),
        i32: Int32Array.of(0),
        bool: Uint8Array.of(0),
        utf8: [''],
        bytes: [new Uint8Array(0)],
      });
    },
  );
  everywhere('can be appended again as it is', TYPED, rows, async (table, db) => {
    const copy = await db.createTable(`copy ${crypto.randomUUID()}`, TYPED);
    copy.append(await table.query());
    assert.deepEqual(await copy.query(), await table.query());
  });
});

describe('a row that was appended', () => {
  it('is seen by the next query, before any commit', async () => {
    const { db, engine, table } = await open(['a']);
    const length = engine.file.image().length;
    for (let i = 0; i < 3000; i++) {
      table.appendRow(i, [i]);
      if (i % 250 === 0) assert.equal((await table.query({ columns: [] })).rowCount, i + 1);
    }
    assert.equal(await table.lastSeq(), 3000);
    assert.deepEqual(await table.timeRange(), { from: 0, to: 2999 });
    assert.equal(engine.file.image().length, length, 'no writer has had a turn');
    await db.close();
  });
});

describe('a scan', () => {
  const rows = Array.from({ length: 1000 }, (_, i) => [(i * 7) % 1000, i] as const);
  everywhere(
    'gives the rows of a query in batches, of which only the last is short',
    ['a'],
    rows,
    async (table) => {
      const whole = await table.query({ order: 'desc', from: 10, limit: 905 });
      const batches = await collect(table.scan({ order: 'desc', from: 10, limit: 905, batchRows: 100 }));
      assert.deepEqual(
        batches.map(({ rowCount }) => rowCount),
        [...Array(9).fill(100), 5],
      );
      assert.deepEqual(
        batches.flatMap(({ ts }) => [...ts]),
        [...whole.ts],
      );
      assert.deepEqual(
        batches.flatMap(({ columns }) => [...columns.a]),
        [...whole.columns.a],
      );
      const exact = await collect(table.scan({ batchRows: 250 }));
      assert.deepEqual(
        exact.map(({ rowCount }) => rowCount),
        [250, 250, 250, 250],
        'no empty batch at the end',
      );
    },
  );

  it('shows the table as it was at its first batch, whatever is written meanwhile', async () => {
    const { db, table } = await open(['a']);
    for (let i = 0; i < 500; i++) table.appendRow(i, [i]);
    const scan = table.scan({ batchRows: 50 });
    const seen: number[] = [];
    for (let batch = 0; ; batch++) {
      const { done, value } = await scan.next();
      if (done) break;
      seen.push(...value.columns.a);
      table.appendRow(499.5 * (batch % 2) * 2, [-1]);
      await db.flush();
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 500 }, (_, i) => i),
    );
    await db.close();
  });

  it('may be ended early or never begun, and the database closes', async () => {
    const { db, table } = await open(['a']);
    for (let i = 0; i < 500; i++) table.appendRow(i, [i]);
    await db.flush();
    for await (const { rowCount } of table.scan({ batchRows: 50 })) {
      assert.equal(rowCount, 50);
      break;
    }
    await assert.rejects(async () => {
      for await (const _ of table.scan({ batchRows: 50 })) throw new Error('of the caller');
    }, /of the caller/);
    table.scan();
    await db.close();
  });

  it('that was left half way lets the database close, and its space be used again', async () => {
    const file = newFile();
    const db = NanoTsDbShared.over(new InlineEngine({ file }));
    const table = await db.createTable('t', ['a']);
    for (let i = 0; i < 500; i++) table.appendRow(i, [i]);
    await db.flush();
    const scan = table.scan({ batchRows: 50 });
    await scan.next();
    await db.close();
    const reopened = NanoTsDbShared.over(new InlineEngine({ file }));
    assert.equal((await reopened.table('t').query()).rowCount, 500);
    await reopened.close();
  });
});

describe('an AbortSignal', () => {
  it('that is aborted ends a query and a scan before they begin', async () => {
    const { db, table } = await open(['a']);
    table.appendRow(1, [1]);
    const signal = AbortSignal.abort('the reason');
    assert.equal((await refused('ABORTED', 'aborted', () => table.query({ signal }))).cause, 'the reason');
    await refused('ABORTED', 'aborted', () => table.scan({ signal }).next());
    await db.close();
  });

  it('ends a query between two blocks, even if no row was found so far', async () => {
    for (const [name, where] of [
      ['every row', []],
      ['no row', [{ column: 'a', op: '<', value: 0 }]],
    ] as const) {
      for (const inOrder of [true, false]) {
        const controller = new AbortController();
        let reads = -1;
        const { file, open: counted } = tracedFile(() => {
          if (reads >= 0 && ++reads === 3) controller.abort();
        });
        const engine = new InlineEngine({ file, open: counted });
        const db = NanoTsDbShared.over(engine);
        const table = await db.createTable('t', ['a']);
        for (let block = 0; block < 20; block++) {
          for (let i = 0; i < 100; i++) table.appendRow(inOrder ? block * 100 + i : i, [i]);
          await db.flush();
        }
        reads = 0;
        const query = () => table.query({ where: where as never, signal: controller.signal });
        await refused('ABORTED', 'aborted', query);
        assert.ok(reads < 20, `${reads} reads after the third asked to stop: ${name}, ${inOrder}`);
        await db.close();
      }
    }
  });

  it('reaches a query that keeps its thread busy', async () => {
    let isSlow = false;
    const { file, open: slow } = tracedFile(() => {
      const until = performance.now() + (isSlow ? 30 : 0);
      while (performance.now() < until);
    });
    const db = NanoTsDbShared.over(new InlineEngine({ file, open: slow }));
    const table = await db.createTable('t', ['a']);
    for (let block = 0; block < 4; block++) {
      table.appendRow(block, [block]);
      await db.flush();
    }
    isSlow = true;
    const controller = new AbortController();
    // Only an event loop that gets a turn while the query runs can call this.
    setImmediate(() => controller.abort());
    await refused('ABORTED', 'aborted', () => table.query({ signal: controller.signal }));
    await db.close();
  });

  it('ends a scan at the next batch', async () => {
    const { db, table } = await open(['a']);
    for (let i = 0; i < 300; i++) table.appendRow(i, [i]);
    const controller = new AbortController();
    const scan = table.scan({ batchRows: 100, signal: controller.signal });
    assert.equal((await scan.next()).value?.rowCount, 100);
    controller.abort();
    await refused('ABORTED', 'aborted', () => scan.next());
    assert.equal((await scan.next()).done, true);
    await db.close();
  });
});

describe('rows in any number of batches, in any order', () => {
  it('come back by time, whatever part of them is on disk', async () => {
    const batch = fc.record({
      rows: fc.array(fc.nat(50), { maxLength: 40 }),
      place: fc.constantFrom(...PLACES),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 8 }), async (batches) => {
        const { db, table } = await open(['a']);
        const expected: [number, number][] = [];
        for (const { rows, place } of batches) {
          for (const ts of rows) {
            table.appendRow(ts, [expected.length]);
            expected.push([ts, expected.length]);
          }
          await settle(db, place);
        }
        expected.sort(([a], [b]) => a - b);
        const { ts, columns } = await table.query();
        assert.deepEqual(
          Array.from(ts, (time, i) => [time, columns.a[i]]),
          expected,
        );
        await db.close();
      }),
      { numRuns: 50 },
    );
  });
});

async function matches(table: Table, column: string, op: string, value: unknown): Promise<number[]> {
  return times((await table.query({ where: [{ column, op, value }] as never })) as Rows);
}

async function collect<T>(batches: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

/** A file in memory that tells of every read. */
function tracedFile(onRead: (bytes: number) => void) {
  const file = newFile();
  const open = (): Storage => {
    const storage = file.open();
    return {
      ...storage,
      read: (into, position) => {
        onRead(into.length);
        return storage.read(into, position);
      },
    };
  };
  return { file, open };
}
