import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MillraceError } from '../../../src/shared/errors.ts';
import { decoded, encoded, type Row, SHAPES, type Shape } from './columns.ts';
import { dice, recipesOf, rowsBy } from './recipes.ts';

const MUTATIONS = 100_000;

interface Sound {
  readonly shape: Shape;
  readonly rows: number;
  readonly bytes: Uint8Array;
  readonly what: string;
}

/** Columns of every type in every codec: of one vector, repeated values, few distinct ones, and of two vectors. */
function corpus(): Sound[] {
  const columns: Sound[] = [];
  const add = (shape: Shape, rows: Row[], what: string): void => {
    columns.push({ shape, rows: rows.length, bytes: encoded(shape, rows), what: `${shape.kind} ${what}` });
  };
  for (const shape of SHAPES) {
    for (const recipe of recipesOf(shape)) {
      // Long values would take all the time, and have no bytes that mean more.
      if (recipe.startsWith('oneLong')) continue;
      add(shape, rowsBy(shape, recipe, 130, 1), recipe);
      if (!shape.isTime) add(shape, rowsBy(shape, recipe, 70, 2, 2), `${recipe} with nulls`);
      add(shape, rowsBy(shape, recipe, 1030, 3), `${recipe}, two vectors`);
    }
    if (shape.isTime) continue;
    const values = rowsBy(shape, recipesOf(shape).at(-1)!, 20, 4);
    const spread = Array.from({ length: 300 }, (_, i) => values[(i * i) % 20]!);
    const runs = Array.from({ length: 300 }, (_, i) => values[Math.floor(i / 30)]!);
    add(shape, spread, 'few');
    add(shape, runs, 'runs');
  }
  return columns;
}

test('a hundred thousand mutations of columns give rows of their number or DAMAGED, and nothing else', (t) => {
  const columns = corpus();
  const roll = dice(99);
  let refused = 0;
  for (let i = 0; i < MUTATIONS; i++) {
    const { shape, rows, bytes, what } = columns[i % columns.length]!;
    const hurt = bytes.slice();
    for (let k = 1 + roll(3); k > 0; k--) {
      // Mostly near the beginning, where every byte means something.
      const at = roll(roll(3) === 0 ? hurt.length : Math.min(hurt.length, 64));
      hurt[at] = roll(2) === 0 ? roll(256) : hurt[at]! ^ (1 << roll(8));
    }
    try {
      assert.equal(decoded(shape, hurt, rows).values.length, rows, what);
    } catch (error) {
      if (!MillraceError.is(error) || error.code !== 'DAMAGED') throw error;
      refused++;
    }
  }
  t.diagnostic(`${columns.length} columns, ${refused} of ${MUTATIONS} mutations refused`);
  assert.ok(refused > MUTATIONS / 10 && refused < MUTATIONS);
});
