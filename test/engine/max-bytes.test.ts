import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type MillraceError, NanoTsDbShared } from '../../src/main/index.ts';
import { checkOpenOptions } from '../../src/main/options.ts';
import { MAINTENANCE_DEFAULTS } from '../../src/shared/control/maintenance.ts';
import { leastMaxBytes } from '../../src/shared/control/space-bound.ts';
import { MemoryFile } from '../../src/shared/storage/memory-storage.ts';
import { watched } from '../support/bounded-storage.ts';
import { InlineEngine, type InlineOptions, newFile } from '../support/inline-engine.ts';

const MIB = 1 << 20;
const AUTO = { ...MAINTENANCE_DEFAULTS, checkIntervalMs: 20, minIdleMs: 0 };

/** An engine whose file fails the test when it is longer than it may be, looked at after every write. */
function open(maxBytes: number | null | undefined, options: InlineOptions = {}) {
  const file = options.file ?? newFile();
  const seen = { most: 0, writes: 0 };
  const engine = new InlineEngine({
    ...options,
    file,
    ...(maxBytes === undefined ? {} : { maxBytes }),
    open: () => {
      const storage = file.open();
      return watched(storage, () => {
        seen.writes++;
        seen.most = Math.max(seen.most, storage.length());
      });
    },
  });
  return { engine, db: NanoTsDbShared.over(engine), file, seen };
}

/** Fifty-odd bits a value, from the row's number. */
function valueAt(row: number): number {
  return Math.sin(row * 1.618) * 1e6;
}

function rowsFrom(first: number, count: number) {
  const ts = Float64Array.from({ length: count }, (_, i) => first + i);
  return { ts, columns: { v: ts.map(valueAt), w: ts.map((row) => valueAt(-row)) } };
}

/** Appends `mib` MiB of doubles to a table. @returns the number of the next row */
async function fill(db: NanoTsDbShared, name: string, first: number, mib: number): Promise<number> {
  const table = await db.createTable(name, ['v', 'w']);
  const end = first + (mib * MIB) / 24;
  let row = first;
  for (; row < end; row += 1024) if (!table.append(rowsFrom(row, 1024))) await db.drained();
  return row;
}

/** What a table still has: the newest rows up to `end`, without a gap. @returns how many */
async function assertSuffix(db: NanoTsDbShared, name: string, end: number): Promise<number> {
  const { ts, columns, rowCount } = await db.table(name).query();
  const values = columns as Record<string, Float64Array>;
  for (let i = 0; i < rowCount; i++) {
    const row = end - rowCount + i;
    assert.equal(ts[i], row, `${name}: row ${i} of ${rowCount}`);
    assert.ok(values['v']![i] === valueAt(row) && values['w']![i] === valueAt(-row), `${name}: row ${row}`);
  }
  return rowCount;
}

/** A full file may have no room for a pack's output: then it is refused, and nothing has changed. */
async function packIfThereIsRoom(db: NanoTsDbShared, name: string): Promise<void> {
  try {
    await db.packTable(name);
  } catch (error) {
    assert.equal((error as MillraceError).code, 'PACK_FAILED');
    assert.match((error as Error).message, /no room/);
  }
}

for (const [maxMib, auto, rounds] of [
  [8, true, 16],
  [16, false, 6],
] as const) {
  test(`a file of at most ${maxMib} MiB takes rows for ever, maintenance ${auto ? 'on' : 'off'}: the oldest make way, of every table the newest stay`, async () => {
    const maintenance = { ...AUTO, auto };
    const { db, seen, file } = open(maxMib * MIB, { maintenance });
    const ends: Record<string, number> = { seldom: await fill(db, 'seldom', 0, 0.1) };
    for (let round = 0; round < rounds; round++) {
      ends['much'] = await fill(db, 'much', ends['much'] ?? 0, 6);
      ends['less'] = await fill(db, 'less', ends['less'] ?? 0, 2);
      if (round % 4 === 3) await db.flush();
    }
    assert.ok(seen.writes > 100);
    assert.ok(seen.most <= maxMib * MIB, `${seen.most} bytes`);
    const { maintenance: now, tables } = await db.stats();
    assert.ok(now!.evicted.blocks > 100);
    const kept: Record<string, number> = {};
    for (const [name, end] of Object.entries(ends)) kept[name] = await assertSuffix(db, name, end);
    assert.ok(kept['seldom']! > 0, 'a table that is not written any more keeps its newest rows');
    const stored = tables.reduce((sum, table) => sum + table.storedBytes, 0);
    assert.ok(stored > (maxMib * MIB) / 3, `${stored} bytes of blocks`);
    await db.close();
    assert.ok(seen.most <= maxMib * MIB && file.image().length <= maxMib * MIB);
    const again = open(undefined, { file });
    assert.equal((await again.db.stats()).maxBytes, maxMib * MIB, 'the bound is stored in the file');
    // Closing writes what was in memory, for which older rows may make way.
    for (const [name, end] of Object.entries(ends)) {
      const left = await assertSuffix(again.db, name, end);
      assert.ok(left > 0 && left <= kept[name]!, `${name}: ${left} of ${kept[name]} rows`);
    }
    await again.db.close();
  });
}

