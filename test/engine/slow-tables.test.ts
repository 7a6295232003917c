import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { NanoTsDbShared, type Table } from '../../src/main/index.ts';
import { FRAME_HEADER_BYTES } from '../../src/shared/format/frame.ts';
import { ALL_TIME, IndexReader } from '../../src/shared/index/index-reader.ts';
import { readCurrentRoot } from '../../src/shared/recovery/superblocks.ts';
import { walkLog } from '../../src/shared/recovery/walk-log.ts';
import type { MemoryFile } from '../../src/shared/storage/memory-storage.ts';
import type { Storage } from '../../src/shared/storage/storage.ts';
import { InlineEngine, newFile } from '../support/inline-engine.ts';

const TABLES = 1000;
const SECONDS = 600;
const COLUMNS = ['v1', 'v2', 'v3', 'v4', 'v5'];
const ROW_BYTES = 8 + COLUMNS.length * 8;
const COMMIT_MS = 10;
const WRITERS = 2;

/** The bound of the design, section 4: 2 × live + 32 MiB + 1 MiB per writer. */
const bound = (live: number): number => 2 * live + (32 << 20) + WRITERS * (1 << 20);

/** How much the file may grow between two looks at what is live. */
const SLACK = 4 << 20;

/** The file without a copy of itself at every sync: this test cuts no power. */
function fastSyncs(file: MemoryFile): Storage {
  return { ...file.open(), sync: () => {} };
}

/** Values that wander as a sensor's do, each column by itself: with two decimals, or with all the digits of a double. */
class Walks {
  private readonly cents = new Int32Array(TABLES * COLUMNS.length);
  private readonly isRaw: boolean;
  private state = 42;

  constructor(isRaw: boolean) {
    this.isRaw = isRaw;
    for (let i = 0; i < this.cents.length; i++) this.cents[i] = this.roll(100_000);
  }

  /** The next row of a table. */
  next(table: number): number[] {
    return COLUMNS.map((_, i) => {
      const at = table * COLUMNS.length + i;
      this.cents[at]! += this.roll(201) - 100;
      return this.isRaw ? this.cents[at]! / 100 + this.roll(2 ** 30) / 2 ** 37 : this.cents[at]! / 100;
    });
  }

  /** Mulberry32, Tommy Ettinger. */
  private roll(n: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) % n) | 0;
  }
}

/** Bytes that the newest checkpoint and the logs after it still need: blocks of the index and of frames, and frames. */
function liveBytes(storage: Storage): number {
  const { root } = readCurrentRoot(storage);
  const index = new IndexReader(storage);
  let live = 0;
  for (const entry of index.tables(root)) {
    for (const ref of index.blocks(entry, ALL_TIME)) live += ref.length;
  }
  for (const [writer, entry] of root.writers.entries()) {
    for (const { header, payload } of walkLog(storage, writer, entry).frames) {
      live += FRAME_HEADER_BYTES + header.payloadBytes;
      if (header.number <= entry.indexed) continue;
      for (const { ref } of payload.blocks) live += ref.length;
    }
  }
  return live;
}

for (const values of ['of two decimals', 'that no codec makes smaller']) {
  test(`ten minutes of 1,000 tables with a row a second each leave a closed file under twice the raw bytes: values ${values}`, (t) =>
    tenMinutes(t, new Walks(values !== 'of two decimals')));
}

async function tenMinutes(t: TestContext, walks: Walks): Promise<void> {
  const file = newFile();
  const engine = new InlineEngine({
    file,
    writers: WRITERS,
    commitIntervalMs: COMMIT_MS,
    open: () => fastSyncs(file),
  });
  const db = NanoTsDbShared.over(engine);
  const tables: Table<readonly string[], 'ms'>[] = [];
  for (let i = 0; i < TABLES; i++) tables.push(await db.createTable(`device_${i}`, COLUMNS));
  const watched = [0, 1, 333, TABLES - 1];
  const kept = new Map(watched.map((i) => [i, { ts: [] as number[], rows: [] as number[][] }]));

  const perTurn = (TABLES * COMMIT_MS) / 1000;
  let longest = 0;
  let measuredAt = 0;
  let tightest = Number.POSITIVE_INFINITY;
  const beganMs = performance.now();
  for (let turn = 0; turn < (SECONDS * 1000) / COMMIT_MS; turn++) {
    const now = engine.manualClock.wall();
    for (let k = 0; k < perTurn; k++) {
      const i = (turn * perTurn + k) % TABLES;
      const row = walks.next(i);
      tables[i]!.appendRow(now, row);
      const watch = kept.get(i);
      watch?.ts.push(now);
      watch?.rows.push(row);
    }
    engine.turn(COMMIT_MS);
    const length = engine.storage.length();
    longest = Math.max(longest, length);
    // What is live is worked out anew once the file has grown by so much that the bound could be passed.
    if (turn % 3000 !== 0 && length < measuredAt + SLACK) continue;
    measuredAt = length;
    tightest = Math.min(tightest, bound(liveBytes(engine.storage)) - length);
  }
  const ranMs = performance.now() - beganMs;
  await db.close();

  const raw = TABLES * SECONDS * ROW_BYTES;
  const closed = file.image().length;
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  t.diagnostic(
    `raw ${mib(raw)}, closed ${mib(closed)} (${(closed / raw).toFixed(2)} × raw), longest while open ${mib(longest)}, ` +
      `${mib(tightest)} below the bound at the tightest; ${(ranMs / 1000).toFixed(1)} s for 60,000 commits`,
  );
  assert.ok(closed < 2 * raw, `the closed file has ${closed} bytes, twice the raw ones are ${2 * raw}`);
  assert.ok(tightest > 0, `the open file was ${-tightest} bytes over 2 × live + 32 MiB + 1 MiB a writer`);

  const again = NanoTsDbShared.over(new InlineEngine({ file, open: () => fastSyncs(file) }));
  assert.equal(again.listTables().length, TABLES);
  for (let i = 0; i < TABLES; i++)
    assert.equal(await again.lastSeq(`device_${i}`), SECONDS, `rows of device_${i}`);
  for (const [i, { ts, rows }] of kept) {
    const found = await again.table(`device_${i}`).query();
    assert.deepEqual([...found.ts], ts);
    COLUMNS.forEach((name, c) => {
      assert.deepEqual(
        [...(found.columns[name] as Float64Array)],
        rows.map((row) => row[c]),
        `${name} of device_${i}`,
      );
    });
  }
  await again.close();
}
