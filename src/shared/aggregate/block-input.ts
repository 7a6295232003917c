import { timeKind } from '../chunk/layout.ts';
import type { DecodedColumn } from '../codec/column-data.ts';
import { summed } from '../codec/scratch.ts';
import type { VectorStatistics } from '../codec/statistics.ts';
import type { Block } from '../format/block.ts';
import type { BlockRef } from '../format/block-ref.ts';
import type { BlockSource } from '../read/block-cache.ts';
import { ColumnVectors, timesOf, VectorRoom, valuesOf } from '../read/column-vectors.ts';
import { TimeSearch } from '../read/time-search.ts';
import { VECTOR_ROWS } from '../schema/limits.ts';
import type { Column, TableDefinition } from '../schema/types.ts';
import type { AggregateInput, TimeSource, VectorSource } from './bucket-aggregator.ts';

/** Doubles are decoded where the kernel adds them up, those of all columns: each is added up before the next one is decoded. */
const summedRoom = new VectorRoom('f64', false, false, summed);

/** Reads the blocks of one table for a `BucketAggregator`, one at a time: each column has one room that all use. */
export class BlockInputs {
  private readonly blocks: BlockSource;
  private readonly definition: TableDefinition;
  private readonly timeRoom: VectorRoom;
  private readonly search: TimeSearch;
  private readonly rooms = new Map<number, VectorRoom>();

  constructor(blocks: BlockSource, definition: TableDefinition) {
    this.blocks = blocks;
    this.definition = definition;
    const kind = timeKind(definition.unit);
    this.timeRoom = new VectorRoom(kind, true, kind === 'f64');
    this.search = new TimeSearch(kind);
  }

  /** A block, read when it is asked for anything. Holds until the next one is asked for. */
  of(ref: BlockRef): AggregateInput {
    const kind = timeKind(this.definition.unit);
    let opened: Block | undefined;
    const block = (): Block => (opened ??= this.blocks.open(this.definition.id, ref));
    return {
      rows: ref.rows,
      minTs: ref.minTs,
      maxTs: ref.maxTs,
      sorted: ref.sorted,
      vectorRows: VECTOR_ROWS,
      time: () => {
        const times = new ColumnVectors(block().encodedTime(), ref.rows, timesOf(kind));
        return new BlockTimes(times, this.timeRoom, this.search);
      },
      column: (column) => {
        const bytes = block().encodedColumn(column);
        if (bytes === undefined) return undefined;
        return new BlockColumn(new ColumnVectors(bytes, ref.rows, valuesOf(column.type)), this.room(column));
      },
    };
  }

  private room(column: Column): VectorRoom {
    if (column.type === 'f64') return summedRoom;
    let room = this.rooms.get(column.id);
    if (room === undefined) this.rooms.set(column.id, (room = new VectorRoom(column.type)));
    return room;
  }
}

/** A column's vectors as an aggregation wants them. Classes, as object literals with a closure for each method cost 1 µs a block. */
class BlockColumn implements VectorSource {
  protected readonly vectors: ColumnVectors;
  private readonly room: VectorRoom;

  constructor(vectors: ColumnVectors, room: VectorRoom) {
    this.vectors = vectors;
    this.room = room;
  }

  present(vector: number): number {
    return this.vectors.present(vector);
  }

  decode(vector: number): DecodedColumn {
    return this.room.decode(this.vectors, vector);
  }

  statistics(vector: number): VectorStatistics | undefined {
    return this.vectors.statistics(vector);
  }

  canAddUp(vector: number): boolean {
    return this.vectors.canAddUp(vector);
  }

  addUp(vector: number, from: number, runs: number, wantsExtremes: boolean): number {
    return this.vectors.addUp(vector, from, runs, wantsExtremes);
  }
}

class BlockTimes extends BlockColumn implements TimeSource {
  private readonly search: TimeSearch;

  constructor(vectors: ColumnVectors, room: VectorRoom, search: TimeSearch) {
    super(vectors, room);
    this.search = search;
  }

  at(vector: number, row: number): number | bigint {
    return this.search.at(this.vectors, vector, row);
  }

  rowAt(vector: number, wanted: number | bigint, isAfter: boolean): number {
    return this.search.rowOfVector(this.vectors, vector, wanted, isAfter);
  }
}
