import { test } from 'node:test';
import { assertDamaged, assertGolden, F64, hex, type Row, SHAPES } from './columns.ts';

test('none: a vector of nulls is its header and validity, whatever the type', () => {
  for (const shape of SHAPES) {
    if (shape.isTime) continue;
    assertGolden(shape, [null, null, null], '08 01 0300 08000000  0000000000000000');
    const many = new Array<Row>(1024).fill(null);
    assertGolden(shape, many, `08 01 0004 80000000  ${'00'.repeat(128)}`);
  }
});

test('none: with values, or another codec without any, is DAMAGED', () => {
  assertDamaged(F64, hex('08 01 0300 08000000  0200000000000000'), 3, 0, /1 values in codec none/);
  assertDamaged(F64, hex('08 00 0300 08000000  0000000000000000'), 3, 0, /3 values in codec none/);
  assertDamaged(F64, hex('00 01 0300 08000000  0000000000000000'), 3, 0, /0 values in codec raw/);
  assertDamaged(F64, hex('08 01 0300 10000000  0000000000000000 0000000000000000'), 3, 4, /end at 16/);
});
