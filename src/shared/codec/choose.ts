import { invariant } from '../errors.ts';
import type { ByteSink } from '../format/byte-sink.ts';
import { VECTOR_ROWS } from '../schema/limits.ts';
import { bitmapSize, bitsOfAll, encodeBitmap } from './bitmap.ts';
import * as codecs from './codec-ids.ts';
import type { ColumnSource } from './column-data.ts';
import { widthInWords } from './column-target.ts';
import { allSame8, allSame32, allSame64, CONSTANT_BYTES, encodeConstant } from './constant.ts';
import { residualsOfDecimals } from './decimal.ts';
import { considerDelta, encodeDelta } from './delta.ts';
import { considerDeltaOfDelta, encodeDeltaOfDelta } from './delta-of-delta.ts';
import { dictionarySize, encodeDictionary } from './dictionary.ts';
import { considerFrame, encodeFrame } from './frame-of-reference.ts';
import { padded8, WHOLE_MAX } from './int64.ts';
import { encodePlain, plainSize } from './plain.ts';
import { choosePlan, plan } from './plan.ts';
import { encodeRaw, timesToWords } from './raw.ts';
import {
  residualsOfF32,
  residualsOfF64,
  residualsOfI32,
  residualsOfI64,
  residualsOfTimes,
} from './residuals.ts';
import { measureStagedRuns, stagedRuns } from './runs.ts';
import { stage } from './stage.ts';
import { openVector } from './vector-header.ts';

/**
 * Appends rows from…from + count - 1 of a column to `out`, as vectors of 1,024 rows and a rest.
 * Throws INTERNAL if the source has not these rows or breaks its own rules.
 */
export function encodeColumn(out: ByteSink, source: ColumnSource, from: number, count: number): void {
  const end = from + count;
  for (let row = from; row < end; row += VECTOR_ROWS) {
    encodeVector(out, source, row, Math.min(VECTOR_ROWS, end - row));
  }
}

/**
 * Appends rows from…from + count - 1 of a column (1…1,024) to `out` as one vector, in the codec that gives the fewest
 * bytes; of two that give the same, in the one that is decoded with less work. The bytes depend on the rows' values only,
 * and are never more than header, validity and raw (utf8, bytes: plain) values.
 *
 * The source may lie in memory that another thread writes later rows to. Throws INTERNAL if it has not these rows or
 * breaks its own rules: an unsafe or null timestamp, a value outside the arena, a bool that is not 0 or 1.
 */
export function encodeVector(out: ByteSink, source: ColumnSource, from: number, count: number): void {
  const present = stage(source, from, count);
  if (present === 0) openVector(out, codecs.NONE, count, 0, 0);
  else if (source.kind === 'bool') encodeBools(out, count, present);
  else if (source.kind === 'utf8' || source.kind === 'bytes') encodeRuns(out, source, count, present);
  else encodeNumbers(out, source, count, present);
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

function encodeNumbers(out: ByteSink, source: ColumnSource, count: number, present: number): void {
  const words = widthInWords(source.kind);
  const isNumberTime = source.isTime && source.kind === 'f64';
  let decimals = 0;
  if (isNumberTime) residualsOfTimes(present);
  if (words === 1 ? allSame32(present) : allSame64(present)) {
    choosePlan(codecs.CONSTANT, CONSTANT_BYTES, 0, 0);
  } else {
    choosePlan(codecs.RAW, padded8(4 * words * present), 0, 0);
    let whole = isNumberTime || toResiduals(source, present);
    if (!whole && source.kind === 'f64') {
      decimals = residualsOfDecimals(present);
      whole = decimals > 0;
    }
    if (whole && considerFrame(present)) {
      considerDelta(present);
      considerDeltaOfDelta(present);
    }
  }
  const at = openVector(out, plan.codec, count, present, plan.size);
  writeNumbers(out, at, source, present);
  if (isIntegerCodec(plan.codec)) out.bytes[at + 1] = decimals;
}

function isIntegerCodec(codec: number): boolean {
  return codec === codecs.FRAME_OF_REFERENCE || codec === codecs.DELTA || codec === codecs.DELTA_OF_DELTA;
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
  if (codec === codecs.FRAME_OF_REFERENCE) encodeFrame(out, at, present, width, min);
  else if (codec === codecs.DELTA) encodeDelta(out, at, present, width, min);
  else if (codec === codecs.DELTA_OF_DELTA) encodeDeltaOfDelta(out, at, present, width, min);
  else {
    const valueBytes = 4 * widthInWords(source.kind);
    if (source.isTime && source.kind === 'f64') timesToWords(present);
    if (codec === codecs.CONSTANT) encodeConstant(out, at, valueBytes);
    else encodeRaw(out, at, valueBytes * present);
  }
}
