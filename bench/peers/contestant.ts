// The child process of one contestant and one round: prepares the rows, appends them against the clock, checks the
// answers. Started by run.ts.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { serveJob } from '../harness/child.ts';
import { settleDisk } from '../harness/disk.ts';
import { fingerprint, generateW, inTurn, partOf, type WSize, type WTable } from '../workload/workload-w.ts';
import { wrongAnswers } from './check.ts';
import type { AppendWork, Contestant, ContestantName, Job, Outcome, Work } from './contract.ts';
import { isPython } from './roster.ts';

const WARM_UP_CALLS = 4;

await serveJob<Job, Outcome>(async ({ contestant: name, work, size, warmUpRows, folder }) => {
  const tables = generateW(size);
  const contestant = await load(name, work);
  const way = work === 'w4' ? 'w2' : work;
  const cpuSeconds = (): number => contestant.cpuSeconds?.() ?? ownCpuSeconds();
  const warmUp = warmUpTables(size, warmUpRows);
  await contestant.open(folder, [...warmUp, ...tables], way);
  for (const part of inParts(warmUp)) {
    await appending(contestant, way, part)();
    await contestant.makeDurable();
  }
  const append = appending(contestant, way, tables);
  settleDisk(folder);

  const cpuBefore = cpuSeconds();
  const start = performance.now();
  await append();
  const appended = performance.now();
  await contestant.makeDurable();
  const durable = performance.now();
  const cpu = cpuSeconds() - cpuBefore;

  const durableBytes = bytesBelow(folder);
  await contestant.close();
  const closedBytes = bytesBelow(folder);
  await contestant.reopen();
  let packedBytes: number | undefined;
  if (work === 'w4') {
    await contestant.compact();
    await contestant.close();
    packedBytes = bytesBelow(folder);
    await contestant.reopen();
  }
  const wrong: string[] = [];
  for (const table of tables) wrong.push(...wrongAnswers(table, await contestant.read(table.name)));
  await contestant.close();

  return {
    rows: tables.reduce((sum, { ts }) => sum + ts.length, 0),
    seconds: (durable - start) / 1e3,
    endSeconds: (durable - appended) / 1e3,
    durableBytes,
    closedBytes,
    ...(packedBytes === undefined ? {} : { packedBytes }),
    cpuSeconds: cpu,
    fingerprint: fingerprint(tables),
    wrong,
    version: contestant.version,
  };
});

// Loaded only by the process that measures it: the others' code is none of its business.
async function load(name: ContestantName, work: Work): Promise<Contestant> {
  if (name === 'millrace') return new (await import('./millrace.ts')).Millrace(work);
  if (name === 'duckdb' || name === 'duckdb-10ms' || name === 'duckdb-appender-10ms') {
    const { Duckdb } = await import('./duckdb.ts');
    return new Duckdb({ isTimed: name !== 'duckdb', isSingly: name === 'duckdb-appender-10ms' });
  }
  if (name === 'classic-level' || name === 'classic-level-10ms') {
    const { ClassicLevel } = await import('./classic-level.ts');
    return new ClassicLevel(name === 'classic-level-10ms');
  }
  if (name === 'lmdb' || name === 'lmdb-sync') {
    const { Lmdb } = await import('./lmdb.ts');
    return new Lmdb(name === 'lmdb-sync');
  }
  if (name === 'questdb') return new (await import('./questdb.ts')).Questdb();
  if (isPython(name)) return (await import('./python.ts')).startPython(name);
  const { BetterSqlite3 } = await import('./better-sqlite3.ts');
  const isTimed = name === 'better-sqlite3-10ms';
  return new BetterSqlite3({ isMultiRow: isTimed || name === 'better-sqlite3-multirow', isTimed });
}

/** What appends tables in the way of a work, its input prepared. */
function appending(contestant: Contestant, work: AppendWork, tables: readonly WTable[]): () => Promise<void> {
  if (work === 'w2') return () => contestant.appendBatches(tables);
  const names = tables.map(({ name }) => name);
  const rows = inTurn(tables);
  return () => contestant.appendRows(names, rows);
}

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Bytes of every file below a folder: journals and side files count. */
function bytesBelow(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.reduce(
    (sum, each) => sum + (each.isFile() ? sizeOf(join(each.parentPath, each.name)) : 0),
    0,
  );
}

/** LevelDB removes files while it is open. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Tables of other names and another seed, for the warm-up. */
function warmUpTables(size: WSize, rowsPerTable: number): WTable[] {
  if (rowsPerTable === 0) return [];
  const tables = generateW({ ...size, rowsPerTable, seed: (size.seed ?? 1) + 1 });
  return tables.map((table) => ({ ...table, name: `warm_${table.name}` }));
}

/** Rows in several calls: code that was compiled for the first one is often compiled anew for the second one's objects. */
function inParts(tables: readonly WTable[]): WTable[][] {
  if (tables.length === 0) return [];
  const rows = tables[0]!.ts.length;
  const each = Math.ceil(rows / WARM_UP_CALLS);
  return Array.from({ length: WARM_UP_CALLS }, (_, i) => {
    return tables.map((table) => {
      const { ts, columns } = partOf(table, i * each, (i + 1) * each);
      return { name: table.name, ts, ...columns };
    });
  });
}
