import { packedSize, unpack } from '../../src/shared/codec/bit-packing.ts';
import { encodeVector } from '../../src/shared/codec/choose.ts';
import { DELTA, FRAME_OF_REFERENCE, LINEAR } from '../../src/shared/codec/codec-ids.ts';
import { POWERS } from '../../src/shared/codec/decimal.ts';
import { readWhole } from '../../src/shared/codec/int64.ts';
import { DECIMALS_MASK } from '../../src/shared/codec/integer-head.ts';
import {
  areShort,
  NARROW_PACK_MAX,
  PACK_DELTA,
  PACK_FRAME,
  PACK_LINEAR,
} from '../../src/shared/codec/narrow-residuals.ts';
import * as scratch from '../../src/shared/codec/scratch.ts';
import { readVectorHeader } from '../../src/shared/codec/vector-header.ts';
import { ByteSink } from '../../src/shared/format/byte-sink.ts';
import { type Kernels, kernels, useKernels } from '../../src/shared/kernels/kernels.ts';
import type { Corpus } from './corpora.ts';
import { rateOf } from './rate.ts';

const VECTOR = 1024;
const VECTORS = 16;
/** Vectors that are decoded by a call, as queries do. */
const VECTORS_A_CALL = 8;
/** Room for a vector of values, and for what kernels write behind it. */
const SLOT_BYTES = 8 * VECTOR + 64;

/** Rates of the kernels alone, in millions of values a second. */
export interface KernelRates {
  /** Values to whole numbers that give every bit back, their ranges, and packing. Nothing of choosing between codecs, statistics, patches. */
  readonly encode: number;
  /** A column's bytes, vectors' headers and patches among them, to values. */
  readonly decode: number;
}

/** What a column's vectors are coded as, by its first one. */
interface Coding {
  readonly codec: number;
  readonly decimals: number;
  readonly slope: number;
}

/**
 * What the kernels of ALP with frame of reference or delta, and those of integers, do when nothing is around them: the kernels that the
 * product calls, between places in their own memory, as the Gorilla baseline is measured. Power and codec are those that the encoder
 * chooses. Undefined where they are not for the column. Throws unless every value comes back.
 */
export function kernelRates(corpus: Corpus, seconds: number): KernelRates | undefined {
  if (kernels === undefined) return undefined;
  const coding = codingOf(corpus);
  if (coding === undefined) return undefined;
  const encode = encoderOf(kernels, corpus, coding);
  const decode = decoderOf(kernels, corpus);
  if (encode === undefined || decode === undefined) return undefined;
  return {
    encode: rateOf(VECTORS * VECTOR, seconds, encode),
    decode: rateOf(VECTORS * VECTOR, seconds, decode),
  };
}

function codingOf({ source }: Corpus): Coding | undefined {
  const sink = new ByteSink(1 << 14);
  encodeVector(sink, source, 0, VECTOR, false);
  const bytes = sink.written();
  const { codec, values: head } = readVectorHeader(bytes, 0);
  if (codec !== FRAME_OF_REFERENCE && codec !== DELTA && codec !== LINEAR) return undefined;
  const form = bytes[head + 1]!;
  if ((form & ~DECIMALS_MASK) !== 0) return undefined;
  // Of a cadence all vectors have the same slope.
  return { codec, decimals: form, slope: codec === LINEAR ? readWhole(bytes, head + 16) : 0 };
}

