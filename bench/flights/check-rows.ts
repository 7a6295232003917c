import { formatCount } from '../../src/main/cli/numbers.ts';
import type { NanoTsDbShared } from '../../src/main/index.ts';
import type { ExpectedRows, ExpectedTable } from './expected-rows.ts';

/** What comparing found. */
export interface CheckResult {
  /** The first difference in words; undefined if there is none. */
  readonly difference: string | undefined;
  readonly rows: number;
  readonly tables: number;
  /** Sums over all rows, of the database's values. */
  readonly delaySum: number;
  readonly distanceSum: number;
}

/** Compares every value of every row of the database with what the Parquet file has; and the tables' own counts. */
export async function checkRows(db: NanoTsDbShared, expected: ExpectedRows): Promise<CheckResult> {
  const tables = expected.tables();
  const result = { rows: 0, tables: tables.size, delaySum: 0, distanceSum: 0 };
  const there = db.listTables().toSorted();
  const wanted = [...tables.keys()].toSorted();
  if (there.join() !== wanted.join()) {
    return {
      ...result,
      difference: `there are ${there.length} tables, not ${wanted.length}, or they have other names`,
    };
  }
  const counts = new Map((await db.stats()).tables.map(({ name, rows }) => [name, rows]));
  for (const [name, table] of tables) {
    if (counts.get(name) !== table.ts.length) {
      const difference = `stats says that ${name} has ${counts.get(name)} rows; the file has ${table.ts.length}`;
      return { ...result, difference };
    }
    const difference = await compareTable(db, name, table, expected, result);
    if (difference !== undefined) return { ...result, difference };
  }
  return { ...result, difference: undefined };
}

async function compareTable(
  db: NanoTsDbShared,
  name: string,
  expected: ExpectedTable,
  names: ExpectedRows,
  sums: { rows: number; delaySum: number; distanceSum: number },
): Promise<string | undefined> {
  let at = 0;
  for await (const { rowCount, ts, columns, validity } of db.table(name).scan()) {
    if (Object.values(validity).some((bitmap) => bitmap !== undefined)) return `${name} has nulls`;
    const delay = columns['delay'] as Float64Array;
    const distance = columns['distance'] as Float64Array;
    const destination = columns['destination'] as string[];
    for (let row = 0; row < rowCount; row++, at++) {
      if (
        ts[row] !== expected.ts[at] ||
        delay[row] !== expected.delay[at] ||
        distance[row] !== expected.distance[at] ||
        destination[row] !== names.nameOf(expected.destination[at]!)
      ) {
        const is = [ts[row], delay[row], distance[row], destination[row]];
        const has = [expected.ts[at], expected.delay[at], expected.distance[at], nameAt(names, expected, at)];
        return `row ${formatCount(at)} of ${name} is ${is.join(', ')}; the file has ${has.join(', ')}`;
      }
      sums.delaySum += delay[row]!;
      sums.distanceSum += distance[row]!;
    }
    sums.rows += rowCount;
  }
  return at === expected.ts.length ? undefined : `${name} has ${at} rows; the file has ${expected.ts.length}`;
}

function nameAt(names: ExpectedRows, expected: ExpectedTable, at: number): string | undefined {
  return at < expected.destination.length ? names.nameOf(expected.destination[at]!) : undefined;
}
