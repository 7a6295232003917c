/**
 * A second decoder, made from docs/format.md, section 6, alone: slow, with bigints, without a line of the real one. What
 * the encoder writes must mean the same to both.
 */
import { bitsOfF32, bitsOfF64, type Row, type Shape } from './columns.ts';

/** The rows of a column. */
export function naiveColumn(shape: Shape, bytes: Uint8Array): Row[] {
  const rows: Row[] = [];
  let at = 0;
  while (at < bytes.length) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at);
    const size = 8 + view.getUint32(4, true);
    rows.push(...naiveVector(shape, bytes.subarray(at, at + size)));
    at += size;
  }
  return rows;
}

function naiveVector(shape: Shape, bytes: Uint8Array): Row[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint16(2, true);
  let at = 8;
  const present: boolean[] = [];
  for (let i = 0; i < count; i++)
    present.push(bytes[1] === 0 || ((bytes[at + (i >> 3)] >> (i & 7)) & 1) === 1);
  if (bytes[1] === 1) at += pad(Math.ceil(count / 8));
  const n = present.filter(Boolean).length;
  const values = bytes[0] === 8 ? [] : naiveValues(shape, bytes[0], bytes.subarray(at), n);
  let next = 0;
  return present.map((isPresent) => (isPresent ? values[next++] : null));
}

function naiveValues(shape: Shape, codec: number, bytes: Uint8Array, n: number): Row[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const width = shape.kind === 'f32' || shape.kind === 'i32' ? 4 : 8;
  const one = (at: number): Row => (width === 4 ? view.getUint32(at, true) : view.getBigUint64(at, true));
  const indexes = Array.from({ length: n }, (_, i) => i);
  const i64 = (at: number): bigint => view.getBigInt64(at, true);
  switch (codec) {
    case 0:
      return indexes.map((i) => one(width * i));
    case 1:
      return indexes.map(() => (shape.kind === 'bool' ? bytes[0] : one(0)));
    case 2:
      return naivePacked(bytes.subarray(16), bytes[0], n).map((p) => number(shape, i64(8) + p, bytes[1]));
    case 3: {
      const packed = naivePacked(bytes.subarray(24), bytes[0], n - 1);
      let value = i64(8);
      return indexes.map((i) => {
        if (i >= 1) value += i64(16) + packed[i - 1];
        return number(shape, value, bytes[1]);
      });
    }
    case 4: {
      const packed = naivePacked(bytes.subarray(32), bytes[0], n - 2);
      let value = i64(8);
      let step = i64(16);
      return indexes.map((i) => {
        if (i >= 2) step += i64(24) + packed[i - 2];
        if (i >= 1) value += step;
        return number(shape, value, bytes[1]);
      });
    }
    case 5:
      return indexes.map((i) => (bytes[i >> 3] >> (i & 7)) & 1);
    case 6:
      return naivePlain(bytes, n);
    case 7: {
      const dictionary = naivePlain(bytes.subarray(16), view.getUint32(0, true));
      const places = naivePacked(bytes.subarray(16 + view.getUint32(8, true)), bytes[4], n);
      return places.map((place) => dictionary[Number(place)]);
    }
    default:
      throw new Error(`no codec ${codec}`);
  }
}

function naivePlain(bytes: Uint8Array, n: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const width = bytes[4];
  const lengths = naivePacked(bytes.subarray(16), width, n).map((p) => Number(p) + view.getUint32(8, true));
  let at = 16 + pad(Math.ceil((n * width) / 8));
  return lengths.map((length) => bytes.slice(at, (at += length)));
}

/** Number i takes the w bits from bit i·w on; bit k of the run is bit k mod 8 of byte ⌊k/8⌋. */
export function naivePacked(bytes: Uint8Array, width: number, n: number): bigint[] {
  return Array.from({ length: n }, (_, i) => {
    let number = 0n;
    for (let j = 0; j < width; j++) {
      const bit = i * width + j;
      if (((bytes[bit >> 3] >> (bit & 7)) & 1) === 1) number |= 1n << BigInt(j);
    }
    return number;
  });
}

/**
 * An integer as the bits of the value of a type that equals it, for f64 divided by 10^decimals: reading a decimal number
 * rounds as dividing does.
 */
function number({ kind, isTime }: Shape, value: bigint, decimals: number): Row {
  const isF64 = kind === 'f64' && !isTime;
  if (decimals > (isF64 ? 15 : 0)) throw new Error(`${decimals} decimals of ${kind}`);
  if (isF64) return bitsOfF64(Number(`${value}e-${decimals}`));
  if (kind === 'i32') return Number(BigInt.asUintN(32, value));
  if (kind === 'f32') return bitsOfF32(Number(value));
  return BigInt.asUintN(64, value);
}

function pad(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
