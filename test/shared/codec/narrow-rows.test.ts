import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ColumnTarget } from '../../../src/shared/codec/column-target.ts';
import { decodeVectors } from '../../../src/shared/codec/decode-column.ts';
import { decodeNarrowRows, narrowRows } from '../../../src/shared/codec/narrow-rows.ts';
import { byTwins } from '../kernels/twin-rounds.ts';
import {
  decoded,
  encoded,
  encodedVector,
  F64,
  f64Rows,
  type Row,
  rowsOf,
  type Shape,
  TIME_MS,
} from './columns.ts';
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

/** Decodes one vector by the kernel alone; throws if it leaves it to others. */
function byKernel(bytes: Uint8Array, rows: number): Row[] {
  const target = new ColumnTarget('f64', false, true, rows);
  assert.equal(decodeNarrowRows(bytes, 0, rows, rows, target, 0), rows, 'the kernel takes it');
  return rowsOf(F64, target.column());
}

test('decimals are right by the kernel at every size of values, of steps, and of leaps among them', () => {
  const roll = dice(43);
  for (let bits = 3; bits <= 26; bits++) {
    for (const power of [1, 10, 100]) {
      for (const sign of [1, -1]) {
        // As large as they can be without being of more bits, and steps that add up to little.
        const top = sign * (2 ** bits - 600);
        const frame = Array.from({ length: 1024 }, () => (top + roll(500)) / power);
        check(frame, `${bits} bits`);
        for (const step of [2 ** Math.min(bits, 15) - 200, 100, 255, 256, 300, -255, -256, -400]) {
          let sum = -step * 512;
          const walk = Array.from({ length: 1024 }, () => (sum += step + roll(8)) / power);
          check(walk, `steps of ${step}`);
          // Few of the steps are leaps: these are patched.
          let leaping = 0;
          const leaps = Array.from(
            { length: 1024 },
            (_, i) => (leaping += i % 101 === 100 ? step * (i % 2 === 0 ? 1 : -1) : roll(4) - 1) / power,
          );
          check(leaps, `leaps of ${step}`);
        }
      }
    }
  }
});

function check(values: readonly number[], where: string): void {
  const rows = f64Rows(...values.map((value) => value + 0));
  const bytes = encodedVector(F64, rows);
  assert.deepEqual(byKernel(bytes, rows.length), rows, where);
}

test('patches whose places do not rise are damage, to the kernel as to its twin', () => {
  let sum = 0;
  const rows = f64Rows(
    ...Array.from({ length: 1024 }, (_, i) => (sum += i % 100 === 50 ? 5000 : i % 3) / 100),
  );
  const bytes = encodedVector(F64, rows);
  assert.deepEqual(byKernel(bytes, 1024), rows);
  const head = 8 + 24;
  const patches = bytes[head + 4]!;
  assert.ok(patches > 2, 'there are patches');
  const at = head + 24 + Math.ceil((1023 * bytes[head]!) / 64) * 8;
  const read = (i: number): number =>
    ((bytes[at + ((10 * i) >>> 3)]! | (bytes[at + ((10 * i) >>> 3) + 1]! << 8)) >>> ((10 * i) & 7)) & 1023;
  assert.equal(read(1) - read(0), 100, 'these are the places');
  for (const second of [read(0), read(0) - 1]) {
    const hurt = bytes.slice();
    for (let bit = 0; bit < 10; bit++) {
      const place = 10 + bit;
      hurt[at + (place >>> 3)]! &= ~(1 << (place & 7));
      if ((second >>> bit) & 1) hurt[at + (place >>> 3)]! |= 1 << (place & 7);
    }
    const target = new ColumnTarget('f64', false, true, 1024);
    assert.equal(decodeNarrowRows(hurt, 0, 1024, 1024, target, 0), 0, 'the kernel leaves it to others');
    for (const way of [(call: () => unknown) => call(), byTwins]) {
      assert.throws(
        () => way(() => decodeVectors(hurt, 0, 1024, 1024, target, 0)),
        /place/,
        `${second} after ${read(0)}`,
      );
    }
  }
});
