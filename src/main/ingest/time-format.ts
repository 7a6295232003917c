import { ZoneClock } from '../../shared/time/zone-clock.ts';
import { EPOCH_DIGITS, type EpochUnit, epochUnitOf, looksLikeEpoch, parseEpoch } from './epoch-time.ts';
import type { Instant } from './instant.ts';
import { parseIso } from './iso-time.ts';
import { compilePattern } from './time-pattern.ts';

/** Reads times of one format. `parse` leaves its result in `seconds` and `nanos`, so that a row costs no object. */
export interface TimeParser extends Instant {
  /** What it reads, in words. */
  readonly description: string;
  /** False if the text is no time in this format; `seconds` and `nanos` are then meaningless. */
  parse(text: string): boolean;
}

/**
 * The parser for a `--time-format`: `iso` (ISO 8601, also with a blank for the T), `s`, `ms`, `us`, `ns` (a number since
 * 1970), or a pattern of YYYY MM DD HH mm ss f Z. Times that name no zone are of `timeZone`, by default UTC. Throws
 * INVALID_OPTION.
 */
export function makeTimeParser(format: string, timeZone?: string): TimeParser {
  const zone = timeZone === undefined ? undefined : new ZoneClock(timeZone);
  if (isEpochUnit(format)) return new EpochTimeParser(format);
  const zoneWords = `in ${timeZone ?? 'UTC'} where no zone is named`;
  if (format === 'iso') return new LocalTimeParser(parseIso, zone, `ISO 8601, ${zoneWords}`);
  return new LocalTimeParser(compilePattern(format), zone, `${format}, ${zoneWords}`);
}

/**
 * The format of a column of which some values are given: `iso`, or for numbers the unit that their magnitude suggests
 * (seconds until the year 5138). No values: `iso`.
 */
export function detectTimeFormat(texts: readonly string[]): 'iso' | EpochUnit {
  if (texts.length === 0 || !texts.every(looksLikeEpoch)) return 'iso';
  return epochUnitOf(texts.reduce((largest, text) => Math.max(largest, Math.abs(Number(text))), 0));
}

/** A time as clocks show it: `offset_s` is NaN when the text names no zone. */
export interface LocalTime extends Instant {
  offset_s: number;
}

/** Reads a text into a local time; false if it is none. */
export type LocalTimeReader = (text: string, into: LocalTime) => boolean;

class LocalTimeParser implements TimeParser {
  readonly description: string;
  seconds = 0;
  nanos = 0;
  readonly #read: LocalTimeReader;
  readonly #zone: ZoneClock | undefined;
  readonly #local: LocalTime = { seconds: 0, nanos: 0, offset_s: Number.NaN };

  constructor(read: LocalTimeReader, zone: ZoneClock | undefined, description: string) {
    this.#read = read;
    this.#zone = zone;
    this.description = description;
  }

  parse(text: string): boolean {
    const local = this.#local;
    if (!this.#read(text, local)) return false;
    if (!Number.isNaN(local.offset_s)) this.seconds = local.seconds - local.offset_s;
    else this.seconds = this.#zone === undefined ? local.seconds : this.#zone.toUtc(local.seconds);
    this.nanos = local.nanos;
    return true;
  }
}

class EpochTimeParser implements TimeParser {
  readonly description: string;
  seconds = 0;
  nanos = 0;
  readonly #digits: number;

  constructor(unit: EpochUnit) {
    this.#digits = EPOCH_DIGITS[unit];
    this.description = `${unit} since 1970 (UTC)`;
  }

  parse(text: string): boolean {
    return parseEpoch(text, this.#digits, this);
  }
}

function isEpochUnit(format: string): format is EpochUnit {
  return Object.hasOwn(EPOCH_DIGITS, format);
}
