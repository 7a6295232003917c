import { VECTOR_ROWS } from '../schema/limits.ts';
import { decodeBitmap } from './bitmap.ts';
import * as codecs from './codec-ids.ts';
import type { ColumnTarget } from './column-target.ts';
import { decodeConstant } from './constant.ts';
import { damaged } from './damage.ts';
import { decodeDelta } from './delta.ts';
import { decodeDeltaOfDelta } from './delta-of-delta.ts';
import { decodeDictionary } from './dictionary.ts';
import { readForm } from './form.ts';
import { decodeFrame } from './frame-of-reference.ts';
import { decodeLinear } from './linear.ts';
import { decodeNarrow } from './narrow.ts';
import { decodePlain } from './plain.ts';
import { decodeRaw } from './raw.ts';
import { decodeRealDoubles } from './real-doubles.ts';
import { restore } from './restore.ts';
import { decodeRunLengths } from './run-lengths.ts';
import { validityBits } from './scratch.ts';
import { readVectorHeader, type VectorHeader } from './vector-header.ts';

/**
 * Decodes the vector at `offset` of `bytes` (not shared memory) to rows row, row + 1, … of the target and returns the
 * offset of the next vector. Throws DAMAGED if the bytes make no sense or the vector has more rows than the target; the
 * target's rows may then hold anything.
 * @param from of a reader who wants a few of the vector's rows only, the first of them: others need not be decoded, and what
 *   they hold afterwards means nothing
 * @param to the one after the last of them
 */
export function decodeVectorInto(
  bytes: Uint8Array,
  offset: number,
  target: ColumnTarget,
  row: number,
  from = 0,
  to: number = VECTOR_ROWS,
): number {
  const header = readVectorHeader(bytes, offset);
  const { count, end } = header;
  if (!(row >= 0 && row + count <= target.rows)) {
    throw damaged(offset + 2, `a vector of ${count} rows at row ${row} of ${target.rows}`, { count, row });
  }
  decodeVector(bytes, offset, header, target, row, false, from, to);
  return end;
}

/**
 * Decodes the vector whose header, and validity, have just been read.
 * @param isNested it is part of another vector, so it is not made of others itself
 * @param from as `decodeVectorInto`, and `to`
 */
export function decodeVector(
  bytes: Uint8Array,
  offset: number,
  header: VectorHeader,
  target: ColumnTarget,
  row: number,
  isNested = false,
  from = 0,
  to: number = VECTOR_ROWS,
): void {
  const { codec, count, present, end } = header;
  if (present < count && target.isTime) throw damaged(offset + 1, 'a timestamp that is null');
  if ((present === 0) !== (codec === codecs.NONE)) {
    throw damaged(offset, `${present} values in codec ${codecs.CODEC_NAMES[codec]}`);
  }
  const isPart = present === count && from < to;
  const first = isPart ? from : 0;
  const last = isPart ? to : VECTOR_ROWS;
  const after = decodeValues(bytes, offset, header, target, row, isNested, first, last);
  if (after !== end) throw damaged(offset + 4, `the values end at ${after}, the vector at ${end}`);
  if (present < count) target.spread(row, validityBits, count, present);
}

/** Decodes the present values to `row` and the rows after it, without gaps; returns where they end. */
function decodeValues(
  bytes: Uint8Array,
  offset: number,
  header: VectorHeader,
  target: ColumnTarget,
  row: number,
  isNested: boolean,
  from: number,
  to: number,
): number {
  const { codec, present, values: at, end } = header;
  const type = target.type;
  const isNumber = type === 'f64' || type === 'f32' || type === 'i64' || type === 'i32';
  const isRun = type === 'utf8' || type === 'bytes';
  if (codec === codecs.NONE) return at;
  let after = decodeNarrow(codec, bytes, at, end, target, row, present, from, to);
  if (after >= 0) return after;
  if (codec === codecs.RAW && isNumber) return decodeRaw(bytes, at, end, target, row, present);
  if (codec === codecs.CONSTANT && !isRun) return decodeConstant(bytes, at, end, target, row, present);
  if (codec === codecs.BITMAP && type === 'bool') {
    return decodeBitmap(bytes, at, end, target.bytes, row, present);
  }
  if (codec === codecs.PLAIN && isRun) {
    const runs = type === 'bytes' ? target.runs : undefined;
    return decodePlain(bytes, at, end, present, target.strings, runs, row);
  }
  if (codec === codecs.REAL_DOUBLES && type === 'f64' && !target.isTime) {
    return decodeRealDoubles(bytes, at, end, target.words, row, present);
  }
  if (codec === codecs.RUN_LENGTHS && !isRun && !target.isTime && !isNested) {
    return decodeRunLengths(bytes, at, end, target, row, present, decodeNested);
  }
  if (codec === codecs.DICTIONARY && isRun) return decodeDictionary(bytes, at, end, target, row, present);
  if (codec === codecs.FRAME_OF_REFERENCE && isNumber) after = decodeFrame(bytes, at, end, present);
  else if (codec === codecs.DELTA && isNumber) after = decodeDelta(bytes, at, end, present);
  else if (codec === codecs.DELTA_OF_DELTA && isNumber) after = decodeDeltaOfDelta(bytes, at, end, present);
  else if (codec === codecs.LINEAR && isNumber) after = decodeLinear(bytes, at, end, present);
  else throw damaged(offset, `codec ${codecs.CODEC_NAMES[codec]} in a column of type ${type}`, { codec });
  const formEnd = readForm(bytes, at, after, end, present, target);
  restore(target, row, present, at);
  return formEnd;
}

/** Decodes a vector of `count` values without nulls that another one is made of; returns where it ends. Throws DAMAGED. */
function decodeNested(bytes: Uint8Array, offset: number, target: ColumnTarget, count: number): number {
  const header = readVectorHeader(bytes, offset, true);
  if (count === 0 || header.count !== count) {
    throw damaged(offset + 2, `a nested vector of ${header.count} values where ${count} belong`);
  }
  decodeVector(bytes, offset, header, target, 0, true);
  return header.end;
}
