import { timeKind } from '../../shared/chunk/layout.ts';
import { decodeColumn } from '../../shared/codec/decode-column.ts';
import { Block, pushBlock } from '../../shared/format/block.ts';
import type { BlockRef } from '../../shared/format/block-ref.ts';
import type { ByteSink } from '../../shared/format/byte-sink.ts';
import { MAX_BLOCK_BYTES, VECTOR_ROWS } from '../../shared/schema/limits.ts';
import { type Column, isVariable, type TableDefinition } from '../../shared/schema/types.ts';
import type { Storage } from '../../shared/storage/storage.ts';
import { type DecodedRows, type MergedRows, mergeRows } from './merge-rows.ts';

/** A segment above this is cut in two: a query reads a block's columns whole, and a reader believes in blocks up to 64 MiB. */
const SEGMENT_BYTES_MAX = MAX_BLOCK_BYTES / 8;

/**
 * Merges neighbouring blocks of a table into segments sorted by time, rows of one time in order of arrival. The blocks must
 * have all rows of their ordinals.
 * @param refs in order of arrival
 * @param cutoff rows with a smaller timestamp are left out
 * @param targetRows rows that a segment should have
 * @param out the segments are appended to this, encoded but not yet sealed
 * @returns where in the sink each segment begins; none if every row was left out
 * @throws DAMAGED if a block cannot be read
 */
export function packBlocks(
  storage: Storage,
  definition: TableDefinition,
  refs: readonly BlockRef[],
  cutoff: bigint,
  targetRows: number,
  out: ByteSink,
): number[] {
  const schemaVersion = refs.reduce((newest, ref) => Math.max(newest, ref.schemaVersion), 0);
  const { columns } = definition.versions.find(({ version }) => version === schemaVersion)!;
  const merged = mergeRows(
    refs.map((ref) => decodeBlock(storage, definition, ref, columns)),
    columns.map((column) => column.type),
    timeKind(definition.unit),
    cutoff,
  );
  const { ordinalFirst, ordinalLast } = ordinalsOf(refs);
  const head = { tableId: definition.id, schemaVersion, ordinal: ordinalFirst, ordinalLast };
  const starts: number[] = [];
  for (const { from, rows } of cuts(merged.rows, targetRows))
    pushSegments(out, head, merged, from, rows, columns, starts);
  return starts;
}

/** The first and the last ordinal that blocks have rows of. */
export function ordinalsOf(refs: readonly BlockRef[]): { ordinalFirst: number; ordinalLast: number } {
  return {
    ordinalFirst: refs.reduce((least, ref) => Math.min(least, ref.ordinalFirst), Number.POSITIVE_INFINITY),
    ordinalLast: refs.reduce((most, ref) => Math.max(most, ref.ordinalLast), 0),
  };
}

function decodeBlock(
  storage: Storage,
  definition: TableDefinition,
  ref: BlockRef,
  columns: readonly Column[],
): DecodedRows {
  const block = new Block(storage, definition.id, ref);
  return {
    rows: ref.rows,
    time: block.time(timeKind(definition.unit)).values as Float64Array | BigInt64Array,
    columns: columns.map((column) => {
      if (!isVariable(column.type)) return block.column(column);
      // As bytes: a string would be decoded only to be encoded again.
      const bytes = block.encodedColumn(column);
      return bytes === undefined ? undefined : decodeColumn(bytes, 'bytes', false, false, ref.rows);
    }),
  };
}

/** Rows in segments of about equal size, whole vectors each, as near to the target as whole segments allow. */
function cuts(rows: number, targetRows: number): { from: number; rows: number }[] {
  if (rows === 0) return [];
  const segments = Math.max(1, Math.round(rows / targetRows));
  const even = Math.ceil(rows / segments);
  const size = segments === 1 || even < VECTOR_ROWS ? even : Math.ceil(even / VECTOR_ROWS) * VECTOR_ROWS;
  const result: { from: number; rows: number }[] = [];
  for (let from = 0; from < rows; from += size) result.push({ from, rows: Math.min(size, rows - from) });
  return result;
}

function pushSegments(
  out: ByteSink,
  head: { tableId: number; schemaVersion: number; ordinal: number; ordinalLast: number },
  merged: MergedRows,
  from: number,
  rows: number,
  columns: readonly Column[],
  starts: number[],
): void {
  const start = pushBlock(out, { ...head, indexFirst: from, rows }, merged.sources, from, columns);
  if (out.length - start <= SEGMENT_BYTES_MAX || rows <= VECTOR_ROWS) {
    starts.push(start);
    return;
  }
  out.length = start;
  const half = Math.ceil(rows / 2 / VECTOR_ROWS) * VECTOR_ROWS;
  pushSegments(out, head, merged, from, half, columns, starts);
  pushSegments(out, head, merged, from + half, rows - half, columns, starts);
}
