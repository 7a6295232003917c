import type { ByteSink } from '../format/byte-sink.ts';
import { VECTOR_ROWS } from '../schema/limits.ts';
import { CONSTANT, LINEAR } from './codec-ids.ts';
import type { ColumnSource } from './column-data.ts';
import { type ColumnTarget, widthInWords } from './column-target.ts';
import { CONSTANT_BYTES, decodeConstant } from './constant.ts';
import { damaged } from './damage.ts';
import { plainForm } from './form.ts';
import { highWord, lowWord, readI32, readU32, readWhole, TWO_32 } from './int64.ts';
import { HEAD_BYTES } from './integer-head.ts';
import { SUM_LIMIT } from './residuals.ts';
import { restore } from './restore.ts';
import * as scratch from './scratch.ts';
import { IS_WHOLE, VECTOR_HEADER_BYTES } from './vector-header.ts';

const { origin, residuals } = scratch;
const LINEAR_BYTES = 24;
/** How many rows it stands for, and what pads that. */
const ROWS_BYTES = 8;
/** More rows than a block can have: what is read beyond is damage, not a demand for memory. */
const ROWS_MAX = 2 ** 24;

/**
 * Appends a column of several vectors as one that stands for all its rows, if all have the same bits, or if they are integers
 * on a line: timestamps of an exact cadence cost 40 bytes however many they are. False, with nothing appended, else.
 */
export function encodeWhole(out: ByteSink, source: ColumnSource, from: number, count: number): boolean {
  const { isTime, kind, values, validity } = source;
  if (kind === 'utf8' || kind === 'bytes' || kind === 'bool') return false;
  if (validity !== undefined && !isAllPresent(validity, from, count)) return false;
  const words = wordsOf(values, from, count);
  const width = widthInWords(kind);
  const isNumberTime = isTime && kind === 'f64';
  if (!isNumberTime && isConstant(words, width, count)) {
    const at = open(out, CONSTANT, count, CONSTANT_BYTES);
    const view = new DataView(out.bytes.buffer);
    for (let i = 0; i < width; i++) view.setInt32(at + 4 * i, words[i], true);
    return true;
  }
  if (isNumberTime) return encodeTimes(out, (values as Float64Array).subarray(from, from + count));
  return kind === 'i64' && encodeInt64(out, words, count);
}

function encodeTimes(out: ByteSink, times: Float64Array): boolean {
  const slope = times[1] - times[0];
  for (let i = 1; i < times.length; i++) if (times[i] - times[i - 1] !== slope) return false;
  if (!Number.isSafeInteger(times[0]) || !isLine(slope, times.length)) return false;
  writeLine(out, times.length, lowWord(times[0]), highWord(times[0]), slope);
  return true;
}

function encodeInt64(out: ByteSink, words: Int32Array, count: number): boolean {
  const step = (i: number): number =>
    (words[2 * i + 1] - words[2 * i - 1]) * TWO_32 + ((words[2 * i] >>> 0) - (words[2 * i - 2] >>> 0));
  const slope = step(1);
  if (!isLine(slope, count)) return false;
  for (let i = 2; i < count; i++) if (step(i) !== slope) return false;
  writeLine(out, count, words[0], words[1], slope);
  return true;
}