/** Encodes all vectors, of which the packed bits are not kept; undefined if the kernels are not for one of them. */
function encoderOf(run: Kernels, { values }: Corpus, coding: Coding): (() => void) | undefined {
  const { codec, decimals, slope } = coding;
  const { NARROW_AT, PACKED_AT, RANGES_AT, SHORTS_AT, factors, ranges } = scratch;
  const power = POWERS[decimals]!;
  const [, high, low] = factors.subarray(3 * decimals);
  const kind = codec === DELTA ? PACK_DELTA : codec === LINEAR ? PACK_LINEAR : PACK_FRAME;
  const rangeAt = [0, 2, 6][kind]!;
  const parts = Array.from({ length: VECTORS }, (_, i) => values.subarray(i * VECTOR, (i + 1) * VECTOR));
  parts.forEach((part, i) => {
    scratch.columnBytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), i * SLOT_BYTES);
  });
  const firsts = parts.map((part) => Math.round(part[0]! * power));
  let widest = 0;

  const encodeOne = (i: number): boolean => {
    const at = scratch.COLUMN_AT + i * SLOT_BYTES;
    const first = firsts[i]!;
    const made =
      decimals === 0
        ? run.narrowWholes(at, VECTOR, first, NARROW_AT, SHORTS_AT, RANGES_AT) * VECTOR
        : run.narrowDecimals(at, VECTOR, power, first, high!, low!, NARROW_AT, SHORTS_AT, RANGES_AT);
    if (made < VECTOR) return false;
    const base = ranges[rangeAt]!;
    const width = 32 - Math.clz32(ranges[rangeAt + 1]! - base);
    widest = Math.max(widest, width);
    run.packNarrow(kind, NARROW_AT, areShort(VECTOR) ? SHORTS_AT : 0, VECTOR, base, slope, width, PACKED_AT);
    return true;
  };
  // Whatever the kernels packed has to be the values, by the twin of unpacking and plain arithmetic.
  const checkOne = (i: number): void => {
    const base = ranges[rangeAt]!;
    const width = 32 - Math.clz32(ranges[rangeAt + 1]! - base);
    const total = kind === PACK_DELTA ? VECTOR - 1 : VECTOR;
    const packed = scratch.packedBytes.slice(0, packedSize(total, width));
    useKernels(false);
    unpack(packed, 0, packed.length, total, width);
    useKernels(true);
    let sum = firsts[i]!;
    parts[i]!.forEach((value, row) => {
      let whole = sum;
      if (kind !== PACK_DELTA) whole += base + slope * row + scratch.numbers[row]!;
      else if (row > 0) whole = sum += base + scratch.numbers[row - 1]!;
      if (!Object.is((whole + 0) / power, value))
        throw new Error(`value ${i * VECTOR + row} is packed wrong`);
    });
  };
  for (let i = 0; i < VECTORS; i++) {
    // narrowDecimals asks for values below 2^26 over the power.
    const isFit = decimals === 0 || parts[i]!.every((value) => Math.abs(value) * power < 2 ** 26);
    if (!isFit || !encodeOne(i) || widest > NARROW_PACK_MAX) return undefined;
    checkOne(i);
  }
  return () => {
    for (let i = 0; i < VECTORS; i++) encodeOne(i);
  };
}

/** Decodes all vectors, as the product's encoder makes them; undefined if the kernels are not for one of them. */
function decoderOf(run: Kernels, { source, values }: Corpus): (() => void) | undefined {
  const { FACTORS_AT, NEXT_AT, NUMBERS_AT, ROWS_AT, TABLES_AT, rowsF64 } = scratch;
  const rows = VECTORS_A_CALL * VECTOR;
  const calls: { at: number; end: number }[] = [];
  let at = scratch.COLUMN_AT + VECTORS * SLOT_BYTES;
  for (let from = 0; from < VECTORS * VECTOR; from += rows) {
    const sink = new ByteSink(1 << 16);
    for (let row = from; row < from + rows; row += VECTOR) encodeVector(sink, source, row, VECTOR, false);
    const bytes = sink.written();
    scratch.columnBytes.set(bytes, at - scratch.COLUMN_AT);
    calls.push({ at, end: at + bytes.length });
    at += bytes.length;
  }
  const isTime = source.isTime ? 1 : 0;
  const decodeOne = ({ at, end }: { at: number; end: number }): number =>
    run.narrowRows(at, end, rows, rows, isTime, FACTORS_AT, TABLES_AT, NUMBERS_AT, ROWS_AT, NEXT_AT);
  for (const [i, call] of calls.entries()) {
    if (decodeOne(call) < rows) return undefined;
    for (let row = 0; row < rows; row++)
      if (!Object.is(rowsF64[row], values[i * rows + row]))
        throw new Error(`value ${i * rows + row} is wrong`);
  }
  return () => {
    for (const call of calls) decodeOne(call);
  };
}
