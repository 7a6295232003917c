import { MillraceError, show } from '../../shared/errors.ts';
import { civilSeconds } from '../../shared/time/calendar.ts';
import { readFraction, readZone } from './iso-time.ts';
import type { LocalTime, LocalTimeReader } from './time-format.ts';

/** What a pattern can name, longest first, so that `MMM` is not read as `MM` and an `M`. */
const TOKENS = ['YYYY', 'MMM', 'MM', 'M', 'DD', 'D', 'HH', 'H', 'mm', 'm', 'ss', 's', 'f', 'Z'] as const;
type Token = (typeof TOKENS)[number];
type Field = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const NUMBERS: Partial<Record<Token, { field: Field; min: number; max: number }>> = {
  YYYY: { field: 'year', min: 4, max: 4 },
  MM: { field: 'month', min: 2, max: 2 },
  M: { field: 'month', min: 1, max: 2 },
  DD: { field: 'day', min: 2, max: 2 },
  D: { field: 'day', min: 1, max: 2 },
  HH: { field: 'hour', min: 2, max: 2 },
  H: { field: 'hour', min: 1, max: 2 },
  mm: { field: 'minute', min: 2, max: 2 },
  m: { field: 'minute', min: 1, max: 2 },
  ss: { field: 'second', min: 2, max: 2 },
  s: { field: 'second', min: 1, max: 2 },
};

type Part = { readonly token: Token } | { readonly literal: string };
type Parsed = Record<Field, number>;

/**
 * A reader for times written by a pattern: `YYYY MM M MMM DD D HH H mm m ss s f Z`, all else as it stands. `MMM` is an
 * English month (three letters), `f` digits of a fraction, `Z` a zone (`Z`, `+01:00`). Throws INVALID_OPTION for a pattern
 * without year, month and day.
 */
export function compilePattern(pattern: string): LocalTimeReader {
  const parts = split(pattern);
  const named = new Set(parts.map((part) => ('token' in part ? part.token : '')));
  if (
    !named.has('YYYY') ||
    !(named.has('MM') || named.has('M') || named.has('MMM')) ||
    !(named.has('DD') || named.has('D'))
  ) {
    throw new MillraceError(
      'INVALID_OPTION',
      `${show(pattern)} is no time format; use iso, s, ms, us, ns or a pattern such as "DD.MM.YYYY HH:mm:ss" with ` +
        'YYYY, M or MM or MMM, and D or DD',
      { timeFormat: pattern },
    );
  }
  return (text, into) => readByPattern(parts, text, into);
}

function readByPattern(parts: readonly Part[], raw: string, into: LocalTime): boolean {
  const text = raw.trim();
  const time: Parsed = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  into.nanos = 0;
  into.offset_s = Number.NaN;
  let at = 0;
  for (const part of parts) {
    at =
      'literal' in part ? skipLiteral(text, at, part.literal) : readToken(text, at, part.token, time, into);
    if (at < 0) return false;
  }
  if (at !== text.length) return false;
  into.seconds = civilSeconds(time.year, time.month, time.day, time.hour, time.minute, time.second);
  return !Number.isNaN(into.seconds);
}

/** Where the text goes on behind a token, or -1 if the token is not there. */
function readToken(text: string, at: number, token: Token, time: Parsed, into: LocalTime): number {
  if (token === 'f') return readFraction(text, at, into);
  if (token === 'Z') {
    into.offset_s = readZone(text, at);
    return !Number.isNaN(into.offset_s) ? text.length : -1;
  }
  if (token === 'MMM') {
    time.month = MONTHS.indexOf(text.slice(at, at + 3).toLowerCase()) + 1;
    return time.month > 0 ? at + 3 : -1;
  }
  const { field, min, max } = NUMBERS[token]!;
  let end = at;
  let value = 0;
  for (; end < text.length && end - at < max; end++) {
    const digit = text.charCodeAt(end) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    value = value * 10 + digit;
  }
  time[field] = value;
  return end - at >= min ? end : -1;
}

function skipLiteral(text: string, at: number, literal: string): number {
  return text.startsWith(literal, at) ? at + literal.length : -1;
}

function split(pattern: string): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < pattern.length; ) {
    const token = TOKENS.find((each) => pattern.startsWith(each, at));
    if (token !== undefined) {
      parts.push({ token });
      at += token.length;
    } else {
      parts.push({ literal: pattern[at]! });
      at++;
    }
  }
  return parts;
}
