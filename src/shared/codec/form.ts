import { pack, packedSize, readWidth, unpack } from './bit-packing.ts';
import type { ColumnTarget } from './column-target.ts';
import { damaged } from './damage.ts';
import { padded8 } from './int64.ts';
import { DECIMALS_MASK, head, IS_SINGLE, PLACE_BITS, writeForm } from './integer-head.ts';
import { readPlaces } from './patches.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { numbers, stagedWords } = scratch;

/**
 * How the integers of a vector become its values: divided by a power of ten, rounded to float32 or not, moved by a few units
 * in the last place (ulps), and some values, the exceptions, kept as they are. Of the vector in work.
 */
export const form = { decimals: 0, isSingle: false, ulpsWidth: 0, exceptions: 0 };

/** Ulps of each value (−2^(w−1) … 2^(w−1) − 1), and the places and bits of the exceptions. */
export const ulps = new Int8Array(scratch.residuals.length);
export const exceptionPlaces = new Uint16Array(scratch.residuals.length);
/** As 64-bit or 32-bit words, as the column's type is wide. */
export const exceptionWords = new Int32Array(2 * scratch.residuals.length);
const exceptionBytes = new Uint8Array(exceptionWords.buffer);
/** Widest ulps. */
export const ULPS_WIDTH_MAX = 8;

/** The form of vectors whose integers are their values. */
export function plainForm(): void {
  form.decimals = 0;
  form.isSingle = false;
  form.ulpsWidth = 0;
  form.exceptions = 0;
}

/** Bytes that the form takes behind the integers. */
export function formBytes(count: number, valueBytes: number): number {
  const { exceptions, ulpsWidth } = form;
  const kept = exceptions === 0 ? 0 : packedSize(exceptions, PLACE_BITS) + padded8(exceptions * valueBytes);
  return kept + packedSize(count, ulpsWidth);
}

/** Writes the form: into the head at `headAt`, and behind the integers at `at`. */
export function encodeForm(
  out: Uint8Array,
  headAt: number,
  at: number,
  count: number,
  valueBytes: number,
): void {
  const { decimals, exceptions, isSingle, ulpsWidth } = form;
  writeForm(out, headAt, decimals | (isSingle ? IS_SINGLE : 0), ulpsWidth, exceptions);
  let next = at;
  if (exceptions > 0) {
    for (let i = 0; i < exceptions; i++) numbers[i] = exceptionPlaces[i];
    pack(out, next, exceptions, PLACE_BITS);
    next += packedSize(exceptions, PLACE_BITS);
    const bytes = exceptions * valueBytes;
    out.set(exceptionBytes.subarray(0, bytes), next);
    out.fill(0, next + bytes, next + padded8(bytes));
    next += padded8(bytes);
  }
  if (ulpsWidth > 0) {
    const half = 2 ** (ulpsWidth - 1);
    for (let i = 0; i < count; i++) numbers[i] = ulps[i] + half;
    pack(out, next, count, ulpsWidth);
  }
}

/**
 * Reads what `head` says of the form, whose parts begin at `at`, into `form`, and returns where they end. Throws DAMAGED if the
 * column's type has no such form.
 */
export function readForm(
  bytes: Uint8Array,
  headAt: number,
  at: number,
  end: number,
  count: number,
  target: ColumnTarget,
): number {
  const { type } = target;
  form.decimals = head.form & DECIMALS_MASK;
  form.isSingle = (head.form & IS_SINGLE) !== 0;
  form.ulpsWidth = head.ulpsWidth;
  form.exceptions = head.exceptions;
  if ((head.form | head.ulpsWidth | head.exceptions) === 0) return at;
  const isF32 = type === 'f32';
  const isSound =
    !target.isTime &&
    (type === 'f64' || (isF32 && form.isSingle && form.ulpsWidth === 0)) &&
    (head.form & ~(DECIMALS_MASK | IS_SINGLE)) === 0 &&
    (form.isSingle || form.ulpsWidth === 0);
  if (!isSound)
    throw damaged(headAt + 1, `form ${head.form} in a column of type ${type}`, { form: head.form });
  let next = at;
  if (form.exceptions > 0) {
    next = unpack(bytes, at, end, form.exceptions, PLACE_BITS);
    readPlaces(exceptionPlaces, form.exceptions, count, at);
    const size = form.exceptions * (isF32 ? 4 : 8);
    if (next + padded8(size) > end) throw damaged(next, `exceptions do not fit before byte ${end}`);
    exceptionBytes.set(bytes.subarray(next, next + size));
    next += padded8(size);
  }
  if (form.ulpsWidth > 0) {
    const width = readWidth(bytes, headAt + 3, ULPS_WIDTH_MAX);
    next = unpack(bytes, next, end, count, width);
    const half = 2 ** (width - 1);
    for (let i = 0; i < count; i++) ulps[i] = numbers[i] - half;
  }
  return next;
}

/** Moves staged doubles by their ulps: their bits, as int64, plus so many. */
export function addUlps(count: number): void {
  for (let i = 0; i < count; i++) {
    const low = (stagedWords[2 * i] >>> 0) + ulps[i];
    stagedWords[2 * i] = low;
    if (low < 0) stagedWords[2 * i + 1]--;
    else if (low > 0xffff_ffff) stagedWords[2 * i + 1]++;
  }
}

/** Puts the exceptions over the staged values. */
export function putExceptions(isF32: boolean): void {
  for (let i = 0; i < form.exceptions; i++) {
    const place = exceptionPlaces[i];
    if (isF32) stagedWords[place] = exceptionWords[i];
    else {
      stagedWords[2 * place] = exceptionWords[2 * i];
      stagedWords[2 * place + 1] = exceptionWords[2 * i + 1];
    }
  }
}

/** Remembers the staged value at `place` as an exception. */
export function keepException(place: number, isF32: boolean): void {
  const i = form.exceptions++;
  exceptionPlaces[i] = place;
  if (isF32) exceptionWords[i] = stagedWords[place];
  else {
    exceptionWords[2 * i] = stagedWords[2 * place];
    exceptionWords[2 * i + 1] = stagedWords[2 * place + 1];
  }
}
