import { test } from 'node:test';
import { simulateSeeds } from './simulate-seeds.ts';

const first = Number(process.env['SIM_FIRST'] ?? Math.floor(Math.random() * 2 ** 30));
const count = Number(process.env['SIM_SEEDS'] ?? 10_000);

test(`${count} simulated lives lose nothing acknowledged`, async (t) => {
  t.diagnostic(`seeds from ${first} (SIM_FIRST), SIM_SEEDS ${count}`);
  // A diagnostic is shown when the test ends.
  const tell = (line: string): boolean => process.stderr.write(`${line}\n`);
  t.diagnostic(JSON.stringify(await simulateSeeds(first, count, tell)));
});
