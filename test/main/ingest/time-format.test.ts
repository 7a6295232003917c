import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toMilliseconds, toUnits } from '../../../src/main/ingest/instant.ts';
import { detectTimeFormat, makeTimeParser } from '../../../src/main/ingest/time-format.ts';

/** Nanoseconds since 1970 of a text, or null if it is refused. */
function nanos(text: string, format = 'iso', timeZone?: string): bigint | null {
  const parser = makeTimeParser(format, timeZone);
  return parser.parse(text) ? BigInt(parser.seconds) * 1_000_000_000n + BigInt(parser.nanos) : null;
}

/** Milliseconds since 1970. */
function ms(text: string, format = 'iso', timeZone?: string): number | null {
  const parser = makeTimeParser(format, timeZone);
  return parser.parse(text) ? toMilliseconds(parser) : null;
}

test('ISO 8601 is read with T or a blank, with and without seconds, fraction and zone', () => {
  const noon = Date.UTC(2024, 1, 29, 12);
  for (const text of [
    '2024-02-29T12:00:00Z',
    '2024-02-29 12:00:00',
    '2024-02-29T12:00',
    '2024-02-29t12:00:00.000z',
    '2024/02/29 12:00',
    '2024-02-29T14:30:00+02:30',
    '2024-02-29T14:30:00 +0230',
    '2024-02-29T07:00:00-05',
    '2024-02-29 12:00:00 UTC',
    ' 2024-02-29 12:00:00 ',
  ]) {
    assert.equal(ms(text), noon, text);
  }
  assert.equal(ms('2024-02-29'), Date.UTC(2024, 1, 29));
  assert.equal(ms('2024-02'), Date.UTC(2024, 1, 1));
});

test('dates and times that do not exist are refused', () => {
  for (const text of [
    '2024-02-30',
    '2023-02-29',
    '1900-02-29',
    '2024-04-31',
    '2024-13-01',
    '2024-00-10',
    '2024-01-00',
    '2024-01-01T24:00:00',
    '2024-01-01T12:60',
    '2016-12-31T23:59:60Z',
    '2024-01-01T12:00:00+24:00',
    '2024-01-01T12:00:00+01:60',
    '2024-01-01T12',
    '2024-01-01T12:00:00.',
    '2024-01-01T12:00:00Zulu',
    '2024-01-01x',
    '2024-1-1',
    '01.02.2024',
    '20240101',
    'yesterday',
    '',
  ]) {
    assert.equal(nanos(text), null, text);
  }
});

test('leap years follow the Gregorian rules', () => {
  assert.equal(ms('2000-02-29'), Date.UTC(2000, 1, 29));
  assert.equal(ms('2400-02-29'), Date.UTC(2400, 1, 29));
  assert.equal(nanos('2100-02-29'), null);
});

test('every date of the years 0001 to 9999 is what Date makes of it', () => {
  const first = Date.parse('0001-01-01T00:00:00.000Z');
  const last = Date.parse('9999-12-31T23:59:59.999Z');
  fc.assert(
    fc.property(fc.integer({ min: first, max: last }), (time) => {
      assert.equal(ms(new Date(time).toISOString()), time);
    }),
  );
});

test('fractions keep nine digits, with a point or a comma, and the rest is cut off', () => {
  assert.equal(nanos('1970-01-01 00:00:01.5'), 1_500_000_000n);
  assert.equal(nanos('1970-01-01 00:00:01,000000001'), 1_000_000_001n);
  assert.equal(nanos('1970-01-01 00:00:00.1234567899'), 123_456_789n);
  assert.equal(nanos('1969-12-31 23:59:59.999999999'), -1n);
});

test('numbers since 1970 are exact in every unit, with fractions and before 1970', () => {
  assert.equal(nanos('1700000000', 's'), 1_700_000_000_000_000_000n);
  assert.equal(nanos('1700000000.123456789', 's'), 1_700_000_000_123_456_789n);
  assert.equal(nanos('1700000000123', 'ms'), 1_700_000_000_123_000_000n);
  assert.equal(nanos('1700000000123.5', 'ms'), 1_700_000_000_123_500_000n);
  assert.equal(nanos('1700000000123456', 'us'), 1_700_000_000_123_456_000n);
  assert.equal(nanos('1700000000123456789', 'ns'), 1_700_000_000_123_456_789n);
  assert.equal(nanos('-1', 'ms'), -1_000_000n);
  assert.equal(nanos('-0.25', 's'), -250_000_000n);
  assert.equal(nanos('-1700000000123456789', 'ns'), -1_700_000_000_123_456_789n);
  assert.equal(nanos('+5', 's'), 5_000_000_000n);
  assert.equal(nanos('1.7e9', 's'), 1_700_000_000_000_000_000n);
});

test('a number since 1970 is read back whatever its unit', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      const parser = makeTimeParser('ns');
      assert.equal(parser.parse(String(value)), true);
      assert.equal(toUnits(parser, 'ns'), value);
    }),
  );
});

test('what only looks like a number is no time', () => {
  for (const text of ['', ' ', '0x10', '1e-3', '1.5.2', '12 34', 'NaN', 'Infinity', '--1']) {
    assert.equal(nanos(text, 's'), null, text);
  }
});

test('the unit of numbers is detected by their magnitude', () => {
  assert.equal(detectTimeFormat(['1700000000', '1700000001.5']), 's');
  assert.equal(detectTimeFormat(['1700000000000']), 'ms');
  assert.equal(detectTimeFormat(['1700000000000000']), 'us');
  assert.equal(detectTimeFormat(['1700000000000000000']), 'ns');
  assert.equal(detectTimeFormat(['0', '-5', '1700000000000']), 'ms');
  assert.equal(detectTimeFormat(['2024-01-01', '5']), 'iso');
  assert.equal(detectTimeFormat([]), 'iso');
});

