/**
 * The lower half of the independent reader: bounded reading of bytes, and the vectors of docs/format.md section 6.
 * Made from that page alone; slow and plain on purpose, numbers are bigint wherever the format has 64 bits.
 */

/** A column's type by its number in section 3.2; `ts` stands for the timestamps (type 0 in a column directory). */
export type ColumnType = 'ts' | 'f64' | 'f32' | 'i64' | 'i32' | 'bool' | 'utf8' | 'bytes';

/** Section 3.2's numbers of the types; the place in this list is the number. */
export const COLUMN_TYPES: readonly ColumnType[] = [
  'ts',
  'f64',
  'f32',
  'i64',
  'i32',
  'bool',
  'utf8',
  'bytes',
];

/** Thrown for every damage; the message names the place in the file or in the structure. */
export class FormatError extends Error {
  override name = 'FormatError';
}

/** Throws a {@link FormatError} unless `condition` holds. */
export function demand(condition: boolean, message: string): asserts condition {
  if (!condition) throw new FormatError(message);
}

/** How often each codec was met, by `codec type` ("3 i64", "2 f64 decimals"): tests make sure with it that every codec was tried. */
export type CodecUse = Map<string, { vectors: number; bytes: number }>;

/** The smallest multiple of 8 that is not below `n`. */
export const padded8 = (n: number): number => Math.ceil(n / 8) * 8;

/** Reads little-endian values one after the other; never reads beyond its end. Offsets are relative to `bytes`. */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly what: string;
  at = 0;
  private readonly view: DataView;

  /** `what` names the structure in errors. */
  constructor(bytes: Uint8Array, what: string) {
    this.bytes = bytes;
    this.what = what;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Goes `n` bytes on and returns where it was. */
  skip(n: number): number {
    const was = this.at;
    demand(
      n >= 0 && was + n <= this.bytes.length,
      `${this.what}: ${n} bytes wanted at ${was}, it ends at ${this.bytes.length}`,
    );
    this.at = was + n;
    return was;
  }

  /** Skips the bytes that pad what was read so far to a multiple of 8. */
  pad(): void {
    this.skip(padded8(this.at) - this.at);
  }

  u8 = (): number => this.view.getUint8(this.skip(1));
  u16 = (): number => this.view.getUint16(this.skip(2), true);
  u32 = (): number => this.view.getUint32(this.skip(4), true);
  i32 = (): number => this.view.getInt32(this.skip(4), true);
  u64 = (): bigint => this.view.getBigUint64(this.skip(8), true);
  i64 = (): bigint => this.view.getBigInt64(this.skip(8), true);

  /** A `u64` that is an offset or a length: below 2^53. */
  offset(): number {
    const value = this.u64();
    demand(value < 2n ** 53n, `${this.what}: offset ${value} is not below 2^53`);
    return Number(value);
  }

  /** The next `n` bytes, a view. */
  take(n: number): Uint8Array {
    const from = this.skip(n);
    return this.bytes.subarray(from, from + n);
  }

  /** The next `n` bytes as the letters that a structure begins with. */
  letters(n: number): string {
    return String.fromCharCode(...this.take(n));
  }

  /** The next `n` bytes as a string of well-formed UTF-8. */
  text(n: number): string {
    return utf8(this.take(n), this.what);
  }

  /** Demands that everything was read. */
  end(): void {
    demand(
      this.at === this.bytes.length,
      `${this.what}: read to ${this.at}, it ends at ${this.bytes.length}`,
    );
  }
}

/** Decodes well-formed UTF-8, a leading U+FEFF kept; throws on anything else. */
export function utf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FormatError(`${what}: not well-formed UTF-8`);
  }
}

/** The bits of a bitmap, least significant first. */
export function readBits(bytes: Uint8Array, n: number): boolean[] {
  return Array.from({ length: n }, (_, i) => ((bytes[i >> 3]! >> (i & 7)) & 1) === 1);
}

/** One value of fixed width as it is stored; floats as their bits, so that NaN payloads compare. */
export function readFixed(c: Cursor, type: ColumnType): unknown {
  switch (type) {
    case 'ts':
    case 'i64':
      return c.i64();
    case 'f64':
      return c.u64();
    case 'f32':
      return c.u32();
    case 'i32':
      return c.i32();
    case 'bool': {
      const value = c.u8();
      demand(value <= 1, `${c.what}: a bool of ${value}`);
      return value === 1;
    }
    default:
      throw new FormatError(`${c.what}: ${type} has no fixed width`);
  }
}