test('a reader that holds a snapshot which stands in the way of appends is told so, and never reads a wrong row', async () => {
  const { db, seen } = open(8 * MIB, { maintenance: AUTO });
  const before = await fill(db, 'a', 0, 12);
  await db.flush();
  const scan = db.table('a').scan({ batchRows: 5000 })[Symbol.asyncIterator]();
  const first = (await scan.next()).value!;
  assert.equal(first.ts.length, 5000);
  const end = await fill(db, 'a', before, 24);
  await assert.rejects(scan.next(), { code: 'SNAPSHOT_EXPIRED' });
  assert.ok(seen.most <= 8 * MIB);
  await assertSuffix(db, 'a', end);
  assert.equal((await db.table('a').last())!.ts, end - 1);
  await db.close();
});

test("a snapshot that is in nobody's way is read to its end while rows arrive", async () => {
  const { db } = open(32 * MIB);
  const before = await fill(db, 'a', 0, 2);
  await db.flush();
  const seen: number[] = [];
  let next = before;
  for await (const { ts } of db.table('a').scan({ batchRows: 20_000 })) {
    for (const time of ts) seen.push(Number(time));
    next = await fill(db, 'a', next, 0.2);
  }
  assert.deepEqual(
    seen,
    Array.from({ length: before }, (_, i) => i),
  );
  await db.close();
});

test('rows out of order, large values and tables with many columns go by their time, too', async () => {
  const { db, seen } = open(12 * MIB, { maintenance: AUTO });
  const large = await db.createTable('large', [{ name: 'b', type: 'bytes' }]);
  const wide = await db.createTable(
    'wide',
    Array.from({ length: 200 }, (_, i) => `c${i}`),
  );
  const back = await db.createTable('back', ['v']);
  const noise = Uint8Array.from({ length: 300_200 }, (_, at) => (at * at * 2654435761) >>> 11);
  for (let i = 0; i < 200; i++) {
    const bytes = noise.slice(i, i + 300_000);
    if (!large.appendRow(i, [bytes])) await db.drained();
    for (let row = 0; row < 20; row++) {
      const at = i * 20 + row;
      wide.appendRow(
        at,
        Array.from({ length: 200 }, (_, c) => valueAt(at + c)),
      );
      back.appendRow(1_000_000 - at, [at]);
    }
    if (i % 50 === 49) await db.flush();
  }
  assert.ok(seen.most <= 12 * MIB, `${seen.most} bytes`);
  const rows = await large.query();
  assert.ok(rows.rowCount >= 1 && rows.rowCount < 100, `${rows.rowCount}`);
  assert.equal(rows.ts.at(-1), 199);
  for (const [i, bytes] of rows.columns.b.entries())
    assert.deepEqual(bytes.subarray(0, 100), noise.subarray(Number(rows.ts[i]), Number(rows.ts[i]) + 100));
  assert.equal((await wide.last())!.columns['c7'], valueAt(3999 + 7));
  assert.equal((await back.query({ limit: 1, order: 'desc' })).ts[0], 1_000_000);
  await db.close();
});

test('a file that is longer than a bound it is opened with is brought below it', async () => {
  const free = open(null);
  const end = await fill(free.db, 'a', 0, 40);
  await free.db.close();
  const { db, engine, file, seen } = open(8 * MIB, { file: free.file, maintenance: AUTO });
  const before = file.image().length;
  assert.ok(before > 20 * MIB);
  for (let turn = 0; turn < 5000 && file.image().length > 8 * MIB; turn++) engine.turn();
  assert.ok(file.image().length <= 8 * MIB, `${file.image().length} bytes`);
  assert.ok(seen.most <= before + MIB, 'and does not grow on the way');
  await assertSuffix(db, 'a', end);
  seen.most = 0;
  const more = await fill(db, 'a', end, 20);
  assert.ok(seen.most <= 8 * MIB, `${seen.most} bytes`);
  await assertSuffix(db, 'a', more);
  await db.close();
});

test('a bound that leaves no room to work in is refused, with the least that is allowed', async () => {
  const least = leastMaxBytes(2, 0);
  assert.equal(checkOpenOptions({ writers: 2, maxBytes: least }).maxBytes, least);
  assert.equal(checkOpenOptions({ maxBytes: null }).maxBytes, null);
  for (const maxBytes of [least - 1, 0, -1, 1e300, 8.5 * MIB + 0.5, '64 MiB' as never]) {
    assert.throws(() => checkOpenOptions({ writers: 2, maxBytes }), {
      code: 'INVALID_OPTION',
      message: new RegExp(`${least}`),
    });
  }
  const { db, file } = open(8 * MIB);
  await db.createTable('a', ['v']);
  await db.close();
  assert.throws(() => new InlineEngine({ file, writers: 8 }), {
    code: 'INVALID_OPTION',
    message: new RegExp(`${leastMaxBytes(8, 0)}`),
  });
  const again = open(null, { file, writers: 8 });
  assert.equal((await again.db.stats()).maxBytes, null);
  await again.db.close();
});

