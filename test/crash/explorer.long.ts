import { test } from 'node:test';
import { exploreLong } from './explorer-tests.ts';

const seed = Number(process.env['CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 30));
const states = Number(process.env['CRASH_STATES'] ?? 1_000_000);

test(`${states} crash states: nothing acknowledged is lost, nothing wrong is shown`, async (t) => {
  t.diagnostic(`seed ${seed} (CRASH_SEED), CRASH_STATES ${states}`);
  // A diagnostic is shown when the test ends, which is an hour away.
  const tell = (line: string): boolean => process.stderr.write(`${line}\n`);
  t.diagnostic(JSON.stringify(await exploreLong(states, seed, tell)));
});
