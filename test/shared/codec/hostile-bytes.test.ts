import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ColumnTarget } from '../../../src/shared/codec/column-target.ts';
import { decodeVectorInto } from '../../../src/shared/codec/decode.ts';
import { decodeColumn } from '../../../src/shared/codec/decode-column.ts';
import { describeVector } from '../../../src/shared/codec/describe.ts';
import { MillraceError } from '../../../src/shared/errors.ts';
import { BYTES, decoded, encoded, F64, type Row, SHAPES, type Shape, TIME_MS, UTF8 } from './columns.ts';
import { type Dice, dice, recipesOf, rowsBy } from './recipes.ts';

/** Decodes; true if there was a result, false if it was DAMAGED. Any other outcome fails the test. */
function outcome(shape: Shape, bytes: Uint8Array, rows: number): boolean {
  let column: ReturnType<typeof decoded>;
  try {
    column = decoded(shape, bytes, rows);
  } catch (error) {
    if (!MillraceError.is(error)) throw error;
    assert.equal(error.code, 'DAMAGED', error.message);
    assert.equal(typeof error.details['offset'], 'number');
    assert.match(error.message, /byte \d+: /);
    return false;
  }
  assert.equal(column.values.length, rows);
  if (shape === UTF8) assert.ok((column.values as unknown[]).every((value) => typeof value === 'string'));
  if (shape === BYTES) assert.ok((column.values as unknown[]).every((value) => value instanceof Uint8Array));
  if (shape === TIME_MS)
    assert.ok((column.values as Float64Array).every((value) => Number.isSafeInteger(value)));
  return true;
}

/** Changes a few bytes, mostly of heads, where they hurt most. */
function mutate(bytes: Uint8Array, roll: Dice): Uint8Array {
  const result = bytes.slice();
  for (let changes = 1 + roll(3); changes > 0; changes--) {
    const at = roll(2) === 0 ? roll(Math.min(48, result.length)) : roll(result.length);
    const values = [0, 0xff, 0x7f, 0x80, 1, result[at] ^ (1 << roll(8)), roll(256), result[at] + 1];
    result[at] = values[roll(values.length)];
  }
  return result;
}

function samples(shape: Shape): Row[][] {
  return recipesOf(shape)
    .filter((recipe) => !recipe.startsWith('oneLong'))
    .flatMap((recipe, i) => [
      rowsBy(shape, recipe, 1 + 7 * i, i),
      rowsBy(shape, recipe, 20, i, shape.isTime ? 0 : 2),
      rowsBy(shape, recipe, 1024 + 3 * i, i, shape.isTime ? 0 : i % 2),
    ]);
}

for (const shape of SHAPES) {
  const name = shape.isTime ? `${shape.kind} time` : shape.kind;
  test(`a ${name} column with changed bytes is decoded to its length or DAMAGED, nothing else`, () => {
    const columns = samples(shape);
    const mutations = Math.ceil(3000 / columns.length);
    let damaged = 0;
    for (const [i, rows] of columns.entries()) {
      const roll = dice(i);
      const bytes = encoded(shape, rows);
      assert.equal(outcome(shape, bytes, rows.length), true);
      for (let j = 0; j < mutations; j++) {
        if (!outcome(shape, mutate(bytes, roll), rows.length)) damaged++;
      }
    }
    assert.ok(damaged > 300, `only ${damaged} were noticed`);
  });

  test(`a ${name} column that is cut, lengthened or of another number of rows is DAMAGED`, () => {
    for (const [i, rows] of samples(shape).entries()) {
      const roll = dice(i);
      const bytes = encoded(shape, rows);
      for (let j = 0; j < 10; j++) {
        assert.equal(outcome(shape, bytes.subarray(0, roll(bytes.length)), rows.length), false);
      }
      assert.equal(outcome(shape, new Uint8Array([...bytes, ...new Uint8Array(8)]), rows.length), false);
      for (const other of [
        0,
        rows.length - 1,
        rows.length + 1,
        rows.length + 1024,
        2 ** 32,
        2 ** 53,
        -1,
        Number.NaN,
      ]) {
        if (other !== rows.length) assert.equal(outcome(shape, bytes, other), false);
      }
    }
  });

  test(`${name} columns of random bytes are decoded or DAMAGED`, () => {
    const roll = dice(shape.kind.length);
    for (let i = 0; i < 1500; i++) {
      const bytes = Uint8Array.from({ length: 8 * (2 + roll(9)) }, () =>
        roll(2) === 0 ? roll(256) : roll(4),
      );
      const count = 1 + roll(40);
      bytes.set([roll(9), roll(2), count, 0, bytes.length - 8, 0, 0, 0]);
      outcome(shape, bytes, count);
    }
  });
}

