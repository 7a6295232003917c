import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { tempDir } from '../main/ingest/temp-dir.ts';

describe('aggregate and last, beside writer threads', () => {
  const { path: folder } = tempDir();

  it('see every row appended before them, in blocks, on their way there or in memory', async () => {
    const db = await NanoTsDbShared.open(join(folder, 'live.ntt'), { writers: 2, commitIntervalMs: 1 });
    const tables = await Promise.all(['a', 'b', 'c'].map((name) => db.createTable(name, ['x'])));
    const names = tables.map(({ name }) => name);
    const options = { every: '1s', columns: { x: ['count', 'sum', 'min', 'max', 'first', 'last'] } } as const;
    let rows = 0;
    for (let round = 0; round < 60; round++) {
      // Odd numbers of rows: chunks are cut at other places each time. Whole numbers: sums are exact.
      for (let i = 0; i < 331 + 17 * round; i++, rows++)
        for (const table of tables) table.appendRow(rows, [rows]);
      const running = db.aggregate({ ...options, tables: names });
      const newest = db.lastValues(names);
      const seen = rows;
      for (const table of tables) table.appendRow(rows, [rows]);
      rows++;
      if (round % 20 === 19) await db.flush();
      const found = await running;
      for (const name of names) {
        const { bucketCount, ts, columns } = found[name]!;
        assert.equal(bucketCount, Math.ceil(seen / 1000));
        for (let bucket = 0; bucket < bucketCount; bucket++) {
          const [first, end] = [1000 * bucket, Math.min(seen, 1000 * (bucket + 1))];
          const values = Object.values(columns.x).map((array) => array[bucket]);
          const sum = ((first + end - 1) * (end - first)) / 2;
          assert.deepEqual(
            [ts[bucket], ...values],
            [first, end - first, sum, first, end - 1, first, end - 1],
          );
        }
        assert.deepEqual((await newest)[name], { ts: seen - 1, columns: { x: seen - 1 } });
      }
    }
    await db.close();
  });
});