test('tables and rows that a bounded file has no room for are refused before anything is changed', async () => {
  const { db } = open(8 * MIB);
  for (let i = 0; i < 256; i++) await db.createTable(`t${i}`, [{ name: 'b', type: 'bytes' }]);
  await assert.rejects(db.createTable('one too many', ['v']), { code: 'TOO_MANY' });
  await db.createTable('t7', [{ name: 'b', type: 'bytes' }]);
  const two = await db.table('t1').addColumn({ name: 'c', type: 'bytes' });
  const half = new Uint8Array(300_000);
  assert.throws(() => two.appendRow(1, [half, half]), { code: 'ROW_TOO_LARGE' });
  two.appendRow(1, [half, null]);
  assert.equal((await two.query()).rowCount, 1);
  await db.close();
});

test('packTable of a full file whose free room lies in pieces brings them together; what finds no room says so within seconds', async () => {
  const { db, engine, seen } = open(6 * MIB, { writers: 1 });
  const table = await db.createTable('large', [{ name: 'b', type: 'bytes' }]);
  const noise = Uint8Array.from({ length: 60_000 }, (_, at) => (at * at * 2654435761) >>> 11);
  for (let row = 0; row < 400; row++) {
    const bytes = noise.slice(0, 8 * (1 + ((row * 7919) % 7000)));
    if (!table.appendRow(row, [bytes])) await db.drained();
    if (row % 3 === 0) await db.sync();
  }
  await db.flush();
  let [packed, refused] = [0, 0];
  for (let round = 0; round < 8; round++) {
    const began = engine.clock.now();
    try {
      await db.packTable('large', 64 << (round % 4));
      packed++;
    } catch (error) {
      assert.equal((error as MillraceError).code, 'PACK_FAILED');
      refused++;
    }
    assert.ok(engine.clock.now() - began < 15_000, `${engine.clock.now() - began} ms`);
    for (let row = 0; row < 20; row++)
      table.appendRow(1000 + round * 20 + row, [noise.slice(0, 20_000 + row * 1000)]);
    await db.flush();
  }
  assert.ok(packed > 0, `${packed} packed, ${refused} refused`);
  assert.ok(seen.most <= 6 * MIB);
  const rows = await table.query();
  assert.equal(rows.ts.at(-1), 1000 + 7 * 20 + 19);
  for (const [i, bytes] of rows.columns.b.entries())
    assert.deepEqual(bytes, noise.slice(0, bytes.length), `${i}`);
  await db.close();
});

test('a full file is closed while a pack of it runs: nothing is in the way of the checkpoints that closing needs', async () => {
  const { db, seen, file } = open(8 * MIB, { maintenance: AUTO });
  const ends: Record<string, number> = {};
  const add = async (name: string, kib: number): Promise<void> => {
    ends[name] = await fill(db, name, ends[name] ?? 0, kib / 1024);
  };
  for (const name of ['a', 'b', 'c']) await add(name, 3 * 1024);
  await packIfThereIsRoom(db, 'a');
  for (const kib of [1, 1, 1, 1, 1, 505, 385]) await add('a', kib);
  await add('b', 385);
  for (const kib of [217, 1393]) await add('a', kib);
  await db.close();
  assert.ok(seen.most <= 8 * MIB, `${seen.most} bytes`);
  const again = open(undefined, { file });
  for (const [name, end] of Object.entries(ends)) assert.ok((await assertSuffix(again.db, name, end)) > 0);
  await again.db.close();
});

test('whatever is done with a full file, crashes included: the bound holds, and each table has its newest rows', async () => {
  const names = ['a', 'b', 'c'];
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        what: fc.constant('fill' as const),
        table: fc.nat(2),
        kib: fc.integer({ min: 1, max: 1500 }),
      }),
    },
    fc.record({ what: fc.constant('pack' as const), table: fc.nat(2) }),
    fc.record({ what: fc.constant('flush' as const) }),
    fc.record({ what: fc.constant('crash' as const) }),
    fc.record({ what: fc.constant('close' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 18 }), async (steps) => {
      let now = open(8 * MIB, { maintenance: AUTO });
      const ends = names.map(() => 0);
      for (const [i, name] of names.entries()) ends[i] = await fill(now.db, name, 0, 3);
      for (const one of steps) {
        if (one.what === 'fill')
          ends[one.table] = await fill(now.db, names[one.table]!, ends[one.table]!, one.kib / 1024);
        else if (one.what === 'pack') await packIfThereIsRoom(now.db, names[one.table]!);
        else if (one.what === 'flush') await now.db.flush();
        else {
          if (one.what === 'close') await now.db.close();
          else await now.db.sync();
          const file = new MemoryFile(now.file.syncedImage());
          assert.ok(now.seen.most <= 8 * MIB, `${now.seen.most} bytes`);
          now = open(undefined, { file, maintenance: AUTO });
        }
      }
      for (const [i, name] of names.entries())
        assert.ok((await assertSuffix(now.db, name, ends[i]!)) > 0, name);
      assert.ok(now.seen.most <= 8 * MIB, `${now.seen.most} bytes`);
      await now.db.close();
    }),
    { numRuns: 3 },
  );
});
