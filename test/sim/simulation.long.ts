import { test } from 'node:test';
import { simulateSeeds } from './simulate-seeds.ts';

const first = Number(process.env['SIM_FIRST'] ?? Math.floor(Math.random() * 2 ** 30));
const count = Number(process.env['SIM_SEEDS'] ?? 10_000);
const full = Number(process.env['SIM_FULL'] ?? Math.ceil(count / 10));
// A diagnostic is shown when the test ends.
const tell = (line: string): boolean => process.stderr.write(`${line}\n`);

test(`${count} simulated lives lose nothing acknowledged`, async (t) => {
  t.diagnostic(`seeds from ${first} (SIM_FIRST), SIM_SEEDS ${count}`);
  t.diagnostic(JSON.stringify(await simulateSeeds(first, count, tell)));
});

test(`${full} simulated lives of a full file lose nothing acknowledged but the oldest rows`, async (t) => {
  t.diagnostic(`seeds from ${first} (SIM_FIRST), SIM_FULL ${full}`);
  t.diagnostic(JSON.stringify(await simulateSeeds(first, full, tell, true)));
});
