import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeVector } from '../../../src/shared/codec/choose.ts';
import { ColumnTarget } from '../../../src/shared/codec/column-target.ts';
import { decodeVectorInto } from '../../../src/shared/codec/decode.ts';
import { areAllOnes, clearBits, copyBits } from '../../../src/shared/codec/validity.ts';
import { ByteSink } from '../../../src/shared/format/byte-sink.ts';
import { encodedVector, I32, i32Rows, type Row, rowsOf, SHAPES, sourceOf } from './columns.ts';
import { recipesOf, rowsBy } from './recipes.ts';

const bitOf = (bitmap: Uint8Array, i: number): number => (bitmap[i >>> 3] >>> (i & 7)) & 1;

test('bits are copied from any row on, counted, and those of other rows left out', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.nat(63),
      fc.integer({ min: 1, max: 64 }),
      (bitmap, from, count) => {
        const to = new Uint8Array(9).fill(0xee);
        const ones = copyBits(bitmap, from, count, to);
        const expected = Array.from({ length: count }, (_, i) => bitOf(bitmap, from + i));
        const bytes = Math.ceil(count / 8);
        assert.deepEqual(
          Array.from({ length: 8 * bytes }, (_, i) => bitOf(to, i)),
          [...expected, ...new Array(8 * bytes - count).fill(0)],
        );
        assert.equal(to[bytes], 0xee);
        assert.equal(ones, expected.filter((bit) => bit === 1).length);
      },
    ),
  );
});

test('a bitmap is all ones from a byte on only if each of its bits is', () => {
  const byte = fc.oneof({ weight: 20, arbitrary: fc.constant(0xff) }, { weight: 1, arbitrary: fc.nat(255) });
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.array(byte, { minLength: 16, maxLength: 16 }),
      fc.nat(8),
      fc.nat(8),
      (noise, ones, first, bytes) => {
        const inside = ones.slice(0, bytes);
        const bitmap = Uint8Array.from(noise);
        bitmap.set(inside, first);
        assert.equal(
          areAllOnes(bitmap, first, 8 * bytes),
          inside.every((each) => each === 0xff),
        );
      },
    ),
  );
});

test('nulls are noted at any row without a change to the rows beside', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 8, maxLength: 8 }),
      fc.nat(40),
      fc.integer({ min: 1, max: 64 }),
      (bits, row, count) => {
        const bitmap = new Uint8Array(16).fill(0xff);
        clearBits(bitmap, row, bits, count);
        for (let i = 0; i < 128; i++) {
          const inside = i >= row && i < row + count;
          assert.equal(bitOf(bitmap, i), inside ? bitOf(bits, i - row) : 1);
        }
      },
    ),
  );
});

test('a vector does not change when another thread writes the validity of later rows', () => {
  const rows: Row[] = [...i32Rows(1, 5), null, ...i32Rows(8, 7)];
  const source = sourceOf(I32, rows, { lead: 6 });
  const encode = (): Uint8Array => {
    const sink = new ByteSink();
    encodeVector(sink, source, 6, rows.length);
    return sink.written();
  };
  const before = encode();
  assert.equal(before[8], 0b11011);
  const validity = source.validity ?? assert.fail();
  for (let i = 11; i < 8 * validity.length; i++) validity[i >>> 3] ^= 1 << (i & 7);
  assert.deepEqual(encode(), before);
});

test('vectors can be decoded one by one to any row of a target; rows elsewhere stay as they are', () => {
  for (const shape of SHAPES) {
    const nulls = shape.isTime ? 0 : 2;
    const first = rowsBy(shape, recipesOf(shape)[1], 100, 1, nulls);
    const second = rowsBy(shape, recipesOf(shape)[2], 37, 2, nulls);
    const bytes = new Uint8Array([...encodedVector(shape, first), ...encodedVector(shape, second)]);
    const target = new ColumnTarget(shape.kind, shape.isTime, shape.kind === 'f64', 150);
    const middle = decodeVectorInto(bytes, 0, target, 50);
    assert.equal(decodeVectorInto(bytes, middle, target, 3), bytes.length);
    const column = target.column();
    if (shape.kind === 'utf8') (column.values as string[]).fill('', 40, 50).fill('', 0, 3);
    if (shape.kind === 'bytes')
      (column.values as Uint8Array[]).fill(new Uint8Array(), 40, 50).fill(new Uint8Array(), 0, 3);
    const rows = rowsOf(shape, column);
    assert.deepEqual(rows.slice(50), first);
    assert.deepEqual(rows.slice(3, 40), second);
    assert.equal([...rows.slice(0, 3), ...rows.slice(40, 50)].includes(null), false);
  }
});
