import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { STATE_CLOSED } from '../../src/shared/control/words.ts';
import { MemoryFile } from '../../src/shared/storage/memory-storage.ts';
import {
  encoded,
  F64,
  f64Rows,
  i64Rows,
  type Row,
  type Shape,
  TIME_MS,
  textRows,
  UTF8,
} from '../shared/codec/columns.ts';
import { InlineEngine } from '../support/inline-engine.ts';
import { type FormatUse, type IndependentDatabase, readDatabase } from './independent-reader.ts';
import { type CodecUse, type ColumnType, readColumn } from './independent-vector.ts';
import { assertReads, KnownTable, RECIPES } from './known-rows.ts';

/** Rows of a full vector: a batch of so many has a chunk, a block and vectors of its own. */
const VECTOR = 1024;

/** What is left of a process that was killed: the file as it is, and nobody who waits for a last commit. */
function crash(engine: InlineEngine): Uint8Array {
  engine.shared.control.setState(STATE_CLOSED);
  return engine.file.image();
}

async function allUnits(db: NanoTsDbShared): Promise<[KnownTable, KnownTable, KnownTable]> {
  return [
    await KnownTable.create(db, 'milliseconds', 'ms'),
    await KnownTable.create(db, 'microseconds', 'us'),
    await KnownTable.create(db, 'nanoseconds, with a longer name: 漢字', 'ns'),
  ];
}

test('the reader is made from docs/format.md alone: it takes no line of src/', () => {
  for (const name of ['independent-reader', 'independent-vector']) {
    const source = readFileSync(
      fileURLToPath(new URL(`../../../test/format/${name}.ts`, import.meta.url)),
      'utf8',
    );
    const imports = [...source.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1]!);
    assert.ok(imports.length > 0 || name === 'independent-vector');
    assert.deepEqual(
      imports.filter((from) => from !== 'node:zlib' && from !== './independent-vector.ts'),
      [],
    );
  }
});

test('a packed file, read as the page says, holds every row in order of time, rows of one time in order of arrival', async () => {
  const engine = new InlineEngine();
  const db = NanoTsDbShared.over(engine);
  const tables = await allUnits(db);
  for (const table of tables) {
    table.appendRecipe(2, 3 * VECTOR, 1);
    // Times that go back and forth, many of them alike.
    for (let row = 0; row < 2500; row++) table.appendRow();
    await db.packTable(table.name, 1500);
  }
  for (const table of tables) for (let row = 0; row < 100; row++) table.appendRow();
  await db.flush();
  const read = readDatabase(crash(engine));
  for (const { name, rows } of tables) {
    const inTime = [...rows].sort((a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0));
    const found = read.tables.get(name)!.rows;
    found.sort((a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0));
    assert.deepEqual(
      found.map(({ ts, values }) => ({ ts, values })),
      inTime.map(({ ts, values }) => ({ ts, values: [...values] })),
    );
  }
});

test('a closed file, read as the page says, holds every row bit for bit in order of arrival, in every codec', async () => {
  const engine = new InlineEngine();
  const db = NanoTsDbShared.over(engine);
  const tables = await allUnits(db);
  for (let recipe = 0; recipe < RECIPES; recipe++) {
    for (const [i, table] of tables.entries()) {
      // Whole vectors without and with nulls, and a rest.
      table.appendRecipe(recipe, VECTOR, 0);
      if (i === recipe % 3) table.appendRecipe(recipe, 100, 1 + (recipe % 7));
    }
    // A flush ends every block, so the next recipe begins a vector.
    await db.flush();
  }
  tables[0].appendRecipe(0, VECTOR, 8);
  await db.flush();
  for (let i = 0; i < 200; i++) for (const table of tables) table.appendRow();
  await db.close();
  const read = readDatabase(engine.file.image());
  assertReads(read, tables);
  assert.equal(read.use.frames, 0, 'a closed file has no log');
  assertEveryCodec(read);
});

