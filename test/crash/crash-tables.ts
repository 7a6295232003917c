/** Tables whose rows follow from producer and number, so that whoever reads a crash state knows what may be there. */
import type { NanoTsDbShared, Rows } from '../../src/main/index.ts';
import type { AnyTable } from '../engine/kill-rows.ts';

const START = 1_700_000_000_000;
const COLUMNS = [
  { name: 'producer', type: 'i32' },
  { name: 'n', type: 'i32' },
  { name: 'noise', type: 'f64' },
  { name: 'text', type: 'utf8' },
  { name: 'raw', type: 'bytes' },
] as const;

/** Whole 0 ≤ x < 2^32 without any pattern (the finalizer of MurmurHash3, Austin Appleby). */
function hash(n: number): number {
  let h = Math.imul(n ^ (n >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const timeOf = (n: number): number => START + Math.floor(n / 3);
const noiseOf = (producer: number, n: number): number | null =>
  n % 5 === 0 ? null : hash(n * 64 + producer) / 2 ** 32;
const textOf = (n: number): string | null => (n % 4 === 0 ? null : `überlauf ${hash(n) % 20}`);
const rawOf = (n: number): Uint8Array => Uint8Array.from({ length: n % 9 }, (_, i) => hash(n + i) & 255);

export function makeTable(db: NanoTsDbShared, name: string): AnyTable {
  return db.createTableSync(name, COLUMNS) as AnyTable;
}

/** Appends rows from … from + count − 1 of a producer, one by one or at once. */
export function appendNumbers(
  table: AnyTable,
  producer: number,
  from: number,
  count: number,
  inBatch: boolean,
): void {
  const numbers = Array.from({ length: count }, (_, i) => from + i);
  if (!inBatch) {
    for (const n of numbers)
      table.appendRow(timeOf(n), [producer, n, noiseOf(producer, n), textOf(n), rawOf(n)]);
    return;
  }
  table.append({
    ts: numbers.map(timeOf),
    columns: {
      producer: numbers.map(() => producer),
      n: numbers,
      noise: numbers.map((n) => noiseOf(producer, n)),
      text: numbers.map(textOf),
      raw: numbers.map(rawOf),
    },
  });
}

/** A row that is wrong, out of order, twice or without the one before it. */
export class WrongRows extends Error {
  override readonly name = 'WrongRows';
}

/**
 * Checks that rows are, for each producer, its first ones in order, every value right.
 * @returns how many each producer has
 */
export function countRows(where: string, rows: Rows, producers: number): number[] {
  const counts = Array.from({ length: producers }, () => 0);
  const { producer, n, noise, text, raw } = rows.columns as {
    producer: Int32Array;
    n: Int32Array;
    noise: Float64Array;
    text: string[];
    raw: Uint8Array[];
  };
  const isNull = (column: string, i: number): boolean => {
    const validity = rows.validity[column];
    return validity !== undefined && (validity[i >> 3]! & (1 << (i & 7))) === 0;
  };
  for (let i = 0; i < rows.rowCount; i++) {
    const who = producer[i]!;
    const number = n[i]!;
    const expected = counts[who];
    if (expected !== number || isNull('n', i) || isNull('producer', i))
      throw new WrongRows(`${where}: producer ${who} has row ${number} where ${expected} must be`);
    counts[who]!++;
    const right =
      Number(rows.ts[i]) === timeOf(number) &&
      (isNull('noise', i) ? null : noise[i]) === noiseOf(who, number) &&
      (isNull('text', i) ? null : text[i]) === textOf(number) &&
      !isNull('raw', i) &&
      Buffer.compare(raw[i]!, rawOf(number)) === 0;
    if (!right) throw new WrongRows(`${where}: row ${number} of producer ${who} has wrong values`);
  }
  return counts;
}
