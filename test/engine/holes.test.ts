import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateW, partOf, W_COLUMNS } from '../../bench/workload/workload-w.ts';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { InlineEngine } from '../support/inline-engine.ts';

const ROWS = 60_000;

test('a file that several writers wrote and that is closed at once is hardly larger than that of one', async () => {
  const tables = generateW({ tables: 8, rowsPerTable: ROWS });
  let one = 0;
  for (const writers of [1, 2, 3, 4]) {
    const engine = new InlineEngine({ writers });
    const db = NanoTsDbShared.over(engine);
    for (const { name } of tables) await db.createTable(name, W_COLUMNS);
    for (let from = 0; from < ROWS; from += 10_000) {
      for (const table of tables)
        if (!db.table(table.name).append(partOf(table, from, from + 10_000))) await db.drained();
    }
    await db.flush();
    await db.close();
    const bytes = engine.file.image().length;
    if (writers === 1) one = bytes;
    assert.ok(bytes < 1.1 * one, `${bytes} bytes by ${writers} writers, ${one} by one`);
    const again = NanoTsDbShared.over(new InlineEngine({ file: engine.file }));
    for (const table of tables) {
      const { columns, ts } = await again.table(table.name).query();
      assert.deepEqual([ts, columns.temp], [table.ts, table.temp]);
    }
  }
});