test('columns of many vectors, read as the page says, hold every row: whole ones, dictionaries, float32 printed', () => {
  const use: CodecUse = new Map();
  const count = 3000;
  const read = (shape: Shape, type: ColumnType, rows: Row[]): unknown[] =>
    readColumn(encoded(shape, rows), type, count, Math.ceil(count / 1024), 'column', use);
  const each = (value: (i: number) => number): Row[] =>
    f64Rows(...Array.from({ length: count }, (_, i) => value(i)));
  const printed = (i: number): number => Number(Math.fround(((i * 7919) % 30_011) / 1000).toPrecision(16));
  const columns: Row[][] = [
    each((i) => i * 60_000),
    each(() => Math.PI),
    each((i) => Math.sqrt(i % 90)),
    each(printed),
    each((i) => (i % 50 === 0 ? Math.sqrt(i) : i / 4)),
  ];
  for (const rows of columns) assert.deepEqual(read(F64, 'f64', rows), rows);
  const times = i64Rows(...Array.from({ length: count }, (_, i) => 1_700_000_000_000n + BigInt(i) * 250n));
  assert.deepEqual(read(TIME_MS, 'ts', times), times);
  const texts = Array.from({ length: count }, (_, i) => `state ${i % 40}`);
  assert.deepEqual(read(UTF8, 'utf8', textRows(...texts)), texts);
  const met = [...use.keys()].join();
  for (const part of ['9 whole', '1 whole', '11 entries', '12 f64', '12 utf8', 'ulps', 'exceptions'])
    assert.ok(met.includes(part), `${part} in ${met}`);
});

function assertEveryCodec({ use }: IndependentDatabase): void {
  const numbers = ['ts', 'f64', 'f32', 'i64', 'i32'];
  const wanted = [
    ...[0, 1, 2, 3, 4].flatMap((codec) => numbers.map((type) => `${codec} ${type}`)),
    ...[2, 3, 4].map((codec) => `${codec} f64 decimals`),
    '1 bool',
    '5 bool',
    ...[6, 7].flatMap((codec) => ['utf8', 'bytes'].map((type) => `${codec} ${type}`)),
    ...['f64', 'f32', 'i64', 'i32', 'bool', 'utf8', 'bytes'].map((type) => `8 ${type}`),
  ];
  const met = [...use.codecs.keys()];
  assert.deepEqual(
    wanted.filter((name) => !met.includes(name)),
    [],
    'codecs and types of which no vector was met',
  );
  for (const part of ['9 ts', '10 bool', '11 entries', '12 f64', 'single', 'patches', 'exceptions']) {
    assert.ok(
      met.some((name) => name.includes(part)),
      `${part} in ${met}`,
    );
  }
}

test('a file that is being written holds at every commit what was appended until then', async () => {
  const engine = new InlineEngine();
  const db = NanoTsDbShared.over(engine);
  const [fast, slow, whole] = await allUnits(db);
  const tables = [fast, slow, whole];
  const most: Partial<Record<keyof FormatUse, number>> = {};
  let committed = tables.map(() => 0);
  const look = (exactly: boolean): void => {
    const read = readDatabase(engine.file.image());
    assertReads(read, tables, (table) => {
      const found = read.tables.get(table.name)?.rows.length ?? 0;
      const least = exactly ? table.rows.length : committed[tables.indexOf(table)]!;
      assert.ok(found >= least, `${table.name} has ${found} rows, ${least} were committed`);
      return found;
    });
    for (const key of Object.keys(read.use) as (keyof FormatUse)[]) {
      if (key !== 'codecs') most[key] = Math.max(most[key] ?? 0, read.use[key]);
    }
  };
  for (let phase = 0; phase < 6; phase++) {
    for (let i = 0; i < 500; i++) {
      fast.appendRow();
      if (i % 3 === 0) whole.appendWholeRow();
      if (i % 150 === 0) slow.appendRow();
      if (i % 5 === 0) engine.turn(10);
      if (i === 333) look(false);
    }
    if (phase % 3 === 2) fast.appendRecipe(phase, VECTOR, 1);
    await db.sync();
    committed = tables.map((table) => table.rows.length);
    look(true);
    // A checkpoint by the clock leaves filling chunks alone; that of a flush writes them all.
    if (phase === 4) await db.flush();
    else if (phase % 2 === 1) for (let i = 0; i < 20; i++) engine.turn(i === 0 ? 31_000 : 1);
    look(true);
  }
  for (const key of Object.keys(most) as (keyof FormatUse)[]) {
    if (key !== 'innerPages') assert.ok(most[key]! > 0, `${key} occurred: ${JSON.stringify(most)}`);
  }
  assert.ok(most.links! >= 2, `a log of several extents: ${JSON.stringify(most)}`);
  await db.close();
  assertReads(readDatabase(engine.file.image()), tables);
});

