import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { InlineEngine } from '../support/inline-engine.ts';

test('rows come back before they are committed, after a sync, after a flush and after a reopening', async () => {
  const engine = new InlineEngine();
  const db = NanoTsDbShared.over(engine);
  const table = await db.createTable('press', ['temperature', { name: 'state', type: 'utf8' }]);
  for (let i = 0; i < 3000; i++) table.appendRow(i, [i / 8, `s${i % 3}`]);
  const check = async (rows: {
    rowCount: number;
    columns: { temperature: Float64Array; state: string[] };
  }) => {
    assert.equal(rows.rowCount, 3000);
    assert.ok(rows.columns.temperature.every((value, i) => value === i / 8));
    assert.ok(rows.columns.state.every((value, i) => value === `s${i % 3}`));
  };
  await check(await table.query());
  await db.sync();
  await check(await table.query());
  await db.flush();
  await check(await table.query());
  const image = engine.file.image();
  await db.close();
  const closed = NanoTsDbShared.over(new InlineEngine({ file: engine.file }));
  await check((await closed.table('press').query()) as never);
  await closed.close();
  assert.ok(engine.file.image().length < image.length, 'closing cuts the tail');
});
