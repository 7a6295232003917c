import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { NanoTsDbShared, type Table } from '../../src/main/index.ts';
import { COLUMN_TYPES } from '../../src/shared/schema/types.ts';
import { InlineEngine } from '../support/inline-engine.ts';
import { refused } from '../support/model-refusal.ts';

const COLUMNS = COLUMN_TYPES.map((type) => ({ name: type, type }));

async function settle(db: NanoTsDbShared, place: string): Promise<void> {
  if (place === 'log') await db.sync();
  if (place === 'blocks') await db.flush();
}

describe('the last row of a table', () => {
  it('is null where there is none, and has nulls and every type', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    const table = await db.createTable('t', COLUMNS);
    assert.equal(await table.last(), null);
    const values = [Number.NaN, 0.5, 2n ** 60n, -1, true, 'x', Uint8Array.of(1, 2)];
    let ts = 5;
    for (const place of ['memory', 'log', 'blocks']) {
      table.appendRow(ts, values as never);
      await settle(db, place);
      const columns = Object.fromEntries(COLUMNS.map(({ name }, i) => [name, values[i]]));
      assert.deepEqual(await table.last(), { ts, columns });
      const nulls = COLUMNS.map(() => null);
      table.appendRow(++ts, nulls as never);
      await settle(db, place);
      assert.deepEqual(
        (await table.last())?.columns,
        Object.fromEntries(COLUMNS.map(({ name }) => [name, null])),
      );
      ts++;
    }
    await db.close();
  });

  it('is the newest by time and then by arrival, wherever the rows lie', async () => {
    const batch = fc.record({
      rows: fc.array(fc.nat(20), { maxLength: 12 }),
      place: fc.constantFrom('memory', 'log', 'blocks'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(batch, { maxLength: 8 }),
        fc.constantFrom('ms', 'ns'),
        async (batches, unit) => {
          const db = NanoTsDbShared.over(new InlineEngine());
          const table = (await db.createTable('t', ['a'], { unit: unit as 'ms' })) as unknown as Table;
          let newest: { ts: number; columns: { a: number } } | null = null;
          let arrived = 0;
          for (const { rows, place } of batches) {
            for (const ts of rows) {
              table.appendRow(BigInt(ts), [arrived] as never);
              if (newest === null || ts >= newest.ts) newest = { ts, columns: { a: arrived } };
              arrived++;
            }
            await settle(db, place);
            const expected: unknown = newest && {
              ...newest,
              ts: unit === 'ms' ? newest.ts : BigInt(newest.ts),
            };
            assert.deepEqual(await table.last(), expected);
            assert.deepEqual(await table.last(), expected);
          }
          await db.close();
        },
      ),
      { numRuns: 100 },
    );
  });

  it('belongs to its caller: changing it changes no later one', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    const table = await db.createTable('t', [{ name: 'b', type: 'bytes' }]);
    table.appendRow(1, [Uint8Array.of(1)]);
    await db.flush();
    for (let time = 0; time < 2; time++) {
      const row = (await table.last())!;
      assert.deepEqual(row, { ts: 1, columns: { b: Uint8Array.of(1) } });
      row.columns.b![0] = 9;
      (row.columns as { b: unknown }).b = null;
    }
    assert.deepEqual((await table.last())?.columns.b, Uint8Array.of(1));
    await db.close();
  });
});

describe('the last values of tables', () => {
  it('come in one call, with at most one read for each table and none for rows in memory', async () => {
    const engine = new InlineEngine();
    const db = NanoTsDbShared.over(engine);
    const reads = async () => (await db.stats()).read.reads;
    const names = Array.from({ length: 40 }, (_, i) => `t${i}`);
    const tables = names.map((name) => db.createTableSync(name, ['a']));
    await db.createTable('empty', ['a']);
    for (let block = 0; block < 3; block++) {
      for (const [i, table] of tables.entries()) table.appendRow(block, [100 * block + i]);
      await db.flush();
    }
    await db.lastValues();
    for (const [i, table] of tables.entries()) if (i < 30) table.appendRow(10, [i]);
    const before = await reads();
    const live = await db.lastValues(names);
    assert.equal(await reads(), before, 'rows in memory, and blocks seen before, are not read');
    assert.deepEqual(live['t7'], { ts: 10, columns: { a: 7 } });
    assert.deepEqual(live['t35'], { ts: 2, columns: { a: 235 } });
    await db.flush();
    const flushed = await reads();
    const all = await db.lastValues();
    // A block for each of the 30 tables, the root, and the catalog's and the index's changed pages.
    assert.ok((await reads()) - flushed <= 30 + 1 + 30 + 2, `${(await reads()) - flushed} reads`);
    assert.deepEqual(all['t7'], { ts: 10, columns: { a: 7 } });
    assert.equal(all['empty'], null);
    assert.equal(Object.keys(all).length, 41);
    assert.deepEqual(await db.lastValues([]), {});
    await refused('UNKNOWN_TABLE', '"none"', () => db.lastValues(['t1', 'none']));
    await refused('INVALID_OPTION', '"t1"', () => db.lastValues('t1' as never));
    await db.close();
    await refused('CLOSED', 'closed', () => db.lastValues());
  });
});
