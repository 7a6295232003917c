import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulateSeeds } from './simulate-seeds.ts';

test('150 more simulated lives lose nothing acknowledged', async (t) => {
  const sum = await simulateSeeds(1001, 150);
  t.diagnostic(JSON.stringify(sum));
  assert.ok(sum.powerCuts > 50 && sum.failures > 25 && sum.kills > 150 && sum.rows > 10_000);
});
