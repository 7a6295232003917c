import { CODEC_NAMES, COLUMN_DICTIONARY } from './codec-ids.ts';
import { damaged } from './damage.ts';
import { readU32 } from './int64.ts';
import { IS_WHOLE, readVectorHeader, VECTOR_HEADER_BYTES } from './vector-header.ts';

/** What `stats` tells of one vector. */
export interface VectorDescription {
  /** One of `CODEC_NAMES`. */
  readonly codec: string;
  /** Rows, nulls included. */
  readonly count: number;
  readonly nulls: number;
  /** Bytes of the whole vector: the next one of the column begins this far on. */
  readonly bytes: number;
}

/** Describes the vector at `offset` of a column's bytes without decoding it. Throws DAMAGED. */
export function describeVector(bytes: Uint8Array, offset: number): VectorDescription {
  const { codec, count, present, end } = readVectorHeader(bytes, offset);
  return { codec: CODEC_NAMES[codec], count, nulls: count - present, bytes: end - offset };
}

/**
 * Describes each vector of a column of `rows` rows, without decoding any. One that stands for all rows is one; a column's
 * dictionary comes first, with no rows of its own. Throws DAMAGED.
 */
export function describeColumn(bytes: Uint8Array, rows: number): VectorDescription[] {
  const found: VectorDescription[] = [];
  let at = 0;
  if (bytes.length >= VECTOR_HEADER_BYTES && bytes[1] === IS_WHOLE) {
    const isDictionary = bytes[0] === COLUMN_DICTIONARY;
    const codec = CODEC_NAMES[bytes[0]!];
    at = VECTOR_HEADER_BYTES + readU32(bytes, 4);
    if (codec === undefined || at > bytes.length) throw damaged(0, 'no column begins so', { bytes: at });
    found.push({ codec, count: isDictionary ? 0 : rows, nulls: 0, bytes: at });
    if (!isDictionary) return found;
  }
  while (at < bytes.length) {
    const vector = describeVector(bytes, at);
    found.push(vector);
    at += vector.bytes;
  }
  return found;
}
