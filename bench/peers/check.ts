import { W_COLUMNS, type WTable } from '../workload/workload-w.ts';
import type { RowsBack } from './contract.ts';

const ALL_COLUMNS = ['ts', ...W_COLUMNS] as const;

/** What is wrong with a table read back, in words: its count, its columns' sums, and the first row of other bits. */
export function wrongAnswers(given: WTable, back: RowsBack): string[] {
  const wrong: string[] = [];
  for (const column of ALL_COLUMNS) {
    const expected = given[column];
    const found = back[column];
    if (found.length !== expected.length) {
      wrong.push(`${given.name}.${column}: ${found.length} rows instead of ${expected.length}`);
      continue;
    }
    // Both are summed in the same order by the same code, so that right rows have equal sums to the last bit.
    const sums = [sum(expected), sum(found)];
    if (sums[0] !== sums[1]) wrong.push(`${given.name}.${column}: sum ${sums[1]} instead of ${sums[0]}`);
    const row = firstOtherBits(expected, found);
    if (row >= 0) {
      wrong.push(`${given.name}.${column}: ${found[row]} instead of ${expected[row]} in row ${row}`);
    }
  }
  return wrong;
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}

function firstOtherBits(a: Float64Array, b: Float64Array): number {
  // All at once first: comparing 64-bit integers one by one makes a bigint of each.
  if (Buffer.compare(bytes(a), bytes(b)) === 0) return -1;
  const bitsA = new BigInt64Array(a.buffer, a.byteOffset, a.length);
  const bitsB = new BigInt64Array(b.buffer, b.byteOffset, b.length);
  return bitsA.findIndex((bits, row) => bits !== bitsB[row]);
}

function bytes(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
