import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { NanoTsDbShared, type Rows, type Table } from '../../src/main/index.ts';
import { PARALLEL_MIN_VALUES } from '../../src/main/read/parallel.ts';
import { ALL_TIME, IndexReader } from '../../src/shared/index/index-reader.ts';
import { recover } from '../../src/shared/recovery/recover.ts';
import { openStorage } from '../../src/shared/storage/file-storage.ts';
import { tempDir } from '../main/ingest/temp-dir.ts';
import { refused } from '../support/model-refusal.ts';

const COLUMNS = [
  'a',
  { name: 'f32', type: 'f32' },
  { name: 'i64', type: 'i64' },
  { name: 'i32', type: 'i32' },
  { name: 'bool', type: 'bool' },
] as const;
/** With times and five columns a scan of them is large, and so split. */
const ROWS = Math.ceil(PARALLEL_MIN_VALUES / 6) + 5000;
const NAMES = ['a', 'f32', 'i64', 'i32', 'bool'];

/** Row `i`, the same wherever it lies: some nulls, some odd floats. */
function rowOf(i: number): [number | null, number, bigint | null, number, boolean] {
  const a = i % 7 === 0 ? null : i % 11 === 0 ? Number.NaN : i % 13 === 0 ? -0 : i / 8;
  return [a, i % 97, i % 5000 === 0 ? null : 2n ** 60n + BigInt(i), 7 - i, i % 3 === 0];
}

/** Fails unless the rows of a result are rows first, first ± 1, … */
function assertRows(rows: Rows, first: number, count: number, step: 1 | -1): void {
  assert.equal(rows.rowCount, count);
  const columns = NAMES.map((name) => rows.columns[name] as unknown as ArrayLike<unknown>);
  for (let at = 0; at < count; at++) {
    const i = first + step * at;
    const expected = rowOf(i);
    if (rows.ts[at] !== i) assert.fail(`row ${at} has time ${rows.ts[at]}, not ${i}`);
    for (const [c, name] of NAMES.entries()) {
      const bits = rows.validity[name];
      const isNull = bits !== undefined && ((bits[at >> 3]! >> (at & 7)) & 1) === 0;
      const value = expected[c] === true ? 1 : expected[c] === false ? 0 : expected[c];
      if (isNull !== (value === null)) assert.fail(`${name} of row ${i}: null is ${isNull}`);
      if (value !== null && !Object.is(columns[c]![at], value)) {
        assert.fail(`${name} of row ${i} is ${columns[c]![at]}, not ${value}`);
      }
    }
  }
}

/** A database of its own, with rows 0…ROWS - 1, those from `live` on still in memory. */
async function open(folder: string, name: string, live = ROWS - 500): Promise<[NanoTsDbShared, Table]> {
  const db = await NanoTsDbShared.open(join(folder, name), { writers: 1 });
  const table = await db.createTable('t', COLUMNS);
  for (let from = 0; from < ROWS; from += 10_000) {
    const rows = Array.from({ length: Math.min(10_000, live - from) }, (_, i) => rowOf(from + i));
    const column = (c: number): unknown[] => rows.map((row) => row[c]);
    const columns = Object.fromEntries(NAMES.map((name, c) => [name, column(c)]));
    const ts = Float64Array.from(rows, (_, i) => from + i);
    if (!table.append({ ts, columns: columns as never })) await db.drained();
  }
  await db.flush();
  for (let i = live; i < ROWS; i++) table.appendRow(i, rowOf(i));
  return [db, table as unknown as Table];
}

