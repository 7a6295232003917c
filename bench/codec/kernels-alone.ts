import { encodeVector } from '../../src/shared/codec/choose.ts';
import { DELTA, FRAME_OF_REFERENCE, LINEAR } from '../../src/shared/codec/codec-ids.ts';
import { POWERS } from '../../src/shared/codec/decimal.ts';
import { readWhole } from '../../src/shared/codec/int64.ts';
import { DECIMALS_MASK } from '../../src/shared/codec/integer-head.ts';
import { RANGE_LIMIT } from '../../src/shared/codec/residuals.ts';
import * as scratch from '../../src/shared/codec/scratch.ts';
import { readVectorHeader } from '../../src/shared/codec/vector-header.ts';
import { ByteSink } from '../../src/shared/format/byte-sink.ts';
import { kernels } from '../../src/shared/kernels/kernels.ts';
import type { Corpus } from './corpora.ts';
import { rateOf } from './rate.ts';

const VECTOR = 1024;
const VECTORS = 16;
/** Room for 1,024 numbers of 25 bits, and what kernels read beyond them. */
const SLOT_BYTES = 4096;
const NARROW_MAX = 25;

/** Rates of the kernels alone, in millions of values a second. */
export interface KernelRates {
  /** Values to whole numbers, their ranges, and packing; nothing of choosing between codecs, statistics, patches. */
  readonly encode: number;
  /** Packed bits to values. */
  readonly decode: number;
}

/**
 * What the kernels of ALP with frame of reference or delta do when nothing is around them: between memories of their own, as the
 * Gorilla baseline is measured. Power and codec are those that the encoder chooses; patches are left out, so widths are those of
 * the greatest numbers. Undefined where the first vector is in no such codec, or a value is no such decimal. Throws unless every value comes back.
 */
export function kernelRates({ source, values }: Corpus, seconds: number): KernelRates | undefined {
  if (kernels === undefined) return undefined;
  const run = kernels;
  const { NUMBERS_AT, RANGES_AT, RESIDUALS_AT, STAGED_AT, factors, ranges, stagedF64 } = scratch;
  const sink = new ByteSink(1 << 14);
  encodeVector(sink, source, 0, VECTOR);
  const bytes = sink.written();
  const { codec, values: head } = readVectorHeader(bytes, 0);
  const isNarrow = codec === FRAME_OF_REFERENCE || codec === DELTA || codec === LINEAR;
  if (!isNarrow || (bytes[head + 1]! & ~DECIMALS_MASK) !== 0) return undefined;
  const decimals = bytes[head + 1]! & DECIMALS_MASK;
  const power = POWERS[decimals]!;
  const [, high, low] = factors.subarray(3 * decimals);
  const isDelta = codec === DELTA;
  // Of a cadence all vectors have the same slope.
  const slope = codec === LINEAR ? readWhole(bytes, head + 16) : 0;
  const parts = Array.from({ length: VECTORS }, (_, i) => values.subarray(i * VECTOR, (i + 1) * VECTOR));
  const firsts = new Float64Array(VECTORS);
  const bases = new Float64Array(VECTORS);
  const widths = new Int32Array(VECTORS);
  let isFit = true;

  const encode = (): void => {
    for (let i = 0; i < VECTORS; i++) {
      stagedF64.set(parts[i]!);
      const first = Math.round(stagedF64[0]! * power);
      const whole =
        power === 1
          ? run.wholes(STAGED_AT, VECTOR, RANGE_LIMIT, RESIDUALS_AT) * VECTOR
          : run.decimals(STAGED_AT, VECTOR, power, first, RANGE_LIMIT / 2, high!, low!, RESIDUALS_AT);
      if (whole < VECTOR) isFit = false;
      run.measure(RESIDUALS_AT, VECTOR, slope, RANGES_AT);
      const at = isDelta ? 2 : slope === 0 ? 0 : 6;
      const base = ranges[at]!;
      const width = 32 - Math.clz32(ranges[at + 1]! - base);
      firsts[i] = first;
      bases[i] = base;
      widths[i] = width;
      const out = slotOf(i);
      if (isDelta) run.packDelta(RESIDUALS_AT, VECTOR, base, width, NUMBERS_AT, out);
      else if (slope === 0) run.packFrame(RESIDUALS_AT, VECTOR, base, width, NUMBERS_AT, out);
      else run.packLinear(RESIDUALS_AT, VECTOR, base, slope, width, NUMBERS_AT, out);
    }
  };
  const decode = (i: number): void => {
    const width = widths[i]!;
    const first = firsts[i]!;
    const base = bases[i]!;
    run.unpackNarrow(slotOf(i), isDelta ? VECTOR - 1 : VECTOR, width, 0, scratch.TABLES_AT, NUMBERS_AT);
    // As kernels/assembly/rows.ts chooses.
    const start = isDelta ? first : first + base;
    const step = isDelta ? base : slope;
    const isSmall = Math.abs(start) + (Math.abs(step) + 2 ** width) * (VECTOR + 4) < 2 ** 26 && high !== 0;
    if (isSmall && isDelta) run.smallDelta(NUMBERS_AT, VECTOR, start, step, high!, low!, STAGED_AT);
    else if (isSmall) run.smallLine(NUMBERS_AT, VECTOR, start, step, high!, low!, STAGED_AT);
    else if (isDelta) run.narrowDelta(NUMBERS_AT, VECTOR, start, step, power, STAGED_AT);
    else run.narrowLine(NUMBERS_AT, VECTOR, start, step, power, STAGED_AT);
  };

  encode();
  if (!isFit || widths.some((width) => width > NARROW_MAX)) return undefined;
  for (let i = 0; i < VECTORS; i++) {
    decode(i);
    if (stagedF64.some((value, row) => value !== parts[i]![row]))
      throw new Error(`vector ${i} comes back wrong`);
  }
  return {
    encode: rateOf(VECTORS * VECTOR, seconds, encode),
    decode: rateOf(VECTORS * VECTOR, seconds, () => {
      for (let i = 0; i < VECTORS; i++) decode(i);
    }),
  };
}

/** Where a vector's packed bits are kept: in the room for a column. */
function slotOf(vector: number): number {
  return scratch.COLUMN_AT + vector * SLOT_BYTES;
}
