/**
 * Every word that threads share, apart from chunk headers (`chunk/header.ts`) and the block directory
 * (`control/directory.ts`). Int32 words of one SharedArrayBuffer; each group has cache lines of its own (16 words), so that
 * one thread's writing does not slow another's reading.
 *
 * | word | who writes | who reads |
 * |---|---|---|
 * | STATE, POISON_BYTES | whoever meets the failure, by compare-and-exchange; coordinator | all |
 * | CHECKPOINT | coordinator, after the superblock is durable and the root's slot is written | all |
 * | COORDINATOR_BEAT | coordinator, at each step, at least once a second | threads that wait for it |
 * | PRODUCERS | coordinator: producers that are attached | producers, for their share of the memory |
 * | EXPIRED | coordinator: snapshots of checkpoints below this one may be overwritten, before they are | readers, after a read that failed and before one of a batch |
 * | ROW_LIMIT | coordinator, once, before anybody appends: bytes that a row's strings may have | producers |
 * | PACE | coordinator: µs that a producer rests for each MiB that it takes for chunks, 0 for none | producers, at each chunk |
 * | NOTICES_SEEN | the opening thread: events of maintenance that it has taken (add) | coordinator, so that they never pile up |
 * | CATALOG | coordinator: how often a definition was made or changed, after it is in the catalog | handles |
 * | W_DOORBELL | producers, coordinator, handles (add, then notify) | writer waits on it |
 * | W_SLEEPING | writer: 1 before it waits, 0 after | those who ring, to spare the notify |
 * | W_SYNC_WANTED | handles (add) | writer |
 * | W_SYNC_DONE | writer, after a durable commit | handles wait on it |
 * | W_WALK | a producer whose ring is full (1) | writer (exchange with 0): walk all headers |
 * | W_DIRECTORY_HEAD | writer, after a commit's entries are written | readers, coordinator |
 * | W_DIRECTORY_TAIL | coordinator, after a checkpoint is published | writer, readers |
 * | W_COMMITTED (int64) | writer: number of the last frame whose commit it published | its successor |
 * | W_BEAT | writer: at each step and each block (add) | coordinator; threads that wait |
 * | W_IO | writer: 1 while it is inside a call of the storage | coordinator: the disk may take its time |
 * | P_BELL | writers (add, then notify) when chunks come back | producer waits on it |
 * | P_WAITING | producer: 1 while it waits for a chunk | writers, to commit without delay |
 * | P_REPLY | coordinator, after it posted the answer to a synchronous call (add, then notify) | producer waits on it |
 * | P_PIN | a reader: checkpoint + 1 that it reads, 0 for none | coordinator, before it reuses space |
 * | a histogram's words | its owner (add) | handles, for stats |
 * | P_ASKED | a producer that finds no memory (1, then notify); its owner (0) | its owner: close what fills, let go |
 */
export const STATE_OPEN = 0;
export const STATE_CLOSING = 1;
export const STATE_CLOSED = 2;
export const STATE_POISONED = 3;

const LINE = 16;
export const STATE = 0;
export const POISON_BYTES = 1;
export const CHECKPOINT = LINE;
export const COORDINATOR_BEAT = 2 * LINE;
export const PRODUCERS = 2 * LINE + 1;
export const CATALOG = 2 * LINE + 2;
export const EXPIRED = 2 * LINE + 3;
export const ROW_LIMIT = 2 * LINE + 4;
export const PACE = 2 * LINE + 5;
export const NOTICES_SEEN = 2 * LINE + 6;
/** Two slots of 4 f64 each (offset, length, crc of the root; its sequence), slot = CHECKPOINT & 1. */
export const ROOT_SLOTS = 3 * LINE;
const WRITERS_AT = 4 * LINE;

/** The most writers, and the most producers. */
export const MAX_WRITERS = 64;
export const MAX_PRODUCERS = 64;

const WRITER_WORDS = 6 * LINE;
export const W_DOORBELL = 0;
export const W_SLEEPING = 1;
export const W_WALK = 2;
export const W_SYNC_WANTED = LINE;
export const W_SYNC_DONE = 2 * LINE;
export const W_DIRECTORY_HEAD = 2 * LINE + 1;
export const W_COMMITTED = 2 * LINE + 4;
export const W_BEAT = 2 * LINE + 3;
export const W_IO = 2 * LINE + 2;
export const W_DIRECTORY_TAIL = 3 * LINE;
/** Counters of the writer as f64, 16 at most (`WRITER_COUNTERS`). */
export const W_COUNTERS = 4 * LINE;

/** What a writer counts, in the order of its counter words. */
export const WRITER_COUNTERS = [
  'rows',
  'blocks',
  'commits',
  'dataBytes',
  'logBytes',
  'busyMs',
  'sinceMs',
  'nowMs',
  'rawBytes',
] as const;

const PRODUCERS_AT = WRITERS_AT + MAX_WRITERS * WRITER_WORDS;
const PRODUCER_WORDS = LINE;
export const P_BELL = 0;
export const P_WAITING = 1;
export const P_PIN = 2;
export const P_REPLY = 3;
export const P_ASKED = 4;

/** Whose times a histogram has (`latency.ts`). */
export type LatencyOwner = { readonly writer: number } | { readonly producer: number } | 'coordinator';
export const LATENCY_WORDS = 6 * LINE;
const LATENCIES_AT = PRODUCERS_AT + MAX_PRODUCERS * PRODUCER_WORDS;
const LATENCIES = MAX_WRITERS + MAX_PRODUCERS + 1;

/** First word of a writer's group. */
export function writerWord(writer: number): number {
  return WRITERS_AT + writer * WRITER_WORDS;
}

/** First word of a producer's group. */
export function producerWord(producer: number): number {
  return PRODUCERS_AT + producer * PRODUCER_WORDS;
}

/** First word of a histogram. */
export function latencyWord(owner: LatencyOwner): number {
  const place =
    owner === 'coordinator' ? LATENCIES - 1 : 'writer' in owner ? owner.writer : MAX_WRITERS + owner.producer;
  return LATENCIES_AT + place * LATENCY_WORDS;
}

/** The poison's text follows the words. */
export const POISON_AT = (LATENCIES_AT + LATENCIES * LATENCY_WORDS) * 4;
export const POISON_CAPACITY = 4096;
export const CONTROL_BYTES = POISON_AT + POISON_CAPACITY;
