import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULTY_WORKLOADS, failEveryCall } from './faults.ts';

const SEED = 3;

/** Tests of one workload under faults. */
export function failEveryCallInCi(place: number): void {
  const workload = FAULTY_WORKLOADS[place]!;
  test(`every write, sync or truncation of "${workload.name}" that fails, once or for ever, gives one lasting error; readers go on; reopening finds everything acknowledged`, async (t) => {
    const sum = await failEveryCall(workload, 'changes', SEED + place);
    t.diagnostic(JSON.stringify(sum));
    assert.ok(sum.poisoned > 50 && sum.refused > 0 && sum.harmless > 0);
  });
}

/** The same for reads, which harm nothing: whoever reads is told, and the next opening finds all. */
export function failEveryReadInCi(place: number): void {
  const workload = FAULTY_WORKLOADS[place]!;
  test(`every read of "${workload.name}" that fails is told as an error of the system, never taken for damage, and costs nothing`, async (t) => {
    const sum = await failEveryCall(workload, 'reads', SEED + place);
    t.diagnostic(JSON.stringify(sum));
    assert.ok(sum.refused > 20 && sum.harmless > 20);
  });
}
