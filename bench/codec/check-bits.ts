/** Throws unless parts, one after the other, have the bits of the values. */
export function checkBits(name: string, values: Float64Array, parts: readonly Float64Array[]): void {
  const wanted = new BigUint64Array(values.buffer, values.byteOffset, values.length);
  let at = 0;
  for (const part of parts) {
    const bits = new BigUint64Array(part.buffer, part.byteOffset, part.length);
    for (const value of bits)
      if (value !== wanted[at++]) throw new Error(`${name}: value ${at - 1} is wrong`);
  }
  if (at !== values.length) throw new Error(`${name}: ${at} values of ${values.length}`);
}
