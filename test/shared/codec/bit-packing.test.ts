import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pack, packedSize, unpack, WIDTH_MAX, widthOf } from '../../../src/shared/codec/bit-packing.ts';
import { numbers } from '../../../src/shared/codec/scratch.ts';
import { MillraceError } from '../../../src/shared/errors.ts';
import { naivePacked } from './naive-vector.ts';
import { dice } from './recipes.ts';

test('numbers of every width are packed as the format says, touch nothing else, and come back', () => {
  for (let width = 0; width <= WIDTH_MAX; width++) {
    const roll = dice(width);
    for (const count of [0, 1, 2, 3, 31, 32, 33, 500, 1023, 1024]) {
      const values = Array.from({ length: count }, (_, i) => {
        if (width === 0) return 0;
        if (i % 5 === 0) return 2 ** width - 1;
        return (
          roll(2 ** Math.min(width, 26)) * 2 ** Math.max(0, width - 26) + roll(2 ** Math.max(0, width - 26))
        );
      });
      numbers.set(values);
      const size = packedSize(count, width);
      const out = new Uint8Array(size + 16).fill(0xee);
      pack(out, 8, count, width);
      assert.deepEqual([...out.subarray(0, 8), ...out.subarray(8 + size)], new Array(16).fill(0xee));
      if (count <= 33) {
        const naive = naivePacked(out.subarray(8), width, count);
        assert.deepEqual(naive, values.map(BigInt), `width ${width}`);
      }
      const bitsUsed = count * width;
      for (let bit = bitsUsed; bit < 8 * size; bit++) assert.equal((out[8 + (bit >> 3)] >> (bit & 7)) & 1, 0);
      numbers.fill(-1);
      assert.equal(unpack(out, 8, 8 + size, count, width), 8 + size);
      assert.deepEqual(Array.from(numbers.subarray(0, count)), values, `width ${width}, ${count} numbers`);
    }
  }
});

test('packed numbers that would reach beyond the end are refused', () => {
  for (const width of [1, 8, 16, 32, 52]) {
    const size = packedSize(1024, width);
    assert.throws(
      () => unpack(new Uint8Array(size + 8), 8, size, 1024, width),
      (error) => MillraceError.is(error) && error.code === 'DAMAGED' && error.details['offset'] === 8,
    );
  }
});

test('a width is that of the largest number', () => {
  assert.deepEqual([0, 1, 2, 3, 255, 256].map(widthOf), [0, 1, 2, 2, 8, 9]);
  assert.deepEqual([2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 52 - 1, 2 ** 52].map(widthOf), [32, 32, 33, 52, 53]);
});
