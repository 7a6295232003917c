/** Tables whose every row follows from its number, so that a process can check what another one wrote. */
import { MillraceError } from '../../shared/errors.ts';
import type { Rows } from '../api-types.ts';
import type { NanoTsDbShared } from '../database.ts';
import type { Table } from '../table.ts';

export const TORTURE_TABLES = ['rows', 'batches', 'slow'] as const;
export const TORTURE_COLUMNS = [
  { name: 'n', type: 'i64' },
  { name: 'noise', type: 'f64' },
  { name: 'text', type: 'utf8' },
] as const;
export type TortureTable = Table<typeof TORTURE_COLUMNS>;

const START = 1_700_000_000_000;

/** Whole 0 ≤ x < 2^32 without any pattern (the finalizer of MurmurHash3, Austin Appleby). */
function hash(n: number): number {
  let h = Math.imul(n ^ (n >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const noiseOf = (n: number): number => (hash(n) - 2 ** 31) / 2 ** 20;
const textOf = (n: number): string | null => (n % 5 === 0 ? null : `state ${hash(n) % 40}`);

/** Numbers from 0 to below, from a seed (Park and Miller's generator). */
export function dice(seed: number): (below: number) => number {
  let state = (seed % 2_147_483_646) + 1;
  return (below) => {
    state = Number((BigInt(state) * 48_271n) % 2_147_483_647n);
    return Math.floor((state / 2_147_483_647) * below);
  };
}

export async function tortureTables(db: NanoTsDbShared): Promise<TortureTable[]> {
  const tables: TortureTable[] = [];
  for (const name of TORTURE_TABLES) tables.push(await db.createTable(name, TORTURE_COLUMNS));
  return tables;
}

/** Appends rows from … from + count − 1, one by one or at once. @returns false if it was said to slow down */
export function appendNumbers(table: TortureTable, from: number, count: number, inBatch: boolean): boolean {
  if (inBatch) {
    const numbers = Array.from({ length: count }, (_, i) => from + i);
    return table.append({
      ts: Float64Array.from(numbers, (n) => START + n),
      columns: {
        n: BigInt64Array.from(numbers, BigInt),
        noise: Float64Array.from(numbers, noiseOf),
        text: numbers.map(textOf),
      },
    });
  }
  let free = true;
  for (let n = from; n < from + count; n++)
    free = table.appendRow(START + n, [BigInt(n), noiseOf(n), textOf(n)]) && free;
  return free;
}

/**
 * Reads a table from row `from` on.
 * @returns how many rows it has
 * @throws DAMAGED if a row is wrong, missing or there twice
 */
export async function checkRows(db: NanoTsDbShared, name: string, from: number): Promise<number> {
  if (!db.hasTable(name)) return 0;
  let next = from;
  for await (const rows of db.table(name).scan({ from: START + from })) {
    for (let i = 0; i < rows.rowCount; i++) checkRow(name, rows, i, next++);
  }
  return next;
}

function checkRow(name: string, rows: Rows, i: number, n: number): void {
  const {
    n: numbers,
    noise,
    text,
  } = rows.columns as {
    n: BigInt64Array;
    noise: Float64Array;
    text: string[];
  };
  const validity = rows.validity['text'];
  const isNull = validity !== undefined && (validity[i >> 3]! & (1 << (i & 7))) === 0;
  const right =
    numbers[i] === BigInt(n) &&
    rows.ts[i] === START + n &&
    noise[i] === noiseOf(n) &&
    (isNull ? null : text[i]) === textOf(n);
  if (right) return;
  throw new MillraceError(
    'DAMAGED',
    `row ${n} of table ${name} is wrong: n ${numbers[i]}, ts ${rows.ts[i]}, ${noise[i]}, ${isNull ? null : text[i]}`,
    { table: name, row: n },
  );
}
