// Rows for the property test of reading: anyone who knows the seed can make row i of either producer again.
import type { NaiveRow } from '../support/naive-aggregate.ts';

export const COLUMNS = [
  'f64',
  { name: 'f32', type: 'f32' },
  { name: 'i64', type: 'i64' },
  { name: 'i32', type: 'i32' },
  { name: 'bool', type: 'bool' },
  { name: 'utf8', type: 'utf8' },
] as const;
export const TYPES = ['f64', 'f32', 'i64', 'i32', 'bool', 'utf8'] as const;

/** One job of the other producer: rows up to this number. */
export interface Burst {
  readonly until: number;
}

/** A whole number below `limit`, the same for the same arguments. */
export function pick(seed: number, i: number, salt: number, limit: number): number {
  let x = Math.imul(seed ^ Math.imul(i + 1, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(salt + 1, 0xc2b2ae35);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return ((x ^ (x >>> 15)) >>> 0) % limit;
}

/**
 * Row `i` of a producer. Times mostly go on, sometimes back; those of the two producers are never equal, as nothing says which
 * of two such rows comes first. Few values, so that predicates meet them.
 */
export function rowOf(seed: number, producer: 0 | 1, i: number): NaiveRow {
  const own = seed + producer;
  // With some seeds often, so that blocks overlap and are unsorted; with others hardly ever.
  const isLate = pick(own, i, 0, [60, 3000, 1e9][pick(seed, 0, 0, 3)]!) === 0;
  const ts = 20 * i - (isLate ? pick(own, i, 1, 2000) : pick(own, i, 1, 9));
  const isNull = (column: number): boolean =>
    pick(own, i >> 3, 10 + column, 3) === 0 && pick(own, i, column, 3) === 0;
  const whole = pick(own, i, 2, 50) - 10;
  const f64 = [Number.NaN, -0, 0, 5e-324, Number.POSITIVE_INFINITY][pick(own, i, 3, 60)] ?? whole / 4;
  const f32 = [Number.NaN, -0][pick(own, i, 4, 30)] ?? Math.fround(whole / 8);
  const i64 = BigInt(whole) * (pick(own, i, 5, 20) === 0 ? 2n ** 40n : 1n);
  const values = [f64, f32, i64, whole, pick(own, i, 6, 2), `s${pick(own, i, 7, 4)}`];
  return {
    // Even times are the first producer's.
    ts: BigInt(2 * ts + producer),
    values: values.map((value, column) => (isNull(column) ? null : value)),
  };
}
