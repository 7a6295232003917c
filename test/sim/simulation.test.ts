import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from './simulate.ts';
import { simulateSeeds } from './simulate-seeds.ts';

test('150 simulated lives of a database, with power cuts, failing disks and dying writers, lose nothing acknowledged', async (t) => {
  const sum = await simulateSeeds(1, 150);
  t.diagnostic(JSON.stringify(sum));
  assert.ok(sum.powerCuts > 50 && sum.failures > 25 && sum.kills > 150 && sum.rows > 10_000);
});

test('a seed replays exactly, byte for byte', async () => {
  for (const seed of [3, 17, 40]) assert.deepEqual(await simulate(seed), await simulate(seed));
});
