import type { TimeUnit } from '../../shared/schema/types.ts';
import { type Instant, isFinerThan, toMilliseconds, toUnits } from './instant.ts';

/** Collects the timestamps of a batch in a table's unit. */
export class TimeBuilder {
  readonly unit: TimeUnit;
  /** Timestamps whose finest digits were cut off. */
  cut = 0;
  readonly #numbers: Float64Array | undefined;
  readonly #bigints: BigInt64Array | undefined;

  constructor(unit: TimeUnit, capacity: number) {
    this.unit = unit;
    if (unit === 'ms') this.#numbers = new Float64Array(capacity);
    else this.#bigints = new BigInt64Array(capacity);
  }

  /** Takes the timestamp for row `row` of the batch; a problem in words if the unit cannot hold it. */
  set(row: number, at: Instant): string | undefined {
    if (isFinerThan(at, this.unit)) this.cut++;
    if (this.#numbers !== undefined) {
      const value = toMilliseconds(at);
      if (!Number.isSafeInteger(value)) return 'is outside of what ms tables hold';
      this.#numbers[row] = value;
      return undefined;
    }
    const value = toUnits(at, this.unit);
    if (value === undefined) {
      return `is outside of what ${this.unit} tables hold${this.unit === 'ns' ? ' (1677 to 2262)' : ''}`;
    }
    this.#bigints![row] = value;
    return undefined;
  }

  /** A view of the first `rows` timestamps; valid until the next `set`. */
  values(rows: number): Float64Array | BigInt64Array {
    return (this.#numbers ?? this.#bigints)!.subarray(0, rows);
  }
}
