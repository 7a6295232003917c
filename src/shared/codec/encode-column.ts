import { ByteSink } from '../format/byte-sink.ts';
import { VECTOR_ROWS } from '../schema/limits.ts';
import { encodeVector } from './choose.ts';
import type { ColumnSource } from './column-data.ts';
import { encodeWithDictionary } from './column-dictionary.ts';
import { encodeWhole } from './whole-column.ts';

/** A column of one vector is tried with a dictionary if its values take more than this share of what they take raw. */
const POOR = 0.4;
const ROWS_MIN = 256;
/** Bytes a value that the vectors of a segment must take for a dictionary to be tried: its places alone mostly take as many. */
const SEGMENT_BYTES_MIN = 0.75;

const trial = new ByteSink(1 << 16);

/**
 * Appends rows from…from + count - 1 of a column to `out`: as one vector if they all are the same or lie on a line, else as
 * vectors of 1,024 rows and a rest, behind a dictionary of their values if that takes fewer bytes.
 * Throws INTERNAL if the source has not these rows or breaks its own rules.
 */
export function encodeColumn(out: ByteSink, source: ColumnSource, from: number, count: number): void {
  const isSegment = count > VECTOR_ROWS;
  if (isSegment && encodeWhole(out, source, from, count)) return;
  const start = out.length;
  const end = from + count;
  for (let row = from; row < end; row += VECTOR_ROWS) {
    encodeVector(out, source, row, Math.min(VECTOR_ROWS, end - row));
  }
  const size = out.length - start;
  if (!isDictionaryWorthTrying(source, count, size, isSegment)) return;
  trial.clear();
  if (!encodeWithDictionary(trial, source, from, count, size) || trial.length >= size) return;
  out.length = start;
  out.push(trial.written());
}

/** Segments are made once and read often, so more is tried. Within one vector strings have dictionaries of their own. */
function isDictionaryWorthTrying(
  { isTime, kind }: ColumnSource,
  count: number,
  size: number,
  isSegment: boolean,
): boolean {
  if (isTime || count < ROWS_MIN) return false;
  const least = isSegment ? SEGMENT_BYTES_MIN : POOR * (kind === 'f64' ? 8 : 4);
  if (kind === 'f64' || kind === 'f32') return size > least * count;
  return isSegment && (kind === 'utf8' || kind === 'bytes');
}
