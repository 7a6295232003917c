import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ColumnTarget } from '../../../src/shared/codec/column-target.ts';
import { decodeVectors } from '../../../src/shared/codec/decode-column.ts';
import { decodeNarrowRows, narrowRows } from '../../../src/shared/codec/narrow-rows.ts';
import { byTwins } from '../kernels/twin-rounds.ts';
import { decoded, encoded, F64, f64Rows, type Row, rowsOf, type Shape, TIME_MS } from './columns.ts';
import { type Dice, dice, recipesOf, rowsBy } from './recipes.ts';

/** A vector's rows: mostly of the kinds that the kernel takes, with what it does not take between them. */
function vectorOf(shape: Shape, count: number, roll: Dice): Row[] {
  const power = [1, 10, 100, 1000, 1e9, 1e12][roll(6)]!;
  const spread = 2 ** roll(26);
  const start = (roll(2) === 0 ? 1 : -1) * roll(2 ** 20);
  let sum = start;
  switch (shape === TIME_MS ? 9 : roll(7)) {
    case 0:
    case 1:
      return f64Rows(...Array.from({ length: count }, () => (start + roll(spread)) / power));
    case 2:
    case 3:
      // A walk with a leap now and then, which is patched.
      return f64Rows(
        ...Array.from({ length: count }, () => (sum += roll(50) === 0 ? roll(9000) : roll(9)) / power),
      );
    case 4:
      return f64Rows(...Array.from({ length: count }, () => (sum += 1000 + roll(5))));
    default: {
      const recipes = recipesOf(shape);
      return rowsBy(shape, recipes[roll(recipes.length)]!, count, roll(2 ** 31), shape.isTime ? 0 : roll(2));
    }
  }
}

function columnOf(shape: Shape, vectors: number, last: number, roll: Dice): Row[] {
  return Array.from({ length: vectors }, (_, i) =>
    vectorOf(shape, i === vectors - 1 ? last : 1024, roll),
  ).flat();
}

test('columns of many vectors, those for the kernel and others mixed, come back by kernel and by twin', () => {
  const roll = dice(41);
  let taken = 0;
  for (let round = 0; round < 150; round++) {
    const shape = roll(5) === 0 ? TIME_MS : F64;
    const rows = columnOf(shape, 2 + roll(10), 1 + roll(1024), roll);
    const bytes = encoded(shape, rows);
    assert.deepEqual(rowsOf(shape, decoded(shape, bytes, rows.length)), rows, `round ${round}`);
    assert.deepEqual(
      rowsOf(
        shape,
        byTwins(() => decoded(shape, bytes, rows.length)),
      ),
      rows,
      `round ${round}`,
    );
    const target = new ColumnTarget('f64', shape.isTime, true, rows.length);
    taken += decodeNarrowRows(bytes, 0, rows.length, rows.length, target, 0);
    assert.equal(
      byTwins(() => decodeNarrowRows(bytes, 0, rows.length, rows.length, target, 0)),
      0,
    );
  }
  assert.ok(taken > 100_000, `only ${taken} rows were for the kernel`);
});

test('some vectors of a column are decoded to their rows of a target, and no other row is touched', () => {
  const roll = dice(42);
  for (let round = 0; round < 60; round++) {
    const count = 3 + roll(12);
    const rows = columnOf(F64, count, 1024, roll).map((row) => row ?? 0n);
    const bytes = encoded(F64, rows);
    if (bytes[1] === 4) continue;
    const offsets = [0];
    for (let at = 0; at < bytes.length; ) {
      at += 8 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 4, true);
      offsets.push(at);
    }
    const first = roll(count);
    const wanted = 1 + roll(count - first);
    const target = new ColumnTarget('f64', false, false, 1024 * (wanted + 2));
    target.f64.fill(7);
    const end = decodeVectors(bytes, offsets[first]!, 1024 * (count - first), 1024 * wanted, target, 1024);
    assert.equal(end, offsets[first + wanted]);
    assert.deepEqual(
      rowsOf(F64, target.column()).slice(1024, 1024 * (wanted + 1)),
      rows.slice(1024 * first, 1024 * (first + wanted)),
    );
    assert.ok(target.f64.subarray(0, 1024).every((value) => value === 7));
    assert.ok(target.f64.subarray(1024 * (wanted + 1)).every((value) => value === 7));
  }
});

test('damage anywhere in a column of several vectors is refused by both ways, or is the same to both', () => {
  const roll = dice(43);
  for (let column = 0; column < 12; column++) {
    const rows = columnOf(F64, 3, 1 + roll(1024), roll);
    const bytes = encoded(F64, rows);
    for (let round = 0; round < 150; round++) {
      const hurt = bytes.slice();
      const at = roll(3) === 0 ? roll(hurt.length) : roll(Math.min(hurt.length, 64));
      hurt[at] = roll(2) === 0 ? roll(256) : hurt[at]! ^ (1 << roll(8));
      const outcome = (): unknown => {
        try {
          return rowsOf(F64, decoded(F64, hurt, rows.length));
        } catch (error) {
          return String(error);
        }
      };
      assert.deepEqual(outcome(), byTwins(outcome), `column ${column}, byte ${at}`);
    }
  }
});

test('where the rows that were taken end is told', () => {
  const walk = f64Rows(...Array.from({ length: 2048 }, (_, i) => (i % 7) / 10));
  const odd = f64Rows(...Array.from({ length: 1024 }, (_, i) => Math.sqrt(i + 2)));
  const head = encoded(F64, walk);
  const bytes = encoded(F64, [...walk, ...odd]);
  const target = new ColumnTarget('f64', false, false, 3072);
  assert.equal(decodeNarrowRows(bytes, 0, 3072, 3072, target, 0), 2048);
  assert.equal(narrowRows.next, head.length);
  assert.equal(decodeNarrowRows(bytes, head.length, 1024, 1024, target, 2048), 0);
});
