/** Packed numbers by the format document alone: number i takes bits i·width …, least significant first; padded to whole bytes. */
export function packedBits(numbers: readonly number[], width: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((numbers.length * width) / 8));
  let bit = 0;
  for (const number of numbers) {
    for (let i = 0; i < width; i++, bit++) {
      if (Math.floor(number / 2 ** i) % 2 === 1) bytes[bit >>> 3]! |= 1 << (bit & 7);
    }
  }
  return bytes;
}
