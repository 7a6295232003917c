import { fixedValues } from '../../shared/schema/fixed-values.ts';
import { MAX_VALUE_BYTES } from '../../shared/schema/limits.ts';
import type { ColumnType, TimeUnit } from '../../shared/schema/types.ts';
import type { ZoneClock } from '../../shared/time/zone-clock.ts';
import type { ColumnArray } from '../api-types.ts';
import { makeColumnBuilder } from './column-builder.ts';
import { rescale, toUnixUnits } from './parquet-time.ts';
import type { ParquetKind } from './parquet-types.ts';
import { ValidityBuilder } from './validity.ts';

/** Values as hyparquet decodes them; null or undefined for a null. */
export type RawValues = ArrayLike<unknown>;

/** The first value of a column that its type cannot hold. */
export interface BadValue {
  /** Row within the row group, from 0. */
  readonly row: number;
  readonly what: string;
  readonly value: unknown;
}

/** What is known of the table that values go to. */
export interface ColumnTarget {
  readonly type: ColumnType;
  readonly unit: TimeUnit;
  readonly zone: ZoneClock | undefined;
}

/** Turns a column of a row group into values of a table's column. */
export class ParquetColumnBuilder {
  readonly validity: ValidityBuilder;
  /** Set at the first value that does not fit; what comes after it is not converted. */
  bad: BadValue | undefined;
  readonly #kind: ParquetKind;
  readonly #target: ColumnTarget;
  readonly #values: ColumnArray<ColumnType>;

  constructor(kind: ParquetKind, target: ColumnTarget, rows: number) {
    this.#kind = kind;
    this.#target = target;
    this.#values = allocate(target.type, rows);
    this.validity = new ValidityBuilder(rows);
  }

