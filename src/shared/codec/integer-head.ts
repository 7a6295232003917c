import { damaged } from './damage.ts';

/**
 * The first 8 bytes of every integer codec (docs/format.md, section 6.1): width of the packed numbers, how the integers become
 * values, width and number of the patches, number of the values that are kept as they are.
 */
export const HEAD_BYTES = 8;
/** Bits of the second byte: digits behind the point, then how the quotient is rounded. */
export const DECIMALS_MASK = 0x0f;
/** The quotient is rounded to float32. */
export const IS_SINGLE = 0x80;
/** Patches that can be: their number is a u16, and more never pay. */
export const PLACE_BITS = 10;

/** What the head says besides the width; of the vector that was read last. */
export const head = { patchWidth: 0, patches: 0, form: 0, ulpsWidth: 0, exceptions: 0 };

/** Writes the head. Its other fields are written by those who know them. */
export function writeHead(bytes: Uint8Array, at: number, width: number): void {
  bytes.fill(0, at, at + HEAD_BYTES);
  bytes[at] = width;
}

/** Writes how many patches of how many bits there are. */
export function writePatchHead(bytes: Uint8Array, at: number, count: number, width: number): void {
  bytes[at + 2] = width;
  bytes[at + 4] = count;
  bytes[at + 5] = count >>> 8;
}

/** Writes how the integers become values. */
export function writeForm(
  bytes: Uint8Array,
  at: number,
  form: number,
  ulpsWidth: number,
  exceptions: number,
): void {
  bytes[at + 1] = form;
  bytes[at + 3] = ulpsWidth;
  bytes[at + 6] = exceptions;
  bytes[at + 7] = exceptions >>> 8;
}

/** Reads the head into `head`. Throws DAMAGED if there are more patches or exceptions than values. */
export function readHead(bytes: Uint8Array, at: number, count: number): void {
  head.form = bytes[at + 1];
  head.patchWidth = bytes[at + 2];
  head.ulpsWidth = bytes[at + 3];
  head.patches = bytes[at + 4] | (bytes[at + 5] << 8);
  head.exceptions = bytes[at + 6] | (bytes[at + 7] << 8);
  if (head.patches > count || head.exceptions > count) {
    throw damaged(at + 4, `${head.patches} patches and ${head.exceptions} exceptions of ${count} values`);
  }
}
