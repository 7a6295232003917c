import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from './simulate.ts';
import { simulateSeeds } from './simulate-seeds.ts';

test('30 simulated lives of a full file that may not grow, with power cuts, failing disks and dying writers, lose nothing acknowledged but the oldest rows, and keep to the bound', async (t) => {
  const sum = await simulateSeeds(1, 30, undefined, true);
  t.diagnostic(JSON.stringify(sum));
  assert.ok(sum.powerCuts > 20 && sum.failures > 10 && sum.kills > 100 && sum.rows > 10_000);
});

test('a seed of a full file replays exactly, byte for byte', async () => {
  assert.deepEqual(await simulate(3, true), await simulate(3, true));
});
