import { VECTOR_ROWS } from '../schema/limits.ts';

/**
 * Working memory of the codecs, for one vector: used anew by each and shared by all, as a thread works on one vector at a
 * time. So nothing is allocated per vector, and all of it (under 60 KiB) stays in the second-level cache.
 *
 * The kernels take these arrays from constants of their own module (`const { residuals } = scratch`), neither as arguments
 * nor from the import itself: V8 then builds their addresses and lengths into the code, where it would otherwise load and
 * check them again for each element. That makes the loops twice as fast (measured on Node 20.20: 1.3 against 2.5 ns per
 * value), and is the shape that kernels in WebAssembly have.
 */

const staging = new ArrayBuffer(VECTOR_ROWS * 8);
/**
 * The present values of the vector in work, without gaps, seen through every type: a private copy, so that the source's
 * shared memory is read once and the kernels always meet the same kind of array.
 */
export const stagedBytes = new Uint8Array(staging);
export const stagedWords = new Int32Array(staging);
export const stagedF32 = new Float32Array(staging);
export const stagedF64 = new Float64Array(staging);
export const stagedI64 = new BigInt64Array(staging);

/** Whole numbers that count from `origin`, below 2^53 in magnitude. */
export const residuals = new Float64Array(VECTOR_ROWS);
/** The i64 from which the residuals count: low word, high word. */
export const origin = new Int32Array(2);
/** Non-negative whole numbers to be packed, or just unpacked. */
export const numbers = new Float64Array(VECTOR_ROWS);

/** Packed bits: 1,024 of 52 bits at most, and two words that the unpacking kernels may read beyond the last. */
const packing = new ArrayBuffer((VECTOR_ROWS * 52) / 8 + 8);
export const packedBytes = new Uint8Array(packing);
export const packedHalves = new Uint16Array(packing);
export const packedWords = new Int32Array(packing);

/** Validity of the vector in work: bit i is row i of the vector, bits beyond its count are 0. */
export const validityBits = new Uint8Array(VECTOR_ROWS / 8);
