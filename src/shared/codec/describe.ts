import { CODEC_NAMES } from './codec-ids.ts';
import { readVectorHeader } from './vector-header.ts';

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
