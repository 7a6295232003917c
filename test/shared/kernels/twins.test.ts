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
          assert.deepEqual(
            byTwins(() => encoded(F64, rows)),
            bytes,
            where,
          );
        }
      }
    }
  }
});

test('decimals among which one is odd have the same bytes by kernel and twin, wherever that one is', () => {
  const odd = [
    Number.NaN,
    -0,
    Infinity,
    -Infinity,
    2 ** 26 / 100,
    -(2 ** 26 + 1) / 100,
    1e13,
    0.1 + 0.2,
    5e-324,
  ];
  const nans = [0x7ff8000000000001n, 0xfff8000000000000n, 0x7ff0000000000001n];
  const rows = f64Rows(...Array.from({ length: 200 }, (_, i) => Math.round(2000 + 300 * Math.sin(i)) / 100));
  for (const one of [...f64Rows(...odd), ...nans]) {
    for (const place of [0, 1, 2, 3, 30, 31, 32, 33, 63, 64, 100, 196, 197, 198, 199]) {
      const mixed = rows.with(place, one);
      const bytes = encoded(F64, mixed);
      assert.deepEqual(
        byTwins(() => encoded(F64, mixed)),
        bytes,
        `${one} at ${place}`,
      );
      assert.deepEqual(rowsOf(F64, decoded(F64, bytes, 200)), mixed);
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
