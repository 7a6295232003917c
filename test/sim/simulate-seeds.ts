import { simulate } from './simulate.ts';

/** What a number of simulations came to. */
export type SimulatedSeeds = Record<
  'seeds' | 'powerCuts' | 'failures' | 'kills' | 'tasksKilled' | 'rowsPacked' | 'rows',
  number
>;

/**
 * Simulates seeds one after the other. Throws with the seed that failed; `SIM_SEED=n` in the environment runs only that one.
 * @param isFull in files that may not grow and are full
 */
export async function simulateSeeds(
  first: number,
  count: number,
  tell: (line: string) => unknown = () => {},
  isFull = false,
): Promise<SimulatedSeeds> {
  const only = process.env['SIM_SEED'];
  const from = only === undefined ? first : Number(only);
  const sum: SimulatedSeeds = {
    seeds: 0,
    powerCuts: 0,
    failures: 0,
    kills: 0,
    tasksKilled: 0,
    rowsPacked: 0,
    rows: 0,
  };
  for (let seed = from; seed < from + (only === undefined ? count : 1); seed++) {
    const done = await simulate(seed, isFull).catch((error: Error) => {
      throw new Error(`seed ${seed} (run it alone with SIM_SEED=${seed}): ${error.message}`, {
        cause: error,
      });
    });
    sum.seeds++;
    for (const key of Object.keys(sum) as (keyof SimulatedSeeds)[])
      if (key !== 'seeds') sum[key] += done[key];
    if (sum.seeds % (isFull ? 100 : 500) === 0) tell(JSON.stringify(sum));
  }
  return sum;
}
