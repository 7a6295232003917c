import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import {
  Binary,
  Bool,
  type Data,
  type DataType,
  DateDay,
  DateMillisecond,
  Decimal,
  Dictionary,
  DurationSecond,
  Field,
  FixedSizeBinary,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  LargeBinary,
  LargeUtf8,
  makeData,
  Null,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimeSecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  tableFromArrays,
  tableFromIPC,
  tableToIPC,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import type { Batch } from '../../../src/main/api-types.ts';
import { arrowToBatches, isArrowInput } from '../../../src/main/arrow/arrow-input.ts';
import { MillraceError } from '../../../src/shared/errors.ts';
import type { ColumnType, TimeUnit } from '../../../src/shared/schema/types.ts';

/** A value as it can be compared: floats as bits, bytes as hex. */
type Plain = number | bigint | string | null;

/** An Arrow type, the column types that take it, values for it, and what each value must become. */
interface Case {
  readonly type: () => DataType;
  readonly takenAs: readonly ColumnType[];
  readonly values: fc.Arbitrary<unknown>;
}

const f64FromBits = (bits: bigint): number => new Float64Array(new BigUint64Array([bits]).buffer)[0]!;
const integers = (bits: number, signed: boolean): fc.Arbitrary<number> =>
  signed
    ? fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
    : fc.integer({ min: 0, max: 2 ** bits - 1 });
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const blob = fc.uint8Array({ maxLength: 12 });

const CASES: readonly Case[] = [
  { type: () => new Float64(), takenAs: ['f64'], values: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) },
  { type: () => new Float32(), takenAs: ['f32', 'f64'], values: integers(32, false) },
  { type: () => new Int8(), takenAs: ['i32', 'i64', 'f32', 'f64'], values: integers(8, true) },
  { type: () => new Int16(), takenAs: ['i32', 'i64', 'f32', 'f64'], values: integers(16, true) },
  { type: () => new Int32(), takenAs: ['i32', 'i64', 'f64'], values: integers(32, true) },
  { type: () => new Uint8(), takenAs: ['i32', 'i64', 'f32', 'f64'], values: integers(8, false) },
  { type: () => new Uint16(), takenAs: ['i32', 'i64', 'f32', 'f64'], values: integers(16, false) },
  { type: () => new Uint32(), takenAs: ['i64', 'f64'], values: integers(32, false) },
  {
    type: () => new Int64(),
    takenAs: ['i64'],
    values: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  },
  {
    type: () => new Uint64(),
    takenAs: ['i64'],
    values: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  },
  {
    // whole ms, so that an i64 column of a ms table holds them; vectorFromArray takes ms
    type: () => new TimestampMillisecond(),
    takenAs: ['i64'],
    values: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  },
  { type: () => new Bool(), takenAs: ['bool'], values: fc.boolean() },
  { type: () => new Utf8(), takenAs: ['utf8'], values: text },
  { type: () => new LargeUtf8(), takenAs: ['utf8'], values: text },
  {
    type: () => new Dictionary(new Utf8(), new Int32()),
    takenAs: ['utf8'],
    values: fc.constantFrom('', 'RUN', 'STOP', '\ufeffé'),
  },
  {
    type: () => new Dictionary(new Int32(), new Int8()),
    takenAs: ['i32', 'i64', 'f64'],
    values: fc.constantFrom(0, -7, 2 ** 31 - 1),
  },
  {
    type: () => new Dictionary(new Utf8(), new Uint8()),
    takenAs: ['utf8'],
    values: fc.constantFrom('a', 'b', 'c'),
  },
  { type: () => new Binary(), takenAs: ['bytes'], values: blob },
  { type: () => new LargeBinary(), takenAs: ['bytes'], values: blob },
  {
    type: () => new FixedSizeBinary(3),
    takenAs: ['bytes'],
    values: fc.uint8Array({ minLength: 3, maxLength: 3 }),
  },
  {
    type: () => new Null(),
    takenAs: ['f64', 'f32', 'i64', 'i32', 'bool', 'utf8', 'bytes'],
    values: fc.constant(null),
  },
];

