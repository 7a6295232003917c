import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Explored, explore } from './explore.ts';
import { FULL_FILES } from './full-file.ts';
import { WORKLOADS, type Workload } from './workloads.ts';

const CI = {
  statesOfPoint: 20,
  recoveryOfEvery: 90,
  statesOfRecoveryPoint: 14,
  appendToEvery: 300,
  shareOfFull: 0.035,
};
const CI_SEEDS = 11;
/** Of workloads with a file that is large from the beginning: each kind of full file once. */
const CI_SEEDS_FULL = FULL_FILES;

/**
 * Tests of some workloads; all the files that call this have 20,000 distinct states together, 5,000 of them left by a crash
 * of a recovery.
 * @param least distinct states that these workloads must have given, those of recoveries included
 */
export function exploreInCi(names: readonly string[], least: { states: number; ofRecovery: number }): void {
  const total = { states: 0, ofRecovery: 0 };
  for (const name of names) {
    const place = WORKLOADS.findIndex((each) => each.name === name);
    test(`a power cut at any moment of "${name}", or of the recovery after it, costs nothing acknowledged and shows nothing wrong`, async (t) => {
      const began = performance.now();
      const sum = newExplored();
      const workload = WORKLOADS[place]!;
      const seeds = workload.isFull === true ? CI_SEEDS_FULL : CI_SEEDS;
      for (let k = 0; k < seeds; k++) addTo(sum, await explore(workload, 7000 + place * 100 + k, CI));
      t.diagnostic(`${JSON.stringify(sum)}, ${((performance.now() - began) / 1000).toFixed(1)} s`);
      assert.ok(sum.withLoss > 0, 'some states lack what was not acknowledged');
      total.states += sum.states + sum.ofRecovery;
      total.ofRecovery += sum.ofRecovery;
    });
  }
  test(`these were at least ${least.states} distinct states, ${least.ofRecovery} of them of recoveries`, () => {
    assert.ok(
      total.states >= least.states && total.ofRecovery >= least.ofRecovery,
      `only ${JSON.stringify(total)}`,
    );
  });
}

/** Explores workload after workload with new seeds until there are so many distinct states. */
export async function exploreLong(
  states: number,
  seed: number,
  tell: (line: string) => unknown,
): Promise<Explored> {
  const sum = newExplored();
  for (let round = 0; sum.states + sum.ofRecovery < states; round++) {
    const workload: Workload = WORKLOADS[round % WORKLOADS.length]!;
    const options = {
      statesOfPoint: 60,
      recoveryOfEvery: 100,
      statesOfRecoveryPoint: 25,
      appendToEvery: 500,
      shareOfFull: 0.025,
    };
    addTo(sum, await explore(workload, seed + round, options));
    if (round % 100 === 99) tell(`after ${round + 1} workloads: ${JSON.stringify(sum)}`);
  }
  return sum;
}

function newExplored(): Explored {
  return { states: 0, ofRecovery: 0, points: 0, withLoss: 0 };
}

function addTo(sum: Explored, more: Explored): void {
  for (const key of Object.keys(sum) as (keyof Explored)[]) sum[key] += more[key];
}
