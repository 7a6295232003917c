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
 */
export function decodeVectorInto(
  bytes: Uint8Array,
  offset: number,
  target: ColumnTarget,
  row: number,
): number {
  const header = readVectorHeader(bytes, offset);
  const { count, end } = header;
  if (!(row >= 0 && row + count <= target.rows)) {
    throw damaged(offset + 2, `a vector of ${count} rows at row ${row} of ${target.rows}`, { count, row });
  }
  decodeVector(bytes, offset, header, target, row);
  return end;
}

/**
 * Decodes the vector whose header, and validity, have just been read.
 * @param isNested it is part of another vector, so it is not made of others itself
 */
export function decodeVector(
  bytes: Uint8Array,
  offset: number,
  header: VectorHeader,
  target: ColumnTarget,
  row: number,
  isNested = false,
): void {
  const { codec, count, present, end } = header;
  if (present < count && target.isTime) throw damaged(offset + 1, 'a timestamp that is null');
  if ((present === 0) !== (codec === codecs.NONE)) {
    throw damaged(offset, `${present} values in codec ${codecs.CODEC_NAMES[codec]}`);
  }
  const after = decodeValues(bytes, offset, header, target, row, isNested);
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
): number {
  const { codec, present, values: at, end } = header;
  const type = target.type;
  const isNumber = type === 'f64' || type === 'f32' || type === 'i64' || type === 'i32';
  const isRun = type === 'utf8' || type === 'bytes';
  if (codec === codecs.NONE) return at;
  let after = decodeNarrow(codec, bytes, at, end, target, row, present);
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
