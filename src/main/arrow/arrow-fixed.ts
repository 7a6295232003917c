import type { Data } from 'apache-arrow';
import { demandHeld, isNull } from './arrow-nulls.ts';
import type { Place } from './arrow-place.ts';

const NO_BYTES = new Uint8Array(0);
/** The typed array of an integer type. */
export const INTEGER_ARRAYS = {
  Int8: Int8Array,
  Int16: Int16Array,
  Int32: Int32Array,
  Uint8: Uint8Array,
  Uint16: Uint16Array,
  Uint32: Uint32Array,
} as const;

/** A copy of the values of fixed width, bit for bit, with zeros for nulls. apache-arrow cuts `values` to the slice. */
export function ownBytes(
  data: Data,
  width: number,
  validity: Uint8Array | undefined,
  place: Place,
): ArrayBuffer {
  const { length } = data;
  const values = (data.values ?? NO_BYTES) as ArrayBufferView;
  const held = Math.min(length, Math.floor(values.byteLength / width));
  demandHeld(held, length, validity, place);
  const own = new Uint8Array(length * width);
  own.set(new Uint8Array(values.buffer, values.byteOffset, held * width));
  if (validity !== undefined) {
    for (let row = 0; row < held; row++)
      if (isNull(validity, row)) own.fill(0, row * width, (row + 1) * width);
  }
  return own.buffer;
}

/** As float64. A NaN keeps its sign, its quiet bit and its payload in the leading bits, as narrowing again expects. */
export function widenFloats(floats: Float32Array): Float64Array {
  const wide = new Float64Array(floats);
  const bits = new Uint32Array(floats.buffer);
  const words = new Uint32Array(wide.buffer);
  for (let i = 0; i < wide.length; i++) {
    if (!Number.isNaN(wide[i])) continue;
    words[2 * i] = bits[i]! << 29;
    words[2 * i + 1] = (bits[i]! & 0x80000000) | 0x7ff00000 | ((bits[i]! & 0x7fffff) >>> 3);
  }
  return wide;
}

/** Unlike all others, the bits of bools are not cut to the slice: `offset` counts for them too. */
export function readBools(data: Data, validity: Uint8Array | undefined, place: Place): Uint8Array {
  const { offset, length } = data;
  const values = (data.values ?? NO_BYTES) as Uint8Array;
  demandHeld(values.length * 8 - offset, length, validity, place);
  const bools = new Uint8Array(length);
  for (let row = 0; row < length; row++) {
    if (isNull(validity, row)) continue;
    bools[row] = (values[(offset + row) >>> 3]! >>> ((offset + row) & 7)) & 1;
  }
  return bools;
}

/** float16 as float32, exactly; a NaN keeps its sign and its payload in the leading bits. */
export function widenHalves(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  const floats = new Float32Array(bits.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 31;
    const fraction = half & 0x3ff;
    if (exponent === 31) bits[i] = sign | 0x7f800000 | (fraction << 13);
    else if (exponent > 0) bits[i] = sign | ((exponent + 112) << 23) | (fraction << 13);
    else {
      // A subnormal of float16 is a normal number of float32.
      floats[i] = fraction * 2 ** -24;
      bits[i]! |= sign;
    }
  }
  return floats;
}