test('after a crash the file holds the commits, and after the reopening the same and what is appended then', async () => {
  const engine = new InlineEngine();
  const db = NanoTsDbShared.over(engine);
  let tables: KnownTable[] = await allUnits(db);
  let commits: number[] = [];
  let blocks = 0;
  for (let i = 0; i < 700; i++) {
    for (const table of tables) table.appendRow();
    if (i % 7 === 0) engine.turn(10);
    if (i === 300) await db.flush();
    if (i === 600) await db.sync();
    if (i === 600) commits = tables.map((table) => table.rows.length);
  }
  let image = crash(engine);
  for (let round = 0; round < 3; round++) {
    const before = readDatabase(image);
    const kept = (table: KnownTable): number => before.tables.get(table.name)!.rows.length;
    assertReads(before, tables, kept);
    for (const [i, table] of tables.entries())
      assert.ok(kept(table) >= commits[i]!, 'nothing acknowledged is lost');
    assert.ok(before.use.pieces > 0, 'rows of filling chunks');
    blocks += before.use.loggedBlocks;
    const again = new InlineEngine({ file: new MemoryFile(image), writers: 1 + round });
    const reopened = NanoTsDbShared.over(again);
    tables = tables.map((table) => table.reopened(reopened, kept(table)));
    assertReads(readDatabase(again.file.image()), tables);
    for (let i = 0; i < 300; i++) for (const table of tables) table.appendRow();
    for (const table of tables) table.appendRecipe(round, VECTOR, 2);
    for (let i = 0; i < 50; i++) for (const table of tables) table.appendRow();
    await reopened.sync();
    commits = tables.map((table) => table.rows.length);
    assertReads(readDatabase(again.file.image()), tables);
    for (const table of tables) table.appendRow();
    image = crash(again);
  }
  assert.ok(blocks > 0, 'blocks that only the log knew');
});

test('a real file, written by threads, reads the same while it is open and when it is closed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-format-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'all.ntt');
  const db = await NanoTsDbShared.open(path, { writers: 3 });
  const tables = await allUnits(db);
  for (let recipe = 0; recipe < RECIPES; recipe += 2) {
    for (const table of tables) table.appendRecipe(recipe, 300, recipe % 3);
    for (let i = 0; i < 20; i++) for (const table of tables) table.appendRow();
    if (recipe === 10) await db.flush();
  }
  await db.sync();
  // Nothing writes between a sync and the next append but a checkpoint, 30 s after the last one.
  assertReads(readDatabase(readFileSync(path)), tables);
  await db.close();
  assertReads(readDatabase(readFileSync(path)), tables);
});

test('a table of thousands of blocks, whose index has inner pages, reads back whole', async () => {
  const engine = new InlineEngine({ writers: 1 });
  const db = NanoTsDbShared.over(engine);
  const table = await KnownTable.create(db, 'many blocks', 'ms');
  for (let i = 0; i < 600; i++) {
    table.appendWholeRow();
    // A block each time: a flush writes the rows of filling chunks.
    await db.flush();
  }
  const open = readDatabase(engine.file.image());
  assertReads(open, [table]);
  await db.close();
  const read = readDatabase(engine.file.image());
  assertReads(read, [table]);
  assert.ok(read.use.indexedBlocks >= 600 && read.use.innerPages > 0, `${read.use.indexedBlocks} blocks`);
});
