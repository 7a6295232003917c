/** Tables whose every row follows from its number, so that a process can check what another one wrote. */
import { MillraceError } from '../../shared/errors.ts';
import type { Rows } from '../api-types.ts';
import type { NanoTsDbShared } from '../database.ts';
import type { Table } from '../table.ts';

export const TORTURE_TABLES = ['rows', 'batches', 'slow', 'unordered'] as const;
export const TORTURE_COLUMNS = [
  { name: 'n', type: 'i64' },
  { name: 'noise', type: 'f64' },
  { name: 'level', type: 'f32' },
  { name: 'text', type: 'utf8' },
  { name: 'on', type: 'bool' },
  { name: 'raw', type: 'bytes' },
] as const;
export type TortureTable = Table<typeof TORTURE_COLUMNS>;

/** Rows of a group have times of their own; a table without order has each group's rows from the last to the first. */
const GROUP = 16;
const START = 1_700_000_000_000;

/** Whole 0 ≤ x < 2^32 without any pattern (the finalizer of MurmurHash3, Austin Appleby). */
function hash(n: number): number {
  let h = Math.imul(n ^ (n >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const isUnordered = (name: string): boolean => name === 'unordered';
const groupOf = (n: number): number => n - (n % GROUP);
const timeOf = (name: string, n: number): number =>
  START + (isUnordered(name) ? groupOf(n) + GROUP - 1 - (n % GROUP) : n);
const noiseOf = (n: number): number => (hash(n) - 2 ** 31) / 2 ** 20;
const levelOf = (n: number): number | null => (n % 7 === 0 ? null : (n % 1000) / 8);
const textOf = (n: number): string | null => (n % 5 === 0 ? null : `zustand ${hash(n) % 40} ✓`);
const onOf = (n: number): 0 | 1 | null => (n % 11 === 0 ? null : n % 2 === 0 ? 0 : 1);
const rawOf = (n: number): Uint8Array => Uint8Array.from({ length: n % 6 }, (_, i) => hash(n + i) & 255);

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
  const { name } = table;
  if (inBatch) {
    const numbers = Array.from({ length: count }, (_, i) => from + i);
    return table.append({
      ts: Float64Array.from(numbers, (n) => timeOf(name, n)),
      columns: {
        n: BigInt64Array.from(numbers, BigInt),
        noise: Float64Array.from(numbers, noiseOf),
        level: numbers.map(levelOf),
        text: numbers.map(textOf),
        on: numbers.map(onOf),
        raw: numbers.map(rawOf),
      },
    });
  }
  let free = true;
  for (let n = from; n < from + count; n++) {
    const values = [BigInt(n), noiseOf(n), levelOf(n), textOf(n), onOf(n), rawOf(n)] as const;
    free = table.appendRow(timeOf(name, n), values) && free;
  }
  return free;
}

/** The next lower number that a cutoff can be at: there it hides the same rows of every table. */
export function asCutoff(n: number): number {
  return groupOf(n);
}

/** The time in ms before which the rows below a cutoff lie. */
export function cutoffTime(cutoff: number): number {
  return START + cutoff;
}

/** What a check found in a table. */
export interface CheckedRows {
  /** Rows that the table has ever taken. */
  readonly rows: number;
  /** The number of the first row that is seen from where the check began. */
  readonly first: number;
}

/**
 * Reads a table from row `from` on, rounded down to a cutoff.
 * @throws DAMAGED if a row is wrong, missing or there twice; rows that are missing before the first one are the caller's
 *   to judge
 */
export async function checkRows(db: NanoTsDbShared, name: string, from: number): Promise<CheckedRows> {
  if (!db.hasTable(name)) return { rows: 0, first: 0 };
  const rows = await db.lastSeq(name);
  let first: number | undefined;
  let next = 0;
  for await (const part of db.table(name).scan({ from: START + groupOf(from) })) {
    for (let i = 0; i < part.rowCount; i++) {
      if (first === undefined) {
        first = groupOf(Number((part.columns['n'] as BigInt64Array)[i]));
        next = first;
      }
      checkRow(name, part, i, numberAt(name, next++, rows));
    }
  }
  if (first === undefined) return { rows, first: Math.max(rows, groupOf(from)) };
  if (next === rows) return { rows, first };
  throw new MillraceError('DAMAGED', `table ${name} took ${rows} rows and shows them up to ${next}`, {
    table: name,
  });
}

/** The number of the row that is at a place in order of time. */
function numberAt(name: string, place: number, rows: number): number {
  if (!isUnordered(name)) return place;
  const first = groupOf(place);
  return Math.min(first + GROUP, rows) - 1 - (place - first);
}

function checkRow(name: string, rows: Rows, i: number, n: number): void {
  const found = TORTURE_COLUMNS.map(({ name: column }) => {
    const validity = rows.validity[column];
    const isNull = validity !== undefined && (validity[i >> 3]! & (1 << (i & 7))) === 0;
    return isNull ? null : rows.columns[column]![i]!;
  });
  const [number, noise, level, text, on, raw] = found;
  const right =
    number === BigInt(n) &&
    rows.ts[i] === timeOf(name, n) &&
    noise === noiseOf(n) &&
    level === levelOf(n) &&
    text === textOf(n) &&
    on === onOf(n) &&
    raw instanceof Uint8Array &&
    Buffer.compare(raw, rawOf(n)) === 0;
  if (right) return;
  const shown = found.map((value) => (value instanceof Uint8Array ? `[${value}]` : String(value))).join(', ');
  throw new MillraceError('DAMAGED', `row ${n} of table ${name} is wrong: ts ${rows.ts[i]}, ${shown}`, {
    table: name,
    row: n,
  });
}
