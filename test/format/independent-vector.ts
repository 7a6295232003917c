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
  if (rows > 0 && bytes[1] === 4 && bytes[0] !== 11) return readWhole(c, type, rows, use);
  const dictionary = bytes[0] === 11 ? readEntries(c, type, rows, use) : undefined;
  const values: unknown[] = [];
  for (let v = 0; v < vectors; v++) {
    const vector = readVector(c, type, use, dictionary);
    const wanted = Math.min(1024, rows - values.length);
    demand(vector.length === wanted, `${what}: vector ${v} has ${vector.length} rows, ${wanted} expected`);
    values.push(...vector);
  }
  demand(values.length === rows, `${what}: ${values.length} rows, ${rows} expected`);
  c.end();
  return values;
}

/** Section 6.5. */
function readWhole(c: Cursor, type: ColumnType, rows: number, use: CodecUse): unknown[] {
  const codec = c.u8();
  demand(codec === 1 || codec === 9, `${c.what}: codec ${codec} of a whole vector`);
  demand(c.u8() === 4 && c.u16() === 0, `${c.what}: flags or count of a whole vector`);
  const size = c.u32();
  const counted = c.u32();
  demand(counted === rows, `${c.what}: a whole vector for ${counted} rows, the block has ${rows}`);
  c.skip(4);
  use.set(`${codec} whole`, { vectors: 1, bytes: size + 8 });
  const values = readValues(c, codec, type, rows);
  c.pad();
  c.end();
  return values;
}

/** The entries of section 6.6. */
function readEntries(c: Cursor, type: ColumnType, rows: number, use: CodecUse): unknown[] {
  c.skip(4);
  const end = c.u32() + c.at;
  const count = c.u32();
  c.skip(4);
  demand(count >= 1 && count <= rows, `${c.what}: a dictionary of ${count} entries`);
  const entries: unknown[] = [];
  while (entries.length < count) entries.push(...readVector(c, type, use));
  demand(entries.length === count && c.at === end, `${c.what}: a dictionary of ${entries.length} entries`);
  demand(!entries.includes(null), `${c.what}: a null among the entries`);
  use.set('11 entries', { vectors: 1, bytes: 0 });
  return entries;
}

function readVector(c: Cursor, type: ColumnType, use: CodecUse, dictionary?: unknown[]): unknown[] {
  const codec = c.u8();
  const flags = c.u8();
  const count = c.u16();
  const size = c.u32();
  const what = `${c.what}, vector at ${c.at - 8} (codec ${codec})`;
  demand(flags <= 3, `${what}: flags ${flags} are not of version 1`);
  demand(count >= 1 && count <= 1024 && size % 8 === 0, `${what}: count ${count}, ${size} bytes`);
  const body = new Cursor(c.take(size), what);
  if (flags & 2) body.skip(24);
  let present = new Array<boolean>(count).fill(codec !== 8);
  if (flags & 1) {
    present = readBits(body.take(Math.ceil(count / 8)), count);
    body.pad();
  }
  const tried = `${codec} ${type}${howOf(body, codec)}`;
  const { vectors, bytes } = use.get(tried) ?? { vectors: 0, bytes: 0 };
  use.set(tried, { vectors: vectors + 1, bytes: bytes + 8 + size });
  const n = present.filter((bit) => bit).length;
  demand(codec !== 8 || n === 0, `${what}: codec none, but ${n} values are present`);
  demand(type !== 'ts' || n === count, `${what}: a timestamp is null`);
  const values = codec === 12 ? readPlaces(body, n, use, dictionary) : readValues(body, codec, type, n, use);
  body.pad();
  body.end();
  let next = 0;
  return present.map((bit) => (bit ? values[next++] : null));
}

/** What an integer codec does besides, for `CodecUse`. */
function howOf(body: Cursor, codec: number): string {
  if (![2, 3, 4, 9].includes(codec)) return '';
  const [, form, , ulps, patches, more] = body.bytes.subarray(body.at);
  const exceptions = body.bytes[body.at + 6]! + body.bytes[body.at + 7]!;
  const words = [
    form! % 16 > 0 ? ' decimals' : '',
    form! >= 128 ? ' single' : '',
    ulps! > 0 ? ' ulps' : '',
    patches! + more! > 0 ? ' patches' : '',
    exceptions > 0 ? ' exceptions' : '',
  ];
  return words.join('');
}

