import type { ColumnType, TimeUnit } from '../../shared/schema/types.ts';
import { isFinerThan } from './instant.ts';
import type { TimeParser } from './time-format.ts';

const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;
const INFINITE = /^\s*[+-]?inf(inity)?\s*$/i;
const INTEGER = /^\s*[+-]?\d+\s*$/;
/** 007 is a code, not the number 7: an article number, a postcode. */
const CODE = /^\s*[+-]?0\d+\s*$/;
const BOOLEAN = /^\s*(true|false)\s*$/i;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/**
 * The type of a column from some of its values, missing ones left out. `bool` if all are true or false; `f64` if all are
 * numbers; `i64` instead if all are integers and one of them is beyond 2^53, which an f64 would change; else `utf8`.
 * A column without any value is `f64`, as everywhere where no type is given.
 */
export function inferType(texts: readonly string[]): ColumnType {
  if (texts.length === 0) return 'f64';
  if (texts.every((text) => BOOLEAN.test(text))) return 'bool';
  if (!texts.every((text) => isNumber(text) && !CODE.test(text))) return 'utf8';
  const needsInt64 = texts.some((text) => INTEGER.test(text) && !Number.isSafeInteger(Number(text)));
  return needsInt64 && texts.every(isInt64) ? 'i64' : 'f64';
}

/** Whether a text is a decimal number, or an infinity as Python and C print it. Not hexadecimal, not empty, not NaN. */
export function isNumber(text: string): boolean {
  return NUMBER.test(text) || INFINITE.test(text);
}

/** Whether a text is an integer that fits 64 bits. */
export function isInt64(text: string): boolean {
  if (!INTEGER.test(text)) return false;
  const value = toBigInt(text);
  return value >= INT64_MIN && value <= INT64_MAX;
}

/** The bigint of a text that is an integer; BigInt itself does not take a plus sign. */
export function toBigInt(text: string): bigint {
  const trimmed = text.trim();
  return BigInt(trimmed.startsWith('+') ? trimmed.slice(1) : trimmed);
}

/** The coarsest unit that holds all the given times without loss, `ms` for none. Texts that are no times do not count. */
export function inferUnit(texts: readonly string[], parser: TimeParser): TimeUnit {
  let unit: TimeUnit = 'ms';
  for (const text of texts) {
    if (!parser.parse(text)) continue;
    if (isFinerThan(parser, 'us')) return 'ns';
    if (isFinerThan(parser, 'ms')) unit = 'us';
  }
  return unit;
}