/** The column of Arrow data for plain values; floats are given as bits, because a JS number may lose a NaN's payload. */
function dataOf(type: DataType, values: readonly unknown[]): Data {
  if (type instanceof Null) return makeData({ type, length: values.length });
  if (!(type instanceof Float64 || type instanceof Float32)) return vectorFromArray(values, type).data[0]!;
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  const bits = type instanceof Float64 ? new BigUint64Array(values.length) : new Uint32Array(values.length);
  for (const [i, value] of values.entries()) {
    // Under a null lies what must not come through.
    bits[i] = (value ?? (type instanceof Float64 ? 7n : 7)) as never;
    if (value !== null) nullBitmap[i >> 3]! |= 1 << (i & 7);
  }
  const data = type instanceof Float64 ? new Float64Array(bits.buffer) : new Float32Array(bits.buffer);
  return makeData({ type, length: values.length, data, nullBitmap } as never) as Data;
}

/** What a value must have become in a column of type `to`. */
function expected(type: DataType, to: ColumnType, value: unknown): Plain {
  if (value === null || value === undefined) return null;
  if (type instanceof Float32 && to === 'f64') return widened(value as number);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (typeof value === 'boolean') return Number(value);
  if (to === 'i64') return BigInt(value as number);
  if (to === 'f32' && !(type instanceof Float32))
    return new Uint32Array(new Float32Array([value as number]).buffer)[0]!;
  if (to === 'f64' && typeof value === 'number')
    return new BigUint64Array(new Float64Array([value]).buffer)[0]!;
  return value as Plain;
}

/** The f64 bits of f32 bits, by the definition of both formats. */
function widened(bits: number): bigint {
  const [sign, exponent, fraction] = [BigInt(bits >>> 31), (bits >>> 23) & 255, BigInt(bits & 0x7fffff)];
  if (exponent === 255) return (sign << 63n) | (0x7ffn << 52n) | (fraction << 29n);
  const whole = Number(fraction) + (exponent === 0 ? 0 : 2 ** 23);
  const value = whole * 2 ** (Math.max(exponent, 1) - 150);
  return (sign << 63n) | new BigUint64Array(new Float64Array([value]).buffer)[0]!;
}

/** A column of a batch as plain values; asserts that nulls hold nothing. */
function plain(batch: ReturnType<typeof arrowToBatches>[number], name: string): Plain[] {
  const column = batch.columns[name]!;
  const validity = batch.validity[name];
  const bits =
    column instanceof Float64Array
      ? new BigUint64Array(column.buffer)
      : column instanceof Float32Array
        ? new Uint32Array(column.buffer)
        : column;
  assert.equal(column.length, batch.rowCount);
  if (validity !== undefined) assert.equal(validity.length, Math.ceil(batch.rowCount / 8));
  return Array.from(bits as ArrayLike<number | bigint | string | Uint8Array>, (value, i) => {
    const shown = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
    if (validity === undefined || (validity[i >> 3]! >> (i & 7)) & 1) return shown;
    assert.ok(!shown, `a null holds ${shown}`);
    return null;
  });
}

/** One column besides `ts`, which counts the rows. */
function batchOf(type: DataType, values: readonly unknown[], name = 'v'): RecordBatch {
  const ts = dataOf(
    new Int64(),
    values.map((_, i) => BigInt(i)),
  );
  return new RecordBatch({ ts, [name]: dataOf(type, values) });
}

function times(type: DataType, ticks: readonly unknown[], unit: TimeUnit): (number | bigint)[] {
  // makeData and not vectorFromArray, which takes timestamps as ms numbers only
  const data =
    type instanceof DateDay ? Int32Array.from(ticks as number[]) : BigInt64Array.from(ticks as bigint[]);
  const ts = makeData({ type, length: ticks.length, data } as never) as Data;
  return [...arrowToBatches(new RecordBatch({ ts }), [], unit)[0]!.ts];
}

function failsWith(code: string, pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(MillraceError.is(error), String(error));
    assert.equal(error.code, code);
    assert.match(error.message, pattern);
    return true;
  };
}

