// Full-speed ingest with retention and maintenance, watched from inside: debt, file size, the longest append; then, in
// pairs of runs, the rate with maintenance and without.
// node dist/bench/maintenance/under-load.js [seconds] [pairs]
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type DatabaseStats, NanoTsDbShared, type Table } from '../../src/main/index.ts';
import { ratioSpread, spreadOf } from '../harness/stats.ts';

const seconds = Number(process.argv[2] ?? 60);
const pairs = Number(process.argv[3] ?? 3);
const TABLES = 8;
const BATCH_ROWS = 1024;
const MIB = 1 << 20;
const WARM_UP_MS = 1000;

interface Outcome {
  readonly rowsPerSec: number;
  /** By the time that all threads together had a core: what other work on the machine leaves alone. */
  readonly rowsPerCpuSec: number;
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

/** `retention`: as by default, and rows expire; `busy`: packs of everything new at once, whatever the load. */
type How = 'retention' | 'defaults' | 'busy' | 'off';
/** Rows are kept for so long in the short runs, which last five seconds. */
const SHORT_RETENTION_MS = 2000;

/** @param rowsPerSec how fast; as fast as it goes if it is not given */
async function run(path: string, ms: number, how: How, rowsPerSec?: number): Promise<Outcome> {
  const db = await NanoTsDbShared.open(path, {
    retention: how !== 'retention' ? null : rowsPerSec === undefined ? 10_000 : SHORT_RETENTION_MS,
    autoMaintenance:
      how === 'retention'
        ? { retentionCheckIntervalMs: 1000, checkIntervalMs: 1000 }
        : how === 'busy'
          ? { checkIntervalMs: 100, maxWritesPerSec: Number.MAX_SAFE_INTEGER, minIdleMs: 0 }
          : how === 'defaults',
  });
  const tables = [];
  for (let i = 0; i < TABLES; i++) tables.push(await db.createTable(`t${i}`, ['v', 'w']));
  if (rowsPerSec !== undefined) await warmUp(db, tables);
  const waits: number[] = [];
  let [rows, overMax, debtMax] = [0, 0, 0];
  const began = performance.now();
  const cpu = process.cpuUsage();
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
    const aheadMs = rowsPerSec === undefined ? 0 : (rows / rowsPerSec) * 1000 - (performance.now() - began);
    if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
    if (performance.now() < lookAt) continue;
    lookAt += 1000;
    const { maintenance, tables: now, fileBytes } = await db.stats();
    const live = now.reduce((sum, { storedBytes }) => sum + storedBytes, 0) + maintenance!.debt.logBytes;
    overMax = Math.max(overMax, fileBytes - 2 * live);
    debtMax = Math.max(debtMax, maintenance!.debt.bytes / maintenance!.debt.limitBytes);
  }
  const spent = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const last = await db.stats();
  await db.close();
  waits.sort((a, b) => a - b);
  const quantile = (share: number): number =>
    waits[Math.min(waits.length - 1, Math.floor(waits.length * share))]!;
  return {
    rowsPerSec: rows / spent,
    rowsPerCpuSec: (rows / (user + system)) * 1e6,
    appendMsMax: quantile(1),
    appendMsP99: quantile(0.99),
    overMax,
    debtMax,
    last,
  };
}

/** Fills the chunk memory once: what is measured is not how long the system takes to make its pages. */
async function warmUp(db: NanoTsDbShared, tables: readonly Table[]): Promise<void> {
  const until = performance.now() + WARM_UP_MS;
  for (let n = 0; performance.now() < until; n++)
    for (const table of tables) table.append(batchOf(n, Date.now()));
  await db.sync();
}

async function watch(path: string): Promise<void> {
  const long = await run(path, seconds * 1000, 'retention');
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
}

const folder = mkdtempSync(join(process.cwd(), 'dist', 'under-load-'));
try {
  if (seconds > 0) await watch(join(folder, 'long.ntt'));
  const [on, off]: [number[], number[]] = [[], []];
  const [cpuOn, cpuOff]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < pairs; pair++) {
    const [a, b] = [
      await run(join(folder, `on${pair}.ntt`), 5000, 'defaults'),
      await run(join(folder, `off${pair}.ntt`), 5000, 'off'),
    ];
    on.push(a.rowsPerSec);
    cpuOn.push(a.rowsPerCpuSec);
    cpuOff.push(b.rowsPerCpuSec);
    off.push(b.rowsPerSec);
  }
  if (pairs > 0) {
    const { median, min, max } = ratioSpread(on, off);
    console.log(
      `rate with maintenance / without: ${median.toFixed(2)} (${min.toFixed(2)} – ${max.toFixed(2)})`,
    );
    const perCpu = ratioSpread(cpuOn, cpuOff);
    console.log(
      `rows a second of cores' time, with / without: ${perCpu.median.toFixed(2)} (${perCpu.min.toFixed(2)} – ${perCpu.max.toFixed(2)})`,
    );
    const half = spreadOf(off).median / 2;
    const hows = ['off', 'defaults', 'retention', 'busy'] as const;
    const p99: Record<How, number[]> = { off: [], defaults: [], retention: [], busy: [] };
    for (let round = 0; round < pairs; round++) {
      for (const how of hows)
        p99[how].push((await run(join(folder, `half-${how}${round}.ntt`), 5000, how, half)).appendMsP99);
    }
    console.log(`p99 of an append at half of that rate, off: ${spreadOf(p99.off).median.toFixed(3)} ms`);
    for (const how of hows.slice(1)) {
      const ratio = ratioSpread(p99[how], p99.off);
      console.log(
        `  ${how}: ${spreadOf(p99[how]).median.toFixed(3)} ms; ${ratio.median.toFixed(2)} of off (${ratio.min.toFixed(2)} – ${ratio.max.toFixed(2)})`,
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