describe('a large scan, split over workers', () => {
  const { path: folder } = tempDir();

  it('gives the rows that were appended, in either order, cut by range and limit, time and again', async () => {
    const [db, table] = await open(folder, 'rows.ntt');
    for (let time = 0; time < 4; time++) assertRows(await table.query(), 0, ROWS, 1);
    assertRows(await table.query({ order: 'desc' }), ROWS - 1, ROWS, -1);
    assertRows(await table.query({ from: 1500, to: ROWS - 1501 }), 1500, ROWS - 3000, 1);
    assertRows(await table.query({ limit: ROWS - 777 }), 0, ROWS - 777, 1);
    assertRows(await table.query({ limit: ROWS - 777, order: 'desc' }), ROWS - 1, ROWS - 777, -1);
    await db.close();
  });

  it('owns its memory: plain buffers that no later scan writes to', async () => {
    const [db, table] = await open(folder, 'memory.ntt');
    const first = await table.query();
    for (const array of [first.ts, ...Object.values(first.columns)]) {
      assert.ok((array as Float64Array).buffer instanceof ArrayBuffer);
      assert.equal((array as Float64Array).byteLength, (array as Float64Array).buffer.byteLength);
    }
    for (const bits of Object.values(first.validity)) assert.ok(bits!.buffer instanceof ArrayBuffer);
    await table.query({ order: 'desc' });
    assertRows(first, 0, ROWS, 1);
    await db.close();
  });

  it('sees what was appended before it, while rows come', async () => {
    const [db, table] = await open(folder, 'live.ntt');
    let next = ROWS;
    for (let time = 0; time < 5; time++) {
      const running = table.query();
      const seen = next;
      for (let i = 0; i < 3000; i++, next++) table.appendRow(next, rowOf(next) as never);
      assertRows(await running, 0, seen, 1);
    }
    await db.close();
  });

  it('counts what its workers read', async () => {
    const [db, table] = await open(folder, 'reads.ntt');
    const before = (await db.stats()).read;
    await table.query();
    const stats = await db.stats();
    assert.ok(stats.read.reads - before.reads >= stats.tables[0]!.blocks);
    assert.ok(stats.read.bytes - before.bytes >= stats.tables[0]!.storedBytes);
    await db.close();
  });

  it('is the same for a reader of a file', async () => {
    const [db] = await open(folder, 'readonly.ntt');
    await db.close();
    const reader = await NanoTsDbShared.open(join(folder, 'readonly.ntt'), { readOnly: true });
    for (let time = 0; time < 3; time++) assertRows(await reader.table('t').query(), 0, ROWS, 1);
    await reader.close();
  });

  it('reports a damaged block, whoever meets it, and goes on for others', async () => {
    const path = join(folder, 'damaged.ntt');
    const [db] = await open(folder, 'damaged.ntt');
    await db.close();
    const storage = openStorage(path, false);
    const { entry } = [...recover(storage).tables.values()][0]!;
    const refs = new IndexReader(storage).blocks(entry, ALL_TIME);
    storage.close();
    const { offset, length } = refs[refs.length >> 1]!;
    const fd = openSync(path, 'r+');
    // Within a column: the first byte of the last 16 is of no header.
    writeSync(fd, new Uint8Array(16).fill(0x5a), 0, 16, offset + length - 16);
    closeSync(fd);
    const reader = await NanoTsDbShared.open(path, { readOnly: true });
    for (let time = 0; time < 3; time++) await refused('DAMAGED', '', () => reader.table('t').query());
    assert.equal((await reader.table('t').query({ limit: 10 })).rowCount, 10);
    await reader.close();
  });

  it('is ended by its signal and by closing', async () => {
    const [db, table] = await open(folder, 'ended.ntt');
    const controller = new AbortController();
    const running = table.query({ signal: controller.signal });
    controller.abort('enough');
    await refused('ABORTED', 'aborted', () => running).then(
      (error) => assert.equal(error.cause, 'enough'),
      // It may have been done before it could see the signal.
      async () => assert.equal((await running).rowCount, ROWS),
    );
    assertRows(await table.query(), 0, ROWS, 1);
    const left = table.query().catch((error: unknown) => error);
    await db.close();
    const outcome = (await left) as Rows & { code?: string };
    assert.ok(outcome.rowCount === ROWS || outcome.code === 'CLOSED', String(outcome));
  });

  it('does not keep a process alive', async () => {
    const [db] = await open(folder, 'exit.ntt');
    await db.close();
    const main = new URL('../../src/main/index.js', import.meta.url).href;
    const script = `
      const { NanoTsDbShared } = await import(${JSON.stringify(main)});
      const db = await NanoTsDbShared.open(${JSON.stringify(join(folder, 'exit.ntt'))}, { readOnly: true });
      for (let i = 0; i < 3; i++) await db.table('t').query();
      console.log('done');`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 8000,
    });
    assert.equal(run.signal, null, 'it had to be killed');
    assert.equal(run.stdout, 'done\n', run.stderr);
  });
});
