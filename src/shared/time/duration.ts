import { MillraceError, show } from '../errors.ts';

/** Steps of a fixed length, and steps of the calendar. */
export type Duration =
  | { readonly kind: 'fixed'; readonly ms: number }
  | { readonly kind: 'calendar'; readonly unit: 'd' | 'w' | 'mo' | 'y'; readonly count: number };

const FIXED_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** A thousand centuries: what is longer is a slip of the pen, and sums of ms stay exact. */
const MAX_MS = 100_000 * 366 * 86_400_000;
const MAX_COUNT: Readonly<Record<string, number>> = {
  d: 36_600_000,
  w: 5_200_000,
  mo: 1_200_000,
  y: 100_000,
};

/**
 * Reads a duration: a whole number from 1 and one of `ms s m h d w mo y`, such as `15m` or `1mo`; a number alone is ms.
 * @param option the option that has it, for the error
 * @throws INVALID_OPTION
 */
export function parseDuration(option: string, value: unknown): Duration {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= MAX_MS) {
    return { kind: 'fixed', ms: value };
  }
  const match = typeof value === 'string' ? /^(\d{1,16})(ms|s|m|h|d|w|mo|y)$/.exec(value) : null;
  if (match !== null) {
    const count = Number(match[1]);
    const unit = match[2]!;
    const ms = count * (FIXED_MS[unit] ?? 0);
    if (unit in FIXED_MS && ms >= 1 && ms <= MAX_MS) return { kind: 'fixed', ms };
    if (!(unit in FIXED_MS) && count >= 1 && count <= MAX_COUNT[unit]!) {
      return { kind: 'calendar', unit: unit as 'd', count };
    }
  }
  throw new MillraceError(
    'INVALID_OPTION',
    `${option} is ${show(value)}; it must be a whole number of ms, or a whole number and one of ms, s, m, h, d, w, mo, y, ` +
      `such as '15m' or '1mo', up to 100,000 years`,
    { option, value: show(value) },
  );
}
