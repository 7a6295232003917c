import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkMaintenance, checkRetention } from '../../src/main/maintenance-options.ts';
import { MAINTENANCE_DEFAULTS } from '../../src/shared/control/maintenance.ts';

test('maintenance has the defaults that users of the field know, and false turns it off', () => {
  assert.deepEqual(checkMaintenance(undefined), MAINTENANCE_DEFAULTS);
  assert.deepEqual(checkMaintenance(true), MAINTENANCE_DEFAULTS);
  assert.deepEqual(checkMaintenance(false), { ...MAINTENANCE_DEFAULTS, auto: false });
  assert.deepEqual(checkMaintenance({ minIdleMs: 0, walTargetRatio: 0.5 }), {
    ...MAINTENANCE_DEFAULTS,
    minIdleMs: 0,
    walTargetRatio: 0.5,
  });
});

test('each option of autoMaintenance is checked, unknown ones are refused', () => {
  const wrong: unknown[] = [
    null,
    'yes',
    7,
    { checkIntervalMS: 1 },
    { checkIntervalMs: 0 },
    { retentionCheckIntervalMs: -1 },
    { targetSegmentPoints: 63 },
    { targetSegmentPoints: 1000.5 },
    { maxWritesPerSec: -1 },
    { writeLoadWindowMs: 0 },
    { minIdleMs: Number.NaN },
    { maxSegmentsPerPack: 1 },
    { walTargetRatio: Number.POSITIVE_INFINITY },
    { walTargetRatio: '2' },
    { walMinBytes: -5 },
  ];
  for (const value of wrong) assert.throws(() => checkMaintenance(value), { code: 'INVALID_OPTION' });
});

test('a retention is ms or a duration', () => {
  const day = 86_400_000;
  const known: [unknown, number | null][] = [
    [null, null],
    [1, 1],
    ['250ms', 250],
    ['10 s', 10_000],
    ['1.5h', 5_400_000],
    ['5m', 300_000],
    ['30d', 30 * day],
    ['2w', 14 * day],
    ['1mo', 30 * day],
    ['1y', 365 * day],
  ];
  for (const [value, ms] of known) assert.equal(checkRetention(value), ms);
  for (const value of [0, -1, 0.5, '', '10', '10 parsecs', '0s', '-1d', {}, true, 1e300, '99999y'])
    assert.throws(() => checkRetention(value), { code: 'INVALID_OPTION' });
});
