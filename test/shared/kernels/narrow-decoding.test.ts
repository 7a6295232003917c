import assert from 'node:assert/strict';
import { test } from 'node:test';
import { POWERS } from '../../../src/shared/codec/decimal.ts';
import * as scratch from '../../../src/shared/codec/scratch.ts';
import { SHORT_MAX } from '../../../src/shared/codec/unpack-tables.ts';
import { kernels } from '../../../src/shared/kernels/kernels.ts';
import { dice } from '../codec/recipes.ts';
import { packedBits } from './packed-bits.ts';

const { COLUMN_AT, FACTORS_AT, NUMBERS_AT, ROWS_AT, TABLES_AT, columnBytes, kernelMemory, rowsF64 } = scratch;
const COUNTS = [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 100, 1023, 1024];
const RAISED = 128;

function wordsAt(at: number, count: number): number[] {
  return [...new Int32Array(kernelMemory.buffer, at, count)];
}

function shortsAt(at: number, count: number): number[] {
  return [...new Int16Array(kernelMemory.buffer, at, count)];
}

test('packed numbers of each width come out as they went in, with a base, whatever their count', () => {
  const roll = dice(31);
  for (let width = 0; width <= 25; width++) {
    for (const count of COUNTS) {
      const numbers = Array.from({ length: count }, () => roll(2 ** width));
      const base = roll(2 ** 20) - 2 ** 19;
      // What is behind the run must not matter.
      columnBytes.fill(0xff, 0, 5000);
      columnBytes.set(packedBits(numbers, width));
      kernels!.unpackNarrow(COLUMN_AT, count, width, base, 0, TABLES_AT, NUMBERS_AT);
      const wanted = numbers.map((number) => number + base);
      assert.deepEqual(wordsAt(NUMBERS_AT, count), wanted, `${count} of ${width} bits`);
      if (width > 16) continue;
      kernels!.unpackNarrow(COLUMN_AT, count, width, RAISED * base, 1, TABLES_AT, NUMBERS_AT);
      const raised = wanted.map((number) => RAISED * number);
      assert.deepEqual(wordsAt(NUMBERS_AT, count), raised, `${count} of ${width} bits, raised`);
    }
  }
});

test('those of up to nine bits come out as 16-bit numbers, too, with a step', () => {
  const roll = dice(32);
  const step = new Int16Array(kernelMemory.buffer, ROWS_AT, 1);
  for (let width = 0; width <= SHORT_MAX; width++) {
    for (const count of COUNTS) {
      const numbers = Array.from({ length: count }, () => roll(2 ** width));
      columnBytes.fill(0xff, 0, 5000);
      columnBytes.set(packedBits(numbers, width));
      step[0] = roll(2 ** 15) - 2 ** 14;
      kernels!.unpackShort(COLUMN_AT, count, width, ROWS_AT, 0, TABLES_AT, NUMBERS_AT);
      const wanted = numbers.map((number) => number + step[0]!);
      assert.deepEqual(shortsAt(NUMBERS_AT, count), wanted, `${count} of ${width} bits`);
      if (width > 7) continue;
      const small = roll(100) - 100;
      step[0] = RAISED * small;
      kernels!.unpackShort(COLUMN_AT, count, width, ROWS_AT, 1, TABLES_AT, NUMBERS_AT);
      const raised = numbers.map((number) => RAISED * (number + small));
      assert.deepEqual(shortsAt(NUMBERS_AT, count), raised, `${count} of ${width} bits, raised`);
    }
  }
});

test('sums of 16-bit differences are those of plain arithmetic, up to the greatest that there can be', () => {
  const roll = dice(33);
  const numbers = new Int16Array(kernelMemory.buffer, NUMBERS_AT, 1024);
  for (let round = 0; round < 500; round++) {
    const count = round % 3 === 0 ? 1024 : 1 + roll(1024);
    const spread = 2 ** (1 + roll(16));
    for (let i = 0; i < 1024; i++)
      numbers[i] = round < 4 ? [32_767, -32_768][round % 2]! : roll(spread) - spread / 2;
    const base = roll(2 ** 25) - 2 ** 24;
    let sum = base;
    const wanted = Array.from({ length: count }, (_, i) => (sum += numbers[i]!));
    kernels!.shortSums(NUMBERS_AT, count, base, NUMBERS_AT + 2176);
    assert.deepEqual(wordsAt(NUMBERS_AT + 2176, count), wanted, `round ${round}`);
    kernels!.shortWholes(NUMBERS_AT, count, base, ROWS_AT);
    assert.deepEqual([...rowsF64.subarray(0, count)], wanted, `round ${round}, as doubles`);
  }
});

test('quotients of whole numbers, raised or not, are what a division gives, bit for bit', () => {
  const roll = dice(34);
  const numbers = new Int32Array(kernelMemory.buffer, NUMBERS_AT, 1024);
  for (let decimals = 0; decimals <= 9; decimals++) {
    for (const scale of [1, RAISED]) {
      const most = 2 ** 26 / (scale === 1 ? 1 : 4) - 1;
      for (let round = 0; round < 40; round++) {
        const count = 1 + roll(1024);
        const wanted = Array.from({ length: count }, () => {
          const size = Math.min(most, roll(2 ** (1 + roll(26))));
          return roll(2) === 0 ? size : -size;
        });
        numbers.set(wanted.map((number) => scale * number));
        if (scale === RAISED && decimals === 0) continue;
        const factor = FACTORS_AT + 24 * decimals + (scale === 1 ? 0 : 384);
        kernels!.quotients(NUMBERS_AT, count, factor, ROWS_AT);
        const wrong = wanted.findIndex(
          (number, i) => !Object.is(rowsF64[i], (number + 0) / POWERS[decimals]!),
        );
        assert.equal(wrong, -1, `${wanted[wrong]} / 10^${decimals} is not ${rowsF64[wrong]}`);
      }
    }
  }
});

test('lines of whole numbers keep every digit of a large base', () => {
  const roll = dice(35);
  const shorts = new Int16Array(kernelMemory.buffer, NUMBERS_AT, 1024);
  const words = new Int32Array(kernelMemory.buffer, NUMBERS_AT, 1024);
  for (let round = 0; round < 200; round++) {
    const count = 1 + roll(1024);
    const base = (roll(2) === 0 ? 1 : -1) * (2 ** 51 - roll(1000));
    const step = roll(2 ** 21) - 2 ** 20;
    const numbers = Array.from({ length: 1024 }, () => roll(2 ** 16) - 2 ** 15);
    const wanted = numbers.slice(0, count).map((number, i) => base + step * i + number);
    shorts.set(numbers);
    kernels!.shortLine(NUMBERS_AT, count, base, step, ROWS_AT);
    assert.deepEqual([...rowsF64.subarray(0, count)], wanted, `round ${round}, 16 bits`);
    words.set(numbers);
    kernels!.wholeLine(NUMBERS_AT, count, base, step, ROWS_AT);
    assert.deepEqual([...rowsF64.subarray(0, count)], wanted, `round ${round}`);
  }
});