describe('arrowToBatches: values', () => {
  for (const { type, takenAs, values } of CASES) {
    for (const to of takenAs) {
      it(`takes ${type()} as ${to}, whole or sliced, with its nulls`, () => {
        const rows = fc.array(fc.option(values, { freq: 4 }), { minLength: 1, maxLength: 70 });
        fc.assert(
          fc.property(rows, fc.nat(), fc.nat(), (all, a, b) => {
            const [from, to_] = [a % (all.length + 1), b % (all.length + 1)].sort((x, y) => x - y) as [
              number,
              number,
            ];
            for (const [batch, kept] of [
              [batchOf(type(), all), all],
              [batchOf(type(), all).slice(from, to_), all.slice(from, to_)],
              [
                batchOf(type(), all)
                  .slice(from)
                  .slice(0, to_ - from),
                all.slice(from, to_),
              ],
            ] as const) {
              const [result, ...others] = arrowToBatches(batch, [{ name: 'v', type: to }], 'ms');
              assert.equal(others.length, 0);
              assert.equal(result!.rowCount, kept.length);
              assert.deepEqual(
                plain(result!, 'v'),
                kept.map((value) => expected(type(), to, value)),
              );
              assert.equal(result!.validity['v'] !== undefined, kept.includes(null));
            }
          }),
          { numRuns: 60 },
        );
      });
    }
  }

  it('keeps the payload of each NaN, quiet or signalling', () => {
    const nans = [0x7ff0000000000001n, 0x7ff8dead0000beefn, 0xfff7ffffffffffffn, 0xffffffffffffffffn];
    const [f64] = arrowToBatches(batchOf(new Float64(), nans), [{ name: 'v', type: 'f64' }], 'ms');
    assert.deepEqual(plain(f64!, 'v'), nans);
    const small = [0x7f800001, 0x7fc0beef, 0xffbfffff, 0xffffffff];
    const [f32] = arrowToBatches(batchOf(new Float32(), small), [{ name: 'v', type: 'f32' }], 'ms');
    assert.deepEqual(plain(f32!, 'v'), small);
    const [wide] = arrowToBatches(batchOf(new Float32(), small), [{ name: 'v', type: 'f64' }], 'ms');
    assert.deepEqual(plain(wide!, 'v'), small.map(widened));
    assert.ok((wide!.columns['v'] as Float64Array).every(Number.isNaN));
    assert.ok(Number.isNaN(f64FromBits(widened(0x7f800001))));
  });

  it('keeps the rows of a Table in order over chunks that are cut at different places', () => {
    const chunks = fc.array(fc.array(fc.option(fc.integer({ min: -9, max: 9 })), { maxLength: 20 }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(chunks, fc.nat({ max: 30 }), (parts, cut) => {
        const all = parts.flat();
        const ints = vectorFromArray(parts[0]!, new Int32()).concat(
          ...parts.slice(1).map((part) => vectorFromArray(part, new Int32())),
        );
        const words = all.map((value) => (value === null ? null : `w${value}`));
        const strings = vectorFromArray(words.slice(0, cut), new Utf8()).concat(
          vectorFromArray(words.slice(cut), new Utf8()),
        );
        const ts = vectorFromArray(
          all.map((_, i) => BigInt(i)),
          new Int64(),
        );
        const columns = [
          { name: 's', type: 'utf8' },
          { name: 'i', type: 'i32' },
        ] as const;
        const batches = arrowToBatches(new Table({ ts, i: ints, s: strings }), columns, 'us');
        assert.deepEqual(
          batches.flatMap((batch) => [...batch.ts]),
          all.map((_, i) => BigInt(i)),
        );
        assert.deepEqual(
          batches.flatMap((batch) => plain(batch, 'i')),
          all,
        );
        assert.deepEqual(
          batches.flatMap((batch) => plain(batch, 's')),
          words,
        );
      }),
    );
  });

  it('takes what another copy of apache-arrow made, and what went through IPC', () => {
    const other = createRequire(import.meta.url)('apache-arrow') as typeof import('apache-arrow');
    assert.notEqual(other.Table, Table);
    const arrays = { ts: BigInt64Array.of(1n, 2n, 3n), v: Float64Array.of(1, 2, 3), s: ['a', null, 'a'] };
    const columns = [
      { name: 'v', type: 'f64' },
      { name: 's', type: 'utf8' },
    ] as const;
    const foreign = other.tableFromArrays(arrays) as unknown as Table;
    for (const table of [foreign, tableFromIPC(tableToIPC(tableFromArrays(arrays)))]) {
      assert.ok(isArrowInput(table));
      const [batch] = arrowToBatches(table, columns, 'ms');
      const appendable: Batch = batch!;
      assert.deepEqual([...appendable.ts], [1, 2, 3]);
      assert.deepEqual(batch!.columns, { v: Float64Array.of(1, 2, 3), s: ['a', '', 'a'] });
      assert.deepEqual(batch!.validity, { s: Uint8Array.of(0b101) });
    }
  });

  it('takes batches without rows, and Tables without batches', () => {
    const columns = [{ name: 'v', type: 'bytes' }] as const;
    const [empty] = arrowToBatches(batchOf(new Binary(), [new Uint8Array(1)]).slice(1), columns, 'ns');
    assert.deepEqual(empty, { rowCount: 0, ts: new BigInt64Array(0), columns: { v: [] }, validity: {} });
    assert.deepEqual(arrowToBatches(new Table(batchOf(new Binary(), []).schema, []), columns, 'ns'), []);
  });

  it('reads a dictionary entry that is null as null', () => {
    const dictionary = vectorFromArray(['on', null, 'off'], new Utf8());
    const data = makeData({
      type: new Dictionary(new Utf8(), new Int8()),
      data: Int8Array.of(2, 1, 0, 1),
      dictionary,
    });
    const ts = dataOf(new Int64(), [1n, 2n, 3n, 4n]);
    const [batch] = arrowToBatches(new RecordBatch({ ts, v: data }), [{ name: 'v', type: 'utf8' }], 'ms');
    assert.deepEqual(plain(batch!, 'v'), ['off', null, 'on', null]);
  });

  it('reads null where apache-arrow filled a short column up', () => {
    for (const { type, takenAs, values } of CASES) {
      const [value] = fc.sample(values, 1);
      const ts = dataOf(new Int64(), [1n, 2n, 3n]);
      const [batch] = arrowToBatches(
        new RecordBatch({ ts, v: dataOf(type(), [value]) }),
        [{ name: 'v', type: takenAs[0]! }],
        'ms',
      );
      assert.deepEqual(plain(batch!, 'v'), [expected(type(), takenAs[0]!, value), null, null]);
    }
  });

  it('owns what it returns, so that Arrow may reuse its memory', () => {
    const values = Float64Array.of(1, 2);
    const input = new RecordBatch({
      ts: dataOf(new Int64(), [1n, 2n]),
      v: makeData({ type: new Float64(), data: values }),
    });
    const [batch] = arrowToBatches(input, [{ name: 'v', type: 'f64' }], 'ns');
    values.fill(9);
    assert.deepEqual(batch!.columns['v'], Float64Array.of(1, 2));
  });

  it('has an own column __proto__ if the table has one', () => {
    const children = [dataOf(new Int64(), [1n]), dataOf(new Int32(), [5])];
    const schema = new Schema([
      new Field('ts', new Int64(), true),
      new Field('__proto__', new Int32(), true),
    ]);
    const input = new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: 1, children }));
    const [batch] = arrowToBatches(input, [{ name: '__proto__', type: 'i32' }], 'ms');
    assert.deepEqual(Object.entries(batch!.columns), [['__proto__', Int32Array.of(5)]]);
  });
});

