import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { MAINTENANCE_DEFAULTS } from '../../src/shared/control/maintenance.ts';
import { emptyDatabase } from '../../src/shared/recovery/superblocks.ts';
import { createFile, FILE_STORAGE_MODULE, openStorage } from '../../src/shared/storage/file-storage.ts';
import { PoolRunner } from '../../src/workers/maintenance/pool-runner.ts';
import { InlineEngine } from '../support/inline-engine.ts';
import { Random } from '../support/model-values.ts';

const TABLES = ['a', 'b'] as const;

/** What came of a run. */
export interface KillOutcome {
  readonly kills: number;
  /** Packs that failed, as `stats()` counts them: a thread may also die between two tasks. */
  readonly failed: number;
  readonly succeeded: number;
  readonly rows: number;
  /** Of the closed file, and of the blocks in it. */
  readonly bytes: number;
  readonly live: number;
}

/**
 * Appends, has maintenance run in the real pool over a real file, and kills its thread at random moments; then looks for rows
 * that were lost or space that nobody has.
 * @param isEnough told how many were killed so far
 */
export async function killMaintenance(
  seed: number,
  isEnough: (kills: number) => boolean,
): Promise<KillOutcome> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-kill-'));
  try {
    const path = join(folder, 'k.ntt');
    createFile(path, emptyDatabase(new Uint8Array(16).fill(3), 0));
    // Coordinator and writers in this thread; tasks in the real pool, over the real file.
    let pool: PoolRunner | undefined;
    const engine = new InlineEngine({
      open: () => openStorage(path, true),
      maintenance: {
        ...MAINTENANCE_DEFAULTS,
        auto: true,
        checkIntervalMs: 1,
        minIdleMs: 0,
        maxWritesPerSec: 1e12,
      },
      startRunner: () => {
        const { dev, ino } = statSync(path);
        const identity = `${dev}:${ino}`;
        pool = new PoolRunner(
          { storage: { module: FILE_STORAGE_MODULE, location: path }, identity },
          () => {},
        );
        return pool;
      },
    });
    const db = NanoTsDbShared.over(engine);
    const random = new Random(seed);
    const counts = new Map<string, number>();
    for (const name of TABLES) await db.createTable(name, ['v']);
    let kills = 0;
    const append = (name: string): void => {
      const from = counts.get(name) ?? 0;
      const ts = Float64Array.from({ length: 700 }, (_, i) => (from + i) ^ 3);
      db.table(name).append({ ts, columns: { v: ts.map((time) => time % 977) } });
      counts.set(name, from + 700);
    };
    // Rounds end with a kill, while a task runs or the thread starts: as far into it as a random number of turns.
    while (!isEnough(kills)) {
      for (const name of TABLES) append(name);
      await db.flush();
      const turns = random.below(30);
      for (let turn = 0; turn < turns; turn++) {
        engine.turn(50);
        await nextTurn();
      }
      const thread = pool?.threads[0];
      if (thread === undefined) continue;
      await thread.terminate();
      kills++;
    }
    const failed = (await db.stats()).maintenance!.packs.failed;
    assert.ok(failed <= kills);
    for (const name of TABLES) await db.packTable(name);
    const { tables, maintenance, freeBytes, fileBytes } = await db.stats();
    assert.ok(maintenance!.packs.succeeded > 0);
    for (const { name, rows, blocks } of tables) {
      assert.equal(rows, counts.get(name));
      assert.ok(blocks <= 1 + Math.round(rows / 8192) * 2, `${blocks} blocks for ${rows} rows`);
      const { ts, columns } = await db.table(name).query();
      assert.ok(ts.every((time, i) => time === i && columns['v']![i] === i % 977));
    }
    // Everything is either referred to or free: what a killed task held as well.
    assert.ok(freeBytes <= fileBytes);
    await db.close();
    const bytes = statSync(path).size;
    const live = tables.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
    assert.ok(bytes <= live + 100_000, `${bytes} bytes for ${live} live ones`);
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    return { kills, failed, succeeded: maintenance!.packs.succeeded, rows, bytes, live };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