/** Codec places: section 6.6. */
function readPlaces(c: Cursor, n: number, use: CodecUse, dictionary: unknown[] | undefined): unknown[] {
  demand(dictionary !== undefined, `${c.what}: places without a dictionary`);
  demand(![11, 12].includes(c.bytes[c.at]!), `${c.what}: places in codec ${c.bytes[c.at]}`);
  const places = readVector(c, 'i32', use);
  demand(places.length === n && !places.includes(null), `${c.what}: ${places.length} places for ${n} values`);
  return places.map((place) => {
    demand((place as number) >= 0 && (place as number) < dictionary.length, `${c.what}: place ${place}`);
    return dictionary[place as number];
  });
}

/** Real doubles: section 6.3. */
function readRealDoubles(c: Cursor, n: number): bigint[] {
  const right = c.u8();
  const entries = c.u8();
  const exceptions = c.u16();
  c.skip(4);
  demand(
    right >= 48 && right <= 63 && entries >= 1 && entries <= 8,
    `${c.what}: ${right} bits, ${entries} lefts`,
  );
  const dictionary = Array.from({ length: 8 }, () => BigInt(c.u16()));
  const lows = Array.from({ length: n }, () => BigInt(c.u32()));
  c.pad();
  const highs = readPacked(c, n, right - 32, 31);
  const lefts = readPacked(c, n, [0, 0, 1, 2, 2, 3, 3, 3, 3][entries]!, 3).map(
    (index) => dictionary[Number(index)]!,
  );
  const places = readPacked(c, exceptions, 10, 10).map(Number);
  demand(isRising(places, n), `${c.what}: places of exceptions`);
  for (const [i, left] of readPacked(c, exceptions, 16, 16).entries()) lefts[places[i]!] = left;
  return lows.map((low, i) => BigInt.asUintN(64, (lefts[i]! << BigInt(right)) | (highs[i]! << 32n) | low));
}

/** Run lengths: section 6.3. */
function readRuns(c: Cursor, type: ColumnType, n: number, use: CodecUse): unknown[] {
  const nested = (of: ColumnType): unknown[] => {
    demand(
      c.bytes[c.at]! < 10 && c.bytes[c.at + 1] === 0,
      `${c.what}: a nested vector of codec ${c.bytes[c.at]}`,
    );
    return readVector(c, of, use);
  };
  const values = nested(type);
  const lengths = nested('i32') as number[];
  demand(lengths.length === values.length, `${c.what}: ${lengths.length} lengths of ${values.length} runs`);
  demand(
    lengths.every((length) => length >= 1),
    `${c.what}: an empty run`,
  );
  const rows = values.flatMap((value, i) => new Array<unknown>(lengths[i]!).fill(value));
  demand(rows.length === n, `${c.what}: runs of ${rows.length} rows for ${n}`);
  return rows;
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
  ['ts', 'f64', 'f32', 'i64', 'i32'],
  ['f64', 'f32', 'i64', 'i32', 'bool'],
  [],
  [],
  ['f64'],
];