test('the bytes of one kind read as another are decoded or DAMAGED', () => {
  for (const shape of SHAPES) {
    for (const rows of samples(shape)) {
      const bytes = encoded(shape, rows);
      for (const other of SHAPES) outcome(other, bytes, rows.length);
    }
  }
});

test('an error names the byte in the column, not in the vector', () => {
  const bytes = encoded(F64, rowsBy(F64, 'fractions', 2048, 1));
  const second = describeVector(bytes, 0).bytes;
  bytes[second] = 99;
  assert.throws(
    () => decoded(F64, bytes, 2048),
    (error) => MillraceError.is(error) && error.details['offset'] === second && /codec/.test(error.message),
  );
});

test('a null timestamp is DAMAGED', () => {
  const bytes = encoded(F64, [...rowsBy(F64, 'fractions', 9, 1), null]);
  assert.equal(outcome(F64, bytes, 10), true);
  assert.equal(outcome(TIME_MS, bytes, 10), false);
});

test('a flag that this version does not know is DAMAGED', () => {
  const bytes = encoded(F64, rowsBy(F64, 'fractions', 9, 1));
  for (let bit = 1; bit < 8; bit++) {
    const changed = bytes.slice();
    changed[1] = 1 << bit;
    assert.equal(outcome(F64, changed, 9), false);
  }
});

test('a count of rows that the bytes cannot have is refused before memory is taken for it', () => {
  const before = process.memoryUsage().arrayBuffers;
  for (const shape of SHAPES) assert.equal(outcome(shape, new Uint8Array(64), 2 ** 31), false);
  assert.ok(process.memoryUsage().arrayBuffers - before < 1e6);
});

test('more rows than an array can have are DAMAGED, not a RangeError', () => {
  for (const kind of ['f64', 'utf8'] as const) {
    assert.throws(
      () => new ColumnTarget(kind, false, false, 2 ** 40),
      (error) => MillraceError.is(error) && error.code === 'DAMAGED',
    );
  }
});

test('a vector that does not fit its target is DAMAGED and writes nothing', () => {
  const bytes = encoded(F64, rowsBy(F64, 'fractions', 9, 1));
  const target = new ColumnTarget('f64', false, false, 10);
  for (const row of [2, 10, -1]) {
    assert.throws(
      () => decodeVectorInto(bytes, 0, target, row),
      (error) => MillraceError.is(error) && error.code === 'DAMAGED',
    );
  }
  assert.deepEqual(target.column().values, new Float64Array(10));
});

test('a vector is described without being decoded', () => {
  const rows = [...rowsBy(F64, 'regular', 1024, 1), ...rowsBy(F64, 'fractions', 99, 1), null];
  const bytes = encoded(F64, rows);
  const first = describeVector(bytes, 0);
  const second = describeVector(bytes, first.bytes);
  assert.deepEqual(first, { codec: 'delta', count: 1024, nulls: 0, bytes: 56 });
  assert.deepEqual(second, { codec: 'real doubles', count: 100, nulls: 1, bytes: 768 });
  assert.equal(first.bytes + second.bytes, bytes.length);
  for (const at of [-1, 1, bytes.length, bytes.length - 7]) {
    assert.throws(
      () => describeVector(bytes, at),
      (error) => MillraceError.is(error) && error.code === 'DAMAGED',
    );
  }
});

test('a decoded column does not change with the bytes that it came from', () => {
  for (const shape of SHAPES) {
    // A Buffer, whose `slice` is no copy.
    const bytes = Buffer.from(encoded(shape, rowsBy(shape, recipesOf(shape)[2], 300, 1)));
    const column = decodeColumn(bytes, shape.kind, shape.isTime, shape === TIME_MS, 300);
    const before = structuredClone(column);
    bytes.fill(0x55);
    assert.deepEqual(structuredClone(column), before);
  }
});