test('a named zone gives local times their offset, in winter and in summer', () => {
  assert.equal(ms('2024-01-15 12:00', 'iso', 'Europe/Berlin'), Date.UTC(2024, 0, 15, 11));
  assert.equal(ms('2024-07-15 12:00', 'iso', 'Europe/Berlin'), Date.UTC(2024, 6, 15, 10));
  assert.equal(ms('2024-07-15 12:00', 'iso', 'America/New_York'), Date.UTC(2024, 6, 15, 16));
  assert.equal(ms('2024-07-15 12:00', 'iso', 'Asia/Kathmandu'), Date.UTC(2024, 6, 15, 6, 15));
});

test('a zone in the text goes before the named one', () => {
  assert.equal(ms('2024-07-15T12:00Z', 'iso', 'Europe/Berlin'), Date.UTC(2024, 6, 15, 12));
});

test('an hour that clocks show twice is the earlier one', () => {
  // Berlin, 27 October 2024: 03:00 summer time became 02:00 at 01:00 UTC
  assert.equal(ms('2024-10-27 01:59:59', 'iso', 'Europe/Berlin'), Date.UTC(2024, 9, 26, 23, 59, 59));
  assert.equal(ms('2024-10-27 02:30', 'iso', 'Europe/Berlin'), Date.UTC(2024, 9, 27, 0, 30));
  assert.equal(ms('2024-10-27 03:00', 'iso', 'Europe/Berlin'), Date.UTC(2024, 9, 27, 2));
  // New York, 3 November 2024
  assert.equal(ms('2024-11-03 01:30', 'iso', 'America/New_York'), Date.UTC(2024, 10, 3, 5, 30));
});

test('an hour that clocks skip is moved forward', () => {
  // Berlin, 31 March 2024: 02:00 became 03:00 at 01:00 UTC
  assert.equal(ms('2024-03-31 01:59:59', 'iso', 'Europe/Berlin'), Date.UTC(2024, 2, 31, 0, 59, 59));
  assert.equal(ms('2024-03-31 02:30', 'iso', 'Europe/Berlin'), Date.UTC(2024, 2, 31, 1, 30));
  assert.equal(ms('2024-03-31 03:00', 'iso', 'Europe/Berlin'), Date.UTC(2024, 2, 31, 1));
  // Samoa left out the whole of 30 December 2011
  assert.equal(ms('2011-12-30 12:00', 'iso', 'Pacific/Apia'), Date.UTC(2011, 11, 30, 22));
});

test('what clocks of a zone show leads back to the same instant, except in the repeated hour', () => {
  const clock = new Intl.DateTimeFormat('sv-SE', {
    timeZone: 'Europe/Berlin',
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  const parser = makeTimeParser('iso', 'Europe/Berlin');
  const [first, last] = [Date.UTC(1950, 0, 1), Date.UTC(2050, 0, 1)];
  fc.assert(
    fc.property(fc.integer({ min: first / 1000, max: last / 1000 }), (instant) => {
      assert.equal(parser.parse(clock.format(instant * 1000)), true);
      const back = parser.seconds;
      // in the repeated hour the earlier instant is meant; clocks show the same at both
      if (back !== instant) assert.equal(clock.format(back * 1000), clock.format(instant * 1000));
      assert.ok(back <= instant && instant - back <= 2 * 3600);
    }),
    { numRuns: 300 },
  );
});

test('an unknown zone is an error that names it', () => {
  assert.throws(() => makeTimeParser('iso', 'Europe/Atlantis'), {
    code: 'INVALID_OPTION',
    message: /"Europe\/Atlantis" is no time zone/,
  });
});

test('a pattern reads dates as other countries write them', () => {
  assert.equal(ms('29.02.2024 12:05', 'DD.MM.YYYY HH:mm'), Date.UTC(2024, 1, 29, 12, 5));
  assert.equal(ms('2/9/2024', 'M/D/YYYY'), Date.UTC(2024, 1, 9));
  assert.equal(ms('Feb 9 2024', 'MMM D YYYY'), Date.UTC(2024, 1, 9));
  assert.equal(ms('09-FEB-2024 07:08:09.25', 'DD-MMM-YYYY HH:mm:ss.f'), Date.UTC(2024, 1, 9, 7, 8, 9, 250));
  assert.equal(ms('20240209T070809+0100', 'YYYYMMDDTHHmmssZ'), Date.UTC(2024, 1, 9, 6, 8, 9));
  assert.equal(ms('15.07.2024 12:00', 'DD.MM.YYYY HH:mm', 'Europe/Berlin'), Date.UTC(2024, 6, 15, 10));
});

test('a pattern refuses what does not fit it', () => {
  for (const text of ['30.02.2024', '1.2.2024', '01.02.24', '01/02/2024', '01.02.2024x', '']) {
    assert.equal(nanos(text, 'DD.MM.YYYY'), null, text);
  }
});

test('a pattern without year, month and day is an error', () => {
  assert.throws(() => makeTimeParser('HH:mm'), {
    code: 'INVALID_OPTION',
    message: /"HH:mm" is no time format/,
  });
  assert.throws(() => makeTimeParser('unix'), { code: 'INVALID_OPTION' });
  assert.throws(() => makeTimeParser(''), { code: 'INVALID_OPTION' });
});