describe('arrowToBatches: timestamps', () => {
  const units = [
    { type: () => new TimestampSecond(), ns: 10n ** 9n, bits: 64 },
    { type: () => new TimestampMillisecond(), ns: 10n ** 6n, bits: 64 },
    { type: () => new TimestampMicrosecond(), ns: 10n ** 3n, bits: 64 },
    { type: () => new TimestampNanosecond(), ns: 1n, bits: 64 },
    { type: () => new DateMillisecond(), ns: 10n ** 6n, bits: 64 },
    { type: () => new DateDay(), ns: 86_400n * 10n ** 9n, bits: 32 },
  ];
  const targets = [
    { unit: 'ms', ns: 10n ** 6n, max: 2n ** 53n - 1n, min: -(2n ** 53n) + 1n },
    { unit: 'us', ns: 10n ** 3n, max: 2n ** 63n - 1n, min: -(2n ** 63n) },
    { unit: 'ns', ns: 1n, max: 2n ** 63n - 1n, min: -(2n ** 63n) },
  ] as const;

  for (const source of units) {
    for (const target of targets) {
      it(`converts ${source.type()} to ${target.unit} exactly, or refuses`, () => {
        const limit = 2n ** BigInt(source.bits - 1);
        const inRange = (tick: bigint): bigint =>
          tick < -limit ? -limit : tick >= limit ? limit - 1n : tick;
        const edges = [target.max, target.min].flatMap((edge) => {
          const tick = (edge * target.ns) / source.ns;
          return [tick - 1n, tick, tick + 1n];
        });
        const ticks = fc.oneof(
          fc.bigInt({ min: -limit, max: limit - 1n }),
          fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n }).map((n) => (n * target.ns) / source.ns),
          fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }).map((n) => (n * target.ns) / source.ns),
          fc.constantFrom(0n, -1n, 1n, limit - 1n, -limit, ...edges),
        );
        fc.assert(
          fc.property(ticks.map(inRange), (tick) => {
            const exact = tick * source.ns;
            const value = exact / target.ns;
            const fits = exact % target.ns === 0n && value >= target.min && value <= target.max;
            const convert = (): (number | bigint)[] =>
              times(source.type(), [source.bits === 32 ? Number(tick) : tick], target.unit);
            if (!fits) {
              const problem = exact % target.ns === 0n ? 'is beyond' : 'is no whole number';
              const message = new RegExp(`row 0 .*"ts": ${tick} as Arrow .* ${problem} `);
              return assert.throws(convert, failsWith('INVALID_TIMESTAMP', message));
            }
            const [result] = convert();
            assert.equal(typeof result, target.unit === 'ms' ? 'number' : 'bigint');
            assert.ok(!Object.is(result, -0));
            assert.equal(BigInt(result!), value);
          }),
          { numRuns: 300 },
        );
      });
    }
  }

  it('takes int64 as it is, in the unit of the table', () => {
    const ticks = [-(2n ** 63n), 2n ** 63n - 1n, 0n];
    assert.deepEqual(times(new Int64(), ticks, 'ns'), ticks);
    assert.deepEqual(times(new Int64(), ticks, 'us'), ticks);
    assert.deepEqual(times(new Int64(), [2n ** 53n - 1n, -5n], 'ms'), [2 ** 53 - 1, -5]);
    assert.throws(
      () => times(new Int64(), [2n ** 53n], 'ms'),
      failsWith('INVALID_TIMESTAMP', /9007199254740992/),
    );
  });

  it('refuses a null timestamp and says in which row of the whole Table', () => {
    const batch = (ticks: (bigint | null)[]): RecordBatch =>
      new RecordBatch({ ts: dataOf(new Int64(), ticks) });
    const table = new Table([batch([1n, 2n]), batch([3n, null])]);
    assert.throws(() => arrowToBatches(table, [], 'ms'), failsWith('INVALID_TIMESTAMP', /row 3 .*null/));
    assert.deepEqual(
      arrowToBatches(table.slice(0, 3), [], 'ms').flatMap((each) => [...each.ts]),
      [1, 2, 3],
    );
  });

  it('refuses a row that is null as a whole', () => {
    // A bare object, because the RecordBatch of apache-arrow 21 forgets which of its rows are null.
    const children = [dataOf(new Int64(), [1n, 2n])];
    const schema = new Schema([new Field('ts', new Int64(), true)]);
    const type = new Struct(schema.fields);
    const data = makeData({ type, length: 2, children, nullBitmap: Uint8Array.of(0b01) });
    const batch = { schema, data } as unknown as RecordBatch;
    assert.throws(() => arrowToBatches(batch, [], 'ms'), failsWith('INVALID_TIMESTAMP', /row 1 /));
  });

  it('refuses what is no time, even without rows', () => {
    for (const type of [new Int32(), new Float64(), new Uint64(), new Utf8(), new Null()]) {
      const batch = new RecordBatch({ ts: dataOf(type, []) });
      for (const input of [batch, new Table(batch.schema, [])]) {
        assert.throws(() => arrowToBatches(input, [], 'ms'), failsWith('WRONG_TYPE', /"ts"/));
      }
    }
  });
});

