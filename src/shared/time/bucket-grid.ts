import { daysFromCivil, monthOfDay } from './calendar.ts';
import type { Duration } from './duration.ts';
import { ZoneClock } from './zone-clock.ts';

/**
 * Divides time into buckets that follow one another without gaps. Times are whole ms since 1970, exact below 2^53: every
 * step is a whole number of ms, so finer times are rounded down first. Numbers go up with time; a bucket has its start and
 * ends where the next one starts.
 */
export interface BucketGrid {
  numberOf(ms: number): number;
  startOf(number: number): number;
}

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** 1970-01-05, the first Monday. */
const FIRST_MONDAY = 4;

/**
 * The grid of a step. Steps of ms, s, m and h are lengths of time, counted from 1970-01-01T00:00Z. Those of days, weeks
 * (from Monday), months and years follow the calendar in the time zone, counted from 1970.
 * @param timeZone an IANA name; absent is UTC
 * @throws INVALID_OPTION for an unknown zone
 */
export function bucketGrid(step: Duration, timeZone: string | undefined): BucketGrid {
  const zone = timeZone === undefined || timeZone === 'UTC' ? undefined : new ZoneClock(timeZone);
  if (step.kind === 'fixed') return new FixedGrid(step.ms, 0);
  if (zone === undefined && step.unit === 'd') return new FixedGrid(step.count * DAY_MS, 0);
  if (zone === undefined && step.unit === 'w')
    return new FixedGrid(step.count * WEEK_MS, FIRST_MONDAY * DAY_MS);
  return new CalendarGrid(step.unit, step.count, zone);
}

class FixedGrid implements BucketGrid {
  private readonly step: number;
  private readonly origin: number;

  constructor(step: number, origin: number) {
    this.step = step;
    this.origin = origin;
  }

  numberOf(ms: number): number {
    const from = ms - this.origin;
    const number = Math.floor(from / this.step);
    // The quotient may have been rounded up to a whole number.
    return number * this.step > from ? number - 1 : number;
  }

  startOf(number: number): number {
    return number * this.step + this.origin;
  }
}

/** Starts remembered: each costs some microseconds of Intl. */
const MAX_STARTS = 65_536;
/** Intl knows no times beyond these. */
const MAX_ZONE_S = 8_640_000_000_000 - 4 * 86_400;

class CalendarGrid implements BucketGrid {
  private readonly unit: 'd' | 'w' | 'mo' | 'y';
  private readonly count: number;
  private readonly zone: ZoneClock | undefined;
  private readonly starts = new Map<number, number>();

  constructor(unit: 'd' | 'w' | 'mo' | 'y', count: number, zone: ZoneClock | undefined) {
    this.unit = unit;
    this.count = count;
    this.zone = zone;
  }

  numberOf(ms: number): number {
    const utc_s = Math.floor(ms / 1000);
    const offset = this.zone?.offsetAt(Math.max(-MAX_ZONE_S, Math.min(MAX_ZONE_S, utc_s))) ?? 0;
    let number = this.ofLocalDay(Math.floor((utc_s + offset) / 86_400));
    // Where clocks go back over midnight, the local date goes back too; the starts do not.
    while (ms < this.startOf(number)) number--;
    while (ms >= this.startOf(number + 1)) number++;
    return number;
  }

  startOf(number: number): number {
    let start = this.starts.get(number);
    if (start === undefined) {
      start = this.toUtc(this.localDay(number) * 86_400) * 1000;
      if (this.starts.size >= MAX_STARTS) this.starts.clear();
      this.starts.set(number, start);
    }
    return start;
  }

  private ofLocalDay(day: number): number {
    const steps =
      this.unit === 'd'
        ? day
        : this.unit === 'w'
          ? Math.floor((day - FIRST_MONDAY) / 7)
          : this.unit === 'mo'
            ? monthOfDay(day)
            : Math.floor(monthOfDay(day) / 12);
    return Math.floor(steps / this.count);
  }

  /** The local date, in days from 1970-01-01, on which a bucket starts. */
  private localDay(number: number): number {
    const steps = number * this.count;
    if (this.unit === 'd') return steps;
    if (this.unit === 'w') return 7 * steps + FIRST_MONDAY;
    const months = this.unit === 'mo' ? steps : 12 * steps;
    const year = Math.floor(months / 12);
    return daysFromCivil(1970 + year, months - 12 * year + 1, 1);
  }

  private toUtc(local_s: number): number {
    if (this.zone === undefined) return local_s;
    if (Math.abs(local_s) < MAX_ZONE_S) return this.zone.toUtc(local_s);
    return local_s - this.zone.offsetAt(Math.sign(local_s) * MAX_ZONE_S);
  }
}
