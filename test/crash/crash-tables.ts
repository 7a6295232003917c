/** Tables whose rows follow from producer and number, so that whoever reads a crash state knows what may be there. */
import type { NanoTsDbShared, Rows } from '../../src/main/index.ts';
import { ALL_TIME } from '../../src/shared/index/index-reader.ts';
import type { AnyTable } from '../engine/kill-rows.ts';

const START = 1_700_000_000_000;
const COLUMNS = [
  { name: 'producer', type: 'i32' },
  { name: 'n', type: 'i32' },
  { name: 'noise', type: 'f64' },
  { name: 'text', type: 'utf8' },
  { name: 'raw', type: 'bytes' },
] as const;
/** Rows of one producer that share a time. */
const ROWS_OF_TIME = 3;

export const PRODUCERS = 2;
/** Where a table's counts say, behind those of the producers, how many of its times retention hides. */
export const HIDDEN = PRODUCERS;
/** Where they say how many of its rows made way for newer ones, in a file that may not grow. */
export const GONE = PRODUCERS + 1;

/**
 * Of each table: rows of each producer, those that are hidden or gone included; how many times are hidden; how many rows
 * are gone.
 */
export type Counts = ReadonlyMap<string, readonly number[]>;

export const noRows = (): number[] => Array.from({ length: PRODUCERS + 2 }, () => 0);

/** The same rows at most, of which any that are not a table's newest may have made way. */
export function mayMakeWay(counts: Counts): Counts {
  return new Map(
    [...counts].map(([name, numbers]) => [name, numbers.with(GONE, Number.POSITIVE_INFINITY)] as const),
  );
}

/** Tables whose rows are so large that some hundreds of them fill a small file. */
export const LARGE = ['large 0', 'large 1'] as const;

/**
 * The only producer of a table in a file that may not grow. Which blocks make way there is a matter of their times, so of
 * two producers' rows in one table those that stay need not be each one's newest.
 */
export function ownerOf(table: string): number {
  return table.charCodeAt(table.length - 1) % PRODUCERS;
}

