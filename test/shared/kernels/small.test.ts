import assert from 'node:assert/strict';
import { test } from 'node:test';
import { POWERS } from '../../../src/shared/codec/decimal.ts';
import {
  FACTORS_AT,
  NUMBERS_AT,
  narrowNumbers,
  STAGED_AT,
  stagedF64,
} from '../../../src/shared/codec/scratch.ts';
import { kernels } from '../../../src/shared/kernels/kernels.ts';
import { dice } from '../codec/recipes.ts';

const LIMIT = 2 ** 26 - 1;

/** Decodes numbers that stand alone, or that are differences. */
function divided(
  decimals: number,
  base: number,
  step: number,
  count: number,
  isDelta: boolean,
): Float64Array {
  const factor = FACTORS_AT + 24 * decimals;
  if (isDelta) kernels!.smallDelta(NUMBERS_AT, count, base, step, factor, STAGED_AT);
  else kernels!.smallLine(NUMBERS_AT, count, base, step, factor, STAGED_AT);
  return stagedF64.slice(0, count);
}

test('whole numbers below 2^26 times the two parts of an inverse are what a division gives, bit for bit', () => {
  const roll = dice(17);
  for (let decimals = 0; decimals <= 9; decimals++) {
    const power = POWERS[decimals]!;
    const edges = [
      0,
      1,
      LIMIT,
      LIMIT - 1,
      5 ** decimals,
      5 ** Math.min(decimals, 11) * 2 + 1,
      2 ** 25,
      2 ** 25 + 1,
    ];
    for (let round = 0; round < 300; round++) {
      const wanted = Array.from({ length: 1024 }, (_, i) => {
        const size = round === 0 && i < edges.length ? edges[i]! : roll(2 ** (1 + roll(26)));
        return Math.min(size, LIMIT) * (roll(2) === 0 ? 1 : -1);
      });
      narrowNumbers.set(wanted);
      const found = divided(decimals, 0, 0, 1024, false);
      const wrong = found.findIndex((value, i) => !Object.is(value, (wanted[i]! + 0) / power));
      assert.equal(wrong, -1, `${wanted[wrong]} / ${power} is not ${found[wrong]}`);
    }
  }
});

test('lines and sums of differences of small numbers are those of plain arithmetic, whatever their count', () => {
  const roll = dice(18);
  for (let round = 0; round < 2000; round++) {
    const count = 1 + roll(round % 2 === 0 ? 20 : 1024);
    const decimals = roll(10);
    const base = roll(2 ** 20) - 2 ** 19;
    const step = roll(2000) - 1000;
    const numbers = Array.from({ length: count }, () => roll(2 ** 12) - 2 ** 11);
    const power = POWERS[decimals]!;
    narrowNumbers.set(numbers);
    const line = divided(decimals, base, step, count, false);
    for (let i = 0; i < count; i++)
      assert.ok(Object.is(line[i], (base + step * i + numbers[i]! + 0) / power));
    const sums = divided(decimals, base, step, count, true);
    let sum = base;
    for (let i = 0; i < count; i++) {
      if (i > 0) sum += step + numbers[i - 1]!;
      assert.ok(Object.is(sums[i], (sum + 0) / power), `${sums[i]} is not ${sum} / ${power}`);
    }
  }
});
