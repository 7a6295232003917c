import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  BinaryView,
  type Data,
  type DataType,
  DateDay,
  Dictionary,
  Float16,
  Float64,
  Int8,
  Int64,
  makeData,
  RecordBatch,
  TimestampMicrosecond,
  TimestampNanosecond,
  Uint64,
  Utf8View,
  Vector,
} from 'apache-arrow';
import { arrowToBatches } from '../../../src/main/arrow/arrow-input.ts';
import { MillraceError } from '../../../src/shared/errors.ts';
import type { ColumnType, TimeUnit } from '../../../src/shared/schema/types.ts';

function read(v: Data, type: ColumnType, unit: TimeUnit = 'ms') {
  const ts = makeData({ type: new Int64(), data: new BigInt64Array(v.length), length: v.length });
  return arrowToBatches(new RecordBatch({ ts, v }), [{ name: 'v', type }], unit)[0]!;
}

function failsWith(code: string, pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(MillraceError.is(error), String(error));
    assert.equal(error.code, code);
    assert.match(error.message, pattern);
    return true;
  };
}

describe('float16', () => {
  it('becomes float32 and float64 exactly, for every one of its bit patterns', () => {
    const halves = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    const data = makeData({ type: new Float16(), data: halves, length: halves.length });
    const f32 = read(data, 'f32').columns['v'] as Float32Array;
    const f64 = read(data, 'f64').columns['v'] as Float64Array;
    const bits = new Uint32Array(f32.buffer);
    for (let half = 0; half < 65_536; half++) {
      const sign = half >> 15 ? -1 : 1;
      const exponent = (half >> 10) & 31;
      const fraction = half & 1023;
      let value = sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
      if (exponent === 0) value = sign * fraction * 2 ** -24;
      if (exponent === 31) value = fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
      assert.ok(Object.is(f32[half], value) && Object.is(f64[half], value), `${half}`);
      if (Number.isNaN(value)) {
        assert.equal(bits[half], (((half & 0x8000) << 16) | 0x7f800000 | (fraction << 13)) >>> 0);
      }
    }
  });
});

describe('uint64', () => {
  it('is taken as i64 up to 2^63 − 1, and refused beyond', () => {
    const of = (...values: bigint[]) =>
      makeData({ type: new Uint64(), data: BigUint64Array.from(values), length: values.length });
    assert.deepEqual(read(of(0n, 2n ** 63n - 1n), 'i64').columns['v'], BigInt64Array.of(0n, 2n ** 63n - 1n));
    assert.throws(
      () => read(of(1n, 2n ** 63n), 'i64'),
      failsWith('WRONG_TYPE', /row 1 .*9223372036854775808/),
    );
  });
});

describe('times that are no timestamps of their rows', () => {
  const at = (type: DataType, ...ticks: bigint[]) =>
    makeData({ type, data: BigInt64Array.from(ticks), length: ticks.length } as never) as Data;

  it('become i64 in the unit of the table, exactly or not at all', () => {
    const data = at(new TimestampMicrosecond(), 5000n, -7000n);
    assert.deepEqual(read(data, 'i64', 'ms').columns['v'], BigInt64Array.of(5n, -7n));
    assert.deepEqual(read(data, 'i64', 'ns').columns['v'], BigInt64Array.of(5_000_000n, -7_000_000n));
    const days = makeData({ type: new DateDay(), data: Int32Array.of(1, -1), length: 2 });
    assert.deepEqual(
      read(days, 'i64', 'us').columns['v'],
      BigInt64Array.of(86_400_000_000n, -86_400_000_000n),
    );
    const fine = at(new TimestampNanosecond(), 5n);
    assert.throws(() => read(fine, 'i64', 'ms'), failsWith('INVALID_TIMESTAMP', /row 0 .*finer unit/));
  });
});

describe('views', () => {
  /** The views of values, the long ones in two buffers. */
  function views(type: Utf8View | BinaryView, values: readonly (Uint8Array | null)[]): Data {
    const words = new Uint8Array(16 * values.length);
    const view = new DataView(words.buffer);
    const buffers = [new Uint8Array(1000), new Uint8Array(1000)];
    const filled = [3, 0];
    const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
    for (const [i, value] of values.entries()) {
      if (value === null) {
        // rubbish under a null
        words.fill(0xff, 16 * i, 16 * i + 16);
        continue;
      }
      nullBitmap[i >> 3]! |= 1 << (i & 7);
      view.setInt32(16 * i, value.length, true);
      if (value.length <= 12) words.set(value, 16 * i + 4);
      else {
        const at = i % 2;
        words.set(value.subarray(0, 4), 16 * i + 4);
        view.setInt32(16 * i + 8, at, true);
        view.setInt32(16 * i + 12, filled[at]!, true);
        buffers[at]!.set(value, filled[at]!);
        filled[at]! += value.length;
      }
    }
    return makeData({
      type,
      length: values.length,
      views: words,
      variadicBuffers: buffers,
      nullBitmap,
    } as never) as Data;
  }
  const texts = [
    '',
    'short',
    null,
    'twelve bytes',
    'thirteen byte',
    'ümlaut, and long enough to lie elsewhere',
    null,
    'x',
  ];
  const bytes = texts.map((text) => (text === null ? null : new TextEncoder().encode(text)));

  it('of text are taken as utf8, whole or sliced', () => {
    const data = views(new Utf8View(), bytes);
    assert.deepEqual(
      read(data, 'utf8').columns['v'],
      texts.map((text) => text ?? ''),
    );
    assert.deepEqual([...read(data, 'utf8').validity['v']!], [0b10111011]);
    assert.deepEqual(read(data.slice(3, 3), 'utf8').columns['v'], texts.slice(3, 6));
  });

  it('of bytes are taken as bytes', () => {
    const { columns } = read(views(new BinaryView(), bytes), 'bytes');
    assert.deepEqual(
      (columns['v'] as Uint8Array[]).map((value) => new Uint8Array(value)),
      bytes.map((value) => value ?? new Uint8Array(0)),
    );
  });

  it('that point outside of their buffers, and text that is no UTF-8, are refused', () => {
    const data = views(new Utf8View(), [Uint8Array.of(65), Uint8Array.of(0xff)]);
    assert.throws(() => read(data, 'utf8'), failsWith('WRONG_TYPE', /row 1 .*UTF-8/));
    const outside = views(new BinaryView(), [Uint8Array.of(65), new Uint8Array(20)]);
    new DataView((outside.values as Uint8Array).buffer).setInt32(28, 990, true);
    assert.throws(() => read(outside, 'bytes'), failsWith('WRONG_LENGTH', /row 1 .*990 of buffer 1/));
  });
});

describe('dictionaries of numbers', () => {
  it('keep NaN payloads and null entries', () => {
    const floats = new Float64Array(new BigUint64Array([0x7ff8_0000_dead_beefn, 0n]).buffer);
    const values = makeData({
      type: new Float64(),
      data: floats,
      length: 2,
      nullBitmap: Uint8Array.of(0b01),
    });
    const type = new Dictionary(new Float64(), new Int8());
    const coded = makeData({
      type,
      data: Int8Array.of(1, 0, 0),
      length: 3,
      dictionary: new Vector([values]),
    });
    const { columns, validity } = read(coded as never, 'f64');
    const bits = new BigUint64Array((columns['v'] as Float64Array).buffer);
    assert.deepEqual([...bits], [0n, 0x7ff8_0000_dead_beefn, 0x7ff8_0000_dead_beefn]);
    assert.equal(validity['v']![0]! & 7, 0b110);
  });
});
