import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killMaintenance } from './maintenance-kills.ts';

test('maintenance threads killed at any moment lose nothing and leave no space behind; each death is counted', async () => {
  const { kills, failed, succeeded } = await killMaintenance(7, (kills) => kills >= 12);
  assert.equal(kills, 12);
  assert.ok(failed > 0 && succeeded > 0);
});
