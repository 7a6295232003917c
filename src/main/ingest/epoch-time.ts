import type { Instant } from './instant.ts';

/** Decimal digits that a number since 1970 has below one second. */
export const EPOCH_DIGITS = { s: 0, ms: 3, us: 6, ns: 9 } as const;
export type EpochUnit = keyof typeof EPOCH_DIGITS;

const NUMBER = /^\s*([+-]?)(\d+)(?:\.(\d*))?\s*$/;
const NUMBER_OR_EXPONENT = /^\s*[+-]?\d+(\.\d*)?([eE]\+?\d{1,2})?\s*$/;

/** Whether a text is a number such as times since 1970 are. */
export function looksLikeEpoch(text: string): boolean {
  return NUMBER_OR_EXPONENT.test(text);
}

/**
 * The unit in which a number since 1970 is most likely meant, from its magnitude: each unit serves until its numbers
 * reach the year 5138, where the thousandfold of the next one is March 1973.
 */
export function epochUnitOf(magnitude: number): EpochUnit {
  if (magnitude < 1e11) return 's';
  if (magnitude < 1e14) return 'ms';
  return magnitude < 1e17 ? 'us' : 'ns';
}

/**
 * Reads a number since 1970 that has `digits` digits below one second; it may have a fraction too. Exact for any number
 * of digits; what is below a nanosecond is cut off. False if it is none, or if its seconds are no safe integer.
 */
export function parseEpoch(text: string, digits: number, into: Instant): boolean {
  const match = NUMBER.exec(text);
  if (match === null) return parseExponent(text, digits, into);
  const [, sign, whole = '', fraction = ''] = match;
  // 15 digits: below 2^53, so that plain numbers are exact
  if (fraction === '' && whole.length <= 15) return fromInteger(sign === '-' ? -whole : +whole, digits, into);
  const padded = whole.padStart(digits + 1, '0');
  const split = padded.length - digits;
  into.seconds = Number(padded.slice(0, split));
  into.nanos = Number((padded.slice(split) + fraction).slice(0, 9).padEnd(9, '0'));
  if (sign === '-') {
    into.seconds = -into.seconds - (into.nanos > 0 ? 1 : 0);
    into.nanos = into.nanos > 0 ? 1e9 - into.nanos : 0;
  }
  return Number.isSafeInteger(into.seconds);
}

/** Numbers such as 1.7e9, as spreadsheets write them; only if they are exact integers. */
function parseExponent(text: string, digits: number, into: Instant): boolean {
  const value = Number(text);
  return Number.isSafeInteger(value) && looksLikeEpoch(text) && fromInteger(value, digits, into);
}

function fromInteger(value: number, digits: number, into: Instant): boolean {
  const perSecond = 10 ** digits;
  into.seconds = Math.floor(value / perSecond);
  into.nanos = (value - into.seconds * perSecond) * 10 ** (9 - digits);
  return true;
}
