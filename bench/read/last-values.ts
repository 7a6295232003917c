import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { spreadOf } from '../harness/stats.ts';

const TABLES = 1000;
const CALLS = 50;

/** Median ms of `lastValues` of 1,000 tables in one call. */
export interface LastValuesResult {
  /** The newest rows are in memory. */
  readonly live: number;
  /** They are in blocks, asked for the first time after opening: a read for each table. */
  readonly first: number;
  /** They are in blocks that were asked for before. */
  readonly again: number;
}

/** Measures `lastValues` over a database of its own in a folder. */
export async function measureLastValues(folder: string): Promise<LastValuesResult> {
  const path = join(folder, 'last.ntt');
  const db = await NanoTsDbShared.open(path);
  const tables = Array.from({ length: TABLES }, (_, i) => db.createTableSync(`t${i}`, ['a', 'b', 'c', 'd']));
  const append = (rounds: number): void => {
    for (let row = 0; row < rounds; row++) {
      for (const table of tables) table.appendRow(row, [row, row / 2, row / 4, row / 8]);
    }
  };
  append(50);
  await db.flush();
  append(60);
  const live = await measure(db, CALLS, 59);
  await db.close();
  const reopened = await NanoTsDbShared.open(path);
  const first = await measure(reopened, 1, 59);
  const again = await measure(reopened, CALLS, 59);
  await reopened.close();
  return { live, first, again };
}

async function measure(db: NanoTsDbShared, calls: number, newest: number): Promise<number> {
  const times: number[] = [];
  for (let call = 0; call < calls; call++) {
    const start = performance.now();
    const rows = await db.lastValues();
    times.push(performance.now() - start);
    const isRight =
      Object.keys(rows).length === TABLES && Object.values(rows).every((row) => row?.columns['a'] === newest);
    if (!isRight) throw new Error('lastValues gave a wrong answer');
  }
  return spreadOf(times).median;
}
