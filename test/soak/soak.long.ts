import { test } from 'node:test';
import { soak } from './soak-run.ts';

const minutes = Number(process.env['SOAK_MINUTES'] ?? 60);

test(`${minutes} minutes of writing, packing, expiring and reading: no more memory, descriptors or threads than after a third`, async (t) => {
  t.diagnostic(`SOAK_MINUTES ${minutes}`);
  const end = performance.now() + minutes * 60_000;
  await soak(t, () => performance.now() < end);
});
