import { MillraceError, show } from '../errors.ts';

const DAY_S = 86_400;
/** Days remembered: 270 years of them; more than any real file has, and 100,000 small numbers are 4 MB. */
const MAX_DAYS = 100_000;

/**
 * The clock of an IANA time zone: turns what clocks there showed into UTC. A time that clocks showed twice (the hour
 * after summer time ends) is taken as the earlier of the two instants; one that they skipped is moved forward by the
 * length of the gap (02:30 becomes 03:30). These are the rules of ECMAScript's Temporal ("compatible").
 */
export class ZoneClock {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #atMidnight = new Map<number, number>();
  #lastDay = Number.NaN;
  #lastOffset_s = 0;

  /** Throws INVALID_OPTION for a zone that the system does not know. */
  constructor(name: string) {
    try {
      this.#format = new Intl.DateTimeFormat('en-US', {
        timeZone: name,
        hourCycle: 'h23',
        era: 'short',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch (cause) {
      throw new MillraceError(
        'INVALID_OPTION',
        `${show(name)} is no time zone; use an IANA name such as Europe/Berlin or UTC`,
        { timeZone: name },
        cause,
      );
    }
    this.name = name;
  }

  /** Seconds that clocks in the zone are ahead of UTC at an instant, given in seconds since 1970. */
  offsetAt(utc_s: number): number {
    const fields: Record<string, number> = {};
    let isBeforeChrist = false;
    for (const { type, value } of this.#format.formatToParts(utc_s * 1000)) {
      if (type === 'era') isBeforeChrist = value.startsWith('B');
      else fields[type] = Number(value);
    }
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = fields;
    // setUTCFullYear, because Date.UTC takes the years 0 to 99 for 1900 to 1999
    const date = new Date(0);
    date.setUTCFullYear(isBeforeChrist ? 1 - year : year, month - 1, day);
    date.setUTCHours(hour, minute, second);
    return date.getTime() / 1000 - utc_s;
  }

  /** UTC for what clocks in the zone show; both as whole seconds since 1970-01-01 00:00. */
  toUtc(local_s: number): number {
    const day = Math.floor(local_s / DAY_S);
    if (day === this.#lastDay) return local_s - this.#lastOffset_s;
    // Offsets are below a day, so the instant lies between the midnights (UTC) of the days around it. Intl takes
    // microseconds, so midnights are remembered; no zone changes its clocks there and back within three days.
    const around = [day - 1, day, day + 1, day + 2].map((each) => this.#midnightOffset(each));
    const before = around[0]!;
    if (around.every((offset) => offset === before)) {
      this.#lastDay = day;
      this.#lastOffset_s = before;
      return local_s - before;
    }
    const instants = [...new Set(around)]
      .map((offset) => ({ utc: local_s - offset, offset }))
      .filter(({ utc, offset }) => this.offsetAt(utc) === offset)
      .map(({ utc }) => utc);
    return instants.length > 0 ? Math.min(...instants) : local_s - before;
  }

  #midnightOffset(day: number): number {
    let offset = this.#atMidnight.get(day);
    if (offset === undefined) {
      offset = this.offsetAt(day * DAY_S);
      if (this.#atMidnight.size >= MAX_DAYS) this.#atMidnight.clear();
      this.#atMidnight.set(day, offset);
    }
    return offset;
  }
}