describe('arrowToBatches: what is refused', () => {
  it('refuses every pair of types that it does not list, even without rows', () => {
    const all: ColumnType[] = ['f64', 'f32', 'i64', 'i32', 'bool', 'utf8', 'bytes'];
    const none = [
      new DurationSecond(),
      new TimeSecond(),
      new Decimal(2, 18),
      new Struct([new Field('x', new Int32())]),
      new Dictionary(new TimeSecond(), new Int8()),
    ];
    const pairs = [
      ...CASES,
      ...none.map((type) => ({ type: () => type as DataType, takenAs: [] as ColumnType[] })),
    ];
    for (const { type, takenAs } of pairs) {
      for (const to of all.filter((each) => !takenAs.includes(each))) {
        const table = new Table(batchOf(type(), []).schema, []);
        assert.throws(
          () => arrowToBatches(table, [{ name: 'v', type: to }], 'ms'),
          failsWith('WRONG_TYPE', new RegExp(`"v" is ${to} and takes no Arrow .*; cast it to one of `)),
        );
      }
    }
  });

  it('names columns that the table has not, and those that are missing', () => {
    const batch = batchOf(new Float64(), [1n]);
    assert.throws(
      () => arrowToBatches(batch, [{ name: 'w', type: 'f64' }], 'ms'),
      failsWith('UNKNOWN_COLUMN', /no column "v".*lacks "w"/),
    );
    assert.throws(() => arrowToBatches(batch, [], 'ms'), failsWith('UNKNOWN_COLUMN', /no column "v"/));
    const columns = [
      { name: 'v', type: 'f64' },
      { name: 'w', type: 'f64' },
    ] as const;
    assert.throws(() => arrowToBatches(batch, columns, 'ms'), failsWith('WRONG_ARITY', /no column "w"/));
    const timeless = new RecordBatch({ v: dataOf(new Float64(), [1n]) });
    assert.throws(
      () => arrowToBatches(timeless, columns.slice(0, 1), 'ms'),
      failsWith('WRONG_ARITY', /no column "ts"/),
    );
  });

  it('refuses two columns of one name, and columns of different lengths', () => {
    // Bare objects again: a RecordBatch cannot be built like this, but another copy's can come like this.
    const [ts, long, short] = [
      dataOf(new Int64(), [1n, 2n]),
      dataOf(new Int32(), [1, 2]),
      dataOf(new Int32(), [1]),
    ];
    const input = (children: Data[], ...names: string[]): RecordBatch =>
      ({
        schema: { fields: children.map(({ type }, i) => ({ name: names[i], type })) },
        data: { length: 2, children },
      }) as never;
    const columns = [{ name: 'v', type: 'i32' }] as const;
    assert.deepEqual(arrowToBatches(input([ts, long], 'ts', 'v'), columns, 'ms')[0]!.columns, {
      v: Int32Array.of(1, 2),
    });
    const twice = input([ts, long, long], 'ts', 'v', 'v');
    assert.throws(() => arrowToBatches(twice, columns, 'ms'), failsWith('DUPLICATE_COLUMN', /"v"/));
    const uneven = input([ts, short], 'ts', 'v');
    assert.throws(
      () => arrowToBatches(uneven, columns, 'ms'),
      failsWith('WRONG_LENGTH', /has 1 rows, the batch has 2/),
    );
  });

  it('refuses bytes that are no UTF-8, but not those under a null', () => {
    const bytes = {
      type: new Utf8(),
      valueOffsets: Int32Array.of(0, 1, 3, 4),
      data: Uint8Array.of(0x61, 0xff, 0xfe, 0x62),
    };
    const ts = dataOf(new Int64(), [1n, 2n, 3n]);
    const columns = [{ name: 'v', type: 'utf8' }] as const;
    const wrong = new RecordBatch({ ts, v: makeData({ ...bytes, length: 3 }) });
    assert.throws(() => arrowToBatches(wrong, columns, 'ms'), failsWith('WRONG_TYPE', /row 1 .*"v".*UTF-8/));
    const hidden = new RecordBatch({
      ts,
      v: makeData({ ...bytes, length: 3, nullBitmap: Uint8Array.of(0b101) }),
    });
    assert.deepEqual(plain(arrowToBatches(hidden, columns, 'ms')[0]!, 'v'), ['a', null, 'b']);
    // A character cut in two by a boundary is whole in the buffer, but in neither value.
    const cut = {
      type: new Utf8(),
      valueOffsets: Int32Array.of(0, 1, 2),
      data: Uint8Array.of(0xc3, 0xa9),
      length: 2,
    };
    const torn = new RecordBatch({ ts: dataOf(new Int64(), [1n, 2n]), v: makeData(cut) });
    assert.throws(() => arrowToBatches(torn, columns, 'ms'), failsWith('WRONG_TYPE', /row 0/));
    const dictionary = vectorFromArray(['x', 'y'], new Utf8()).concat(new Vector([makeData(cut)]));
    const type = new Dictionary(new Utf8(), new Int8());
    const coded = new RecordBatch({
      ts: ts.slice(0, 1),
      v: makeData({ type, data: Int8Array.of(0), dictionary }),
    });
    assert.throws(
      () => arrowToBatches(coded, columns, 'ms'),
      failsWith('WRONG_TYPE', /entry 2 of the dictionary of column "v"/),
    );
  });

  it('refuses buffers that are shorter than the rows they are for', () => {
    const ts = dataOf(new Int64(), [1n, 2n]);
    const refused = (v: Data, type: ColumnType): void =>
      assert.throws(
        () => arrowToBatches(new RecordBatch({ ts, v }), [{ name: 'v', type }], 'ms'),
        failsWith('WRONG_LENGTH', /row 1 .*"v"/),
      );
    refused(makeData({ type: new Float64(), data: Float64Array.of(1), length: 2 }), 'f64');
    refused(
      makeData({
        type: new Utf8(),
        valueOffsets: Int32Array.of(0, 1, 9),
        data: Uint8Array.of(65),
        length: 2,
      }),
      'utf8',
    );
    refused(
      makeData({ type: new Binary(), valueOffsets: Int32Array.of(0, 1), data: Uint8Array.of(65), length: 2 }),
      'bytes',
    );
    const dictionary = vectorFromArray(['a'], new Utf8());
    refused(
      makeData({ type: new Dictionary(new Utf8(), new Int8()), data: Int8Array.of(0, 1), dictionary }),
      'utf8',
    );
  });
});

describe('isArrowInput', () => {
  it('tells batches and Tables from the shape that query returns and from anything else', () => {
    const table = tableFromArrays({ ts: BigInt64Array.of(1n) });
    assert.ok(isArrowInput(table));
    assert.ok(isArrowInput(new Table()));
    assert.ok(isArrowInput(table.batches[0]));
    const columns = { schema: new Float64Array(1), batches: new Float64Array(1), data: new Float64Array(1) };
    for (const other of [
      null,
      undefined,
      5,
      'x',
      [],
      {},
      { ts: [], columns },
      columns,
      table.schema,
      table.getChild('ts'),
    ]) {
      assert.ok(!isArrowInput(other));
    }
  });

  it('needs no apache-arrow at run time', () => {
    const compiled = readFileSync(new URL('../../../src/main/arrow/arrow-input.js', import.meta.url), 'utf8');
    assert.doesNotMatch(compiled, /(from|import|require)\s*\(?\s*['"]apache-arrow/);
  });
});
