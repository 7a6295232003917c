import { packedSize, WIDTH_MAX } from './bit-packing.ts';
import { CONSTANT, DELTA, DELTA_OF_DELTA, FRAME_OF_REFERENCE, LINEAR, RAW } from './codec-ids.ts';
import { readI32, readU32, readWhole, wordsToNumber } from './int64.ts';
import { SUM_LIMIT } from './residuals.ts';
import { STATISTICS_BYTES } from './statistics.ts';
import { IS_WHOLE, VECTOR_HEADER_BYTES } from './vector-header.ts';

const POWERS_OF_2 = Float64Array.from({ length: 33 }, (_, i) => 2 ** i);

/** What precedes the values of a vector that stands for its whole column: how many rows that has. */
const WHOLE_ROWS_BYTES = 8;
const HAS_STATISTICS = 2;
const FRAME_BYTES = 16;
const LINE_BYTES = 24;

/**
 * Single timestamps of an encoded vector, without decoding it: a search among 1,024 of them then costs some tens of
 * nanoseconds a step. Raw values, constants, frames of reference and lines can be read in any place, all codecs of integers
 * in the first. What is out of the ordinary (patches, damage) is left to the decoder: then there is no place to read.
 */
export class TimePoints {
  /** Rows 0…count - 1 can be read. */
  count = 0;
  private bytes: Uint8Array = new Uint8Array(0);
  // A value is base + slope · i + packed number i; of raw ones the base lies at `valuesAt`, 8 bytes a row.
  private low = 0;
  private high = 0;
  private slope = 0;
  private width = 0;
  private packedAt = 0;
  private rawAt = -1;

  /** Turns to the vector at `at`, or to the whole column that begins there. `rows` are those of the vector or the column. */
  load(bytes: Uint8Array, at: number, rows: number): void {
    this.bytes = bytes;
    this.count = 0;
    this.slope = 0;
    this.width = 0;
    this.rawAt = -1;
    const flags = bytes[at + 1];
    const end = at + VECTOR_HEADER_BYTES + readU32(bytes, at + 4);
    if (!(end <= bytes.length)) return;
    const isWhole = flags === IS_WHOLE;
    if (!isWhole && flags !== 0 && flags !== HAS_STATISTICS) return;
    const count = isWhole ? readU32(bytes, at + VECTOR_HEADER_BYTES) : bytes[at + 2]! | (bytes[at + 3]! << 8);
    if (count !== rows) return;
    const skipped = isWhole ? WHOLE_ROWS_BYTES : flags === HAS_STATISTICS ? STATISTICS_BYTES : 0;
    this.loadValues(bytes[at]!, at + VECTOR_HEADER_BYTES + skipped, end, rows, isWhole);
  }

  private loadValues(codec: number, at: number, end: number, rows: number, isWhole: boolean): void {
    const { bytes } = this;
    if (codec === RAW && !isWhole) {
      if (at + 8 * rows > end) return;
      this.rawAt = at;
      this.count = rows;
      return;
    }
    if (codec === CONSTANT) {
      if (at + 8 > end) return;
      this.setBase(at);
      this.count = rows;
      return;
    }
    const isLine = codec === LINEAR;
    const isFirstOnly = (codec === DELTA || codec === DELTA_OF_DELTA) && !isWhole;
    if (!isLine && !isFirstOnly && (codec !== FRAME_OF_REFERENCE || isWhole)) return;
    const head = codec === FRAME_OF_REFERENCE ? FRAME_BYTES : LINE_BYTES;
    // Form, patches, ulps and exceptions: bytes 1…7 of the head.
    const isPlain =
      bytes[at + 1] === 0 && readI32(bytes, at + 2) === 0 && (bytes[at + 6]! | bytes[at + 7]!) === 0;
    if (at + head > end) return;
    this.setBase(at + 8);
    if (isFirstOnly) {
      this.count = 1;
      return;
    }
    const width = bytes[at]!;
    const slope = isLine ? readWhole(bytes, at + 16) : 0;
    const isSound =
      isPlain &&
      width <= (isWhole ? 0 : WIDTH_MAX) &&
      Math.abs(slope) * rows < SUM_LIMIT &&
      at + head + packedSize(rows, width) <= end;
    if (!isSound) return;
    this.slope = slope;
    this.width = width;
    this.packedAt = at + head;
    this.count = rows;
  }

  /** A row's timestamp as a number; NaN where that would be rounded. `row` is below `count`. */
  number(row: number): number {
    if (this.rawAt >= 0) this.setBase(this.rawAt + 8 * row);
    const sum = wordsToNumber(this.low, this.high) + this.above(row);
    return Number.isSafeInteger(sum) ? sum : Number.NaN;
  }

  /** A row's timestamp as int64. `row` is below `count`. */
  bigint(row: number): bigint {
    if (this.rawAt >= 0) this.setBase(this.rawAt + 8 * row);
    const base = (BigInt(this.high) << 32n) | BigInt(this.low >>> 0);
    return BigInt.asIntN(64, base + BigInt(this.above(row)));
  }

  /** The row where a time may be, if the times lie near a line; else -1. Any whole number, and a rough guess only. */
  near(time: number | bigint): number {
    if (!(this.slope > 0)) return -1;
    const base = wordsToNumber(this.low, this.high);
    const row = Math.floor((Number(time) - base) / this.slope);
    return Number.isSafeInteger(row) ? Math.max(0, Math.min(this.count - 1, row)) : -1;
  }

  /** How far a row is above the base. */
  private above(row: number): number {
    return this.width === 0 ? this.slope * row : this.slope * row + this.packed(row);
  }

  private setBase(at: number): void {
    this.low = readI32(this.bytes, at);
    this.high = readI32(this.bytes, at + 4);
  }

  /** Packed number `row`: the bits of the first four bytes, and those beyond, of which there are 27 at most. */
  private packed(row: number): number {
    const { bytes, width } = this;
    const bit = row * width;
    const at = this.packedAt + (bit >>> 3);
    const shift = bit & 7;
    const low = readI32(bytes, at) >>> shift;
    const rest = width - (32 - shift);
    if (rest <= 0) return width === 32 ? low : low & ((1 << width) - 1);
    const high = readI32(bytes, at + 4) & ((1 << rest) - 1);
    return low + high * POWERS_OF_2[32 - shift]!;
  }
}
