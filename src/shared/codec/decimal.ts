import { invariant } from '../errors.ts';
import { kernels } from '../kernels/kernels.ts';
import { highWord, lowWord } from './int64.ts';
import { narrow } from './narrow-residuals.ts';
import { RANGE_LIMIT } from './residuals.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { factors, origin, residuals, stagedF64 } = scratch;

/**
 * Decimals: doubles that were written with a few digits behind the point are whole numbers divided by a power of ten. The
 * idea is ALP's (Afroozeh, Kuffó and Boncz, SIGMOD 2023); dividing, which IEEE 754 rounds correctly, gives back the very
 * double for every whole number below 2^53 and power up to 10^22, so no factor and few exceptions are needed. Vectors with
 * a value that is no such decimal are left to other codecs.
 */
export const DECIMALS_MAX = 15;
export const POWERS = Float64Array.from({ length: DECIMALS_MAX + 1 }, (_, i) => Number(`1e${i}`));

/** Powers of ten, up to this one, by whose inverse in two parts kernels multiply: see kernels/assembly/small.ts. */
const INVERSE_MAX = 9;
/** And the magnitudes of whole numbers below which it stands for a division. */
const INVERSE_LIMIT = 2 ** 26;

/** Kernels leave some numbers so many times as large: see kernels/assembly/unpack-narrow.ts. */
const RAISED = 128;

for (let i = 0; i <= DECIMALS_MAX; i++) {
  const [high, low] = i <= INVERSE_MAX ? inverse(POWERS[i]!) : [0, 0];
  factors.set([POWERS[i]!, high, low], 3 * i);
  factors.set([POWERS[i]!, high / RAISED, low / RAISED], 3 * (i + DECIMALS_MAX + 1));
}

/** 1 / power as the sum of a double of 27 bits and of the rest. */
function inverse(power: number): [high: number, low: number] {
  // 2^scale / power has 27 bits before the point; both it and its remainder are whole numbers that a double holds.
  const scale = 26 + Math.ceil(Math.log2(power));
  const rest = 2 ** scale % power;
  return [(2 ** scale - rest) / power / 2 ** scale, rest / power / 2 ** scale];
}

/** Whole numbers beyond this could have differences that are not exact. */
const LIMIT = RANGE_LIMIT / 2;

/**
 * Residuals of the staged doubles times a power of ten, with the first as `origin`.
 * @param largest the greatest magnitude of them, if none is NaN; else infinity
 * @returns the power's exponent, or 0 if there is none that makes all of them whole and gives every bit back
 */
export function residualsOfDecimals(count: number, largest: number): number {
  let decimals = 0;
  // A value that needs more digits than those before it starts anew: mostly that is one of the first few.
  for (let i = 0; i < count; ) {
    const needed = decimalsOf(stagedF64[i]!);
    // What needs no more digits failed because it is too large with as many: 0.001 beside 10^15.
    if (needed < 0 || (needed <= decimals && decimals > 0)) {
      narrow.isOn = false;
      return 0;
    }
    decimals = Math.max(needed, 1);
    i = scale(count, decimals, largest);
  }
  const first = Math.round(stagedF64[0]! * POWERS[decimals]!);
  origin[0] = lowWord(first);
  origin[1] = highWord(first);
  return decimals;
}

/** Divides the first `count` staged whole numbers by a power of ten. */
export function undoDecimals(count: number, decimals: number): void {
  const power = POWERS[decimals]!;
  for (let i = 0; i < count; i++) stagedF64[i]! /= power;
}

/** Fewest digits behind the point that give a double back, or −1. */
function decimalsOf(value: number): number {
  if (value === 0 && 1 / value < 0) return -1;
  for (let decimals = 0; decimals <= DECIMALS_MAX; decimals++) {
    const whole = Math.round(value * POWERS[decimals]!);
    if (!(Math.abs(whole) < LIMIT)) return -1;
    if (whole / POWERS[decimals]! === value) return decimals;
  }
  return -1;
}

/** Fills `residuals`. @returns the place of a value that is no such decimal, or `count` */
function scale(count: number, decimals: number, largest: number): number {
  const power = POWERS[decimals]!;
  const first = Math.round(stagedF64[0]! * power);
  if (kernels !== undefined) {
    const high = factors[3 * decimals + 1]!;
    const low = factors[3 * decimals + 2]!;
    narrow.isOn = largest * power < INVERSE_LIMIT && high !== 0;
    if (narrow.isOn) {
      const { NARROW_AT, RANGES_AT, SHORTS_AT, STAGED_AT } = scratch;
      const place = kernels.narrowDecimals(
        STAGED_AT,
        count,
        power,
        first,
        high,
        low,
        NARROW_AT,
        SHORTS_AT,
        RANGES_AT,
      );
      return otherFrom(place, count, power);
    }
    return kernels.decimals(scratch.STAGED_AT, count, power, first, LIMIT, high, low, scratch.RESIDUALS_AT);
  }
  for (let i = 0; i < count; i++) {
    const value = stagedF64[i]!;
    const whole = Math.round(value * power);
    if (!(Math.abs(whole) < LIMIT) || whole / power !== value || (value === 0 && 1 / value < 0)) return i;
    residuals[i] = whole - first;
  }
  return count;
}

/** The place of the first value from `place` on that is not a whole number over the power: there is one, or `place` is `count`. */
function otherFrom(place: number, count: number, power: number): number {
  for (let i = place; i < count; i++) {
    const value = stagedF64[i]!;
    if (!Object.is(Math.round(value * power) / power, value) || Object.is(value, -0)) return i;
  }
  invariant(place === count, 'a value that is no decimal is found');
  return count;
}
