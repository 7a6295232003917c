import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { InlineEngine } from '../support/inline-engine.ts';

const DAY = 86_400;
/** Rows of a year of data at 1 s. */
const YEAR = 365 * DAY;
const START = Date.UTC(2025, 0, 1);

describe('what is read of the file', () => {
  it('is only the blocks that a time range needs, of a year of data at 1 s', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    const table = await db.createTable('t', ['a']);
    const ts = new Float64Array(DAY);
    const a = new Float64Array(DAY);
    for (let from = 0; from < YEAR; from += DAY) {
      for (let i = 0; i < DAY; i++) {
        ts[i] = START + 1000 * (from + i);
        a[i] = i % 977;
      }
      if (!table.append({ ts, columns: { a } })) await db.drained();
    }
    await db.flush();
    const stats = await db.stats();
    const { blocks, storedBytes } = stats.tables[0]!;
    const hour = { from: START + 200 * 1000 * DAY, to: START + 200 * 1000 * DAY + 3_599_999 };
    const needed = Math.ceil(3600 / (YEAR / blocks)) + 1;
    // The index's pages, read once: a root, a catalog page, and a page of each level.
    await table.query({ from: hour.from, to: hour.from });
    const counted = async (run: () => Promise<unknown>): Promise<{ reads: number; bytes: number }> => {
      const before = (await db.stats()).read;
      await run();
      const { read } = await db.stats();
      return { reads: read.reads - before.reads, bytes: read.bytes - before.bytes };
    };
    const queried = await counted(async () => assert.equal((await table.query(hour)).rowCount, 3600));
    assert.ok(queried.reads <= needed, `${queried.reads} reads for ${needed} of ${blocks} blocks`);
    assert.ok(queried.bytes <= (needed * storedBytes * 1.5) / blocks, `${queried.bytes} bytes`);
    const aggregated = await counted(() =>
      table.aggregate({ ...hour, every: '1m', columns: { a: ['mean'] } }),
    );
    assert.ok(aggregated.reads <= needed, `${aggregated.reads} reads to aggregate`);
    const newest = await counted(() => table.query({ order: 'desc', limit: 10 }));
    assert.ok(newest.reads <= 3, `${newest.reads} reads for the newest 10 rows`);
    const oldest = await counted(() => table.query({ limit: 10 }));
    assert.ok(oldest.reads <= 3, `${oldest.reads} reads for the oldest 10 rows`);
    await db.close();
  });
});
