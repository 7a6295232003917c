import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertDamaged,
  assertGolden,
  BYTES,
  decoded,
  encoded,
  encodedVector,
  hex,
  I64,
  textRows,
  UTF8,
} from './columns.ts';
import { rowsBy } from './recipes.ts';

const GOLDEN = '06 00 0300 20000000  04000000 02000000 00000000 00000000  3100000000000000  6162636400000000';

test('plain: golden bytes', () => {
  assertGolden(UTF8, textRows('a', '', 'bcd'), GOLDEN);
  assertGolden(BYTES, textRows('a', '', 'bcd'), GOLDEN);
  // One length for all: no bits for it.
  assertGolden(
    BYTES,
    [Uint8Array.of(0xff, 0), Uint8Array.of(0x80, 1)],
    '06 00 0200 18000000  04000000 00000000 02000000 00000000  ff00800100000000',
  );
  assertGolden(UTF8, textRows(''), '06 00 0100 10000000  00000000 00000000 00000000 00000000');
});

test('plain: holds the present values only', () => {
  assertGolden(
    UTF8,
    [null, ...textRows('a', ''), null, ...textRows('bcd')],
    `06 01 0500 28000000  1600000000000000 ${GOLDEN.slice('06 00 0300 20000000'.length)}`,
  );
});

test('plain: taken for values that differ', () => {
  for (const shape of [UTF8, BYTES]) {
    assert.equal(encodedVector(shape, rowsBy(shape, 'distinct', 1024, 1))[0], 6);
  }
  assert.equal(encodedVector(BYTES, rowsBy(BYTES, 'random', 1024, 1))[0], 6);
});

test('strings come back as they were, U+FEFF in front and U+0000 included', () => {
  const texts = [
    '\ufeffbom',
    'nul\u0000',
    '',
    'é',
    '漢字',
    '🎉',
    '\u{10ffff}',
    '\ud7ff\ue000',
    '\uffff',
    '\ufeff',
  ];
  for (const some of [
    texts,
    ['\ufeff'],
    ['plain', 'ascii'],
    [...texts, 'x'.repeat(70_000)],
    [...texts, ...texts],
  ]) {
    assert.deepEqual(decoded(UTF8, encoded(UTF8, textRows(...some)), some.length).values, some);
  }
});

test('a value may have 1 MiB, and one byte more is DAMAGED', () => {
  const row = new Uint8Array(1 << 20).fill(0x61);
  const bytes = encoded(UTF8, [row]);
  assert.equal((decoded(UTF8, bytes, 1).values as string[])[0].length, 1 << 20);
  const longer = new Uint8Array(bytes.length + 8);
  longer.set(bytes);
  const view = new DataView(longer.buffer);
  view.setUint32(4, longer.length - 8, true);
  view.setUint32(8, (1 << 20) + 1, true);
  view.setUint32(16, (1 << 20) + 1, true);
  assertDamaged(BYTES, longer, 1, 8, /over 1048576/);
});

test('plain: bytes that are not well-formed UTF-8 are DAMAGED as utf8 and fine as bytes', () => {
  const run = (text: string): Uint8Array =>
    hex(`06 00 0100 18000000  04000000 00000000 04000000 00000000  ${text} 00000000`);
  for (const text of ['61ff6161', '616161c3', 'eda08061', 'c0806161', 'f4908080', '80616161', 'f09f8e61']) {
    assertDamaged(UTF8, run(text), 1, 24, /not well-formed UTF-8/);
    assert.equal(decoded(BYTES, run(text), 1).values.length, 1);
  }
  assert.deepEqual(decoded(UTF8, run('f09f8e89'), 1).values, ['🎉']);
});

test('plain: a value that begins inside a character is DAMAGED', () => {
  // 'é' as two values of one byte; then with an empty value between.
  const two = hex('06 00 0200 18000000  02000000 00000000 01000000 00000000  c3a9000000000000');
  assertDamaged(UTF8, two, 2, 24, /value 1 begins inside/);
  const three = hex(
    '06 00 0300 20000000  02000000 01000000 00000000 00000000  0500000000000000  c3a9000000000000',
  );
  assertDamaged(UTF8, three, 3, 32, /value 2 begins inside/);
  assert.equal(decoded(BYTES, three, 3).values.length, 3);
});

test('plain: lengths that do not add up, bytes that are missing or a type without it are DAMAGED', () => {
  const change = (from: string, to: string): Uint8Array => hex(GOLDEN.replace(from, to));
  assertDamaged(UTF8, change('04000000', '05000000'), 3, 8, /add up to 4 bytes, not to 5/);
  assertDamaged(UTF8, change('04000000', '0f000000'), 3, 8, /do not fit/);
  assertDamaged(UTF8, change('04000000', 'ffffffff'), 3, 8, /do not fit/);
  assertDamaged(UTF8, change('04000000 02', '04000000 21'), 3, 12, /width of 33/);
  assertDamaged(UTF8, change('02000000 00000000', '02000000 ffffffff'), 3, 8, /over 1048576/);
  assertDamaged(UTF8, hex('06 00 0300 08000000  0400000000000000'), 3, 8, /do not fit/);
  assertDamaged(I64, hex(GOLDEN), 3, 0, /plain in a column of type i64/);
});
