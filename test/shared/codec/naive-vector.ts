/**
 * A second decoder, made from docs/format.md, section 6, alone: slow, with bigints, without a line of the real one. What
 * the encoder writes must mean the same to both.
 */
import { bitsOfF32, bitsOfF64, I32, type Row, type Shape } from './columns.ts';

/** The rows of a column; how many they are must be given for a vector that stands for all of them. */
export function naiveColumn(shape: Shape, bytes: Uint8Array, count?: number): Row[] {
  const rows: Row[] = [];
  let dictionary: Row[] | undefined;
  let at = 0;
  while (at < bytes.length) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at);
    const size = 8 + view.getUint32(4, true);
    const vector = bytes.subarray(at, at + size);
    if (vector[0] === 11) dictionary = naiveColumn(shape, vector.subarray(16), view.getUint32(8, true));
    else if (vector[1] === 4) rows.push(...naiveWhole(shape, vector, count!));
    else rows.push(...naiveVector(shape, vector, dictionary));
    at += size;
  }
  return rows;
}

/** A vector that stands for all rows: the same as one of so many. */
function naiveWhole(shape: Shape, bytes: Uint8Array, count: number): Row[] {
  const rows = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
  if (rows !== count) throw new Error(`${rows} rows, not ${count}`);
  return naiveValues(shape, bytes[0], bytes.subarray(16), count);
}

function naiveVector(shape: Shape, bytes: Uint8Array, dictionary?: Row[]): Row[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint16(2, true);
  let at = (bytes[1] & 2) === 2 ? 32 : 8;
  const present: boolean[] = [];
  for (let i = 0; i < count; i++)
    present.push((bytes[1] & 1) === 0 || ((bytes[at + (i >> 3)] >> (i & 7)) & 1) === 1);
  if ((bytes[1] & 1) === 1) at += pad(Math.ceil(count / 8));
  const n = present.filter(Boolean).length;
  let values: Row[] = [];
  if (bytes[0] === 12) {
    const places = naiveVector(I32, bytes.subarray(at));
    values = places.map((place) => dictionary![place as number]!);
  } else if (bytes[0] !== 8) values = naiveValues(shape, bytes[0], bytes.subarray(at), n);
  let next = 0;
  return present.map((isPresent) => (isPresent ? values[next++] : null));
}

function naiveValues(shape: Shape, codec: number, bytes: Uint8Array, n: number): Row[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const width = shape.kind === 'f32' || shape.kind === 'i32' ? 4 : 8;
  const one = (at: number): Row => (width === 4 ? view.getUint32(at, true) : view.getBigUint64(at, true));
  const indexes = Array.from({ length: n }, (_, i) => i);
  switch (codec) {
    case 0:
      return indexes.map((i) => one(width * i));
    case 1:
      return indexes.map(() => (shape.kind === 'bool' ? bytes[0] : one(0)));
    case 2:
    case 3:
    case 4:
    case 9:
      return naiveIntegers(shape, codec, bytes, n);
    case 13: {
      const [right, entries] = bytes;
      const kept = view.getUint16(2, true);
      let at = 24 + pad(4 * n);
      const take = (count: number, bits: number): bigint[] => {
        const taken = naivePacked(bytes.subarray(at), bits, count);
        at += packedBytes(count, bits);
        return taken;
      };
      const rights = take(n, right - 32);
      const index = take(n, entries === 1 ? 0 : (entries - 1).toString(2).length);
      const lefts = index.map((entry) => BigInt(view.getUint16(8 + 2 * Number(entry), true)));
      const places = take(kept, 10);
      take(kept, 16).forEach((left, i) => {
        lefts[Number(places[i])] = left;
      });
      return rights.map((high, i) => {
        const low = BigInt(view.getUint32(24 + 4 * i, true));
        return BigInt.asUintN(64, (lefts[i]! << BigInt(right)) | (high << 32n) | low);
      });
    }
    case 10: {
      const runs = naiveVector(shape, bytes);
      const lengths = naiveVector(I32, bytes.subarray(8 + view.getUint32(4, true)));
      return runs.flatMap((row, i) => new Array<Row>(lengths[i] as number).fill(row));
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

const packedBytes = (n: number, width: number): number => pad(Math.ceil((n * width) / 8));

/** The integer codecs: packed numbers with their patches, what they add up to, and how that becomes values. */
function naiveIntegers(shape: Shape, codec: number, bytes: Uint8Array, n: number): Row[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const i64 = (at: number): bigint => view.getBigInt64(at, true);
  const [width, form, patchWidth, ulpsWidth] = bytes;
  const patches = view.getUint16(4, true);
  const exceptions = view.getUint16(6, true);
  let at = { 2: 16, 3: 24, 4: 32, 9: 24 }[codec]!;
  const total = { 2: n, 3: n - 1, 4: n - 2, 9: n }[codec]!;
  const take = (count: number, bits: number): bigint[] => {
    const numbers = naivePacked(bytes.subarray(at), bits, count);
    at += packedBytes(count, bits);
    return numbers;
  };
  const p = take(total, width);
  if (patches > 0) {
    const places = take(patches, 10);
    take(patches, patchWidth).forEach((value, i) => {
      p[Number(places[i])] = value % 2n === 0n ? value / 2n : -(value + 1n) / 2n;
    });
  }
  const values: bigint[] = [];
  let step = codec === 4 ? i64(16) : 0n;
  for (let i = 0; i < n; i++) {
    if (codec === 2) values.push(i64(8) + p[i]);
    else if (codec === 9) values.push(i64(8) + i64(16) * BigInt(i) + p[i]);
    else if (i === 0) values.push(i64(8));
    else if (codec === 3) values.push(values[i - 1] + i64(16) + p[i - 1]);
    else {
      if (i >= 2) step += i64(24) + p[i - 2];
      values.push(values[i - 1] + step);
    }
  }
  const kept = new Map<number, Row>();
  if (exceptions > 0) {
    const size = shape.kind === 'f32' ? 4 : 8;
    for (const [i, place] of take(exceptions, 10).entries()) {
      const from = at + size * i;
      kept.set(Number(place), size === 4 ? view.getUint32(from, true) : view.getBigUint64(from, true));
    }
    at += pad(exceptions * size);
  }
  const ulps = ulpsWidth > 0 ? take(n, ulpsWidth).map((u) => u - 2n ** BigInt(ulpsWidth - 1)) : undefined;
  return values.map((value, i) => kept.get(i) ?? number(shape, value, form, ulps?.[i] ?? 0n));
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
 * An integer as the bits of the value of a type that equals it; for floats divided by 10^decimals, rounded to float32 if bit 7
 * of the form says so, and some units in the last place off. Reading a decimal number rounds as dividing does.
 */
function number({ kind, isTime }: Shape, value: bigint, form: number, ulps: bigint): Row {
  const decimals = form & 15;
  if (form !== 0 && (isTime || (kind !== 'f64' && kind !== 'f32')))
    throw new Error(`form ${form} of ${kind}`);
  const quotient = Number(`${value}e-${decimals}`);
  if (kind === 'f64' && !isTime) return bitsOfF64(form >= 128 ? Math.fround(quotient) : quotient) + ulps;
  if (kind === 'i32') return Number(BigInt.asUintN(32, value));
  if (kind === 'f32') return bitsOfF32(quotient);
  return BigInt.asUintN(64, value);
}

function pad(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
