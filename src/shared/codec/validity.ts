/** Validity bitmaps: 1 = present, least significant bit first. */

/** Ones in each byte. */
const ONES = new Uint8Array(256);
for (let byte = 1; byte < 256; byte++) ONES[byte] = (byte & 1) + ONES[byte >>> 1];

/** Whether `count` bits of a bitmap, from byte `first` on, are all 1: a column without nulls. `count` is a multiple of 8. */
export function areAllOnes(bitmap: Uint8Array, first: number, count: number): boolean {
  const end = first + (count >>> 3);
  for (let i = first; i < end; i++) if (bitmap[i] !== 0xff) return false;
  return true;
}

/**
 * Copies bits from…from + count - 1 of a bitmap to the start of `to`, bits beyond them 0 to the end of their byte, and
 * returns how many are 1. Each byte of `bitmap` that has such a bit is read once or twice and no other: in shared memory
 * another thread may be writing the bits of later rows, which are masked out.
 */
export function copyBits(bitmap: Uint8Array, from: number, count: number, to: Uint8Array): number {
  const shift = from & 7;
  const first = from >>> 3;
  const last = (from + count - 1) >>> 3;
  const bytes = (count + 7) >>> 3;
  let ones = 0;
  for (let i = 0; i < bytes; i++) {
    let byte = bitmap[first + i] >>> shift;
    if (shift !== 0 && first + i < last) byte |= bitmap[first + i + 1] << (8 - shift);
    byte &= i === bytes - 1 ? 0xff >>> (bytes * 8 - count) : 0xff;
    to[i] = byte;
    ones += ONES[byte];
  }
  return ones;
}

/** Clears the bits at row, row + 1, … of a bitmap that are 0 in bits 0…count-1 of `bits`. */
export function clearBits(bitmap: Uint8Array, row: number, bits: Uint8Array, count: number): void {
  if ((row & 7) !== 0) {
    for (let i = 0; i < count; i++) {
      if (((bits[i >>> 3] >>> (i & 7)) & 1) === 0) bitmap[(row + i) >>> 3] &= ~(1 << ((row + i) & 7));
    }
    return;
  }
  const first = row >>> 3;
  const whole = count >>> 3;
  for (let i = 0; i < whole; i++) bitmap[first + i] &= bits[i];
  if ((count & 7) !== 0) bitmap[first + whole] &= bits[whole] | (0xff << (count & 7));
}

/** Moves the present ones of `count` values to the front, in place. */
export function compact8(values: Uint8Array, bits: Uint8Array, count: number): void {
  let next = 0;
  for (let i = 0; i < count; i++) {
    if (((bits[i >>> 3] >>> (i & 7)) & 1) !== 0) values[next++] = values[i];
  }
}

/** As `compact8`, for values of one word. */
export function compact32(words: Int32Array, bits: Uint8Array, count: number): void {
  let next = 0;
  for (let i = 0; i < count; i++) {
    if (((bits[i >>> 3] >>> (i & 7)) & 1) !== 0) words[next++] = words[i];
  }
}

/** As `compact8`, for values of two words: words keep every bit of a NaN, numbers need not. */
export function compact64(words: Int32Array, bits: Uint8Array, count: number): void {
  let next = 0;
  for (let i = 0; i < count; i++) {
    if (((bits[i >>> 3] >>> (i & 7)) & 1) === 0) continue;
    words[next++] = words[2 * i];
    words[next++] = words[2 * i + 1];
  }
}

/**
 * The reverse of compaction, in place: the first `present` values at `row` move to the rows whose bit is 1; the others of
 * `count` rows become 0. Goes backwards, so that no value is overwritten before it has moved.
 */
export function spread8(
  values: Uint8Array,
  row: number,
  bits: Uint8Array,
  count: number,
  present: number,
): void {
  let next = row + present;
  for (let i = count - 1; i >= 0; i--) {
    values[row + i] = ((bits[i >>> 3] >>> (i & 7)) & 1) === 0 ? 0 : values[--next];
  }
}

/** As `spread8`, for values of one word. */
export function spread32(
  words: Int32Array,
  row: number,
  bits: Uint8Array,
  count: number,
  present: number,
): void {
  let next = row + present;
  for (let i = count - 1; i >= 0; i--) {
    words[row + i] = ((bits[i >>> 3] >>> (i & 7)) & 1) === 0 ? 0 : words[--next];
  }
}

/** As `spread8`, for values of two words. */
export function spread64(
  words: Int32Array,
  row: number,
  bits: Uint8Array,
  count: number,
  present: number,
): void {
  let next = 2 * (row + present);
  for (let i = count - 1; i >= 0; i--) {
    const at = 2 * (row + i);
    if (((bits[i >>> 3] >>> (i & 7)) & 1) === 0) {
      words[at + 1] = 0;
      words[at] = 0;
    } else {
      words[at + 1] = words[--next];
      words[at] = words[--next];
    }
  }
}

/** As `spread8`, for values of any kind in an array; those of the other rows become `absent`. */
export function spreadAny<T>(
  values: T[],
  row: number,
  bits: Uint8Array,
  count: number,
  present: number,
  absent: T,
): void {
  let next = row + present;
  for (let i = count - 1; i >= 0; i--) {
    values[row + i] = ((bits[i >>> 3] >>> (i & 7)) & 1) === 0 ? absent : values[--next];
  }
}
