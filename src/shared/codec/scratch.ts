import { VECTOR_ROWS } from '../schema/limits.ts';
import { TABLES_BYTES, writeUnpackTables } from './unpack-tables.ts';

/**
 * Working memory of the codecs, for one vector: used anew by each and shared by all, as a thread works on one vector at a
 * time. So nothing is allocated per vector, and what one vector needs (under 60 KiB) stays in the second-level cache.
 *
 * It is the memory of the kernels in WebAssembly (kernels/kernels.ts), which are given places in it. Their twins in
 * TypeScript take these arrays from constants of their own module (`const { residuals } = scratch`), neither as arguments
 * nor from the import itself: V8 then builds their addresses and lengths into the code, where it would otherwise load and
 * check them again for each element. That makes the loops twice as fast (measured on Node 20.20: 1.3 against 2.5 ns per
 * value).
 */

const PAGE_BYTES = 65_536;
/** Pages for the bytes of a column that is decoded. */
const COLUMN_PAGES = 3;
const PAGES = 6;
/** The kernels' memory: a page for one vector, three for the bytes of a column that is decoded, and two for many rows of it. */
export const kernelMemory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
const { buffer } = kernelMemory;

/** Kernels work on up to eight values at a time, and may write and read so far beyond the last one. */
const SLACK_BYTES = 64;
const VALUES_BYTES = VECTOR_ROWS * 8 + SLACK_BYTES;
/** 1,024 numbers of 52 bits, and words beyond the last that kernels may read or write. */
const PACKED_BYTES = (VECTOR_ROWS * 52) / 8 + SLACK_BYTES;

/** Where the parts begin in the kernels' memory. */
export const STAGED_AT = 64;
export const RESIDUALS_AT = STAGED_AT + VALUES_BYTES;
export const NUMBERS_AT = RESIDUALS_AT + VALUES_BYTES;
export const PACKED_AT = NUMBERS_AT + VALUES_BYTES;
export const RANGES_AT = PACKED_AT + PACKED_BYTES;
export const STATISTICS_AT = RANGES_AT + 64;
export const PLACES_AT = STATISTICS_AT + 32;
/** Results of `estimate`, and room for it to work in. */
export const ESTIMATE_AT = PLACES_AT + 2 * VECTOR_ROWS;
export const ROOM_AT = ESTIMATE_AT + 16;
const VALIDITY_AT = ROOM_AT + 1024;
/** A decoded vector of doubles that is to be added up. */
export const SUMMED_AT = VALIDITY_AT + VECTOR_ROWS / 8;
/** Residuals that are i32: see narrow-residuals.ts. */
export const NARROW_AT = SUMMED_AT + VECTOR_ROWS * 8;
/** The same as i16, where they are. */
export const SHORTS_AT = NARROW_AT + VECTOR_ROWS * 4 + SLACK_BYTES;
if (SHORTS_AT + VECTOR_ROWS * 2 + SLACK_BYTES > PAGE_BYTES)
  throw new RangeError('the scratch outgrew its page');

/**
 * The present values of the vector in work, without gaps, seen through every type: a private copy, so that the source's
 * shared memory is read once and the kernels always meet the same kind of array.
 */
export const stagedBytes = new Uint8Array(buffer, STAGED_AT, VECTOR_ROWS * 8);
export const stagedWords = new Int32Array(buffer, STAGED_AT, VECTOR_ROWS * 2);
export const stagedF32 = new Float32Array(buffer, STAGED_AT, VECTOR_ROWS * 2);
export const stagedF64 = new Float64Array(buffer, STAGED_AT, VECTOR_ROWS);
export const stagedI64 = new BigInt64Array(buffer, STAGED_AT, VECTOR_ROWS);

/** Whole numbers that count from `origin`, below 2^53 in magnitude. */
export const residuals = new Float64Array(buffer, RESIDUALS_AT, VECTOR_ROWS);
/** The same where they are i32. */
export const narrowResiduals = new Int32Array(buffer, NARROW_AT, VECTOR_ROWS);
/** The i64 from which the residuals count: low word, high word. */
export const origin = new Int32Array(2);
/** Non-negative whole numbers to be packed, or just unpacked. */
export const numbers = new Float64Array(buffer, NUMBERS_AT, VECTOR_ROWS);

