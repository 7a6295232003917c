/**
 * How eight packed numbers of each width are moved into lanes: what kernels/assembly/unpack-narrow.ts reads. A row of 128 bytes a
 * width, 0 to 25: for numbers of up to 9 bits in eight lanes of 16 bits the two bytes that each begins in, the factors that move it up
 * to bit 7, and the mask of its bits there; the same for lanes of 32 bits, four bytes each, of the first four numbers and of the last four.
 */
const ROW_BYTES = 128;
/** The widest number: with the 7 bits that may come before it in its first byte, four bytes hold it. */
export const NARROW_MAX = 25;
/** The same for two bytes. */
export const SHORT_MAX = 9;
export const TABLES_BYTES = ROW_BYTES * (NARROW_MAX + 1);

/** Eight numbers of so many bits lie in one load of 16 bytes; of wider ones the last four are loaded by themselves. */
const ONE_LOAD_MAX = 16;
const ALIGNED = 7;

/** Writes the rows at `at` of a buffer. */
export function writeUnpackTables(buffer: ArrayBuffer, at: number): void {
  for (let width = 0; width <= NARROW_MAX; width++) {
    const row = at + width * ROW_BYTES;
    const mask = (2 ** width - 1) * 2 ** ALIGNED;
    if (width <= SHORT_MAX) {
      writeLanes(buffer, row, Uint16Array, 0, width, 0);
      new Uint16Array(buffer, row + 32, 8).fill(mask);
    }
    writeLanes(buffer, row + 48, Uint32Array, 0, width, 0);
    writeLanes(buffer, row + 80, Uint32Array, 4 * width, width, width <= ONE_LOAD_MAX ? 0 : width >>> 1);
    new Uint32Array(buffer, row + 112, 4).fill(mask);
  }
}

/** Writes the places and the factors of lanes whose first number begins at `firstBit`, in bytes counted from `firstByte`. */
function writeLanes(
  buffer: ArrayBuffer,
  at: number,
  Lanes: typeof Uint16Array | typeof Uint32Array,
  firstBit: number,
  width: number,
  firstByte: number,
): void {
  const bytes = Lanes.BYTES_PER_ELEMENT;
  const places = new Uint8Array(buffer, at, 16);
  const factors = new Lanes(buffer, at + 16, 16 / bytes);
  for (let lane = 0; lane < factors.length; lane++) {
    const bit = firstBit + lane * width;
    for (let i = 0; i < bytes; i++) places[lane * bytes + i] = (bit >>> 3) - firstByte + i;
    factors[lane] = 1 << (ALIGNED - (bit & 7));
  }
}
