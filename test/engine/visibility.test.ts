import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type MaintenanceNotice, NanoTsDbShared } from '../../src/main/index.ts';
import { ManualClock } from '../../src/shared/clock.ts';
import { Control } from '../../src/shared/control/control.ts';
import type { Notice } from '../../src/shared/control/start.ts';
import { NOTICES_SEEN } from '../../src/shared/control/words.ts';
import { NOTICES_MAX, Notices } from '../../src/workers/coordinator/notices.ts';
import { InlineEngine, newFile } from '../support/inline-engine.ts';

test('stats() tell how long commits, checkpoints and appends that need memory take, and what is on its way', async () => {
  const clock = new ManualClock();
  const file = newFile();
  // A disk that takes 7 ms for each sync.
  const open = () => {
    const storage = file.open();
    return {
      ...storage,
      sync: () => {
        clock.advance(7);
        storage.sync();
      },
    };
  };
  const db = NanoTsDbShared.over(
    new InlineEngine({ clock, file, open, writers: 1, memoryBudgetBytes: 4 << 20 }),
  );
  const before = (await db.stats()).latency!;
  assert.equal(before.append.count, 0);
  const table = await db.createTable('a', ['v']);
  for (let n = 0; n < 400; n++) {
    const ts = Float64Array.from({ length: 1000 }, (_, i) => n * 1000 + i);
    table.append({ ts, columns: { v: ts } });
  }
  const full = await db.stats();
  assert.ok(full.memory.fillingChunks >= 1);
  assert.ok(full.latency!.append.count > 1);
  assert.ok(full.latency!.append.maxMs >= 7, 'memory came back with a commit, not before');
  await db.flush();
  const after = await db.stats();
  const { commit, checkpoint } = after.latency!;
  assert.ok(commit.count > 0 && commit.p50Ms >= 7 && commit.p50Ms < 9, `${commit.p50Ms} ms`);
  assert.ok(checkpoint.count > before.checkpoint.count && checkpoint.maxMs >= 14, `${checkpoint.maxMs} ms`);
  assert.equal(after.memory.sentChunks, 0);
  assert.ok(after.writers[0]!.rowsPerSec > 0 && after.writers[0]!.ringUse === 0);
  await db.close();
});

test('the channel millrace:maintenance tells of packs, retention and evictions, of which database and when', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-visible-'));
  const told: MaintenanceNotice[] = [];
  const listener = (notice: unknown): void => void told.push(notice as MaintenanceNotice);
  subscribe('millrace:maintenance', listener);
  try {
    const path = join(folder, 'v.ntt');
    const began = Date.now();
    const db = await NanoTsDbShared.open(path, { maxBytes: 8 << 20, writers: 1, autoMaintenance: false });
    const table = await db.createTable('a', ['v', 'w']);
    const add = (from: number, count: number): void => {
      const ts = Float64Array.from({ length: count }, (_, i) => from + i);
      table.append({
        ts,
        columns: { v: ts.map((time) => Math.sin(time)), w: ts.map((time) => Math.cos(time)) },
      });
    };
    for (let n = 0; n < 8; n++) {
      add(n * 100, 100);
      await db.flush();
    }
    await db.packTable('a');
    await db.compactRetentionNow(400);
    for (let n = 1; n <= 600; n++) {
      add(n * 1000, 1000);
      if (n % 50 === 0) await db.sync();
    }
    await db.close();
    // Posted before the answer to close().
    const of = <E extends MaintenanceNotice['event']>(event: E) =>
      told.filter((notice): notice is MaintenanceNotice & { event: E } => notice.event === event);
    const [pack] = of('pack');
    assert.ok(pack !== undefined && pack.rows === 800 && pack.blocksFrom >= 8 && pack.blocksTo === 1);
    assert.ok(pack.bytesTo < pack.bytesFrom);
    assert.deepEqual(
      of('retention').map(({ tables }) => tables),
      [1],
    );
    assert.ok(of('eviction').reduce((sum, { rows }) => sum + rows, 0) > 100_000);
    for (const { atMs, path: from } of told) {
      assert.equal(from, path);
      assert.ok(atMs >= began && atMs <= Date.now());
    }
  } finally {
    unsubscribe('millrace:maintenance', listener);
    rmSync(folder, { recursive: true });
  }
});

test('events that the opening thread does not take, because it is in a synchronous loop, do not pile up', () => {
  const control = new Control();
  const port: Notice[] = [];
  const notices = new Notices(control, new ManualClock(), (notice) => void port.push(notice));
  const tell = (count: number): void => {
    for (let i = 0; i < count; i++) notices.tell({ event: 'throttle', state: 'debt' });
  };
  tell(10_000);
  assert.equal(port.length, NOTICES_MAX);
  Atomics.add(control.words, NOTICES_SEEN, 100);
  tell(10_000);
  assert.equal(port.length, NOTICES_MAX + 100);
});
