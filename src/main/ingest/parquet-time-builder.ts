import type { TimeUnit } from '../../shared/schema/types.ts';
import type { ZoneClock } from '../../shared/time/zone-clock.ts';
import { UNIT_NANOS } from './instant.ts';
import type { BadValue, RawValues } from './parquet-column.ts';
import { losesDigits, rescale, toUnixUnits } from './parquet-time.ts';
import type { ParquetKind } from './parquet-types.ts';
import { TimeBuilder } from './time-builder.ts';
import type { TimeParser } from './time-format.ts';

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Turns the time column of a row group into timestamps of a table's unit. */
export class ParquetTimeBuilder {
  bad: BadValue | undefined;
  readonly #kind: ParquetKind;
  readonly #unit: TimeUnit;
  readonly #zone: ZoneClock | undefined;
  /** For columns that are no timestamps: numbers since 1970, and text. */
  readonly #parser: TimeParser | undefined;
  readonly #parsed: TimeBuilder;
  readonly #numbers: Float64Array | undefined;
  readonly #bigints: BigInt64Array | undefined;
  #cut = 0;

  constructor(
    kind: ParquetKind,
    unit: TimeUnit,
    zone: ZoneClock | undefined,
    parser: TimeParser | undefined,
    rows: number,
  ) {
    this.#kind = kind;
    this.#unit = unit;
    this.#zone = zone;
    this.#parser = parser;
    this.#parsed = new TimeBuilder(unit, parser === undefined ? 0 : rows);
    if (parser === undefined && unit === 'ms') this.#numbers = new Float64Array(rows);
    else if (parser === undefined) this.#bigints = new BigInt64Array(rows);
  }

  /** Timestamps whose finest digits were cut off. */
  get cut(): number {
    return this.#cut + this.#parsed.cut;
  }

  /** Converts the times of the rows from `at` on. A time that is missing is a bad value. */
  fill(values: RawValues, at: number): void {
    for (let i = 0; i < values.length && this.bad === undefined; i++) {
      const value = values[i];
      const what = value === null || value === undefined ? 'there is no time' : this.#set(at + i, value);
      if (what !== undefined) this.bad = { row: at + i, what, value };
    }
  }

  /** A view of the timestamps of the rows `from…to`. */
  values(from: number, to: number): Float64Array | BigInt64Array {
    return (this.#numbers ?? this.#bigints ?? this.#parsed.values(to)).subarray(from, to);
  }

  #set(row: number, value: unknown): string | undefined {
    if (this.#parser !== undefined) {
      if (!this.#parser.parse(String(value))) return `is no time (${this.#parser.description})`;
      return this.#parsed.set(row, this.#parser);
    }
    const kind = this.#kind;
    if (
      this.#numbers !== undefined &&
      kind.kind === 'timestamp' &&
      !(kind.isLocal && this.#zone !== undefined)
    ) {
      // the common way, without bigints: what 2^53 µs hold reaches from 1684 to 2255
      const plain = Number(value);
      const per = UNIT_NANOS.ms / UNIT_NANOS[kind.unit];
      if (Number.isSafeInteger(plain)) {
        const ms = Math.floor(plain / per);
        if (ms * per !== plain) this.#cut++;
        this.#numbers[row] = ms;
        return undefined;
      }
    }
    return this.#setExact(row, value as number | bigint);
  }

  #setExact(row: number, raw: number | bigint): string | undefined {
    const { value, unit } = toUnixUnits(this.#kind, raw, this.#zone);
    const scaled = rescale(value, unit, this.#unit);
    if (losesDigits(value, unit, this.#unit)) this.#cut++;
    if (this.#numbers !== undefined) {
      if (!Number.isSafeInteger(Number(scaled))) return 'is outside of what ms tables hold';
      this.#numbers[row] = Number(scaled);
      return undefined;
    }
    if (scaled < INT64_MIN || scaled > INT64_MAX) return `is outside of what ${this.#unit} tables hold`;
    this.#bigints![row] = scaled;
    return undefined;
  }
}
