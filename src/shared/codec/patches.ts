import { kernels } from '../kernels/kernels.ts';
import { pack, packedSize, putPacked, readWidth, unpack, WIDTH_MAX, widthOf } from './bit-packing.ts';
import { DELTA, FRAME_OF_REFERENCE, RAW } from './codec-ids.ts';
import { damaged } from './damage.ts';
import { head, PLACE_BITS } from './integer-head.ts';
import { NARROW_PACK_MAX, narrow, PACK_FRAME, widenResiduals } from './narrow-residuals.ts';
import { plan } from './plan.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { estimated, narrowNumbers, numbers, places, ranges, residuals } = scratch;

/**
 * Patches: where few numbers need many bits, the others are packed with fewer, and those few are kept apart with their places
 * (the idea is PFOR's: Zukowski, Héman, Nes and Boncz, "Super-scalar RAM-CPU cache compression", 2006). The window of width
 * bits lies about the middle of the numbers, so both tails may be cut; a patch is how far its number is from the base, with
 * the sign in the lowest bit.
 */
const SAMPLE = 64;
/** Of these the middle one is taken for the middle of all. */
const MIDDLES = 9;
/** With more of the sample outside of the window, patches cost more than they save. */
const OUTSIDE_MAX = SAMPLE / 4;
/** A patched plan must be this much smaller by the sample before all numbers are looked at. */
const WORTH = 0.985;
const PATCH_ROWS_MIN = 128;

const sample = new Float64Array(SAMPLE);
const middles = new Float64Array(MIDDLES);
const bitCounts = new Uint16Array(65);
const patchPlaces = new Uint16Array(scratch.places.length);
const patchValues = new Float64Array(scratch.places.length);
const guess = { codec: 0, size: 0, width: 0, middle: 0 };

/** Where each codec's least number is in `ranges`. */
const RANGE_AT: Readonly<Record<number, number>> = { [FRAME_OF_REFERENCE]: 0, [DELTA]: 2 };
const HEADS: Readonly<Record<number, number>> = { [FRAME_OF_REFERENCE]: 16, [DELTA]: 24 };

/**
 * Makes a patched codec the plan if that gives fewer bytes. The residuals' `ranges` are known. If it is taken,
 * `numbers`, or the narrow ones, and `places` are as `encodePatched` wants them until something else is packed.
 */
export function considerPatches(count: number, isTime: boolean): void {
  // One bit a number is less than its patches could save.
  if (count < PATCH_ROWS_MIN || (plan.codec !== RAW && plan.width <= 1)) return;
  guess.size = plan.size * WORTH;
  guess.codec = 0;
  // Timestamps have gaps, which are outliers among their differences alone.
  if (!isTime) consider(FRAME_OF_REFERENCE, count);
  consider(DELTA, count);
  if (guess.codec === 0) return;
  const { codec, width, middle } = guess;
  const at = RANGE_AT[codec];
  const span = 2 ** width;
  // The window never reaches beyond the numbers where it need not.
  const base = Math.max(ranges[at], Math.min(middle - Math.floor(span / 2), ranges[at + 1] - span + 1));
  const patches = findOutliers(codec, count, base, span);
  const patchWidth = widthOf(Math.max(2 * (ranges[at + 1] - base), 2 * (base - ranges[at]) - 1, 0));
  if (patches === 0 || patchWidth > WIDTH_MAX) return;
  const packed = packedSize(numbersOf(codec, count), width);
  const size = HEADS[codec] + packed + packedSize(patches, PLACE_BITS) + packedSize(patches, patchWidth);
  if (size >= plan.size) return;
  plan.codec = codec;
  plan.size = size;
  plan.width = width;
  plan.min = base;
  plan.slope = 0;
  plan.patches = patches;
  plan.patchWidth = patchWidth;
}

/** Packs the numbers that `considerPatches` has just made, and the patches behind them. */
export function encodePatched(out: Uint8Array, at: number, count: number): void {
  const { patches, patchWidth, width } = plan;
  const from = narrow.isOn ? narrowNumbers : numbers;
  for (let i = 0; i < patches; i++) {
    const place = places[i];
    const number = from[place];
    patchPlaces[i] = place;
    patchValues[i] = number < 0 ? -2 * number - 1 : 2 * number;
    from[place] = 0;
  }
  const total = numbersOf(plan.codec, count);
  if (kernels === undefined || !narrow.isOn) pack(out, at, total, width);
  else {
    kernels.packNarrow(PACK_FRAME, scratch.NUMBERS_AT, 0, total, 0, 0, width, scratch.PACKED_AT);
    putPacked(out, at, total, width);
  }
  let next = at + packedSize(total, width);
  for (let i = 0; i < patches; i++) numbers[i] = patchPlaces[i];
  pack(out, next, patches, PLACE_BITS);
  next += packedSize(patches, PLACE_BITS);
  for (let i = 0; i < patches; i++) numbers[i] = patchValues[i];
  pack(out, next, patches, patchWidth);
}

/** Unpacks `count` numbers with their patches, as `head` says, and returns where they end. Throws DAMAGED. */
export function unpackPatched(
  bytes: Uint8Array,
  at: number,
  end: number,
  count: number,
  width: number,
  headAt: number,
): number {
  if (head.patches === 0) return unpack(bytes, at, end, count, width);
  const next = readPatches(bytes, at + packedSize(count, width), end, count, headAt);
  unpack(bytes, at, end, count, width);
  putPatches(numbers);
  return next;
}

