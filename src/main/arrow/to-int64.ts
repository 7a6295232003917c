/**
 * Safe integers as int64, each times `factor` (1 to 1,000), by halves of 32 bits: a bigint a value would cost more than all
 * the rest of an export. No product of a safe integer and 1,000 leaves int64.
 */
export function toInt64(values: Float64Array, factor = 1): BigInt64Array {
  const words = new Int32Array(values.length * 2);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const high = Math.floor(value / 2 ** 32);
    const low = (value - high * 2 ** 32) * factor;
    words[2 * i] = low % 2 ** 32;
    words[2 * i + 1] = high * factor + Math.floor(low / 2 ** 32);
  }
  return new BigInt64Array(words.buffer);
}
