import { widthOf } from './bit-packing.ts';
import { POWERS } from './decimal.ts';
import { form, keepException, plainForm, ULPS_WIDTH_MAX, ulps } from './form.ts';
import { highWord, lowWord } from './int64.ts';
import { RANGE_LIMIT } from './residuals.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { origin, residuals, stagedF32, stagedF64 } = scratch;

/**
 * Decimals that are not all of one kind, after ALP (Afroozeh, Kuffó and Boncz, SIGMOD 2023): a power of ten is chosen by a
 * sample, and values that it does not give back are kept apart. Two kinds of decimals: doubles that are a whole number
 * divided by a power of ten; and float32 in disguise, where that quotient was rounded to float32 on the way, some of which
 * were printed with 16 digits and read again, so that they are off by a few units in the last place of the double.
 */
const SAMPLE = 32;
/** Quotients of float32 need no more digits than these. */
const SINGLE_DECIMALS_MAX = 9;
const DECIMALS_MAX = 15;
const LIMIT = RANGE_LIMIT / 2;
/** With more exceptions than one in so many values it is no use. */
const EXCEPTION_SHARE = 4;
const EXCEPTION_BITS = 74;
/** How far off a printed float32 can be. */
const ULPS = 8;

const needs = new Int8Array(SAMPLE);
const sampled = new Float64Array(SAMPLE);
const float64 = new Float64Array(1);
const words64 = new Int32Array(float64.buffer);

/**
 * Fills `residuals`, `origin` and `form`. `isF32`: the staged values are float32.
 * @returns false if the values are better kept as they are
 */
export function looseDecimals(count: number, isF32: boolean): boolean {
  for (let i = 0; i < SAMPLE; i++) {
    const at = Math.floor(((i + 0.5) * count) / SAMPLE);
    sampled[i] = isF32 ? stagedF32[at] : stagedF64[at];
  }
  const rawBits = SAMPLE * (isF32 ? 32 : 64);
  const single = bestDecimals(true, isF32 ? 0 : 3);
  const double = isF32 ? undefined : bestDecimals(false, 0);
  const isSingle = double === undefined || single.bits < double.bits;
  const best = isSingle ? single : double;
  if (best.bits >= rawBits) return false;
  plainForm();
  form.decimals = best.decimals;
  form.isSingle = isSingle;
  return isSingle ? scaleSingles(count, best.decimals, isF32) : scaleDoubles(count, best.decimals);
}

/** The number of digits that gives the fewest bits for the sample, and these. `extra`: bits that each value takes besides. */
function bestDecimals(isSingle: boolean, extra: number): { decimals: number; bits: number } {
  const most = isSingle ? SINGLE_DECIMALS_MAX : DECIMALS_MAX;
  for (let i = 0; i < SAMPLE; i++) needs[i] = decimalsOf(sampled[i], isSingle, most);
  let best = { decimals: 0, bits: Number.POSITIVE_INFINITY };
  for (let decimals = 0; decimals <= most; decimals++) {
    if (!needs.includes(decimals)) continue;
    let least = Number.POSITIVE_INFINITY;
    let largest = Number.NEGATIVE_INFINITY;
    let exceptions = 0;
    for (let i = 0; i < SAMPLE; i++) {
      if (needs[i] < 0 || needs[i] > decimals) exceptions++;
      else {
        const whole = Math.round(sampled[i] * POWERS[decimals]);
        least = Math.min(least, whole);
        largest = Math.max(largest, whole);
      }
    }
    const bits = SAMPLE * (widthOf(largest - least) + extra) + exceptions * EXCEPTION_BITS;
    if (exceptions * EXCEPTION_SHARE <= SAMPLE && bits < best.bits) best = { decimals, bits };
  }
  return best;
}

/** Fewest digits behind the point that give a value back, or −1. */
function decimalsOf(value: number, isSingle: boolean, most: number): number {
  if (!Number.isFinite(value) || (value === 0 && 1 / value < 0)) return -1;
  for (let decimals = 0; decimals <= most; decimals++) {
    const power = POWERS[decimals];
    // Plus 0: a number's zero has no sign.
    const whole = Math.round(value * power) + 0;
    if (!(Math.abs(whole) < LIMIT)) return -1;
    if (isSingle ? Math.abs(ulpsBetween(value, Math.fround(whole / power))) < ULPS : whole / power === value)
      return decimals;
  }
  return -1;
}

/** How many doubles `value` is above `base`; Infinity if they are too far apart. */
function ulpsBetween(value: number, base: number): number {
  if (value === base) return 0;
  float64[0] = value;
  const low = words64[0] >>> 0;
  const high = words64[1];
  float64[0] = base;
  return (high - words64[1]) * 4_294_967_296 + (low - (words64[0] >>> 0));
}

function scaleDoubles(count: number, decimals: number): boolean {
  const power = POWERS[decimals];
  const most = Math.floor(count / EXCEPTION_SHARE);
  let before = Number.NaN;
  for (let i = 0; i < count; i++) {
    const value = stagedF64[i];
    // Plus 0: a number's zero has no sign.
    const whole = Math.round(value * power) + 0;
    if (Math.abs(whole) < LIMIT && whole / power === value && !(value === 0 && 1 / value < 0)) before = whole;
    else {
      if (form.exceptions === most) return false;
      keepException(i, false);
    }
    residuals[i] = before;
  }
  return countFromFirst(count);
}

function scaleSingles(count: number, decimals: number, isF32: boolean): boolean {
  const power = POWERS[decimals];
  const most = Math.floor(count / EXCEPTION_SHARE);
  const furthest = isF32 ? 0 : 2 ** (ULPS_WIDTH_MAX - 5) - 1;
  let before = Number.NaN;
  let least = 0;
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const value = isF32 ? stagedF32[i] : stagedF64[i];
    // Plus 0: a number's zero has no sign.
    const whole = Math.round(value * power) + 0;
    const isZero = value === 0 && 1 / value < 0;
    const off = isZero ? Number.POSITIVE_INFINITY : ulpsBetween(value, Math.fround(whole / power));
    if (Math.abs(whole) < LIMIT && Math.abs(off) <= furthest) {
      before = whole;
      ulps[i] = off;
      if (off < least) least = off;
      if (off > largest) largest = off;
    } else {
      if (form.exceptions === most) return false;
      keepException(i, isF32);
      ulps[i] = 0;
    }
    residuals[i] = before;
  }
  if (least < 0 || largest > 0) {
    let width = 1;
    while (least < -(2 ** (width - 1)) || largest >= 2 ** (width - 1)) width++;
    form.ulpsWidth = width;
  }
  return countFromFirst(count);
}

/** Gives exceptions at the front, which have no number before them, the first number there is, and counts all from it. */
function countFromFirst(count: number): boolean {
  let first = 0;
  while (first < count && Number.isNaN(residuals[first])) first++;
  if (first === count) return false;
  const base = residuals[first];
  for (let i = 0; i < count; i++) residuals[i] = i < first ? 0 : residuals[i] - base;
  origin[0] = lowWord(base);
  origin[1] = highWord(base);
  return true;
}

/** Divides staged float64 by a power of ten and rounds to float32. */
export function undoSingles(count: number, decimals: number): void {
  const power = POWERS[decimals];
  for (let i = 0; i < count; i++) stagedF64[i] = Math.fround(stagedF64[i] / power);
}

/** Moves staged float64 that are float32 to the float32 staging, front to back: they lie in one memory. */
export function narrow(count: number): void {
  for (let i = 0; i < count; i++) stagedF32[i] = stagedF64[i];
}
