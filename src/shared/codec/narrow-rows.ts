import { kernels } from '../kernels/kernels.ts';
import { VECTOR_ROWS } from '../schema/limits.ts';
import { DELTA, FRAME_OF_REFERENCE, LINEAR } from './codec-ids.ts';
import type { ColumnTarget } from './column-target.ts';
import { readU32 } from './int64.ts';
import * as scratch from './scratch.ts';
import { STATISTICS_BYTES } from './statistics.ts';
import { NARROW_MAX } from './unpack-tables.ts';
import { HAS_STATISTICS, VECTOR_HEADER_BYTES } from './vector-header.ts';

// Constants of this module for speed: see scratch.ts.
const { columnBytes, nextWord, rowsF64 } = scratch;

/** Where the vectors end that were decoded last. */
export const narrowRows = { next: 0 };

/**
 * Decodes vectors of doubles, or of ms timestamps, by one call of a kernel for eight of them: a call for each, its header as an
 * object and a copy of its rows cost as much as the decoding. The kernel stops at a vector that is not as most are (nulls, another
 * codec, wide numbers, exceptions, damage); that one is decoded, or refused, by `decodeVectorInto`, whose loops are the twin.
 * @param at where the first vector begins in `bytes`
 * @param rows of the column, from that vector's first one on
 * @param wanted how many of them, whole vectors, are to be decoded to the target's rows from `row` on
 * @returns how many were: 0 if the first vector is not for this way. `narrowRows.next` says where they end
 */
export function decodeNarrowRows(
  bytes: Uint8Array,
  at: number,
  rows: number,
  wanted: number,
  target: ColumnTarget,
  row: number,
): number {
  if (kernels === undefined || target.type !== 'f64') return 0;
  const isInside = bytes.buffer === scratch.kernelMemory.buffer;
  let next = at;
  let done = 0;
  while (done < wanted) {
    const most = Math.min(wanted - done, scratch.ROWS_MAX);
    const end = endOfNarrow(bytes, next, most);
    if (end === next) break;
    // What is not there yet is copied, and no more than is wanted.
    if (!isInside) columnBytes.set(bytes.subarray(next, end));
    const place = isInside ? bytes.byteOffset + next : scratch.COLUMN_AT;
    const count = kernels.narrowRows(
      place,
      place + end - next,
      rows - done,
      most,
      target.isTime ? 1 : 0,
      scratch.FACTORS_AT,
      scratch.TABLES_AT,
      scratch.NUMBERS_AT,
      scratch.ROWS_AT,
      scratch.NEXT_AT,
    );
    target.f64.set(count === rowsF64.length ? rowsF64 : rowsF64.subarray(0, count), row + done);
    next += nextWord[0]! - place;
    done += count;
    if (count < most) break;
  }
  narrowRows.next = next;
  return done;
}

/** Where those of the next vectors end that look as if they were for the kernel, of `rows` rows at most and with room for a copy. */
export function endOfNarrow(bytes: Uint8Array, at: number, rows: number): number {
  let end = at;
  for (let row = 0; row < rows && looksNarrow(bytes, end); row += VECTOR_ROWS) {
    const next = end + VECTOR_HEADER_BYTES + readU32(bytes, end + 4);
    if (!(next <= bytes.length) || next - at > columnBytes.length) break;
    end = next;
  }
  return end;
}

/** Whether the vector at `at` may be for the kernel: no nulls, narrow numbers, neither exceptions nor ulps. */
export function looksNarrow(bytes: Uint8Array, at: number): boolean {
  const codec = bytes[at];
  const flags = bytes[at + 1]!;
  if (codec !== FRAME_OF_REFERENCE && codec !== DELTA && codec !== LINEAR) return false;
  if ((flags & ~HAS_STATISTICS) !== 0) return false;
  const head = at + VECTOR_HEADER_BYTES + (flags === 0 ? 0 : STATISTICS_BYTES);
  return bytes[head]! <= NARROW_MAX && (bytes[head + 3]! | bytes[head + 6]! | bytes[head + 7]!) === 0;
}
