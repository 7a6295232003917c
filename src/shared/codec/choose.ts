import { invariant } from '../errors.ts';
import type { ByteSink } from '../format/byte-sink.ts';
import { bitmapSize, bitsOfAll, encodeBitmap } from './bitmap.ts';
import * as codecs from './codec-ids.ts';
import type { ColumnSource } from './column-data.ts';
import { widthInWords } from './column-target.ts';
import { allSame8, allSame32, allSame64, CONSTANT_BYTES, encodeConstant } from './constant.ts';
import { residualsOfDecimals } from './decimal.ts';
import { considerDelta, encodeDelta } from './delta.ts';
import { considerDeltaOfDelta, encodeDeltaOfDelta } from './delta-of-delta.ts';
import { dictionarySize, encodeDictionary } from './dictionary.ts';
import { encodeForm, form, formBytes, plainForm } from './form.ts';
import { considerFrame, encodeFrame } from './frame-of-reference.ts';
import { padded8, WHOLE_MAX } from './int64.ts';
import { considerLinear, encodeLinear } from './linear.ts';
import { looseDecimals } from './loose-decimals.ts';
import { narrow } from './narrow-residuals.ts';
import { considerPatches } from './patches.ts';
import { encodePlain, plainSize } from './plain.ts';
import { choosePlan, plan } from './plan.ts';
import { measureRanges } from './ranges.ts';
import { encodeRaw, timesToWords } from './raw.ts';
import { considerRealDoubles, encodeRealDoubles } from './real-doubles.ts';
import {
  residualsOfF32,
  residualsOfF64,
  residualsOfI32,
  residualsOfI64,
  residualsOfTimes,
} from './residuals.ts';
import { findRunLengths, tryRunLengths } from './run-lengths.ts';
import { measureStagedRuns, stagedRuns } from './runs.ts';
import { stage } from './stage.ts';
import { largestMagnitude, measureStatistics, STATISTICS_ROWS_MIN } from './statistics.ts';
import { openVector } from './vector-header.ts';

/**
 * Appends rows from…from + count - 1 of a column (1…1,024) to `out` as one vector, in the codec that gives the fewest
 * bytes; of two that give the same, in the one that is decoded with less work. The bytes depend on the rows' values only,
 * and are never more than header, validity and raw (utf8, bytes: plain) values.
 *
 * The source may lie in memory that another thread writes later rows to. Throws INTERNAL if it has not these rows or
 * breaks its own rules: an unsafe or null timestamp, a value outside the arena, a bool that is not 0 or 1.
 * @param wantsStatistics false for values that are no rows
 */
export function encodeVector(
  out: ByteSink,
  source: ColumnSource,
  from: number,
  count: number,
  wantsStatistics = true,
): void {
  const present = stage(source, from, count);
  if (present === 0) openVector(out, codecs.NONE, count, 0, 0);
  else if (source.kind === 'utf8' || source.kind === 'bytes') encodeRuns(out, source, count, present);
  else {
    const hasRuns = !source.isTime && findRunLengths(source.kind, present);
    const hasStatistics =
      wantsStatistics &&
      isSummed(source) &&
      present >= STATISTICS_ROWS_MIN &&
      measureStatistics(source.kind, present);
    const start = out.length;
    encodeStaged(out, source, count, present, hasStatistics);
    if (hasRuns) tryRunLengths(out, start, source.kind, count, present, hasStatistics, encodeNested);
  }
}

/** Appends values that another vector is made of: of a number type or bool, without nulls, as they are or packed. */
export function encodeNested(out: ByteSink, source: ColumnSource, count: number): void {
  stage(source, 0, count);
  encodeStaged(out, source, count, count, false);
}

function encodeStaged(
  out: ByteSink,
  source: ColumnSource,
  count: number,
  present: number,
  hasStatistics: boolean,
): void {
  if (source.kind === 'bool') encodeBools(out, count, present);
  else encodeNumbers(out, source, count, present, hasStatistics);
}

/** Timestamps are known by their block's range; the bits of bools are counted as fast as a sum is read. */
function isSummed({ isTime, kind }: ColumnSource): boolean {
  return !isTime && kind !== 'bool';
}

function encodeBools(out: ByteSink, count: number, present: number): void {
  invariant(bitsOfAll(present) <= 1, 'a bool is 0 or 1');
  if (allSame8(present)) {
    const at = openVector(out, codecs.CONSTANT, count, present, CONSTANT_BYTES);
    encodeConstant(out, at, 1);
  } else {
    const at = openVector(out, codecs.BITMAP, count, present, bitmapSize(present));
    encodeBitmap(out, at, present);
  }
}

