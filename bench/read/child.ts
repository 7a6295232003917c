// The child process of one engine and one round: writes the tables, reads them against the clock, checks the answers.
import { performance } from 'node:perf_hooks';
import { serveJob } from '../harness/child.ts';
import { spreadOf } from '../harness/stats.ts';
import { makeRandom } from '../workload/random.ts';
import { generateW, W_COLUMNS, type WTable } from '../workload/workload-w.ts';
import type { AllColumns, Reader, ReaderName, ReadJob, ReadOutcome } from './contract.ts';

/** Rows of one of W3c's reads, and how many of them there are. */
const FEW_ROWS = 100;
const FEW_READS = 1000;
/** How often they are all made, at most. */
const FEW_TIMES = 8;
const MINUTE_MS = 60_000;
/** A read is made for this long at least: short ones would else be measured within one whim of the machine. */
const LEAST_MS = 1000;
/** After so long in all, a read is not made again: its code was compiled by then, whoever made it. */
const MOST_MS = 4000;
/** Calls that every read gets. */
const LEAST_CALLS = 9;

await serveJob<ReadJob, ReadOutcome>(async ({ reader: name, size, repeats, folder }) => {
  const tables = generateW(size);
  const given = tables[0]!;
  const reader = await load(name);
  await reader.load(folder, tables);
  const wrong: string[] = [];
  const rows = given.ts.length;

  const w3a = await timed(repeats, () => reader.column());
  wrong.push(...wrongColumn('w3a', given.temp, w3a.answer));

  const [from, to] = [Math.floor(rows * 0.4), Math.floor(rows * 0.8) - 1];
  const w3b = await timed(repeats, () => reader.rows(given.ts[from]!, given.ts[to]!));
  wrong.push(...wrongRows('w3b', given, from, to, w3b.answer));

  const random = makeRandom(3, 5, 7);
  const places = Array.from({ length: FEW_READS }, () => random.below(rows - FEW_ROWS));
  const few: number[] = [];
  for (let time = 0; time < Math.min(repeats, FEW_TIMES); time++) {
    for (const place of places) {
      const start = performance.now();
      const answer = await reader.rows(given.ts[place]!, given.ts[place + FEW_ROWS - 1]!);
      few.push(performance.now() - start);
      if (time === 0) wrong.push(...wrongRows('w3c', given, place, place + FEW_ROWS - 1, answer));
    }
  }
  // The first time through warms the code, as it does in the other reads.
  const warm = few.slice(FEW_READS).sort((a, b) => a - b);

  const w3d = await timed(repeats, () => reader.means());
  wrong.push(...wrongMeans(given, w3d.answer));
  await reader.close();
  return {
    version: reader.version,
    ms: { w3a: w3a.ms, w3b: w3b.ms, w3c: spreadOf(warm).median, w3d: w3d.ms },
    p99: warm[Math.floor(warm.length * 0.99)]!,
    wrong,
  };
});

// Loaded only by the process that measures it.
async function load(name: ReaderName): Promise<Reader> {
  if (name === 'millrace') return new (await import('./millrace.ts')).MillraceReader();
  if (name === 'duckdb') return new (await import('./duckdb.ts')).DuckdbReader();
  if (name === 'lmdb') return new (await import('./lmdb.ts')).LmdbReader();
  return new (await import('./better-sqlite3.ts')).SqliteReader();
}

/** Median of the calls after the first third, which compiles code and fills caches, and the last answer. */
async function timed<T>(repeats: number, call: () => Promise<T>): Promise<{ ms: number; answer: T }> {
  const times: number[] = [];
  let answer: T;
  let spent = 0;
  do {
    const start = performance.now();
    answer = await call();
    times.push(performance.now() - start);
    spent += times.at(-1)!;
  } while (times.length < LEAST_CALLS || (spent < MOST_MS && (times.length < repeats || spent < LEAST_MS)));
  return { ms: spreadOf(times.slice(Math.floor(times.length / 3))).median, answer };
}

function wrongColumn(read: string, given: ArrayLike<number>, found: ArrayLike<number>): string[] {
  if (found.length !== given.length) return [`${read}: ${found.length} values instead of ${given.length}`];
  for (let i = 0; i < given.length; i++) {
    if (!Object.is(found[i], given[i])) return [`${read}: ${found[i]} instead of ${given[i]} at ${i}`];
  }
  return [];
}

function wrongRows(read: string, given: WTable, from: number, to: number, found: AllColumns): string[] {
  return (['ts', ...W_COLUMNS] as const).flatMap((name) =>
    wrongColumn(`${read}, ${name}`, given[name].subarray(from, to + 1), found[name]),
  );
}

/** Sums are rounded in each engine's own order. */
function wrongMeans({ ts, temp }: WTable, found: ArrayLike<number>): string[] {
  const minutes = new Map<number, { sum: number; count: number }>();
  for (let i = 0; i < ts.length; i++) {
    const minute = Math.floor(ts[i]! / MINUTE_MS);
    const known = minutes.get(minute) ?? { sum: 0, count: 0 };
    minutes.set(minute, { sum: known.sum + temp[i]!, count: known.count + 1 });
  }
  const means = [...minutes.values()].map(({ sum, count }) => sum / count);
  if (means.length !== found.length) return [`w3d: ${found.length} minutes instead of ${means.length}`];
  const at = means.findIndex((mean, i) => !(Math.abs(mean - found[i]!) <= 1e-9 * Math.abs(mean)));
  return at < 0 ? [] : [`w3d: ${found[at]} instead of ${means[at]} in minute ${at}`];
}