/** Decodes a column that is one vector into all rows of the target; returns where it ends. Throws DAMAGED. */
export function decodeWhole(bytes: Uint8Array, target: ColumnTarget): number {
  if (bytes.length < VECTOR_HEADER_BYTES)
    throw damaged(0, `the bytes end at ${bytes.length}, inside a vector's header`);
  const end = VECTOR_HEADER_BYTES + (readI32(bytes, 4) >>> 0);
  if (bytes[2] !== 0 || bytes[3] !== 0) throw damaged(2, 'a count of rows in a vector that stands for all');
  if (end > bytes.length) throw damaged(4, `the vector ends at ${end}, the bytes at ${bytes.length}`);
  if (target.type === 'utf8' || target.type === 'bytes')
    throw damaged(0, `codec ${bytes[0]} in a column of type ${target.type}`);
  const at = VECTOR_HEADER_BYTES + ROWS_BYTES;
  if (at > end || readU32(bytes, VECTOR_HEADER_BYTES) !== target.rows) {
    throw damaged(VECTOR_HEADER_BYTES, `a vector for other rows than the column's ${target.rows}`);
  }
  if (bytes[0] === CONSTANT) return decodeConstant(bytes, at, end, target, 0, target.rows);
  if (bytes[0] !== LINEAR || target.type === 'bool') throw damaged(0, `codec ${bytes[0]} for a whole column`);
  if (at + LINEAR_BYTES > end) throw damaged(at, `a linear does not fit before byte ${end}`);
  for (let i = 0; i < HEAD_BYTES; i++)
    if (bytes[at + i] !== 0) throw damaged(at + i, 'a whole column with bits of its own');
  decodeLine(bytes, at, target);
  return at + LINEAR_BYTES;
}

/** Whether the bytes can be one vector for so many rows. */
export function mayBeWhole(bytes: Uint8Array, rows: number): boolean {
  if (bytes.length < VECTOR_HEADER_BYTES + ROWS_BYTES || bytes[1] !== IS_WHOLE) return false;
  return rows > 0 && rows <= ROWS_MAX && readU32(bytes, VECTOR_HEADER_BYTES) === rows;
}

function decodeLine(bytes: Uint8Array, at: number, target: ColumnTarget): void {
  const low = readI32(bytes, at + 8) >>> 0;
  const high = readI32(bytes, at + 12);
  const slope = readWhole(bytes, at + 16);
  if (!isLine(slope, target.rows)) throw damaged(at, 'a line that leaves the whole numbers of float64');
  plainForm();
  for (let row = 0; row < target.rows; row += VECTOR_ROWS) {
    const count = Math.min(VECTOR_ROWS, target.rows - row);
    const offset = slope * row;
    const sum = low + (offset >>> 0);
    origin[0] = sum;
    origin[1] = high + Math.floor(offset / TWO_32) + (sum >= TWO_32 ? 1 : 0);
    for (let i = 0; i < count; i++) residuals[i] = slope * i;
    restore(target, row, count, at);
  }
}

function isLine(slope: number, count: number): boolean {
  return Math.abs(slope) * count < SUM_LIMIT;
}

function writeLine(out: ByteSink, count: number, low: number, high: number, slope: number): void {
  const at = open(out, LINEAR, count, LINEAR_BYTES);
  out.view.setInt32(at + 8, low, true);
  out.view.setInt32(at + 12, high, true);
  out.view.setInt32(at + 16, lowWord(slope), true);
  out.view.setInt32(at + 20, highWord(slope), true);
}

function open(out: ByteSink, codec: number, count: number, bytes: number): number {
  const at = out.reserve(VECTOR_HEADER_BYTES + ROWS_BYTES + bytes);
  out.bytes.fill(0, at, at + VECTOR_HEADER_BYTES + ROWS_BYTES + bytes);
  out.bytes[at] = codec;
  out.bytes[at + 1] = IS_WHOLE;
  out.view.setUint32(at + 4, ROWS_BYTES + bytes, true);
  out.view.setUint32(at + VECTOR_HEADER_BYTES, count, true);
  return at + VECTOR_HEADER_BYTES + ROWS_BYTES;
}

function isConstant(words: Int32Array, width: 1 | 2, count: number): boolean {
  for (let i = width; i < width * count; i++) if (words[i] !== words[i - width]) return false;
  return true;
}

function wordsOf(values: ColumnSource['values'], from: number, count: number): Int32Array {
  const { BYTES_PER_ELEMENT, buffer, byteOffset } = values;
  return new Int32Array(buffer, byteOffset + BYTES_PER_ELEMENT * from, (BYTES_PER_ELEMENT * count) / 4);
}

function isAllPresent(validity: Uint8Array, from: number, count: number): boolean {
  for (let row = from; row < from + count; row++)
    if (((validity[row >>> 3] >>> (row & 7)) & 1) === 0) return false;
  return true;
}