/** Whole 0 ≤ x < 2^32 without any pattern (the finalizer of MurmurHash3, Austin Appleby). */
function hash(n: number): number {
  let h = Math.imul(n ^ (n >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const timeOf = (n: number): number => START + Math.floor(n / ROWS_OF_TIME);
const noiseOf = (producer: number, n: number): number | null =>
  n % 5 === 0 ? null : hash(n * 64 + producer) / 2 ** 32;
const textOf = (n: number): string | null => (n % 4 === 0 ? null : `überlauf ${hash(n) % 20}`);
const extraOf = (n: number): number => hash(n + 1) | 0;

/** What large rows are cut from: nothing makes it smaller. */
const NOISE = new Uint8Array(Uint32Array.from({ length: 1 << 18 }, (_, i) => hash(i)).buffer);
const MOST_LARGE = 28_000;

export const isLarge = (table: string): boolean => table.startsWith('large');

function rawLength(table: string, n: number, isWide: boolean): number {
  return (isLarge(table) ? 4000 + (hash(n) % (MOST_LARGE - 4010)) : n % 9) + (isWide ? 10 : 0);
}

function rawOf(table: string, n: number, isWide: boolean): Uint8Array {
  const length = rawLength(table, n, isWide);
  if (!isLarge(table)) return Uint8Array.from({ length }, (_, i) => hash(n + i) & 255);
  const from = hash(n + 7) % (NOISE.length - MOST_LARGE);
  return NOISE.subarray(from, from + length);
}

/** Bytes of the rows of a table from one number up to another. */
export function bytesOfRows(table: string, from: number, to: number): number {
  let bytes = 0;
  for (let n = from; n < to; n++) bytes += rawLength(table, n, false);
  return bytes;
}

export function makeTable(db: NanoTsDbShared, name: string): AnyTable {
  return db.createTableSync(name, COLUMNS) as AnyTable;
}

/** The table with one column more, which rows that are appended to it fill; what is in their `raw` says so too. */
export async function widen(table: AnyTable): Promise<AnyTable> {
  return (await table.addColumn({ name: 'extra', type: 'i32' })) as AnyTable;
}

/** The time in ms before which this many times are hidden. */
export function cutoffOf(hiddenTimes: number): number {
  return START + hiddenTimes;
}

/** How many of a producer's rows are hidden, if it had so many. */
export function hiddenRows(counts: readonly number[]): number {
  return counts[HIDDEN]! * ROWS_OF_TIME;
}

/** How many times have rows of a producer. */
export function timesOf(rows: number): number {
  return Math.ceil(rows / ROWS_OF_TIME);
}

/** Appends rows from … from + count − 1 of a producer, one by one or at once. */
export function appendNumbers(
  table: AnyTable,
  producer: number,
  from: number,
  count: number,
  inBatch: boolean,
): void {
  const isWide = table.columns.length > COLUMNS.length;
  const numbers = Array.from({ length: count }, (_, i) => from + i);
  if (!inBatch) {
    for (const n of numbers) {
      const values = [producer, n, noiseOf(producer, n), textOf(n), rawOf(table.name, n, isWide)];
      table.appendRow(timeOf(n), isWide ? [...values, extraOf(n)] : values);
    }
    return;
  }
  table.append({
    ts: numbers.map(timeOf),
    columns: {
      producer: numbers.map(() => producer),
      n: numbers,
      noise: numbers.map((n) => noiseOf(producer, n)),
      text: numbers.map(textOf),
      raw: numbers.map((n) => rawOf(table.name, n, isWide)),
      ...(isWide ? { extra: numbers.map(extraOf) } : {}),
    },
  });
}

/** A row that is wrong, out of order, twice or without the one before it. */
export class WrongRows extends Error {
  override readonly name = 'WrongRows';
}

/** Reads and checks every table. @param isBounded whether the oldest rows may have made way */
export async function countAll(db: NanoTsDbShared, isBounded = false): Promise<Map<string, number[]>> {
  const core = db['core'];
  const counts = new Map<string, number[]>();
  for (const definition of core.definitions()) {
    const rows = await core.core(definition).query({});
    const { cutoff, release } = core.snapshot(definition, ALL_TIME);
    release();
    const hidden = Math.max(0, Number(cutoff) - START);
    counts.set(definition.name, countRows(definition.name, rows, hidden, isBounded));
  }
  return counts;
}

/**
 * Checks that rows are, for each producer, its first ones in order, those that are hidden apart, and every value right.
 * @returns how many each producer has. One who has no row that can be seen has at least none of those behind the hidden
 *   ones, so it counts as having all of the hidden ones.
 */
function countRows(where: string, rows: Rows, hidden: number, isBounded: boolean): number[] {
  const counts = noRows();
  counts[HIDDEN] = hidden;
  counts.fill(hiddenRows(counts), 0, PRODUCERS);
  const { producer, n, noise, text, raw, extra } = rows.columns as {
    producer: Int32Array;
    n: Int32Array;
    noise: Float64Array;
    text: string[];
    raw: Uint8Array[];
    extra?: Int32Array;
  };
  const isNull = (column: string, i: number): boolean => {
    const validity = rows.validity[column];
    return validity !== undefined && (validity[i >> 3]! & (1 << (i & 7))) === 0;
  };
  if (isBounded && rows.rowCount > 0 && n[0]! > hiddenRows(counts)) {
    counts[GONE] = n[0]!;
    counts[ownerOf(where)] = n[0]!;
  }
  for (let i = 0; i < rows.rowCount; i++) {
    const who = producer[i]!;
    const number = n[i]!;
    const expected = counts[who];
    if (expected !== number || isNull('n', i) || isNull('producer', i))
      throw new WrongRows(`${where}: producer ${who} has row ${number} where ${expected} must be`);
    counts[who]!++;
    const isWide = !isNull('raw', i) && raw[i]!.length === rawLength(where, number, true);
    const found = extra === undefined || isNull('extra', i) ? null : extra[i]!;
    const right =
      Number(rows.ts[i]) === timeOf(number) &&
      (isNull('noise', i) ? null : noise[i]) === noiseOf(who, number) &&
      (isNull('text', i) ? null : text[i]) === textOf(number) &&
      !isNull('raw', i) &&
      Buffer.compare(raw[i]!, rawOf(where, number, isWide)) === 0 &&
      found === (isWide ? extraOf(number) : null);
    if (!right) throw new WrongRows(`${where}: row ${number} of producer ${who} has wrong values`);
  }
  return counts;
}