/** The `n` present values of a vector, as its codec says. */
function readValues(
  c: Cursor,
  codec: number,
  type: ColumnType,
  n: number,
  use: CodecUse = new Map(),
): unknown[] {
  demand(CODEC_TYPES[codec]?.includes(type) === true, `${c.what}: not a codec for ${type}`);
  switch (codec) {
    case 0:
      return Array.from({ length: n }, () => readFixed(c, type));
    case 1:
      return new Array(n).fill(readFixed(c, type));
    case 2:
    case 3:
    case 4:
    case 9:
      return readIntegers(c, codec, type, n);
    case 10:
      return readRuns(c, type, n, use);
    case 13:
      return readRealDoubles(c, n);
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

/** The integer codecs: section 6.1, each made a value of the column's type as section 6.2 says. */
function readIntegers(c: Cursor, codec: number, type: ColumnType, n: number): unknown[] {
  const width = c.u8();
  const form = c.u8();
  const patchWidth = c.u8();
  const ulpsWidth = c.u8();
  const patches = c.u16();
  const exceptions = c.u16();
  const decimals = form % 16;
  const single = form >= 128;
  const isFloat = type === 'f64' || type === 'f32';
  demand(form % 128 < 16, `${c.what}: form ${form}`);
  demand(isFloat || form + ulpsWidth + exceptions === 0, `${c.what}: form ${form} for ${type}`);
  demand(ulpsWidth === 0 || (type === 'f64' && single && ulpsWidth <= 8), `${c.what}: ulps for ${type}`);
  const integers = sumIntegers(c, codec, width, n, patches, patchWidth);
  const kept = new Map<number, unknown>();
  if (exceptions > 0) {
    const places = readPacked(c, exceptions, 10, 52).map(Number);
    demand(isRising(places, n), `${c.what}: places of exceptions`);
    for (const place of places) kept.set(place, readFixed(c, type));
    c.pad();
  }
  const ulps = readPacked(c, n, ulpsWidth, 8);
  const half = ulpsWidth === 0 ? 0n : 2n ** BigInt(ulpsWidth - 1);
  return integers.map((value, i) => {
    if (kept.has(i)) return kept.get(i);
    const made = fromInteger(value, type, decimals, single, c.what);
    return ulpsWidth === 0 ? made : (made as bigint) + ulps[i]! - half;
  });
}

function isRising(places: readonly number[], limit: number): boolean {
  return places.every((place, i) => place < limit && (i === 0 || place > places[i - 1]!));
}

function sumIntegers(
  c: Cursor,
  codec: number,
  width: number,
  n: number,
  patches: number,
  patchWidth: number,
): bigint[] {
  const fewer = codec === 3 ? 1 : codec === 4 ? 2 : 0;
  demand(n >= fewer, `${c.what}: ${n} values are too few for codec ${codec}`);
  const parameters = Array.from({ length: codec === 2 ? 1 : codec === 4 ? 3 : 2 }, () => c.i64());
  const p = readPacked(c, n - fewer, width, 52);
  if (patches > 0) {
    const places = readPacked(c, patches, 10, 52).map(Number);
    demand(isRising(places, n - fewer), `${c.what}: places of patches`);
    readPacked(c, patches, patchWidth, 52).forEach((value, i) => {
      p[places[i]!] = value % 2n === 0n ? value / 2n : -(value / 2n) - 1n;
    });
  }
  const [first, second, third] = parameters as [bigint, bigint, bigint];
  if (codec === 2) return p.map((number) => first + number);
  if (codec === 9) return p.map((number, i) => first + second * BigInt(i) + number);
  const values = [first];
  if (codec === 3) {
    for (const number of p) values.push(values.at(-1)! + second + number);
    return values;
  }
  let difference = second;
  values.push(first + difference);
  for (const number of p) {
    difference += third + number;
    values.push(values.at(-1)! + difference);
  }
  return values;
}

/** An integer as a value of the column's type; damage if the type does not have it. */
function fromInteger(
  value: bigint,
  type: ColumnType,
  decimals: number,
  single: boolean,
  what: string,
): bigint | number {
  const view = new DataView(new ArrayBuffer(8));
  let fits = false;
  let result: bigint | number = value;
  if (type === 'f64') {
    const quotient = Number(value) / 10 ** decimals;
    view.setFloat64(0, single ? Math.fround(quotient) : quotient);
    fits = BigInt(Number(value)) === value;
    result = view.getBigUint64(0);
  } else if (type === 'f32') {
    const float = Math.fround(Number(value) / 10 ** decimals);
    view.setFloat32(0, float);
    fits = single
      ? BigInt(Number(value)) === value
      : decimals === 0 && Number.isFinite(float) && BigInt(float) === value;
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
