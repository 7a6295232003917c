import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashBytes } from '../../../src/shared/codec/byte-hash.ts';
import {
  assertDamaged,
  assertGolden,
  BYTES,
  decoded,
  encoded,
  encodedVector,
  F64,
  hex,
  type Row,
  rowsOf,
  textRows,
  UTF8,
} from './columns.ts';
import { rowsBy } from './recipes.ts';

const [N, S] = ['north', 'south'];
const WINDS = [N, S, N, N, S, S, S, N, N, N, N, S];
const HEAD = '07 00 0c00 38000000  02000000 01000000 20000000 00000000';
const PLAIN = '0a000000 00000000 05000000 00000000 6e6f727468736f757468 000000000000';
const GOLDEN = `${HEAD} ${PLAIN} 7208000000000000`;

test('dictionary: golden bytes', () => {
  assertGolden(UTF8, textRows(...WINDS), GOLDEN);
  assertGolden(BYTES, textRows(...WINDS), GOLDEN);
});

test('dictionary: one value takes no bits for its places, and does not win before the fifth', () => {
  const dictionary =
    '01000000 00000000 18000000 00000000  05000000 00000000 05000000 00000000 6e6f727468 000000';
  assertGolden(UTF8, textRows(N, N, N, N, N), `07 00 0500 28000000  ${dictionary}`);
  assertGolden(
    UTF8,
    [...textRows(N, N, N, N, N), null],
    `07 01 0600 30000000  1f00000000000000 ${dictionary}`,
  );
  assertGolden(
    UTF8,
    textRows(N, N, N, N),
    `06 00 0400 28000000  14000000 00000000 05000000 00000000 ${'6e6f727468'.repeat(4)} 00000000`,
  );
});

test('dictionary: taken for few distinct values, of any length', () => {
  for (const shape of [UTF8, BYTES]) {
    for (const recipe of ['same', 'few', 'fewLong', 'unicode']) {
      assert.equal(encodedVector(shape, rowsBy(shape, recipe, 1024, 1))[0], 7, recipe);
    }
  }
});

test('rows of one value share one array', () => {
  const { values } = decoded(BYTES, encoded(BYTES, textRows(...WINDS)), WINDS.length);
  assert.equal(values[0], values[2]);
  assert.notEqual(values[0], values[1]);
});

test('dictionary: values that differ only in their end, or in zeros, are kept apart', () => {
  const long = 'z'.repeat(300);
  const texts = [
    `${long}a`,
    `${long}b`,
    long,
    '',
    '\u0000',
    '\u0000\u0000',
    '\u0000\u0000\u0000',
    'ab',
    'abc',
    'abcd',
  ];
  const rows = Array.from({ length: 500 }, (_, i) => textRows(texts[(i * 7) % 10])[0]);
  const bytes = encoded(BYTES, rows);
  assert.equal(bytes[0], 7);
  assert.deepEqual(rowsOf(BYTES, decoded(BYTES, bytes, 500)), rows);
});

test('dictionary: values made to have one hash are kept apart, and written plain if they are many', () => {
  const colliding = oneHash(40);
  for (const count of [2, 8, 40]) {
    const rows = Array.from({ length: 1000 }, (_, i): Row => colliding[i % count]);
    const bytes = encoded(BYTES, rows);
    assert.equal(bytes[0], count === 40 ? 6 : 7);
    assert.deepEqual(rowsOf(BYTES, decoded(BYTES, bytes, 1000)), rows);
  }
});

test('dictionary: places, sizes and entries that make no sense are DAMAGED', () => {
  const change = (from: string, to: string): Uint8Array => hex(GOLDEN.replace(from, to));
  assertDamaged(UTF8, change('38000000  02000000', '38000000  00000000'), 12, 8, /dictionary of 0 values/);
  assertDamaged(UTF8, change('38000000  02000000', '38000000  0d000000'), 12, 8, /dictionary of 13 values/);
  assertDamaged(
    UTF8,
    change('38000000  02000000', '38000000  01000000'),
    12,
    24,
    /add up to 5 bytes, not to 10/,
  );
  assertDamaged(
    UTF8,
    change('01000000 20000000', '02000000 20000000'),
    12,
    56,
    /outside the dictionary of 2/,
  );
  assertDamaged(UTF8, change('01000000 20000000', '21000000 20000000'), 12, 12, /width of 33/);
  assertDamaged(UTF8, change('01000000 20000000', '01000000 18000000'), 12, 24, /do not fit/);
  assertDamaged(UTF8, change('01000000 20000000', '01000000 28000000'), 12, 16, /ends at 56, not at 64/);
  assertDamaged(UTF8, change('01000000 20000000', '01000000 40000000'), 12, 16, /ends at 88/);
  assertDamaged(UTF8, change('6e6f', 'ff6f'), 12, 40, /not well-formed/);
  assertDamaged(UTF8, hex('07 00 0c00 08000000  0200000001000000'), 12, 8, /does not fit/);
  assertDamaged(F64, hex(GOLDEN), 12, 0, /dictionary in a column of type f64/);
});

/** Different values of 8 bytes with one MurmurHash3: the mixing of a block is undone for the second word. */
function oneHash(count: number): Uint8Array[] {
  const inverse = (odd: number): number => {
    let result = odd;
    for (let i = 0; i < 5; i++) result = Math.imul(result, 2 - Math.imul(odd, result));
    return result;
  };
  const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by));
  const [c1, c2] = [0xcc9e2d51, 0x1b873593];
  const scramble = (word: number): number => Math.imul(rotate(Math.imul(word, c1), 15), c2);
  const unscramble = (word: number): number =>
    Math.imul(rotate(Math.imul(word, inverse(c2)), 17), inverse(c1));
  const values = Array.from({ length: count }, (_, i) => {
    const state = (Math.imul(rotate(scramble(i), 13), 5) + 0xe6546b64) | 0;
    const words = Int32Array.of(i, unscramble(state ^ 0x1234567));
    return new Uint8Array(words.buffer);
  });
  const hashes = values.map((value) => hashBytes(value, new DataView(value.buffer), 0, 8));
  assert.equal(new Set(hashes).size, 1);
  return values;
}
