import { invariant } from '../errors.ts';
import type { MemoryViews } from './views.ts';

/**
 * Chunk headers: 64 bytes each, in a dense array at the start of a writer's memory, apart from the chunks' data. So a walk
 * over all chunks is a walk over this array, and a chunk's data may be cut anew while its header stays where it is.
 *
 * | word | who writes | who reads | order |
 * |---|---|---|---|
 * | STATE | producer: free→filling→sent; writer: sent→free | all | written last by whoever changes hands |
 * | INCARNATION | producer, while it holds the chunk and before STATE becomes filling | readers, before and after a copy | |
 * | TABLE … DATA_BYTES, ORDINAL | producer, before STATE becomes filling | all, after STATE | |
 * | ROWS | producer, after a row's values | writer, readers, before a row's values | |
 * | LOGGED, BLOCKED | writer, when it publishes a commit: rows in frames, and those of them in blocks | its successor | |
 */
export const CHUNK_HEADER_BYTES = 64;
const WORDS = CHUNK_HEADER_BYTES / 4;

export const STATE = 0;
export const INCARNATION = 1;
export const TABLE = 2;
export const SCHEMA_VERSION = 3;
/** f64: ordinals go beyond 2^32 but stay safe integers. */
export const ORDINAL = 4;
export const ROWS = 6;
export const LOGGED = 7;
/** Offset of the data, in units of 64 bytes. */
export const DATA = 8;
/** Bytes of the data, arena included. */
export const DATA_BYTES = 9;
export const CAPACITY = 10;
export const PRODUCER = 11;
export const BLOCKED = 12;

export const FREE = 0;
export const FILLING = 1;
export const SENT = 2;

/** The memory's own word, before the headers: how many headers are in use. */
export const HEADER_COUNT_WORD = 0;
const HEADERS_AT = 256;

/** Headers of one memory: 10,000 tables under three producers, twice. */
export const MAX_CHUNKS = 65_536;
/** Behind the headers: whose each slab is (`slab-table.ts`), a word for each of up to 4,096. */
export const OWNERS_WORD = (HEADERS_AT + MAX_CHUNKS * CHUNK_HEADER_BYTES) / 4;
/** Where slabs begin: what the headers could need, of which only touched pages cost memory. */
export const SLABS_AT = HEADERS_AT + MAX_CHUNKS * CHUNK_HEADER_BYTES + (65_536 - HEADERS_AT);

/** Index of a chunk header's first word in the memory's Int32Array. */
export function headerWord(chunk: number): number {
  return HEADERS_AT / 4 + chunk * WORDS;
}

/** The chunk whose header begins with a word. */
export function chunkAt(word: number): number {
  return (word - HEADERS_AT / 4) / WORDS;
}

/** The ordinal of a chunk. */
export function ordinalOf(views: MemoryViews, word: number): number {
  return views.f64[(word + ORDINAL) >> 1]!;
}

/** Byte offset of a chunk's data in the memory. */
export function dataOffset(views: MemoryViews, word: number): number {
  return (views.u32[word + DATA] as number) * 64;
}

/** Headers taken so far; a walk goes over these. */
export function chunkCount(views: MemoryViews): number {
  return Math.min(Atomics.load(views.i32, HEADER_COUNT_WORD), MAX_CHUNKS);
}

/** A new header, or −1 if all are taken. Only the first caller of an index owns it, for good. */
export function takeHeader(views: MemoryViews): number {
  const chunk = Atomics.add(views.i32, HEADER_COUNT_WORD, 1);
  if (chunk < MAX_CHUNKS) return chunk;
  Atomics.store(views.i32, HEADER_COUNT_WORD, MAX_CHUNKS);
  return -1;
}

/** How many chunks of these memories are being filled, and how many are on their way to a writer. */
export function countChunks(memories: readonly MemoryViews[]): { fillingChunks: number; sentChunks: number } {
  let [fillingChunks, sentChunks] = [0, 0];
  for (const views of memories) {
    for (let chunk = chunkCount(views) - 1; chunk >= 0; chunk--) {
      const state = Atomics.load(views.i32, headerWord(chunk) + STATE);
      if (state === FILLING) fillingChunks++;
      else if (state === SENT) sentChunks++;
    }
  }
  return { fillingChunks, sentChunks };
}

export interface OpenedChunk {
  readonly table: number;
  readonly schemaVersion: number;
  readonly ordinal: number;
  readonly dataOffset: number;
  readonly dataBytes: number;
  readonly capacity: number;
  readonly producer: number;
}

/** Makes a free chunk a filling one. Only its producer may call this. */
export function openHeader(views: MemoryViews, chunk: number, opened: OpenedChunk): void {
  const word = headerWord(chunk);
  const { i32 } = views;
  invariant(Atomics.load(i32, word + STATE) === FREE, 'a chunk that is opened is free');
  // Before anything else: a reader that copied the chunk's last life must see that it is over.
  Atomics.add(i32, word + INCARNATION, 1);
  i32[word + TABLE] = opened.table;
  i32[word + SCHEMA_VERSION] = opened.schemaVersion;
  views.f64[(word + ORDINAL) >> 1] = opened.ordinal;
  i32[word + LOGGED] = 0;
  i32[word + BLOCKED] = 0;
  views.u32[word + DATA] = opened.dataOffset / 64;
  i32[word + DATA_BYTES] = opened.dataBytes;
  i32[word + CAPACITY] = opened.capacity;
  i32[word + PRODUCER] = opened.producer;
  Atomics.store(i32, word + ROWS, 0);
  Atomics.store(i32, word + STATE, FILLING);
}
