import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killMaintenance } from './maintenance-kills.ts';

const SECONDS = 30;
const seed = Number(process.env['KILL_SEED'] ?? Date.now() % 2 ** 31);

test(`maintenance threads killed at random for ${SECONDS} s lose nothing and leave no space behind`, async (t) => {
  t.diagnostic(`KILL_SEED=${seed}`);
  const until = performance.now() + SECONDS * 1000;
  const outcome = await killMaintenance(seed, () => performance.now() >= until);
  t.diagnostic(JSON.stringify(outcome));
  assert.ok(outcome.kills >= 20 && outcome.failed >= 20 && outcome.succeeded > 0);
});
