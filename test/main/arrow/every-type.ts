import type { ColumnType, NanoTsDbShared, TimeUnit } from '../../../src/main/index.ts';

/** Columns of every type. */
export const COLUMNS = (['f64', 'f32', 'i64', 'i32', 'bool', 'utf8', 'bytes'] as const).map(
  (type) => ({ name: `c_${type}`, type }) satisfies { name: string; type: ColumnType },
);
export const UNITS = ['ms', 'us', 'ns'] as const satisfies readonly TimeUnit[];

const fromBits64 = (...bits: bigint[]): Float64Array => new Float64Array(BigUint64Array.from(bits).buffer);
const fromBits32 = (...bits: number[]): Float32Array => new Float32Array(Uint32Array.from(bits).buffer);

/** Values that are easily spoilt, among them NaNs with a payload; a null every so often, never in the same row. */
const ODD = {
  f64: fromBits64(
    0x8000000000000000n,
    0x7ff800000badbeefn,
    0x7ff0000000000000n,
    0xfff0000000000000n,
    1n,
    0x3fb999999999999an,
  ),
  f32: fromBits32(0x80000000, 0x7fc0beef, 0x7f800000, 0xff800000, 1, 0x3dcccccd),
  i64: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 0n, -1n, 2n ** 53n + 1n, 7n),
  i32: Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0, -1, 5, 7),
  bool: Uint8Array.of(1, 0, 1, 1, 0, 0),
  utf8: ['', 'NA', 'a, "b"\r\nc', ' x ', 'ünï😀', 'null'],
  bytes: [
    Uint8Array.of(),
    Uint8Array.of(0),
    Uint8Array.of(255, 254),
    Uint8Array.of(10),
    Uint8Array.of(34, 44),
    Uint8Array.of(1, 2, 3),
  ],
} as const;

export const ROWS = 45;

/** The time of a row: mostly in order, some before 1970. */
export function timeOf(unit: TimeUnit, row: number): bigint {
  const ms = row < 3 ? BigInt(row) - 3n : 1_704_067_200_000n + BigInt(row) * 1000n;
  return unit === 'ms' ? ms : ms * (unit === 'us' ? 1000n : 1_000_000n) + BigInt(row);
}

/** Makes a table of that unit and fills it with `ROWS` rows. */
export async function fillEveryType(db: NanoTsDbShared, unit: TimeUnit): Promise<void> {
  const table = await db.createTable(`every_${unit}`, COLUMNS, { unit });
  const pick = <T>(from: ArrayLike<T>): T[] => Array.from({ length: ROWS }, (_, row) => from[row % 6]!);
  const words = <A extends Float64Array | Float32Array>(from: A): A => {
    // byte by byte, for a NaN's payload
    const bytes = new Uint8Array(from.buffer);
    const all = new Uint8Array(ROWS * from.BYTES_PER_ELEMENT).map(
      (_, at) => bytes[at % (6 * from.BYTES_PER_ELEMENT)]!,
    );
    return new (from.constructor as new (buffer: ArrayBuffer) => A)(all.buffer);
  };
  const validity = Object.fromEntries(
    COLUMNS.map(({ name }, column) => {
      const bits = new Uint8Array(Math.ceil(ROWS / 8));
      for (let row = 0; row < ROWS; row++) if (row % 8 !== column) bits[row >> 3]! |= 1 << (row & 7);
      return [name, bits];
    }),
  );
  table.append({
    ts: BigInt64Array.from({ length: ROWS }, (_, row) => timeOf(unit, row)),
    columns: {
      c_f64: words(ODD.f64),
      c_f32: words(ODD.f32),
      c_i64: BigInt64Array.from(pick(ODD.i64)),
      c_i32: Int32Array.from(pick(ODD.i32)),
      c_bool: Uint8Array.from(pick(ODD.bool)),
      c_utf8: pick(ODD.utf8),
      c_bytes: pick(ODD.bytes),
    },
    validity,
  } as never);
}

/** What a table holds, as read_ours.py prints it: floats by their bits, bytes as hex, integers as text. */
export function expectedColumns(unit: TimeUnit): Record<string, unknown[]> {
  const rows = Array.from({ length: ROWS }, (_, row) => row);
  const column = (index: number, of: (value: number) => unknown): unknown[] =>
    rows.map((row) => (row % 8 === index ? null : of(row % 6)));
  const bits = (array: Float64Array | Float32Array, at: number): string => {
    const width = array.BYTES_PER_ELEMENT;
    return Buffer.from(new Uint8Array(array.buffer, at * width, width).slice().reverse()).toString('hex');
  };
  return {
    ts: rows.map((row) => String(timeOf(unit, row))),
    c_f64: column(0, (at) => bits(ODD.f64, at)),
    c_f32: column(1, (at) => bits(ODD.f32, at)),
    c_i64: column(2, (at) => String(ODD.i64[at])),
    c_i32: column(3, (at) => String(ODD.i32[at])),
    c_bool: column(4, (at) => ODD.bool[at] === 1),
    c_utf8: column(5, (at) => ODD.utf8[at]),
    c_bytes: column(6, (at) => Buffer.from(ODD.bytes[at]!).toString('hex')),
  };
}