/** A utf8 or bytes value from its bytes. */
export function variable(bytes: Uint8Array, type: ColumnType, what: string): string | Uint8Array {
  demand(bytes.length <= 2 ** 20, `${what}: a value of ${bytes.length} bytes`);
  return type === 'utf8' ? utf8(bytes, what) : bytes.slice();
}

/**
 * A whole column of a block: `vectors` vectors, `rows` rows in all, nulls as null. Values: bigint for ts, i64 and the
 * bits of f64; number for i32 and the bits of f32; boolean, string, Uint8Array for the others.
 */
export function readColumn(
  bytes: Uint8Array,
  type: ColumnType,
  rows: number,
  vectors: number,
  what: string,
  use: CodecUse = new Map(),
): unknown[] {
  const c = new Cursor(bytes, what);
  const values: unknown[] = [];
  for (let v = 0; v < vectors; v++) {
    const vector = readVector(c, type, use);
    const wanted = Math.min(1024, rows - values.length);
    demand(vector.length === wanted, `${what}: vector ${v} has ${vector.length} rows, ${wanted} expected`);
    values.push(...vector);
  }
  demand(values.length === rows, `${what}: ${values.length} rows, ${rows} expected`);
  c.end();
  return values;
}

function readVector(c: Cursor, type: ColumnType, use: CodecUse): unknown[] {
  const codec = c.u8();
  const flags = c.u8();
  const count = c.u16();
  const size = c.u32();
  const what = `${c.what}, vector at ${c.at - 8} (codec ${codec})`;
  demand(flags <= 1, `${what}: flags ${flags} are not of version 1`);
  demand(count >= 1 && count <= 1024 && size % 8 === 0, `${what}: count ${count}, ${size} bytes`);
  const body = new Cursor(c.take(size), what);
  let present = new Array<boolean>(count).fill(codec !== 8);
  if (flags & 1) {
    present = readBits(body.take(Math.ceil(count / 8)), count);
    body.pad();
  }
  const decimals = codec >= 2 && codec <= 4 ? body.bytes[body.at + 1]! : 0;
  const tried = `${codec} ${type}${decimals > 0 ? ' decimals' : ''}`;
  const { vectors, bytes } = use.get(tried) ?? { vectors: 0, bytes: 0 };
  use.set(tried, { vectors: vectors + 1, bytes: bytes + 8 + size });
  const n = present.filter((bit) => bit).length;
  demand(codec !== 8 || n === 0, `${what}: codec none, but ${n} values are present`);
  demand(type !== 'ts' || n === count, `${what}: a timestamp is null`);
  const values = readValues(body, codec, type, n);
  body.pad();
  body.end();
  let next = 0;
  return present.map((bit) => (bit ? values[next++] : null));
}

const CODEC_TYPES: readonly (readonly ColumnType[])[] = [
  ['ts', 'f64', 'f32', 'i64', 'i32'],
  ['ts', 'f64', 'f32', 'i64', 'i32', 'bool'],
  ['ts', 'f64', 'f32', 'i64', 'i32'],
  ['ts', 'f64', 'f32', 'i64', 'i32'],
  ['ts', 'f64', 'f32', 'i64', 'i32'],
  ['bool'],
  ['utf8', 'bytes'],
  ['utf8', 'bytes'],
  COLUMN_TYPES,
];

/** The `n` present values of a vector, as its codec says. */
function readValues(c: Cursor, codec: number, type: ColumnType, n: number): unknown[] {
  demand(CODEC_TYPES[codec]?.includes(type) === true, `${c.what}: not a codec for ${type}`);
  switch (codec) {
    case 0:
      return Array.from({ length: n }, () => readFixed(c, type));
    case 1:
      return new Array(n).fill(readFixed(c, type));
    case 2:
    case 3:
    case 4:
      return readIntegers(c, codec, type, n);
    case 5:
      return readBits(c.take(Math.ceil(n / 8)), n);
    case 6:
      return readPlain(c, type, n);
    case 7:
      return readDictionary(c, type, n);
    default:
      return [];
  }
}

