// Four producers at full speed without a pause, retention of ten seconds: debt, file size, the longest append, every row.
// node dist/bench/maintenance/full-speed.js [seconds] [ms that rows are out of order] [show]
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { type FullSpeedJob, type FullSpeedOutcome, fullSpeedValue } from './full-speed-producer.ts';

const seconds = Number(process.argv[2] ?? 60);
const jitterMs = Number(process.argv[3] ?? 0);
const PRODUCERS = 4;
const TABLES = ['t0', 't1', 't2', 't3'];
const MIB = 1 << 20;
const WRITERS = 1;
/** Beside twice the live bytes: 32 MiB, and one for each writer and the task. */
const CONSTANT = (32 + WRITERS + 1) * MIB;

const folder = mkdtempSync(join(process.cwd(), 'dist', 'full-speed-'));
try {
  const db = await NanoTsDbShared.open(join(folder, 'f.ntt'), {
    writers: WRITERS,
    retention: '10s',
    autoMaintenance: { retentionCheckIntervalMs: 1000 },
  });
  for (const name of TABLES) await db.createTable(name, ['p', 'n', 'v', 'w']);
  const words = new SharedArrayBuffer(4);
  const workers = Array.from({ length: PRODUCERS }, (_, producer) => {
    const job: FullSpeedJob = { ticket: db.ticket(), producer, tables: TABLES, jitterMs, words };
    return new Worker(new URL('./full-speed-producer.js', import.meta.url), { workerData: job });
  });
  const answers = workers.map((worker) => once(worker, 'message') as Promise<[FullSpeedOutcome]>);
  const began = performance.now();
  let [debtMax, overMax, paceMax, looks] = [0, Number.NEGATIVE_INFINITY, 0, 0];
  let atMost = {};
  while (performance.now() - began < seconds * 1000) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { maintenance, tables, fileBytes } = await db.stats();
    const { debt, paceMicrosPerMib } = maintenance!;
    const live = tables.reduce((sum, { storedBytes }) => sum + storedBytes, 0) + debt.logBytes;
    overMax = Math.max(overMax, fileBytes - 2 * live - CONSTANT);
    if (debt.bytes / debt.limitBytes > debtMax) {
      debtMax = debt.bytes / debt.limitBytes;
      atMost = debt;
    }
    paceMax = Math.max(paceMax, paceMicrosPerMib);
    looks++;
    if (process.argv[4] === 'show' && looks % 20 === 0)
      console.log(
        ((performance.now() - began) / 1000).toFixed(0),
        (debt.bytes / debt.limitBytes).toFixed(2),
        paceMicrosPerMib,
        maintenance!.throttle,
        JSON.stringify(debt),
        (fileBytes / MIB).toFixed(0),
        (live / MIB).toFixed(0),
        maintenance!.packs.succeeded,
      );
  }
  Atomics.store(new Int32Array(words), 0, 1);
  const outcomes = (await Promise.all(answers)).map(([outcome]) => outcome);
  const spent = (performance.now() - began) / 1000;
  const { maintenance } = await db.stats();
  const total = outcomes.reduce((sum, { rows }) => sum + rows.reduce((a, b) => a + b, 0), 0);
  let kept = 0;
  for (const [t, name] of TABLES.entries()) {
    const { ts, rowCount, columns } = await db.table(name).query();
    const { p, n, v, w } = columns as unknown as Record<string, Float64Array>;
    // What was appended long enough after the oldest row that is left cannot have expired.
    const sure = Number(ts[0] ?? 0) + jitterMs;
    const seen = outcomes.map(({ rows }) => new Uint8Array(rows[t]!));
    const first = outcomes.map(({ rows }) => rows[t]!);
    for (let i = 0; i < rowCount; i++) {
      const producer = p![i]!;
      const row = n![i]!;
      if (seen[producer]![row]!++ !== 0 || v![i] !== fullSpeedValue(producer, row))
        throw new Error(`${name}: row ${row} of producer ${producer} is wrong or twice there`);
      if (w![i]! > sure) first[producer] = Math.min(first[producer]!, row);
    }
    for (const [producer, marks] of seen.entries()) {
      const lost = marks.indexOf(0, first[producer]);
      if (lost >= 0) throw new Error(`${name}: row ${lost} of producer ${producer} is lost`);
    }
    kept += rowCount;
  }
  const waits = outcomes.flatMap((outcome) => [...outcome.waits]).sort((a, b) => a - b);
  const quantile = (share: number): string =>
    waits[Math.min(waits.length - 1, Math.floor(waits.length * share))]!.toFixed(1);
  const { packs, retention, rowsPacked } = maintenance!;
  console.log(
    `${PRODUCERS} producers, ${spent.toFixed(0)} s: ${Math.round(total / spent).toLocaleString('en')} rows/s`,
  );
  console.log(`  debt at most ${debtMax.toFixed(2)} of its limit; slowest pace ${paceMax} µs a MiB`);
  console.log(`  then: ${JSON.stringify(atMost)}`);
  console.log(`  file at most ${(overMax / MIB).toFixed(1)} MiB over twice its live bytes and the constant`);
  console.log(`  append: p99 ${quantile(0.99)} ms, p99.9 ${quantile(0.999)} ms, longest ${quantile(1)} ms`);
  console.log(
    `  ${packs.succeeded} packs, ${packs.failed} failed, ${rowsPacked.toLocaleString('en')} rows packed; ${retention.succeeded} cutoffs moved`,
  );
  console.log(
    `  ${kept.toLocaleString('en')} rows of ${total.toLocaleString('en')} are kept: the newest of each producer, each once`,
  );
  await db.close();
} finally {
  rmSync(folder, { recursive: true });
}
