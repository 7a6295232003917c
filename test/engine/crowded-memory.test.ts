import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { InlineEngine } from '../support/inline-engine.ts';

test('thousands of fast tables in a small memory are written in blocks of many rows, not of one', async () => {
  const TABLES = 4000;
  const ROWS = 48;
  const engine = new InlineEngine({ writers: 1, memoryBudgetBytes: 12 << 20 });
  const db = NanoTsDbShared.over(engine);
  const tables = Array.from({ length: TABLES }, (_, i) => db.createTableSync(`t${i}`, ['a', 'b', 'c']));
  for (let row = 0; row < ROWS; row++) {
    engine.manualClock.advance(1);
    for (const table of tables) table.appendRow(row, [row, -row, row / 2]);
  }
  await db.flush();
  const [writer] = (await db.stats()).writers;
  assert.ok(writer!.blocks <= (TABLES * ROWS) / 8, `${writer!.blocks} blocks of ${TABLES * ROWS} rows`);
  for (const table of [tables[0]!, tables.at(-1)!]) {
    const { ts } = await table.query();
    assert.deepEqual(
      [...ts],
      Array.from({ length: ROWS }, (_, row) => row),
    );
  }
  await db.close();
});
