import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { MemoryFile } from '../../src/shared/storage/memory-storage.ts';
import { InlineEngine, newFile } from '../support/inline-engine.ts';
import { abandon } from './recovery-image.ts';

const TABLES = 120;
const ROWS = 900;
const RAW_BYTES = TABLES * ROWS * 5 * 8;

/** Two decimals, as a sensor has. */
const reading = (table: number, column: number, row: number): number =>
  Math.round((table + column) * 1000 + row * 7.3) / 100;

function rowsOf(table: number, from: number, rows: number) {
  const make = (f: (row: number) => number): Float64Array =>
    Float64Array.from({ length: rows }, (_, i) => f(from + i));
  const column = (number: number) => make((row) => reading(table, number, row));
  return {
    ts: make((row) => 1000 * row),
    columns: { a: column(0), b: column(1), c: column(2), d: column(3) },
  };
}

async function check(db: NanoTsDbShared, rows: number): Promise<void> {
  for (let t = 0; t < TABLES; t++) {
    const { ts, columns } = await db.table(`t${t}`).query();
    assert.deepEqual({ ts, columns: { ...columns } }, rowsOf(t, 0, rows), `table ${t}`);
  }
}

test('a commit of many busy tables logs a small part of their rows raw, and a crash after it loses none', async () => {
  const file = newFile();
  const engine = new InlineEngine({ file, writers: 1 });
  const db = NanoTsDbShared.over(engine);
  const tables = Array.from({ length: TABLES }, (_, t) => db.createTableSync(`t${t}`, ['a', 'b', 'c', 'd']));
  for (const [t, table] of tables.entries()) table.append(rowsOf(t, 0, ROWS));
  await db.sync();
  const [writer] = (await db.stats()).writers;
  assert.ok(writer!.logBytes < RAW_BYTES / 3, `${writer!.logBytes} bytes logged of ${RAW_BYTES}`);
  assert.ok(writer!.blocks > TABLES / 2, `${writer!.blocks} blocks`);
  await check(db, ROWS);

  // The chunks go on filling behind what became a block.
  for (const [t, table] of tables.entries()) table.append(rowsOf(t, ROWS, ROWS));
  await db.sync();
  await check(db, 2 * ROWS);
  abandon(engine);
  const again = NanoTsDbShared.over(new InlineEngine({ file: new MemoryFile(file.syncedImage()) }));
  await check(again, 2 * ROWS);
  await again.close();
});

test('a commit of a few tables logs the rows of chunks that go on filling', async () => {
  const engine = new InlineEngine({ writers: 1 });
  const db = NanoTsDbShared.over(engine);
  for (let t = 0; t < 8; t++) db.createTableSync(`t${t}`, ['a', 'b', 'c', 'd']).append(rowsOf(t, 0, ROWS));
  await db.sync();
  const [writer] = (await db.stats()).writers;
  assert.equal(writer!.blocks, 0);
  assert.ok(writer!.logBytes >= 8 * ROWS * 5 * 8);
  await db.close();
});
