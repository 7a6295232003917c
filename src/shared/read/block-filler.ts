import { timeKind } from '../chunk/layout.ts';
import type { ColumnTarget } from '../codec/column-target.ts';
import type { Block } from '../format/block.ts';
import type { BlockRef } from '../format/block-ref.ts';
import { VECTOR_ROWS } from '../schema/limits.ts';
import type { Column, ColumnType, TableDefinition } from '../schema/types.ts';
import type { BlockSource } from './block-cache.ts';
import { ColumnVectors, timesOf, VectorRoom, valuesOf } from './column-vectors.ts';
import { copyRows, type ResultColumns } from './result-columns.ts';
import { TimeSearch } from './time-search.ts';

const numberTimes = new TimeSearch('f64');
const int64Times = new TimeSearch('i64');

/** Rows from…to - 1 of a block, and the row of the result that the first of them becomes. */
export interface BlockSpan {
  readonly ref: BlockRef;
  readonly from: number;
  readonly to: number;
  readonly at: number;
}

/** A block that has been read, and its timestamps. */
export interface OpenedBlock {
  readonly block: Block;
  readonly times: ColumnVectors;
}

/** Which rows of a sorted block lie in a range of time, both ends inclusive: [from, to). @throws DAMAGED */
export function rowsWithin(
  times: ColumnVectors,
  kind: 'f64' | 'i64',
  first: number | bigint,
  last: number | bigint,
): [from: number, to: number] {
  const search = kind === 'f64' ? numberTimes : int64Times;
  return [search.row(times, first, false), search.row(times, last, true)];
}

/**
 * Decodes blocks into the rows of a result, in place and vector by vector: only vectors that a span cuts are decoded to a
 * room of their own and copied from there.
 */
export class BlockFiller {
  private readonly blocks: BlockSource;
  private readonly definition: TableDefinition;
  private readonly columns: readonly Column[];
  private readonly result: ResultColumns;

  constructor(
    blocks: BlockSource,
    definition: TableDefinition,
    columns: readonly Column[],
    result: ResultColumns,
  ) {
    this.blocks = blocks;
    this.definition = definition;
    this.columns = columns;
    this.result = result;
  }

  /**
   * Decodes a span.
   * @param opened its block, if it has been read already
   * @throws DAMAGED
   */
  fill(span: BlockSpan, opened?: OpenedBlock): void {
    const { id, unit } = this.definition;
    const block = opened?.block ?? this.blocks.open(id, span.ref);
    const { rows } = span.ref;
    const { time, columns } = this.result;
    if (time !== undefined) {
      const kind = timeKind(unit);
      const times = opened?.times ?? new ColumnVectors(block.encodedTime(), rows, timesOf(kind));
      fillColumn(times, span, time, timeRoom(kind));
    }
    for (const [i, column] of this.columns.entries()) {
      const bytes = block.encodedColumn(column);
      if (bytes === undefined) copyRows(undefined, undefined, 0, span.to - span.from, columns[i]!, span.at);
      else
        fillColumn(
          new ColumnVectors(bytes, rows, valuesOf(column.type)),
          span,
          columns[i]!,
          roomOf(column.type),
        );
    }
  }
}

function fillColumn(vectors: ColumnVectors, span: BlockSpan, target: ColumnTarget, room: VectorRoom): void {
  const { from, to, at } = span;
  for (let vector = Math.floor(from / VECTOR_ROWS); vector * VECTOR_ROWS < to; vector++) {
    const start = vector * VECTOR_ROWS;
    const end = start + vectors.rowsOf(vector);
    if (start >= from && end <= to) {
      // The last vector of the column is whole as well, though shorter.
      const after = to === vectors.rows ? vectors.count : Math.floor(to / VECTOR_ROWS);
      vectors.decodeRun(vector, after, target, at + start - from);
      vector = after - 1;
    } else {
      const first = Math.max(from, start);
      const last = Math.min(to, end);
      const decoded = room.decode(vectors, vector, first - start, last - start);
      copyRows(decoded, undefined, first - start, last - first, target, at + first - from);
    }
  }
}

/** One room for each type, as a thread decodes one vector at a time and copies it at once. */
const rooms = new Map<string, VectorRoom>();

/** A room for vectors of a column of this type. It holds until the next vector of the type is decoded. */
export function roomOf(type: ColumnType): VectorRoom {
  let room = rooms.get(type);
  if (room === undefined) rooms.set(type, (room = new VectorRoom(type)));
  return room;
}

/** A room for vectors of timestamps. */
export function timeRoom(kind: 'f64' | 'i64'): VectorRoom {
  let room = rooms.get(`time ${kind}`);
  if (room === undefined) rooms.set(`time ${kind}`, (room = new VectorRoom(kind, true, kind === 'f64')));
  return room;
}
