import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FILE_STORAGE_MODULE } from '../../src/shared/storage/file-storage.ts';
import { PoolRunner } from '../../src/workers/maintenance/pool-runner.ts';
import type { PackTask } from '../../src/workers/maintenance/task.ts';
import { killMaintenance } from './maintenance-kills.ts';

/** ms after its start: a thread loads its modules at some of these. */
const MOMENTS = Array.from({ length: 80 }, (_, i) => 20 + i);

test('a thread of maintenance that is ended at any moment of its start ends alone: the process goes on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-start-'));
  try {
    const path = join(folder, 'a.ntt');
    writeFileSync(path, new Uint8Array(4096));
    const { dev, ino } = statSync(path);
    const storage = { module: FILE_STORAGE_MODULE, location: path };
    const task: PackTask = {
      id: 1,
      definition: { id: 1, name: 'a', unit: 'ms', versions: [] },
      groups: [],
      cutoff: 0n,
      targetSegmentPoints: 1024,
      extent: { offset: 0, bytes: 4096, salt: { clear: 1, seed: 2 } },
    };
    for (const moment of MOMENTS) {
      const runner = new PoolRunner({ storage, identity: `${dev}:${ino}` }, () => {});
      const until = performance.now() + moment;
      runner.start(task);
      while (performance.now() < until) await nextTurn();
      runner.stop();
      while (!runner.ended) await nextTurn();
      assert.deepEqual(runner.threads, []);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('maintenance threads killed at any moment lose nothing and leave no space behind; each death is counted', async () => {
  const { kills, failed, succeeded } = await killMaintenance(7, (kills) => kills >= 12);
  assert.equal(kills, 12);
  assert.ok(failed > 0 && succeeded > 0);
});
