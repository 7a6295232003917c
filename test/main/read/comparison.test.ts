import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ACCEPTED, keepInt64, keepNumbers, mayHave, outcome } from '../../../src/main/read/comparison.ts';

const ops = fc.constantFrom(...Object.values(ACCEPTED));
const doubles = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -0, 0, 1));
const longs = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, -1n, 1n, 2n ** 32n, -(2n ** 32n), 2n ** 31n, 2n ** 63n - 1n),
);

/** Rows that a naive comparison keeps. */
function naive<T extends number | bigint>(
  values: readonly (T | null)[],
  wanted: T,
  accepted: number,
): number[] {
  return values.flatMap((value, row) =>
    value !== null && (outcome<number | bigint>(value, wanted) & accepted) !== 0 ? [row] : [],
  );
}

function bitmap(values: readonly unknown[]): Uint8Array {
  const bits = new Uint8Array(Math.ceil(values.length / 8));
  for (const [i, value] of values.entries()) if (value !== null) bits[i >> 3]! |= 1 << (i & 7);
  return bits;
}

describe('comparisons of a vector', () => {
  it('keep the same numbers as one by one', () => {
    fc.assert(
      fc.property(fc.array(fc.option(doubles)), doubles, ops, (values, wanted, accepted) => {
        const picks = Uint32Array.from(values, (_, i) => i);
        const array = Float64Array.from(values, (value) => value ?? 0);
        const kept = keepNumbers(array, bitmap(values), wanted, accepted, picks, picks.length);
        assert.deepEqual([...picks.subarray(0, kept)], naive(values, wanted, accepted));
      }),
    );
  });

  it('keep the same int64 as one by one, whatever they are compared with', () => {
    const wanteds = fc.oneof(longs, fc.constantFrom(2n ** 63n, -(2n ** 63n) - 1n, 2n ** 80n));
    fc.assert(
      fc.property(fc.array(fc.option(longs)), wanteds, ops, (values, wanted, accepted) => {
        const picks = Uint32Array.from(values, (_, i) => i);
        const array = BigInt64Array.from(values, (value) => value ?? 0n);
        const kept = keepInt64(array, bitmap(values), wanted, accepted, picks, picks.length);
        assert.deepEqual([...picks.subarray(0, kept)], naive(values, wanted, accepted));
      }),
    );
  });
});

describe('statistics of a vector', () => {
  it('never rule out a vector that has a row to be kept', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(doubles), { minLength: 1 }),
        doubles,
        ops,
        (values, wanted, accepted) => {
          const present = values.filter((value) => value !== null);
          const numbers = present.filter((value) => !Number.isNaN(value));
          const [min, max] = [
            numbers.length === 0 ? Number.NaN : Math.min(...numbers),
            numbers.length === 0 ? Number.NaN : Math.max(...numbers),
          ];
          const sum = present.reduce((a, b) => a + b, 0);
          const statistics = { count: values.length, nulls: values.length - present.length, min, max, sum };
          if (naive(values, wanted, accepted).length > 0) assert.ok(mayHave(statistics, wanted, accepted));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('rule out what lies beyond them', () => {
    const statistics = { count: 9, nulls: 1, min: 10, max: 20, sum: 100 };
    assert.equal(mayHave(statistics, 9, ACCEPTED['<=']), false);
    assert.equal(mayHave(statistics, 21, ACCEPTED['=']), false);
    assert.equal(mayHave(statistics, 20, ACCEPTED['>']), false);
    assert.equal(mayHave(statistics, 20, ACCEPTED['>=']), true);
    assert.equal(mayHave({ ...statistics, min: 10, max: 10 }, 10, ACCEPTED['!=']), false);
    assert.equal(mayHave({ ...statistics, nulls: 9 }, 15, ACCEPTED['=']), false);
    assert.equal(mayHave({ ...statistics, sum: Number.NaN }, 15, ACCEPTED['!=']), true);
  });
});
