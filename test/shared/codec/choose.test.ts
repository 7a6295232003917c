import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeVector } from '../../../src/shared/codec/choose.ts';
import type { ColumnSource } from '../../../src/shared/codec/column-data.ts';
import { MillraceError } from '../../../src/shared/errors.ts';
import { ByteSink } from '../../../src/shared/format/byte-sink.ts';
import {
  BOOL,
  encodedVector,
  F32,
  F64,
  f64FromBits,
  f64Rows,
  I32,
  I64,
  i64Rows,
  type Row,
  SHAPES,
  type Shape,
  sourceOf,
  TIME_MS,
  UTF8,
} from './columns.ts';
import { recipesOf, rowsBy } from './recipes.ts';

const pad = (bytes: number): number => Math.ceil(bytes / 8) * 8;
const packed = (n: number, max: bigint): number =>
  pad(Math.ceil((n * (max === 0n ? 0 : max.toString(2).length)) / 8));

function spread(values: bigint[]): bigint {
  const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted[sorted.length - 1] - sorted[0];
}

/** The present values as integers, or undefined if the integer codecs are not for them. */
function integersOf(shape: Shape, present: Row[]): bigint[] | undefined {
  if (shape.kind === 'i32') return present.map((row) => BigInt.asIntN(32, BigInt(row as number)));
  if (shape.kind === 'i64' || shape.isTime) return present.map((row) => BigInt.asIntN(64, row as bigint));
  const floats = present.map((row) =>
    shape.kind === 'f64'
      ? f64FromBits(row as bigint)
      : new Float32Array(new Uint32Array([row as number]).buffer)[0],
  );
  if (shape.kind === 'f64' && floats.some((x) => !Number.isInteger(x))) return decimalsOf(floats);
  const areWhole = floats.every((x) => Number.isInteger(x) && !Object.is(x, -0) && Math.abs(x) <= 2 ** 53);
  return areWhole ? floats.map(BigInt) : undefined;
}

/**
 * The doubles times the power of ten that makes all of them whole. That a double is a number below 2^50 divided by a power
 * of ten shows in its shortest text, which then has just these digits.
 */