function encodeRuns(out: ByteSink, source: ColumnSource, count: number, present: number): void {
  const arena = source.arena;
  invariant(arena !== undefined, 'a utf8 or bytes source has an arena');
  measureStagedRuns(present, arena.length);
  const plain = plainSize(stagedRuns);
  const dictionary = dictionarySize(arena, present, plain);
  if (dictionary < plain) {
    const at = openVector(out, codecs.DICTIONARY, count, present, dictionary);
    encodeDictionary(out, at, arena, present);
  } else {
    const at = openVector(out, codecs.PLAIN, count, present, plain);
    encodePlain(out, at, arena, stagedRuns);
  }
}

function encodeNumbers(
  out: ByteSink,
  source: ColumnSource,
  count: number,
  present: number,
  measured: boolean,
): void {
  const words = widthInWords(source.kind);
  const valueBytes = 4 * words;
  const isNumberTime = source.isTime && source.kind === 'f64';
  let hasStatistics = false;
  plainForm();
  narrow.isOn = false;
  if (isNumberTime) residualsOfTimes(present);
  if (words === 1 ? allSame32(present) : allSame64(present)) {
    choosePlan(codecs.CONSTANT, CONSTANT_BYTES, 0, 0);
  } else {
    hasStatistics = measured;
    const raw = padded8(valueBytes * present);
    choosePlan(codecs.RAW, raw, 0, 0);
    if (isNumberTime || toIntegers(source, present, measured))
      considerIntegers(source, present, valueBytes, raw);
    if (plan.codec === codecs.RAW && source.kind === 'f64' && !source.isTime) considerRealDoubles(present);
  }
  const at = openVector(out, plan.codec, count, present, plan.size, hasStatistics);
  writeNumbers(out, at, source, present);
}

/**
 * Fills `residuals`, `origin` and `form` from the staged values; false if they are better kept as they are.
 * @param measured their statistics are known
 */
function toIntegers(source: ColumnSource, present: number, measured: boolean): boolean {
  const { kind } = source;
  if (toResiduals(source, present)) return true;
  if (kind === 'f64') {
    form.decimals = residualsOfDecimals(present, measured ? largestMagnitude() : Number.POSITIVE_INFINITY);
    if (form.decimals > 0) return true;
  }
  return (kind === 'f64' || kind === 'f32') && looseDecimals(present, kind === 'f32');
}

/** Makes the best of the integer codecs the plan, if one is better than `raw` bytes. */
function considerIntegers(source: ColumnSource, present: number, valueBytes: number, raw: number): void {
  const rest = formBytes(present, valueBytes);
  plan.size = raw - rest;
  const slope = measureRanges(present);
  if (considerFrame(present)) {
    considerDelta(present);
    considerDeltaOfDelta(present);
    considerLinear(present, slope);
    considerPatches(present, source.isTime);
  }
  plan.size += rest;
}

/** Fills `residuals` and `origin` from the staged values; false if they are not all whole numbers. */
function toResiduals(source: ColumnSource, present: number): boolean {
  if (source.kind === 'f64') return residualsOfF64(present, WHOLE_MAX);
  if (source.kind === 'f32') return residualsOfF32(present);
  if (source.kind === 'i32') residualsOfI32(present);
  else residualsOfI64(present);
  return true;
}

/** Writes the staged values as `plan` says. */
function writeNumbers(out: ByteSink, at: number, source: ColumnSource, present: number): void {
  const { codec, width, min } = plan;
  const valueBytes = 4 * widthInWords(source.kind);
  if (codec === codecs.REAL_DOUBLES) {
    encodeRealDoubles(out, at, present);
    return;
  }
  if (codec === codecs.FRAME_OF_REFERENCE) encodeFrame(out, at, present, width, min);
  else if (codec === codecs.DELTA) encodeDelta(out, at, present, width, min);
  else if (codec === codecs.DELTA_OF_DELTA) encodeDeltaOfDelta(out, at, present, width, min);
  else if (codec === codecs.LINEAR) encodeLinear(out, at, present);
  else {
    if (source.isTime && source.kind === 'f64') timesToWords(present);
    if (codec === codecs.CONSTANT) encodeConstant(out, at, valueBytes);
    else encodeRaw(out, at, valueBytes * present);
    return;
  }
  const tail = at + plan.size - formBytes(present, valueBytes);
  encodeForm(out.bytes, at, tail, present, valueBytes);
}