  /** Converts values for the rows from `at` on. */
  fill(values: RawValues, at: number): void {
    if (this.bad !== undefined) return;
    const isPlain = this.#kind.kind === 'number' || this.#kind.kind === 'bigint';
    if (isPlain && isSameArray(values, this.#values)) {
      this.#values.set(values as never, at);
      return;
    }
    const set = this.#setter();
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value === null || value === undefined) {
        this.validity.setNull(at + i);
        continue;
      }
      const what = set(at + i, value);
      if (what === undefined) continue;
      this.bad = { row: at + i, what, value };
      return;
    }
  }

  /** The values of the rows `from…to`; fixed-width types as a view. */
  values(from: number, to: number): ColumnArray<ColumnType> {
    return Array.isArray(this.#values) ? this.#values.slice(from, to) : this.#values.subarray(from, to);
  }

  /** Stores one value that is there; a problem in words if it does not fit. */
  #setter(): (row: number, value: unknown) => string | undefined {
    const { type } = this.#target;
    switch (this.#kind.kind) {
      case 'timestamp':
      case 'days':
        return this.#timeSetter();
      case 'decimal': {
        // hyparquet multiplies by 0.01, which makes 1.15 a 1.1500000000000001; dividing integers rounds once
        const factor = 10 ** this.#kind.scale;
        const store = numberSetter(this.#values, type);
        return (row, value) => store(row, Math.round((value as number) * factor) / factor);
      }
      case 'number':
        return numberSetter(this.#values, type);
      case 'bigint':
        return bigintSetter(this.#values, type);
      case 'bool':
        return type === 'bool' || type === 'utf8'
          ? plainSetter(this.#values, type)
          : numberSetter(this.#values, type);
      case 'text':
      case 'bytes':
        return bytesSetter(this.#values, type);
    }
  }

  #timeSetter(): (row: number, value: unknown) => string | undefined {
    const { unit, zone, type } = this.#target;
    const kind = this.#kind;
    const store = bigintSetter(this.#values, type);
    return (row, value) => {
      const exact = toUnixUnits(kind, value as number | bigint, zone);
      return store(row, rescale(exact.value, exact.unit, unit));
    };
  }
}

type Setter = (row: number, value: unknown) => string | undefined;

function allocate(type: ColumnType, rows: number): ColumnArray<ColumnType> {
  if (type === 'utf8') return new Array<string>(rows).fill('');
  if (type === 'bytes') return new Array<Uint8Array>(rows).fill(new Uint8Array(0));
  return fixedValues(type, rows);
}

/** Whether values can be copied as they stand: the same kind of typed array, so bits stay what they are. */
function isSameArray(values: RawValues, target: ColumnArray<ColumnType>): target is Float64Array {
  return (
    ArrayBuffer.isView(values) && !(values instanceof Uint8Array) && values.constructor === target.constructor
  );
}

function numberSetter(target: ColumnArray<ColumnType>, type: ColumnType): Setter {
  switch (type) {
    case 'f64':
    case 'f32': {
      const into = target as Float64Array | Float32Array;
      return (row, value) => {
        into[row] = Number(value);
        return undefined;
      };
    }
    case 'i32': {
      const into = target as Int32Array;
      return (row, value) => {
        const number = Number(value);
        if ((number | 0) !== number) return 'is no integer of 32 bits';
        into[row] = number;
        return undefined;
      };
    }
    case 'i64': {
      const into = target as BigInt64Array;
      return (row, value) => {
        const number = Number(value);
        if (!Number.isSafeInteger(number)) return 'is no integer of 64 bits';
        into[row] = BigInt(number);
        return undefined;
      };
    }
    default:
      return textSetter(target, type);
  }
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

function bigintSetter(target: ColumnArray<ColumnType>, type: ColumnType): Setter {
  switch (type) {
    case 'i64': {
      const into = target as BigInt64Array;
      return (row, value) => {
        if ((value as bigint) > INT64_MAX || (value as bigint) < INT64_MIN) return 'is no integer of 64 bits';
        into[row] = value as bigint;
        return undefined;
      };
    }
    case 'f64': {
      const into = target as Float64Array;
      return (row, value) => {
        const number = Number(value);
        if (!Number.isSafeInteger(number)) return 'is an integer that an f64 would change; take it as i64';
        into[row] = number;
        return undefined;
      };
    }
    default:
      return textSetter(target, type);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Strings and byte arrays; a byte array may be taken as text. */
function bytesSetter(target: ColumnArray<ColumnType>, type: ColumnType): Setter {
  if (type !== 'utf8' && type !== 'bytes') {
    const store = textSetter(target, type);
    return (row, value) => {
      const text = asText(value);
      return text === undefined ? 'is not UTF-8' : store(row, text);
    };
  }
  return (row, value) => {
    const size = typeof value === 'string' ? value.length : (value as Uint8Array).byteLength;
    if (size * 3 > MAX_VALUE_BYTES && Buffer.byteLength(value as string | Uint8Array) > MAX_VALUE_BYTES) {
      return `is longer than ${MAX_VALUE_BYTES.toLocaleString('en-US')} bytes`;
    }
    if (type === 'bytes') {
      (target as Uint8Array[])[row] = typeof value === 'string' ? Buffer.from(value) : (value as Uint8Array);
      return undefined;
    }
    const text = asText(value);
    if (text === undefined) return 'is not UTF-8';
    (target as string[])[row] = text;
    return undefined;
  };
}

function asText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  try {
    return utf8.decode(value as Uint8Array);
  } catch {
    return undefined;
  }
}

/** True and false where they stay what they are. */
function plainSetter(target: ColumnArray<ColumnType>, type: 'bool' | 'utf8'): Setter {
  return (row, value) => {
    if (type === 'bool') (target as Uint8Array)[row] = value === true ? 1 : 0;
    else (target as string[])[row] = String(value);
    return undefined;
  };
}

/** Any other type that the user asks for: by way of text, as a CSV file would have it. */
function textSetter(target: ColumnArray<ColumnType>, type: ColumnType): Setter {
  const one = makeColumnBuilder(type, 1);
  return (row, value) => {
    const what = one.set(0, String(value));
    if (what === undefined) (target as unknown[])[row] = one.values(1)[0];
    return what;
  };
}
