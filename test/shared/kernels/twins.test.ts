import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ColumnTarget } from '../../../src/shared/codec/column-target.ts';
import { decodeVectorInto } from '../../../src/shared/codec/decode.ts';
import { decoded, encoded, encodedVector, F64, f64Rows, I64, i64Rows, rowsOf } from '../codec/columns.ts';
import { dice, recipesOf, rowsBy } from '../codec/recipes.ts';
import { byTwins, holdAgainstTwins } from './twin-rounds.ts';

test('ten thousand random vectors have the same bytes and values by a kernel and by its twin', () => {
  holdAgainstTwins(10_000, 1);
});

test('what damage makes of a vector is refused by both, or is the same to both', () => {
  for (const shape of [F64, I64]) {
    for (const recipe of recipesOf(shape)) {
      const bytes = encoded(shape, rowsBy(shape, recipe, 100, 7));
      for (let at = 8; at < Math.min(bytes.length, 40); at++) {
        for (const flip of [0x01, 0x10, 0x80, 0xff]) {
          const hurt = bytes.slice();
          hurt[at]! ^= flip;
          assert.deepEqual(
            outcome(() => decoded(shape, hurt, 100)),
            outcome(() => byTwins(() => decoded(shape, hurt, 100))),
            `${recipe}, byte ${at}`,
          );
        }
      }
    }
  }
});

test('numbers of each width, walks and scatters, whole or decimal, come back by kernel and twin whatever their count', () => {
  for (let width = 0; width <= 28; width++) {
    for (const count of [2, 3, 4, 5, 7, 8, 9, 13, 64, 257, 1023, 1024]) {
      const roll = dice(1000 * width + count);
      const scatter = Array.from({ length: count }, () => roll(2 ** width));
      let sum = -(2 ** 20);
      const walk = scatter.map((step) => (sum += step - 2 ** width / 4));
      for (const power of [1, 10, 1000]) {
        for (const values of [scatter, walk]) {
          const rows = f64Rows(...values.map((value) => value / power));
          const bytes = encoded(F64, rows);
          const where = `width ${width}, ${count} values, power ${power}`;
          assert.deepEqual(rowsOf(F64, decoded(F64, bytes, count)), rows, where);
          const twin = byTwins(() => decoded(F64, bytes, count));
          assert.deepEqual(rowsOf(F64, twin), rows, where);
        }
      }
    }
  }
});

test('of a vector decoded in part, the wanted rows are right', () => {
  const roll = dice(5);
  for (const recipe of recipesOf(F64)) {
    for (const length of [1, 9, 100, 1024]) {
      const rows = rowsBy(F64, recipe, length, roll(2 ** 31), roll(3));
      const bytes = encodedVector(F64, rows);
      for (let round = 0; round < 20; round++) {
        const from = roll(length);
        const to = from + 1 + roll(length - from);
        const target = new ColumnTarget('f64', false, false, length + 3);
        decodeVectorInto(bytes, 0, target, 3, from, to);
        const found = rowsOf(F64, target.column()).slice(3 + from, 3 + to);
        assert.deepEqual(found, rows.slice(from, to), `${recipe}, ${length} rows, ${from}…${to}`);
      }
    }
  }
});

test('a vector with one value more than pairs comes out even', () => {
  for (const shape of [F64, I64]) {
    const rows = shape === F64 ? f64Rows(1.5, 2.25, -7.125) : i64Rows(1n, 2n ** 40n, -5n);
    assert.deepEqual(
      encoded(shape, rows),
      byTwins(() => encoded(shape, rows)),
    );
  }
});

/** The bits that a call gives, or the code of its error. */
function outcome(call: () => { values: unknown; validity: unknown }): unknown {
  try {
    const { values } = call();
    const { buffer } = values as Float64Array;
    return Buffer.from(buffer).toString('hex');
  } catch (error) {
    return (error as { code: string }).code;
  }
}
