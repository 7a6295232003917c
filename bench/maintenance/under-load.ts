// Full-speed ingest with retention and maintenance, watched from inside: debt, file size, the longest append; then, in
// pairs of runs, the rate with maintenance and without.
// node dist/bench/maintenance/under-load.js [seconds] [pairs]
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type DatabaseStats, NanoTsDbShared } from '../../src/main/index.ts';
import { ratioSpread } from '../harness/stats.ts';

const seconds = Number(process.argv[2] ?? 60);
const pairs = Number(process.argv[3] ?? 3);
const TABLES = 8;
const BATCH_ROWS = 1024;
const MIB = 1 << 20;

interface Outcome {
  readonly rowsPerSec: number;
  readonly appendMsMax: number;
  readonly appendMsP99: number;
  /** The most that the file was over twice its live bytes, and the debt in parts of its limit. */
  readonly overMax: number;
  readonly debtMax: number;
  readonly last: DatabaseStats;
}

/** Batch `n` of a table: a row's values follow from its time. */
function batchOf(n: number, wall: number) {
  const ts = Float64Array.from({ length: BATCH_ROWS }, () => wall);
  const v = Float64Array.from({ length: BATCH_ROWS }, (_, i) => ((n * BATCH_ROWS + i) % 10_007) / 100);
  return { ts, columns: { v, w: v.map((value) => value * 3) } };
}

type How = 'retention' | 'defaults' | 'off';

async function run(path: string, ms: number, how: How): Promise<Outcome> {
  const db = await NanoTsDbShared.open(path, {
    retention: how === 'retention' ? 10_000 : null,
    autoMaintenance:
      how === 'retention' ? { retentionCheckIntervalMs: 1000, checkIntervalMs: 1000 } : how === 'defaults',
  });
  const tables = [];
  for (let i = 0; i < TABLES; i++) tables.push(await db.createTable(`t${i}`, ['v', 'w']));
  const waits: number[] = [];
  let [rows, overMax, debtMax] = [0, 0, 0];
  const began = performance.now();
  let lookAt = began + 1000;
  for (let n = 0; performance.now() - began < ms; n++) {
    let goOn = true;
    for (const table of tables) {
      const batch = batchOf(n, Date.now());
      const at = performance.now();
      goOn = table.append(batch) && goOn;
      waits.push(performance.now() - at);
      rows += BATCH_ROWS;
    }
    if (!goOn) await db.drained();
    if (performance.now() < lookAt) continue;
    lookAt += 1000;
    const { maintenance, tables: now, fileBytes } = await db.stats();
    const live = now.reduce((sum, { storedBytes }) => sum + storedBytes, 0) + maintenance!.debt.logBytes;
    overMax = Math.max(overMax, fileBytes - 2 * live);
    debtMax = Math.max(debtMax, maintenance!.debt.bytes / maintenance!.debt.limitBytes);
  }
  const spent = (performance.now() - began) / 1000;
  const last = await db.stats();
  await db.close();
  waits.sort((a, b) => a - b);
  const quantile = (share: number): number =>
    waits[Math.min(waits.length - 1, Math.floor(waits.length * share))]!;
  return {
    rowsPerSec: rows / spent,
    appendMsMax: quantile(1),
    appendMsP99: quantile(0.99),
    overMax,
    debtMax,
    last,
  };
}

const folder = mkdtempSync(join(process.cwd(), 'dist', 'under-load-'));
try {
  const long = await run(join(folder, 'long.ntt'), seconds * 1000, 'retention');
  const { packs, retention, rowsPacked, throttle, debt } = long.last.maintenance!;
  console.log(
    `${seconds} s at full speed, retention 10 s: ${Math.round(long.rowsPerSec).toLocaleString('en')} rows/s`,
  );
  console.log(`  longest append ${long.appendMsMax.toFixed(1)} ms, p99 ${long.appendMsP99.toFixed(2)} ms`);
  console.log(
    `  file at most ${(long.overMax / MIB).toFixed(1)} MiB over twice its live bytes; at the end ${(long.last.fileBytes / MIB).toFixed(1)} MiB`,
  );
  console.log(
    `  debt at most ${long.debtMax.toFixed(2)} of its limit; ${packs.succeeded} packs, ${packs.failed} failed, ${rowsPacked.toLocaleString('en')} rows packed, ${retention.succeeded} tables' cutoffs moved`,
  );
  console.log(`  ${throttle}; ${JSON.stringify(debt)}; ${packs.lastError ?? 'no error'}`);
  const [on, off]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < pairs; pair++) {
    on.push((await run(join(folder, `on${pair}.ntt`), 5000, 'defaults')).rowsPerSec);
    off.push((await run(join(folder, `off${pair}.ntt`), 5000, 'off')).rowsPerSec);
  }
  if (pairs > 0) {
    const { median, min, max } = ratioSpread(on, off);
    console.log(
      `rate with maintenance / without: ${median.toFixed(2)} (${min.toFixed(2)} – ${max.toFixed(2)})`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
