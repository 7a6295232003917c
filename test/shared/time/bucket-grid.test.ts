import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bucketGrid } from '../../../src/shared/time/bucket-grid.ts';
import { parseDuration } from '../../../src/shared/time/duration.ts';
import { refused } from '../../support/model-refusal.ts';
import { naiveStart } from '../../support/naive-aggregate.ts';

const grid = (every: string | number, timeZone?: string) =>
  bucketGrid(parseDuration('every', every), timeZone);
const startsFrom = (every: string, timeZone: string, from: string, count: number): string[] => {
  const buckets = grid(every, timeZone);
  const first = buckets.numberOf(Date.parse(from));
  return Array.from({ length: count }, (_, i) => new Date(buckets.startOf(first + i)).toISOString());
};

describe('a duration', () => {
  it('is a whole number and a unit, or a number of ms', () => {
    assert.deepEqual(parseDuration('every', '250ms'), { kind: 'fixed', ms: 250 });
    assert.deepEqual(parseDuration('every', '15m'), { kind: 'fixed', ms: 900_000 });
    assert.deepEqual(parseDuration('every', 10), { kind: 'fixed', ms: 10 });
    assert.deepEqual(parseDuration('every', '3mo'), { kind: 'calendar', unit: 'mo', count: 3 });
  });

  it('of any other form is refused, with the value', async () => {
    const bad = [
      '',
      '0s',
      '1',
      '-1s',
      '1.5h',
      '1 h',
      '1M',
      '1min',
      '1us',
      'm',
      0,
      -1,
      0.5,
      Number.NaN,
      1n,
      null,
      {},
    ];
    for (const value of [...bad, '99999999999999999s', '200000y', '9999999999999mo']) {
      await refused('INVALID_OPTION', 'every', async () => parseDuration('every', value));
    }
  });
});

describe('buckets in UTC', () => {
  it('are those of whole-number division, and of Date, from the year 1 to the year 9999', () => {
    const steps = ['1ms', '7ms', '90s', '15m', '36h', '1d', '3d', '1w', '2w', '1mo', '5mo', '1y', '7y'];
    fc.assert(
      fc.property(
        fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
        fc.constantFrom(...steps),
        (ms, every) => {
          const buckets = grid(every);
          const number = buckets.numberOf(ms);
          assert.equal(buckets.startOf(number), Number(naiveStart(BigInt(ms), every)));
          assert.ok(buckets.startOf(number + 1) > ms);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('hold every ms that a float64 tells apart', () => {
    for (const every of ['1ms', '3s', '1w', '1mo', '1y']) {
      for (const ms of [-(2 ** 53) + 1, 2 ** 53 - 1]) {
        const buckets = grid(every);
        const number = buckets.numberOf(ms);
        assert.ok(buckets.startOf(number) <= ms && ms < buckets.startOf(number + 1), `${every} at ${ms}`);
      }
    }
  });
});

describe('buckets of a calendar', () => {
  it('follow summer time: days of 23 and 25 hours', () => {
    assert.deepEqual(startsFrom('1d', 'Europe/Berlin', '2024-03-30T12:00Z', 3), [
      '2024-03-29T23:00:00.000Z',
      '2024-03-30T23:00:00.000Z',
      '2024-03-31T22:00:00.000Z',
    ]);
    assert.deepEqual(startsFrom('1d', 'Europe/Berlin', '2024-10-26T12:00Z', 3), [
      '2024-10-25T22:00:00.000Z',
      '2024-10-26T22:00:00.000Z',
      '2024-10-27T23:00:00.000Z',
    ]);
  });

  it('have months, quarters, years and weeks from Monday in their zone', () => {
    assert.deepEqual(startsFrom('1mo', 'America/New_York', '2024-03-01T04:59Z', 3), [
      '2024-02-01T05:00:00.000Z',
      '2024-03-01T05:00:00.000Z',
      '2024-04-01T04:00:00.000Z',
    ]);
    assert.deepEqual(startsFrom('3mo', 'Asia/Tokyo', '2024-05-05T00:00Z', 2), [
      '2024-03-31T15:00:00.000Z',
      '2024-06-30T15:00:00.000Z',
    ]);
    assert.deepEqual(startsFrom('1y', 'Asia/Kolkata', '2023-12-31T18:30Z', 2), [
      '2023-12-31T18:30:00.000Z',
      '2024-12-31T18:30:00.000Z',
    ]);
    assert.deepEqual(startsFrom('1w', 'Europe/Berlin', '2024-04-03T00:00Z', 2), [
      '2024-03-31T22:00:00.000Z',
      '2024-04-07T22:00:00.000Z',
    ]);
  });

  it('begin with the first instant of a day whose midnight clocks skipped', () => {
    // Clocks in São Paulo went from 2018-11-03 24:00 to 2018-11-04 01:00.
    assert.deepEqual(startsFrom('1d', 'America/Sao_Paulo', '2018-11-03T12:00Z', 3), [
      '2018-11-03T03:00:00.000Z',
      '2018-11-04T03:00:00.000Z',
      '2018-11-05T02:00:00.000Z',
    ]);
  });

  it('do not go back where clocks go back over midnight', () => {
    // In Havana 2024-11-03 01:00 became 00:00: that day has midnight twice, and 25 hours.
    assert.deepEqual(startsFrom('1d', 'America/Havana', '2024-11-02T12:00Z', 3), [
      '2024-11-02T04:00:00.000Z',
      '2024-11-03T04:00:00.000Z',
      '2024-11-04T05:00:00.000Z',
    ]);
  });

  it('leave a day that the calendar skipped without length', () => {
    // Samoa had no 2011-12-30.
    const buckets = grid('1d', 'Pacific/Apia');
    const day = buckets.numberOf(Date.parse('2011-12-29T20:00Z'));
    assert.equal(buckets.startOf(day + 1), buckets.startOf(day + 2));
    assert.equal(buckets.numberOf(buckets.startOf(day + 1)), day + 2);
  });

  it('are told apart by one function and started by another, which agree at every instant of a century', () => {
    const zones = [
      'Europe/Berlin',
      'America/Havana',
      'Pacific/Apia',
      'Australia/Lord_Howe',
      'America/St_Johns',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom('1d', '2w', '1mo'),
        fc.integer({ min: Date.UTC(1920), max: Date.UTC(2040) }),
        (zone, every, ms) => {
          const buckets = grid(every, zone);
          const number = buckets.numberOf(ms);
          assert.ok(buckets.startOf(number) <= ms && ms < buckets.startOf(number + 1));
          const start = buckets.startOf(number);
          assert.equal(buckets.numberOf(start), number);
          assert.ok(buckets.numberOf(start - 1) < number);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('of an unknown zone are refused', async () => {
    await refused('INVALID_OPTION', 'Mars/Olympus', async () => grid('1d', 'Mars/Olympus'));
  });
});
