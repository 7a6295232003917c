import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decoded, encodedVector, F64, f64Rows, type Row, rowsOf } from './columns.ts';
import { naiveColumn } from './naive-vector.ts';
import { dice, rowsBy } from './recipes.ts';

function roundTrip(rows: Row[]): Uint8Array {
  const bytes = encodedVector(F64, rows);
  assert.deepEqual(rowsOf(F64, decoded(F64, bytes, rows.length)), rows);
  assert.deepEqual(naiveColumn(F64, bytes), rows);
  return bytes;
}

/** Noise in `center` ± `center` / 16. */
function noise(center: number, count: number, seed: number): number[] {
  const roll = dice(seed);
  const random = (): number => (roll(2 ** 26) * 2 ** 27 + roll(2 ** 27)) / 2 ** 53;
  return Array.from({ length: count }, () => center * (1 + (random() - 0.5) / 8));
}

test('real doubles: noise about a value takes the bits of its noise, of either sign', () => {
  for (const center of [20, -1013.25, 1e-9, 3e200]) {
    const bytes = roundTrip(f64Rows(...noise(center, 1024, 1)));
    assert.equal(bytes[0], 13);
    assert.ok(bytes.length * 8 < 1024 * 53, `${(bytes.length * 8) / 1024} bits`);
  }
});

test('real doubles: strangers among them, NaN, zeros and infinities, keep their bits', () => {
  const values = noise(20, 1024, 2);
  for (const [i, other] of [Number.NaN, 0, -0, Infinity, -Infinity, 5e-324, -20, 1e300].entries())
    values[i * 117] = other;
  const rows = f64Rows(...values);
  rows[500] = 0x7ff0_0000_dead_beefn;
  assert.equal(roundTrip(rows)[0], 13);
  assert.equal(roundTrip([...rows.slice(0, 700), null, ...rows.slice(701)])[0], 13);
  for (const count of [64, 65, 100, 1023]) roundTrip(rows.slice(0, count));
});

test('random bits never take more than 64.5 bits a value, statistics apart', () => {
  for (const recipe of ['random', 'fractions']) {
    const bytes = roundTrip(rowsBy(F64, recipe, 1024, 1));
    assert.ok((bytes.length - 24) * 8 <= 1024 * 64.5, recipe);
  }
});
