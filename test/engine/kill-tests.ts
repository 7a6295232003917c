import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { torture } from '../../src/main/torture/torture.ts';

/** Short lives: most of a round is the start of the process. */
const LIFE_MS = 150;

/**
 * A test that kills a process that writes, packs and expires rows, as `millrace torture` does.
 * @param seed `KILL_SEED` in the environment takes its place
 */
export function killTest(rounds: number, seed = Math.floor(Math.random() * 2 ** 30)): void {
  const from = Number(process.env['KILL_SEED'] ?? seed);
  test(`after kill -9 under ingest, pack and retention, ${rounds} times: every row that was acknowledged is there, in order, and none that was not appended`, async (t) => {
    t.diagnostic(`seed ${from} (KILL_SEED)`);
    const folder = mkdtempSync(join(tmpdir(), 'millrace-kill-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const began = performance.now();
    const result = await torture(join(folder, 'killed.ntt'), { rounds, seed: from, lifeMs: LIFE_MS });
    t.diagnostic(`${JSON.stringify(result)}, ${((performance.now() - began) / 1000).toFixed(0)} s`);
    assert.equal(result.kills, rounds);
    assert.ok(result.promises >= rounds / 3, `the kills came after ${result.promises} promises`);
    assert.ok(result.duringOpening < rounds * 0.7, `${result.duringOpening} came while it opened`);
  });
}
