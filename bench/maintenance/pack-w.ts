// Workload W before and after `packTable` of every table: bytes of the closed file, and a scan of everything.
// node dist/bench/maintenance/pack-w.js [rows per table] [rounds]
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { spreadOf } from '../harness/stats.ts';
import { textTable } from '../harness/text-table.ts';
import {
  fingerprint,
  generateW,
  partOf,
  W_BATCH_ROWS,
  W_COLUMNS,
  type WTable,
} from '../workload/workload-w.ts';

const rowsPerTable = Number(process.argv[2] ?? 250_000);
const rounds = Number(process.argv[3] ?? 5);

async function ingest(path: string, tables: readonly WTable[]): Promise<void> {
  const db = await NanoTsDbShared.open(path, { autoMaintenance: false });
  for (const { name } of tables) await db.createTable(name, W_COLUMNS);
  for (let from = 0; from < rowsPerTable; from += W_BATCH_ROWS) {
    for (const table of tables) {
      const batch = partOf(table, from, from + W_BATCH_ROWS);
      if (!db.table(table.name).append(batch as never)) await db.drained();
    }
  }
  await db.close();
}

async function readAll(db: NanoTsDbShared): Promise<WTable[]> {
  const tables: WTable[] = [];
  for (const name of db.listTables()) {
    const { ts, columns } = await db.table(name).query();
    tables.push({ name, ts, ...columns } as unknown as WTable);
  }
  return tables;
}

/** Scans all tables several times. @returns seconds of each round */
async function scan(path: string, wanted: number): Promise<number[]> {
  const db = await NanoTsDbShared.open(path, { readOnly: true });
  const seconds: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const began = performance.now();
    const tables = await readAll(db);
    // The first one warms up, and shows that the rows are those that were appended.
    if (round > 0) seconds.push((performance.now() - began) / 1000);
    else if (fingerprint(tables) !== wanted)
      throw new Error('the rows that were read are not those appended');
  }
  await db.close();
  return seconds;
}

const folder = mkdtempSync(join(process.cwd(), 'dist', 'pack-w-'));
try {
  const path = join(folder, 'w.ntt');
  const tables = generateW({ rowsPerTable });
  const wanted = fingerprint(tables);
  await ingest(path, tables);
  const before = { bytes: statSync(path).size, scan: spreadOf(await scan(path, wanted)) };
  const db = await NanoTsDbShared.open(path, { autoMaintenance: false });
  const began = performance.now();
  for (const { name } of tables) await db.packTable(name);
  const packSeconds = (performance.now() - began) / 1000;
  const stored = (await db.stats()).tables.reduce((sum, table) => sum + table.storedBytes, 0);
  await db.close();
  const after = { bytes: statSync(path).size, scan: spreadOf(await scan(path, wanted)) };
  const line = (name: string, { bytes, scan: spread }: typeof before): string[] => [
    name,
    bytes.toLocaleString('en'),
    spread.median.toFixed(3),
    `${spread.min.toFixed(3)} – ${spread.max.toFixed(3)}`,
  ];
  console.log(
    textTable(['', 'file bytes', 'scan s', 'least – most'], [line('written', before), line('packed', after)]),
  );
  console.log(
    `pack of all tables: ${packSeconds.toFixed(2)} s; blocks after it: ${stored.toLocaleString('en')} bytes`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
