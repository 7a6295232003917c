import { MAX_VALUE_BYTES } from '../../shared/schema/limits.ts';
import type { ColumnType } from '../../shared/schema/types.ts';
import type { ColumnArray } from '../api-types.ts';
import { isInt64, toBigInt } from './infer-types.ts';

/** Collects the values of one column of a batch, from text. */
export interface ColumnBuilder {
  readonly type: ColumnType;
  /** Takes the value for row `row`, counted from 0 in the batch. A problem in words if it is none of this type. */
  set(row: number, text: string): string | undefined;
  /** Row `row` has no value: 0, '' or no bytes stand in its place. */
  clear(row: number): void;
  /** A view of the first `rows` values; valid until the next `set`. */
  values(rows: number): ColumnArray<ColumnType>;
}

/** A builder for at most `capacity` rows, which is filled again and again. */
export function makeColumnBuilder(type: ColumnType, capacity: number): ColumnBuilder {
  switch (type) {
    case 'f64':
    case 'f32':
      return new FloatBuilder(type, capacity);
    case 'i32':
      return new Int32Builder(capacity);
    case 'i64':
      return new Int64Builder(capacity);
    case 'bool':
      return new BoolBuilder(capacity);
    case 'utf8':
      return new TextBuilder(capacity);
    case 'bytes':
      return new BytesBuilder(capacity);
  }
}

/**
 * The number that a text is, as `Number` reads it, but without what only programs write (0x10, 0b1, blanks as 0), and
 * with the infinities of Python and C. Undefined if it is none; NaN only for a NaN.
 */
export function parseNumber(text: string): number | undefined {
  const value = Number(text);
  if (value === 0 && text.trim() === '') return undefined;
  // 0x10: the one letter at the second place that a number can have is the e of an exponent, or it is Infinity
  if (!Number.isNaN(value)) {
    return text.charCodeAt(1) > 57 && !/^\s*(\d[eE]|[+-]?Inf)/.test(text) ? undefined : value;
  }
  const word = text.trim().toLowerCase();
  if (word === 'nan') return Number.NaN;
  const infinite = /^([+-]?)inf(inity)?$/.exec(word);
  if (infinite === null) return undefined;
  return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

class FloatBuilder implements ColumnBuilder {
  readonly type: 'f64' | 'f32';
  readonly #values: Float64Array | Float32Array;

  constructor(type: 'f64' | 'f32', capacity: number) {
    this.type = type;
    this.#values = type === 'f64' ? new Float64Array(capacity) : new Float32Array(capacity);
  }

  set(row: number, text: string): string | undefined {
    const value = parseNumber(text);
    if (value === undefined) return 'is no number';
    this.#values[row] = value;
    return undefined;
  }

  clear(row: number): void {
    this.#values[row] = 0;
  }

  values(rows: number): Float64Array | Float32Array {
    return this.#values.subarray(0, rows);
  }
}

class Int32Builder implements ColumnBuilder {
  readonly type = 'i32';
  readonly #values: Int32Array;

  constructor(capacity: number) {
    this.#values = new Int32Array(capacity);
  }

  set(row: number, text: string): string | undefined {
    const value = parseNumber(text);
    if (value === undefined || (value | 0) !== value) return 'is no integer of 32 bits';
    this.#values[row] = value;
    return undefined;
  }

  clear(row: number): void {
    this.#values[row] = 0;
  }

  values(rows: number): Int32Array {
    return this.#values.subarray(0, rows);
  }
}

class Int64Builder implements ColumnBuilder {
  readonly type = 'i64';
  readonly #values: BigInt64Array;

  constructor(capacity: number) {
    this.#values = new BigInt64Array(capacity);
  }

  set(row: number, text: string): string | undefined {
    if (!isInt64(text)) return 'is no integer of 64 bits';
    this.#values[row] = toBigInt(text);
    return undefined;
  }

  clear(row: number): void {
    this.#values[row] = 0n;
  }

  values(rows: number): BigInt64Array {
    return this.#values.subarray(0, rows);
  }
}

const BOOLEANS: ReadonlyMap<string, 0 | 1> = new Map([
  ...(['true', 't', 'yes', 'y', '1'] as const).map((word) => [word, 1] as const),
  ...(['false', 'f', 'no', 'n', '0'] as const).map((word) => [word, 0] as const),
]);

class BoolBuilder implements ColumnBuilder {
  readonly type = 'bool';
  readonly #values: Uint8Array;

  constructor(capacity: number) {
    this.#values = new Uint8Array(capacity);
  }

  set(row: number, text: string): string | undefined {
    const value = BOOLEANS.get(text) ?? BOOLEANS.get(text.trim().toLowerCase());
    if (value === undefined) return 'is neither true nor false';
    this.#values[row] = value;
    return undefined;
  }

  clear(row: number): void {
    this.#values[row] = 0;
  }

  values(rows: number): Uint8Array {
    return this.#values.subarray(0, rows);
  }
}

class TextBuilder implements ColumnBuilder {
  readonly type = 'utf8';
  readonly #values: string[];

  constructor(capacity: number) {
    this.#values = new Array<string>(capacity).fill('');
  }

  set(row: number, text: string): string | undefined {
    // a UTF-16 unit takes at most three bytes in UTF-8
    if (text.length * 3 > MAX_VALUE_BYTES && Buffer.byteLength(text) > MAX_VALUE_BYTES) return TOO_LONG;
    this.#values[row] = text;
    return undefined;
  }

  clear(row: number): void {
    this.#values[row] = '';
  }

  values(rows: number): string[] {
    return this.#values.slice(0, rows);
  }
}

const HEX = /^(?:0x|\\x)?((?:[0-9a-f]{2})*)$/i;
const TOO_LONG = `is longer than ${MAX_VALUE_BYTES.toLocaleString('en-US')} bytes`;
const NO_BYTES = new Uint8Array(0);

class BytesBuilder implements ColumnBuilder {
  readonly type = 'bytes';
  readonly #values: Uint8Array[];

  constructor(capacity: number) {
    this.#values = new Array<Uint8Array>(capacity).fill(NO_BYTES);
  }

  set(row: number, text: string): string | undefined {
    const digits = HEX.exec(text.trim())?.[1];
    if (digits === undefined) return 'is no row of hexadecimal digit pairs';
    if (digits.length / 2 > MAX_VALUE_BYTES) return TOO_LONG;
    this.#values[row] = Buffer.from(digits, 'hex');
    return undefined;
  }

  clear(row: number): void {
    this.#values[row] = NO_BYTES;
  }

  values(rows: number): Uint8Array[] {
    return this.#values.slice(0, rows);
  }
}
