/** Rounds that hold the kernels against their twins; shared by the short run and the long one. */
import assert from 'node:assert/strict';
import { hasKernels, useKernels } from '../../../src/shared/kernels/kernels.ts';
import { decoded, encoded, type Row, rowsOf, SHAPES, type Shape } from '../codec/columns.ts';
import { dice, recipesOf, rowsBy } from '../codec/recipes.ts';

const NUMBERS: readonly Shape[] = SHAPES.filter(
  ({ kind }) => kind === 'f64' || kind === 'f32' || kind === 'i64' || kind === 'i32',
);

/** Runs with the twins instead of the kernels. */
export function byTwins<T>(call: () => T): T {
  useKernels(false);
  try {
    return call();
  } finally {
    useKernels(true);
  }
}

/** Encodes and decodes `rounds` random vectors by kernels and by twins, each what the other wrote. */
export function holdAgainstTwins(rounds: number, seed: number): void {
  assert.ok(hasKernels, 'this machine has the kernels, or there is nothing to compare');
  const roll = dice(seed);
  for (let round = 0; round < rounds; round++) {
    const shape = NUMBERS[roll(NUMBERS.length)]!;
    const recipes = recipesOf(shape);
    const recipe = recipes[roll(recipes.length)]!;
    const length = roll(4) === 0 ? 1 + roll(1024) : [1, 2, 3, 4, 5, 63, 64, 65, 127, 128][roll(10)]!;
    const rows = rowsBy(shape, recipe, length, roll(2 ** 31), shape.isTime ? 0 : roll(3));
    compare(shape, rows, `seed ${seed}, round ${round}: ${recipe}, ${length} rows`);
  }
}

function compare(shape: Shape, rows: readonly Row[], where: string): void {
  const bytes = encoded(shape, rows);
  const twin = byTwins(() => encoded(shape, rows));
  if (Buffer.compare(bytes, twin) !== 0) assert.deepEqual(bytes, twin, `${where}: other bytes`);
  const column = decoded(shape, twin, rows.length);
  const twinColumn = byTwins(() => decoded(shape, bytes, rows.length));
  assert.deepEqual(rowsOf(shape, column), rows, `${where}: the kernels read other values`);
  assert.deepEqual(rowsOf(shape, twinColumn), rows, `${where}: the twins read other values`);
}