/** Packed bits of section 6: number i takes the `width` bits from bit i·width on. */
function readPacked(c: Cursor, n: number, width: number, widthMax: number): bigint[] {
  demand(width <= widthMax, `${c.what}: width ${width} is above ${widthMax}`);
  const run = c.take(padded8(Math.ceil((n * width) / 8)));
  const numbers: bigint[] = [];
  for (let i = 0; i < n; i++) {
    let value = 0n;
    for (let b = 0; b < width; b++) {
      const k = i * width + b;
      if ((run[k >> 3]! >> (k & 7)) & 1) value |= 1n << BigInt(b);
    }
    numbers.push(value);
  }
  return numbers;
}

/** Frame of reference (2), delta (3), delta of delta (4): the integers, each made a value of the column's type. */
function readIntegers(c: Cursor, codec: number, type: ColumnType, n: number): unknown[] {
  const width = c.u8();
  const decimals = c.u8();
  c.skip(6);
  demand(decimals === 0 || (type === 'f64' && decimals <= 15), `${c.what}: ${decimals} decimals for ${type}`);
  return sumIntegers(c, codec, width, n).map((value) => fromInteger(value, type, decimals, c.what));
}

function sumIntegers(c: Cursor, codec: number, width: number, n: number): bigint[] {
  demand(n >= codec - 2, `${c.what}: ${n} values are too few for codec ${codec}`);
  if (codec === 2) {
    const base = c.i64();
    return readPacked(c, n, width, 52).map((p) => base + p);
  }
  const values = [c.i64()];
  let difference = codec === 4 ? c.i64() : 0n;
  if (codec === 4) values.push(values[0]! + difference);
  const base = c.i64();
  for (const p of readPacked(c, n - values.length, width, 52)) {
    difference = codec === 4 ? difference + base + p : base + p;
    values.push(values.at(-1)! + difference);
  }
  return values;
}

/** An integer as a value of the column's type; damage if the type does not have it. */
function fromInteger(value: bigint, type: ColumnType, decimals: number, what: string): bigint | number {
  const view = new DataView(new ArrayBuffer(8));
  let fits = false;
  let result: bigint | number = value;
  if (type === 'f64') {
    view.setFloat64(0, Number(value) / 10 ** decimals);
    fits = BigInt(Number(value)) === value;
    result = view.getBigUint64(0);
  } else if (type === 'f32') {
    const float = Math.fround(Number(value));
    view.setFloat32(0, float);
    fits = Number.isFinite(float) && BigInt(float) === value;
    result = view.getUint32(0);
  } else if (type === 'i32') {
    fits = BigInt.asIntN(32, value) === value;
    result = Number(value);
  } else {
    fits = BigInt.asIntN(64, value) === value;
  }
  demand(fits, `${what}: ${value} is not a value of ${type}`);
  return result;
}

function readPlain(c: Cursor, type: ColumnType, n: number): (string | Uint8Array)[] {
  const total = c.u32();
  const width = c.u8();
  c.skip(3);
  const smallest = BigInt(c.u32());
  c.skip(4);
  const lengths = readPacked(c, n, width, 32).map((p) => Number(smallest + p));
  const values = lengths.map((length) => variable(c.take(length), type, c.what));
  const sum = lengths.reduce((a, b) => a + b, 0);
  demand(sum === total, `${c.what}: the lengths add up to ${sum}, not to ${total}`);
  c.pad();
  return values;
}

function readDictionary(c: Cursor, type: ColumnType, n: number): (string | Uint8Array)[] {
  const entries = c.u32();
  const width = c.u8();
  c.skip(3);
  const size = c.u32();
  c.skip(4);
  demand(entries <= n, `${c.what}: ${entries} dictionary entries for ${n} values`);
  const run = new Cursor(c.take(size), `${c.what}, dictionary`);
  const dictionary = readPlain(run, type, entries);
  run.end();
  return readPacked(c, n, width, 32).map((place) => {
    demand(place < BigInt(entries), `${c.what}: place ${place} in a dictionary of ${entries}`);
    return dictionary[Number(place)]!;
  });
}
