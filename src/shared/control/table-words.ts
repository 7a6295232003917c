import { MAX_TABLES } from '../schema/limits.ts';

/**
 * What threads share of each table: 16 words, one cache line.
 *
 * | word | who writes | who reads |
 * |---|---|---|
 * | NEXT_ORDINAL (int64) | a producer that opens a chunk (add); coordinator, when the table is made | readers, coordinator |
 * | VERSION | coordinator, once the definition can be asked for: how many versions the schema has | handles that read |
 * | NEWEST_BLOCK | the table's writer: directory position + 1 of its newest entry, 0 for none | readers, coordinator |
 */
export const TABLE_WORDS = 16;
const NEXT_ORDINAL = 0;
const NEWEST_BLOCK = 2;
const VERSION = 3;

export class TableWords {
  readonly buffer: SharedArrayBuffer;
  private readonly words: Int32Array;
  private readonly longs: BigInt64Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(MAX_TABLES * TABLE_WORDS * 4)) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer);
    this.longs = new BigInt64Array(buffer);
  }

  /** Takes the table's next ordinal. One bigint a chunk, not a row. */
  takeOrdinal(table: number): number {
    return Number(Atomics.add(this.longs, (table * TABLE_WORDS) / 2 + NEXT_ORDINAL, 1n));
  }

  nextOrdinal(table: number): number {
    return Number(Atomics.load(this.longs, (table * TABLE_WORDS) / 2 + NEXT_ORDINAL));
  }

  setNextOrdinal(table: number, ordinal: number): void {
    Atomics.store(this.longs, (table * TABLE_WORDS) / 2 + NEXT_ORDINAL, BigInt(ordinal));
  }

  version(table: number): number {
    return Atomics.load(this.words, table * TABLE_WORDS + VERSION);
  }

  setVersion(table: number, version: number): void {
    Atomics.store(this.words, table * TABLE_WORDS + VERSION, version);
  }

  newestBlock(table: number): number {
    return Atomics.load(this.words, table * TABLE_WORDS + NEWEST_BLOCK);
  }

  setNewestBlock(table: number, positionPlusOne: number): void {
    Atomics.store(this.words, table * TABLE_WORDS + NEWEST_BLOCK, positionPlusOne);
  }
}
