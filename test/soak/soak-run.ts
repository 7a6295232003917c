import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { collectGarbage } from '../support/collect-garbage.ts';

const TABLES = ['press', 'lathe', 'oven'] as const;
/** Rows of a table in each round. */
const ROWS = 4000;
/** Rows of a table that retention keeps, at least. */
const KEPT = 20 * ROWS;
/** Of the heap and of buffers; one more round of rows in memory would be more than this. */
const MAY_GROW_BYTES = 3 << 20;

/** What must not grow. */
type Held = Record<
  'descriptors' | 'threads' | 'heapBytes' | 'bufferBytes' | 'slabBytes' | 'fileBytes',
  number
>;

const valueAt = (n: number): number => Math.round(Math.sin(n / 50) * 10_000) / 100;

/**
 * Writes, packs, expires and reads in rounds, and compares what the process holds after a third and at the end.
 * @param goesOn told how many rounds there were; false ends the run, whose thirds are then equal in rounds
 */
export async function soak(t: TestContext, goesOn: (rounds: number) => boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-soak-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const db = await NanoTsDbShared.open(join(folder, 'soak.ntt'), {
    writers: 2,
    memoryBudgetBytes: 64 << 20,
    reuseDelayMs: 0,
    // Full in the first third, so that what it holds does not count as growth.
    readCacheBytes: 1 << 20,
    autoMaintenance: { checkIntervalMs: 50, minIdleMs: 0, maxWritesPerSec: 1e9, targetSegmentPoints: 4096 },
  });
  for (const name of TABLES) await db.createTable(name, ['value', { name: 'state', type: 'utf8' }]);
  const samples: Held[] = [];
  let rounds = 0;
  let rowsRead = 0;
  while (goesOn(rounds)) {
    for (const name of TABLES) append(db, name, rounds * ROWS);
    rowsRead += await read(db, rounds);
    if (rounds % 10 === 9) {
      const cutoff = Math.max(0, (rounds + 1) * ROWS - KEPT);
      await db.compactRetentionNow(cutoff);
      await db.packTable(TABLES[rounds % TABLES.length]!);
      samples.push(await held(db));
    }
    rounds++;
  }
  const { maintenance, tables } = await db.stats();
  const third = Math.floor(samples.length / 3);
  const early = most(samples.slice(0, third));
  const late = most(samples.slice(-third));
  t.diagnostic(
    `${rounds} rounds, ${rounds * ROWS * TABLES.length} rows written, ${rowsRead} read, ${maintenance!.rowsPacked} packed, ` +
      `${maintenance!.packs.succeeded} packs; at most, in the first third ${JSON.stringify(early)}, in the last ${JSON.stringify(late)}`,
  );
  assert.ok(maintenance!.packs.succeeded > 3 && maintenance!.retention.succeeded > 3);
  assert.ok(late.threads <= early.threads, 'threads');
  assert.ok(late.descriptors <= early.descriptors, 'descriptors');
  assert.ok(late.slabBytes <= 64 << 20, 'memory for rows');
  assert.ok(late.heapBytes - early.heapBytes < MAY_GROW_BYTES, 'the heap');
  assert.ok(late.bufferBytes - early.bufferBytes < MAY_GROW_BYTES, 'buffers, shared ones included');
  const live = tables.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  assert.ok(
    late.fileBytes <= 2 * live + (32 << 20) + (4 << 20),
    `${late.fileBytes} bytes for ${live} live ones`,
  );
  await db.close();
}

/** The largest of each figure. */
function most(samples: readonly Held[]): Held {
  const largest = { ...samples[0]! };
  for (const sample of samples)
    for (const key of Object.keys(largest) as (keyof Held)[])
      largest[key] = Math.max(largest[key], sample[key]);
  return largest;
}

function append(db: NanoTsDbShared, name: string, from: number): void {
  const numbers = Array.from({ length: ROWS }, (_, i) => from + i);
  const state = numbers.map((n) => (n % 9 === 0 ? null : `state ${n % 7}`));
  const half = ROWS / 2;
  db.table(name).append({
    ts: Float64Array.from(numbers.slice(0, half)),
    columns: { value: Float64Array.from(numbers.slice(0, half), valueAt), state: state.slice(0, half) },
  });
  for (let i = half; i < ROWS; i++) db.table(name).appendRow(from + i, [valueAt(from + i), state[i]!]);
}

/** Reads the newest rows and some older ones, and checks them. @returns how many */
async function read(db: NanoTsDbShared, round: number): Promise<number> {
  const name = TABLES[round % TABLES.length]!;
  const end = (round + 1) * ROWS;
  const from = Math.max(0, end - 3 * ROWS);
  const { rowCount, ts, columns } = await db.table(name).query({ from, to: end });
  assert.equal(rowCount, end - from);
  const values = (columns as Record<string, Float64Array>)['value']!;
  for (let i = 0; i < rowCount; i += 101) {
    assert.equal(ts[i], from + i);
    assert.equal(values[i], valueAt(from + i));
  }
  let rows = rowCount;
  for await (const part of db.table(name).scan({ from: Math.max(0, end - KEPT / 2) })) rows += part.rowCount;
  await db.table(name).aggregate({ every: 1000, columns: { value: ['mean'] } });
  return rows;
}

async function held(db: NanoTsDbShared): Promise<Held> {
  await db.flush();
  await collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const { memory, fileBytes } = await db.stats();
  const isLinux = process.platform === 'linux';
  return {
    descriptors: isLinux ? readdirSync('/proc/self/fd').length : 0,
    threads: isLinux ? readdirSync('/proc/self/task').length : 0,
    heapBytes: heapUsed,
    bufferBytes: arrayBuffers,
    slabBytes: memory.slabBytes,
    fileBytes,
  };
}