/** Reads the patches, as `head` says, that begin at `at`, and returns where they end. Throws DAMAGED. */
export function readPatches(
  bytes: Uint8Array,
  at: number,
  end: number,
  count: number,
  headAt: number,
): number {
  const { patches } = head;
  const valuesAt = unpack(bytes, at, end, patches, PLACE_BITS);
  readPlaces(patchPlaces, patches, count, at);
  const next = unpack(bytes, valuesAt, end, patches, readWidth(bytes, headAt + 2, WIDTH_MAX));
  for (let i = 0; i < patches; i++) {
    const value = numbers[i];
    const half = Math.floor(value / 2);
    patchValues[i] = value === 2 * half ? half : -half - 1;
  }
  return next;
}

/** Puts the patches just read over the numbers in their places. */
export function putPatches(to: Float64Array | Int32Array): void {
  for (let i = 0; i < head.patches; i++) to[patchPlaces[i]] = patchValues[i];
}

/** Moves unpacked places to `to`. Throws DAMAGED unless they rise and are below `limit`. */
export function readPlaces(to: Uint16Array, count: number, limit: number, at: number): void {
  let before = -1;
  for (let i = 0; i < count; i++) {
    const place = numbers[i];
    if (!(place > before && place < limit))
      throw damaged(at, `place ${place} after ${before} of ${limit} values`);
    to[i] = place;
    before = place;
  }
}

/** How many numbers a codec makes of so many values. */
function numbersOf(codec: number, count: number): number {
  return codec === DELTA ? count - 1 : count;
}

/** Makes this codec the guess if by a sample of its numbers some width gives fewer bytes than the guess. */
function consider(codec: number, count: number): void {
  let width: number;
  if (kernels === undefined) width = estimate(codec, count);
  else {
    const { ESTIMATE_AT, RESIDUALS_AT, ROOM_AT } = scratch;
    const headBytes = HEADS[codec];
    const values = narrow.isOn ? scratch.NARROW_AT : RESIDUALS_AT;
    const isNarrow = narrow.isOn ? 1 : 0;
    width = kernels.estimate(codec, values, isNarrow, count, headBytes, guess.size, ESTIMATE_AT, ROOM_AT);
  }
  if (width < 0) return;
  guess.codec = codec;
  guess.width = width;
  guess.size = estimated[0];
  guess.middle = estimated[1];
}

/** Fills `estimated`; returns the width, or −1 if none gives fewer bytes than the guess. */
function estimate(codec: number, count: number): number {
  const total = numbersOf(codec, count);
  const stride = total / SAMPLE;
  for (let i = 0; i < SAMPLE; i++) {
    const at = Math.floor((i + 0.5) * stride);
    if (codec === DELTA) sample[i] = residuals[at + 1] - residuals[at];
    else sample[i] = residuals[at];
  }
  const middle = middleOfSample();
  bitCounts.fill(0);
  let most = 0;
  for (let i = 0; i < SAMPLE; i++) {
    const far = sample[i] - middle;
    const bits = widthOf(far < 0 ? -2 * far - 1 : 2 * far);
    if (bits > most) most = bits;
    bitCounts[bits]++;
  }
  let best = -1;
  let least = guess.size;
  let outside = 0;
  const bytesPerBit = total / 8;
  const bytesPerPatch = (bytesPerBit / SAMPLE) * (PLACE_BITS + most + 1);
  for (let width = most; width >= 0 && outside <= OUTSIDE_MAX; width--) {
    const size = HEADS[codec] + bytesPerBit * width + bytesPerPatch * outside;
    if (size < least && width <= WIDTH_MAX) {
      least = size;
      best = width;
    }
    outside += bitCounts[width];
  }
  estimated[0] = least;
  estimated[1] = middle;
  return best;
}

function middleOfSample(): number {
  for (let i = 0; i < MIDDLES; i++) {
    const value = sample[Math.floor(((i + 0.5) * SAMPLE) / MIDDLES)];
    let at = i;
    for (; at > 0 && middles[at - 1] > value; at--) middles[at] = middles[at - 1];
    middles[at] = value;
  }
  // Plus 0: which of 0 and −0 comes out depends on the order.
  return middles[MIDDLES >> 1] + 0;
}

/** Fills `numbers` and `places`; returns how many places there are. */
function findOutliers(codec: number, count: number, base: number, span: number): number {
  if (kernels !== undefined) {
    const { NARROW_AT, RESIDUALS_AT, NUMBERS_AT, PLACES_AT } = scratch;
    if (span > 2 ** NARROW_PACK_MAX) widenResiduals(kernels, count);
    if (narrow.isOn)
      return kernels.narrowOutliers(codec, NARROW_AT, count, base, span, NUMBERS_AT, PLACES_AT);
    return kernels.outliers(codec, RESIDUALS_AT, count, base, span, NUMBERS_AT, PLACES_AT);
  }
  const total = numbersOf(codec, count);
  let found = 0;
  for (let i = 0; i < total; i++) {
    const value = codec === DELTA ? residuals[i + 1] - residuals[i] : residuals[i];
    const number = value - base;
    numbers[i] = number;
    if (number < 0 || number >= span) places[found++] = i;
  }
  return found;
}
