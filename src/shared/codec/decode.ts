import { VECTOR_ROWS } from '../schema/limits.ts';
import type { ColumnType } from '../schema/types.ts';
import { decodeBitmap } from './bitmap.ts';
import * as codecs from './codec-ids.ts';
import type { DecodedColumn } from './column-data.ts';
import { ColumnTarget } from './column-target.ts';
import { decodeConstant } from './constant.ts';
import { damaged } from './damage.ts';
import { DECIMALS_MAX } from './decimal.ts';
import { decodeDelta } from './delta.ts';
import { decodeDeltaOfDelta } from './delta-of-delta.ts';
import { decodeDictionary } from './dictionary.ts';
import { decodeFrame } from './frame-of-reference.ts';
import { decodePlain } from './plain.ts';
import { decodeRaw } from './raw.ts';
import { restore } from './restore.ts';
import { validityBits } from './scratch.ts';
import { readVectorHeader, VECTOR_HEADER_BYTES, type VectorHeader } from './vector-header.ts';

/** No vector is smaller: a header and one unit of values or of validity. So bytes bound the rows that they can have. */
const VECTOR_BYTES_MIN = VECTOR_HEADER_BYTES + 8;

/**
 * Decodes a whole column: vectors of 1,024 rows and a rest, `rows` in all, that fill `bytes`. `bytes` must not be shared
 * memory; the result does not refer to it. ms timestamps (`isTime` and `timeAsNumber`) come as Float64Array, others as
 * BigInt64Array, whatever `kind` is. Rows of equal value may share one Uint8Array.
 *
 * Throws DAMAGED for any bytes that are not such a column; memory taken before that is bounded by `rows` and by 512 times
 * the length of `bytes`.
 */
export function decodeColumn(
  bytes: Uint8Array,
  kind: ColumnType,
  isTime: boolean,
  timeAsNumber: boolean,
  rows: number,
): DecodedColumn {
  if (!(rows >= 0 && rows <= VECTOR_ROWS * Math.floor(bytes.length / VECTOR_BYTES_MIN))) {
    throw damaged(0, `${bytes.length} bytes cannot hold ${rows} rows`, { rows });
  }
  const target = new ColumnTarget(kind, isTime, timeAsNumber, rows);
  let at = 0;
  for (let row = 0; row < rows; row += VECTOR_ROWS) {
    const header = readVectorHeader(bytes, at);
    const expected = Math.min(VECTOR_ROWS, rows - row);
    if (header.count !== expected) {
      throw damaged(at + 2, `a vector of ${header.count} rows where ${expected} belong`);
    }
    decodeVector(bytes, at, header, target, row);
    at = header.end;
  }
  if (at !== bytes.length) throw damaged(at, `the column's vectors end here, its bytes at ${bytes.length}`);
  return target.column();
}

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

/** Decodes the vector whose header, and validity, have just been read. */
function decodeVector(
  bytes: Uint8Array,
  offset: number,
  header: VectorHeader,
  target: ColumnTarget,
  row: number,
): void {
  const { codec, count, present, end } = header;
  if (present < count && target.isTime) throw damaged(offset + 1, 'a timestamp that is null');
  if ((present === 0) !== (codec === codecs.NONE)) {
    throw damaged(offset, `${present} values in codec ${codecs.CODEC_NAMES[codec]}`);
  }
  const after = decodeValues(bytes, offset, header, target, row);
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
): number {
  const { codec, present, values: at, end } = header;
  const type = target.type;
  const isNumber = type === 'f64' || type === 'f32' || type === 'i64' || type === 'i32';
  const isRun = type === 'utf8' || type === 'bytes';
  let after: number;
  if (codec === codecs.NONE) return at;
  if (codec === codecs.RAW && isNumber) return decodeRaw(bytes, at, end, target, row, present);
  if (codec === codecs.CONSTANT && !isRun) return decodeConstant(bytes, at, end, target, row, present);
  if (codec === codecs.BITMAP && type === 'bool') {
    return decodeBitmap(bytes, at, end, target.bytes, row, present);
  }
  if (codec === codecs.PLAIN && isRun) {
    const runs = type === 'bytes' ? target.runs : undefined;
    return decodePlain(bytes, at, end, present, target.strings, runs, row);
  }
  if (codec === codecs.DICTIONARY && isRun) return decodeDictionary(bytes, at, end, target, row, present);
  if (codec === codecs.FRAME_OF_REFERENCE && isNumber) after = decodeFrame(bytes, at, end, present);
  else if (codec === codecs.DELTA && isNumber) after = decodeDelta(bytes, at, end, present);
  else if (codec === codecs.DELTA_OF_DELTA && isNumber) after = decodeDeltaOfDelta(bytes, at, end, present);
  else throw damaged(offset, `codec ${codecs.CODEC_NAMES[codec]} in a column of type ${type}`, { codec });
  // Every integer codec has its decimals in the byte after the width.
  restore(target, row, present, at, readDecimals(bytes, at, target));
  return after;
}

function readDecimals(bytes: Uint8Array, at: number, target: ColumnTarget): number {
  const decimals = bytes[at + 1]!;
  if (decimals === 0) return 0;
  if (decimals > DECIMALS_MAX || target.type !== 'f64' || target.isTime) {
    throw damaged(at + 1, `${decimals} decimals in a column of type ${target.type}`, { decimals });
  }
  return decimals;
}
