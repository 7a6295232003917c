import { simulate } from './simulate.ts';

/** Simulates seeds one after the other. Throws with the seed that failed; `SIM_SEED=n` in the environment runs only that one. */
export async function simulateSeeds(
  first: number,
  count: number,
): Promise<{ seeds: number; powerCuts: number; failures: number; kills: number; rows: number }> {
  const only = process.env['SIM_SEED'];
  const from = only === undefined ? first : Number(only);
  const sum = { seeds: 0, powerCuts: 0, failures: 0, kills: 0, rows: 0 };
  for (let seed = from; seed < from + (only === undefined ? count : 1); seed++) {
    const done = await simulate(seed).catch((error: Error) => {
      throw new Error(`seed ${seed} (run it alone with SIM_SEED=${seed}): ${error.message}`, {
        cause: error,
      });
    });
    sum.seeds++;
    sum.powerCuts += done.powerCuts;
    sum.failures += done.failures;
    sum.kills += done.kills;
    sum.rows += done.rows;
  }
  return sum;
}
