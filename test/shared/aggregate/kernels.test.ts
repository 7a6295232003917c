import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sumOf } from '../../../src/shared/aggregate/kernels.ts';
import { summed } from '../../../src/shared/codec/scratch.ts';

test('doubles are added up in the same order by the kernel and by its twin: the same bits', () => {
  const odd = fc.constantFrom(Number.NaN, -0, 0, Number.POSITIVE_INFINITY, 5e-324, 1e308, -1e308);
  const value = fc.oneof(
    { weight: 30, arbitrary: fc.double({ noNaN: true }) },
    { weight: 1, arbitrary: odd },
  );
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 1024, size: 'max' }),
      fc.nat(40),
      fc.nat(40),
      (values, skip, less) => {
        const from = Math.min(skip, values.length);
        const to = Math.max(from, values.length - less);
        summed.set(values);
        const [byKernel, byTwin] = [sumOf(summed, from, to), sumOf(Float64Array.from(values), from, to)];
        assert.ok(Object.is(byKernel, byTwin), `${byKernel} and ${byTwin}`);
      },
    ),
    { numRuns: 200 },
  );
});
