import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Table } from '../../src/main/index.ts';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { spreadOf } from '../harness/stats.ts';
import { textTable } from '../harness/text-table.ts';

const COLUMNS = ['a', 'b', 'c', 'd'] as const;
const ROWS = [25_000, 50_000, 100_000, 200_000, 400_000, 800_000, 1_600_000];
const CALLS = 15;
const BATCH_ROWS = 100_000;

/** What the border between scans of one thread and shared ones is set by; the bench moves it, users cannot. */
interface Inside {
  readonly core: { readonly reader: { readonly pool: { sharedFrom: number } } };
}

/** Measures scans of growing size, each by the caller alone and with workers: where is the border? */
export async function measureBorder(folder: string): Promise<string> {
  const db = await NanoTsDbShared.open(join(folder, 'border.ntt'));
  const table = await db.createTable('t', COLUMNS);
  const most = ROWS.at(-1)!;
  for (let from = 0; from < most; from += BATCH_ROWS) {
    const column = (scale: number): Float64Array =>
      Float64Array.from(
        { length: BATCH_ROWS },
        (_, i) => Math.round(1e4 * Math.sin((from + i) / scale)) / 100,
      );
    const columns = { a: column(100), b: column(1000), c: column(17), d: column(3) };
    const ts = Float64Array.from({ length: BATCH_ROWS }, (_, i) => from + i);
    if (!table.append({ ts, columns })) await db.drained();
  }
  await db.flush();
  const { pool } = (table as unknown as Inside).core.reader;
  const lines: string[][] = [];
  for (const rows of ROWS) {
    const times: Record<'alone' | 'shared', number[]> = { alone: [], shared: [] };
    // In turn, so that what others do to the machine meets both alike.
    for (let call = 0; call < 2 * CALLS; call++) {
      const way = call % 2 === 0 ? 'alone' : 'shared';
      pool.sharedFrom = way === 'alone' ? Number.POSITIVE_INFINITY : 0;
      times[way].push(await timed(table as unknown as Table, rows));
    }
    const [alone, shared] = [spreadOf(times.alone).median, spreadOf(times.shared).median];
    lines.push([
      String(rows * (COLUMNS.length + 1)),
      alone.toFixed(2),
      shared.toFixed(2),
      `${(alone / shared).toFixed(2)}×`,
    ]);
  }
  await db.close();
  return textTable(['values', 'alone ms', 'shared ms', 'shared is'], lines);
}

async function timed(table: Table, rows: number): Promise<number> {
  const start = performance.now();
  const { rowCount } = await table.query({ to: rows - 1 });
  if (rowCount !== rows) throw new Error(`${rowCount} rows instead of ${rows}`);
  return performance.now() - start;
}