/** Packed bits. */
export const packedBytes = new Uint8Array(buffer, PACKED_AT, PACKED_BYTES);
export const packedHalves = new Uint16Array(buffer, PACKED_AT, PACKED_BYTES / 2);
export const packedWords = new Int32Array(buffer, PACKED_AT, PACKED_BYTES / 4);

/** The same when they are narrow (narrow.ts), in the same place. */
export const narrowNumbers = new Int32Array(buffer, NUMBERS_AT, VECTOR_ROWS);

/** The bytes of the column in work, for kernels to read where they lie. */
export const COLUMN_AT = PAGE_BYTES;
export const columnBytes = new Uint8Array(buffer, COLUMN_AT, COLUMN_PAGES * PAGE_BYTES - SLACK_BYTES);

/** Rows of several vectors that were decoded in one go: see narrow-rows.ts. */
export const ROWS_AT = COLUMN_AT + COLUMN_PAGES * PAGE_BYTES;
export const ROWS_MAX = 8 * VECTOR_ROWS;
export const rowsF64 = new Float64Array(buffer, ROWS_AT, ROWS_MAX);
/** Where the vectors of these end. */
export const NEXT_AT = ROWS_AT + 8 * ROWS_MAX + SLACK_BYTES;
export const nextWord = new Int32Array(buffer, NEXT_AT, 1);
/**
 * For each number of decimals a power of ten, and its inverse in two parts: see decimal.ts. Then the same for numbers that are 128 times as
 * large.
 */
export const FACTORS_AT = NEXT_AT + 8;
export const factors = new Float64Array(buffer, FACTORS_AT, 2 * 3 * 16);
/** Runs of rows whose values are added up, and what they come to: see narrow-sums.ts. */
export const RUNS_MAX = 2048;
export const RUN_ENDS_AT = FACTORS_AT + 8 * factors.length;
export const runEnds = new Int32Array(buffer, RUN_ENDS_AT, RUNS_MAX);
export const RUN_SUMS_AT = RUN_ENDS_AT + 4 * RUNS_MAX;
export const runSums = new Float64Array(buffer, RUN_SUMS_AT, RUNS_MAX);
export const RUN_EXTREMES_AT = RUN_SUMS_AT + 8 * RUNS_MAX;
export const runExtremes = new Float64Array(buffer, RUN_EXTREMES_AT, 2 * RUNS_MAX);
/** How packed numbers are moved into lanes: see unpack-tables.ts. */
export const TABLES_AT = RUN_EXTREMES_AT + 16 * RUNS_MAX;
if (TABLES_AT + TABLES_BYTES > PAGES * PAGE_BYTES) throw new RangeError('the rooms outgrew their pages');
writeUnpackTables(buffer, TABLES_AT);

/** Least and greatest residual, difference, difference of differences, and distance from a line: see ranges.ts. */
export const ranges = new Float64Array(buffer, RANGES_AT, 8);

/** Least and greatest value and their sum, as f64 or as int64: see statistics.ts. */
export const statisticsF64 = new Float64Array(buffer, STATISTICS_AT, 3);
export const statisticsWords = new Int32Array(buffer, STATISTICS_AT, 6);
export const statisticsBytes = new Uint8Array(buffer, STATISTICS_AT, 24);

/** Bytes and middle of the last estimate: see patches.ts. */
export const estimated = new Float64Array(buffer, ESTIMATE_AT, 2);

/** Places of values that are kept apart: see patches.ts and decimal.ts. */
export const places = new Uint16Array(buffer, PLACES_AT, VECTOR_ROWS);

/** Validity of the vector in work: bit i is row i of the vector, bits beyond its count are 0. */
export const validityBits = new Uint8Array(buffer, VALIDITY_AT, VECTOR_ROWS / 8);
/** Room for a vector of doubles that outlives the decoding of it: kernels add its values up where they are. */
export const summed = new Float64Array(buffer, SUMMED_AT, VECTOR_ROWS);
