import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Control } from '../../../src/shared/control/control.ts';
import { latencyOf, noteLatency } from '../../../src/shared/control/latency.ts';
import { CONTROL_BYTES } from '../../../src/shared/control/words.ts';

const times = fc.array(
  fc.oneof(fc.double({ min: 0, max: 50, noNaN: true }), fc.integer({ min: 0, max: 9000 })),
  {
    minLength: 1,
    maxLength: 300,
  },
);

test('quantiles of latencies are right to a microsecond and 19 % more, counts and the longest exactly, whoever noted them', () => {
  fc.assert(
    fc.property(times, times, (first, second) => {
      const control = new Control();
      for (const ms of first) noteLatency(control, { writer: 63 }, ms);
      for (const ms of second) noteLatency(control, { producer: 63 }, ms);
      noteLatency(control, 'coordinator', 1);
      const found = latencyOf(control, [{ writer: 63 }, { producer: 63 }]);
      const all = [...first, ...second].sort((a, b) => a - b);
      assert.equal(found.count, all.length);
      assert.equal(found.maxMs, Math.round(all.at(-1)! * 1000) / 1000);
      for (const [share, ms] of [
        [0.5, found.p50Ms],
        [0.9, found.p90Ms],
        [0.99, found.p99Ms],
        [0.999, found.p999Ms],
      ] as const) {
        const exact = all[Math.ceil(share * all.length) - 1]!;
        assert.ok(ms >= exact - 0.001 && ms <= exact * 1.19 + 0.002, `${share}: ${ms} ms for ${exact} ms`);
      }
      assert.equal(latencyOf(control, ['coordinator']).count, 1);
    }),
  );
});

test('nothing timed is all zeros, and histograms stay within the shared words', () => {
  const control = new Control();
  assert.equal(control.buffer.byteLength, CONTROL_BYTES);
  const none = { count: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, p999Ms: 0, maxMs: 0 };
  assert.deepEqual(latencyOf(control, [{ writer: 0 }, { producer: 63 }, 'coordinator']), none);
  noteLatency(control, 'coordinator', 1e12);
  noteLatency(control, 'coordinator', -1);
  const { count, maxMs, p999Ms } = latencyOf(control, ['coordinator']);
  assert.deepEqual([count, maxMs, p999Ms], [2, (2 ** 31 - 1) / 1000, (2 ** 31 - 1) / 1000]);
});
