import { COLUMN_TYPES, type ColumnType, type TimeUnit } from '../../shared/schema/types.ts';
import { toBigInt } from '../ingest/infer-types.ts';
import { isFinerThan, toMilliseconds, toUnits } from '../ingest/instant.ts';
import { makeTimeParser } from '../ingest/time-format.ts';
import { usageError } from './command.ts';

/** A list such as `a,b,c`; undefined stays so. */
export function parseList(text: string | undefined): string[] | undefined {
  return text === undefined ? undefined : text.split(',');
}

/** One of some words. */
export function parseChoice<T extends string>(
  option: string,
  text: string | undefined,
  choices: readonly T[],
): T | undefined {
  if (text === undefined) return undefined;
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw usageError(`--${option} is ${choices.join(', ')}; not ${JSON.stringify(text)}`, {
    option,
    value: text,
  });
}

/** A whole number from `least` on. */
export function parseCount(option: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw usageError(`--${option} takes a whole number from ${least} on; not ${JSON.stringify(text)}`, {
    option,
    value: text,
  });
}

/** Types such as `a=f64,b=utf8`. A name may hold a comma if the option is given again for it. */
export function parseTypes(texts: readonly string[]): Record<string, ColumnType> {
  const types: Record<string, ColumnType> = {};
  for (const text of texts.flatMap((each) => each.split(/,(?=[^,]*=)/))) {
    const at = text.lastIndexOf('=');
    const type = COLUMN_TYPES.find((each) => each === text.slice(at + 1).trim());
    if (at <= 0 || type === undefined) {
      throw usageError(
        `--types takes column=type with ${COLUMN_TYPES.join(', ')}; not ${JSON.stringify(text)}`,
        {
          option: 'types',
          value: text,
        },
      );
    }
    types[text.slice(0, at)] = type;
  }
  return types;
}

/**
 * A bound of a time range in a table's unit: a whole number is taken as it is, anything else as ISO 8601. Digits finer than
 * the unit are rounded into the range: a first time up, a last one down.
 */
export function parseBound(
  option: 'from' | 'to',
  text: string | undefined,
  unit: TimeUnit,
  timeZone: string | undefined,
): number | bigint | undefined {
  if (text === undefined) return undefined;
  if (/^\s*[+-]?\d+\s*$/.test(text)) {
    const value = toBigInt(text);
    return unit === 'ms' ? Number(value) : value;
  }
  const parser = makeTimeParser('iso', timeZone);
  if (!parser.parse(text)) {
    const advice = `give a date such as 2024-01-31, a time such as 2024-01-31T12:00:00Z, or ${unit} since 1970`;
    throw usageError(`--${option} ${JSON.stringify(text)} is no time; ${advice}`, { option, value: text });
  }
  const roundUp = option === 'from' && isFinerThan(parser, unit);
  if (unit === 'ms') return toMilliseconds(parser) + (roundUp ? 1 : 0);
  const value = toUnits(parser, unit);
  if (value === undefined) {
    throw usageError(`--${option} ${text} is outside of what ${unit} tables hold`, { option, value: text });
  }
  return value + (roundUp ? 1n : 0n);
}