function decimalsOf(floats: number[]): bigint[] | undefined {
  const parts = floats.map((x) =>
    /^(-?\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(Object.is(x, -0) ? 'none' : `${x}`),
  );
  if (parts.includes(null)) return undefined;
  const scaled = parts.map((part): [bigint, number] => {
    const [, whole, fraction = '', exponent = '0'] = part as string[];
    return [BigInt(whole + fraction), fraction.length - Number(exponent)];
  });
  const decimals = Math.max(...scaled.map(([, digits]) => digits));
  if (decimals > 15) return undefined;
  const wholes = scaled.map(([whole, digits]) => whole * 10n ** BigInt(decimals - digits));
  return wholes.every((whole) => whole < 2n ** 50n && whole > -(2n ** 50n)) ? wholes : undefined;
}

/** Bytes of the values in every codec that can hold them, straight from the format document. */
function sizes(shape: Shape, present: Row[]): number[] {
  const n = present.length;
  if (n === 0) return [0];
  if (shape.kind === 'utf8' || shape.kind === 'bytes') {
    const texts = present as Uint8Array[];
    const distinct = [...new Map(texts.map((text) => [Buffer.from(text).toString('latin1'), text])).values()];
    const plain = plainSize(texts);
    return [plain, 16 + plainSize(distinct) + packed(n, BigInt(distinct.length - 1))];
  }
  const same = present.every((row) => row === present[0]) ? [8] : [];
  if (shape.kind === 'bool') return [pad(Math.ceil(n / 8)), ...same];
  const width = shape.kind === 'f32' || shape.kind === 'i32' ? 4 : 8;
  const result = [pad(width * n), ...same];
  const integers = integersOf(shape, present);
  if (integers === undefined || n < 2 || spread(integers) >= 2n ** 51n) return result;
  result.push(16 + packed(n, spread(integers)));
  const steps = integers.slice(1).map((value, i) => value - integers[i]);
  result.push(24 + packed(n - 1, spread(steps)));
  if (n < 3) return result;
  const turns = steps.slice(1).map((step, i) => step - steps[i]);
  if (spread(turns) < 2n ** 52n) result.push(32 + packed(n - 2, spread(turns)));
  return result;
}

function plainSize(texts: Uint8Array[]): number {
  const lengths = texts.map((text) => BigInt(text.length));
  return (
    16 + packed(texts.length, spread(lengths)) + pad(Number(lengths.reduce((sum, length) => sum + length)))
  );
}

test('no vector takes more bytes than raw, constant or a codec without patches and exceptions gives it', () => {
  for (const shape of SHAPES) {
    for (const recipe of recipesOf(shape)) {
      for (const [seed, length] of [1, 2, 3, 4, 5, 17, 100, 1024].entries()) {
        for (const nulls of shape.isTime ? [0] : [0, 1, 7, 8]) {
          const rows = rowsBy(shape, recipe, length, seed, nulls);
          const present = rows.filter((row) => row !== null);
          const validity = present.length < length ? pad(Math.ceil(length / 8)) : 0;
          const vector = encodedVector(shape, rows);
          const bytes = vector.length - ((vector[1] & 2) === 2 ? 24 : 0);
          const what = `${shape.kind}, ${recipe}, ${length} rows`;
          const most = 8 + validity + Math.min(...sizes(shape, present));
          assert.ok(bytes <= most, `${what}: ${bytes}, not ${most}`);
        }
      }
    }
  }
});

test('bytes stand for the values alone: the codec of a vector does not depend on its nulls', () => {
  const rows = rowsBy(I64, 'walk', 500, 3);
  const sparse = rows.flatMap((row): Row[] => [null, row]);
  const bytes = encodedVector(I64, rows);
  const sparseBytes = encodedVector(I64, sparse);
  assert.equal(sparseBytes[0], bytes[0]);
  assert.deepEqual(sparseBytes.subarray(32 + 128), bytes.subarray(32));
});

test('of codecs that give the same size, the one that is decoded with less work is taken', () => {
  assert.equal(encodedVector(F64, f64Rows(0.5))[0], 1);
  assert.equal(encodedVector(F32, [1, 2, 3, 4])[0], 0);
  assert.equal(encodedVector(I32, [1, 2, 3, 4])[0], 0);
  assert.equal(encodedVector(BOOL, [1, 1])[0], 1);
  assert.equal(encodedVector(UTF8, rowsBy(UTF8, 'distinct', 1, 1))[0], 6);
});

test('a source that breaks its own rules is refused, not written', () => {
  const refuse = (source: ColumnSource, from: number, count: number): void => {
    assert.throws(
      () => encodeVector(new ByteSink(), source, from, count),
      (error) => MillraceError.is(error) && error.code === 'INTERNAL',
    );
  };
  const f64 = sourceOf(F64, f64Rows(1, 2, 3));
  refuse(f64, 0, 0);
  refuse(f64, 0, 13);
  refuse(f64, -1, 3);
  refuse({ ...f64, values: new Float64Array(2000) }, 0, 1025);
  refuse({ ...f64, validity: new Uint8Array(0) }, 0, 3);
  for (const time of [0.5, Number.NaN, Infinity, 2 ** 53]) {
    refuse({ ...f64, isTime: true, values: new Float64Array([time]) }, 0, 1);
    refuse({ ...f64, isTime: true, values: new Float64Array([1, -0, time]) }, 0, 3);
  }
  refuse({ ...sourceOf(TIME_MS, i64Rows(1n, 2n)), validity: new Uint8Array([1]) }, 0, 2);
  refuse({ ...sourceOf(BOOL, [1, 0]), values: new Uint8Array([1, 2]) }, 0, 2);
  const utf8 = sourceOf(UTF8, rowsBy(UTF8, 'distinct', 2, 1));
  refuse({ ...utf8, arena: undefined }, 0, 2);
  refuse({ ...utf8, arena: new Uint8Array(27) }, 0, 2);
  refuse({ ...utf8, values: new Uint32Array([0xffffffff, 2]) }, 0, 1);
  refuse({ ...utf8, values: new Uint32Array([0, (1 << 20) + 1]), arena: new Uint8Array(2 << 20) }, 0, 1);
});
