import type { TimeUnit } from '../../shared/schema/types.ts';

/** A point in time: whole seconds since 1970 (negative before) and nanoseconds after them, 0…999,999,999. */
export interface Instant {
  seconds: number;
  nanos: number;
}

/** Nanoseconds of one unit. */
export const UNIT_NANOS = { ms: 1_000_000, us: 1000, ns: 1 } as const satisfies Record<TimeUnit, number>;

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Whole ms since 1970; what is finer is cut off towards the past. Years of four digits always fit. */
export function toMilliseconds(at: Instant): number {
  return at.seconds * 1000 + Math.floor(at.nanos / UNIT_NANOS.ms);
}

/** The instant in a unit, cut off towards the past, or undefined if an int64 cannot hold it (ns: 1677 to 2262). */
export function toUnits(at: Instant, unit: TimeUnit): bigint | undefined {
  const perSecond = 1e9 / UNIT_NANOS[unit];
  const value = BigInt(at.seconds) * BigInt(perSecond) + BigInt(Math.floor(at.nanos / UNIT_NANOS[unit]));
  return value < INT64_MIN || value > INT64_MAX ? undefined : value;
}

/** Whether the instant has digits that the unit cannot hold. */
export function isFinerThan(at: Instant, unit: TimeUnit): boolean {
  return at.nanos % UNIT_NANOS[unit] !== 0;
}
