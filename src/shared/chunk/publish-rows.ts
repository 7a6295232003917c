import { ROWS } from './header.ts';

/**
 * Whether plain stores will do to publish rows. On x86-64 every store is a release: other cores see a thread's stores in the
 * order in which it made them (x86-TSO: Sewell et al., CACM 2010), and V8 keeps the order of stores to views of one buffer,
 * which might overlap. An atomic store there is a locked exchange: it waits until every store before it has reached the
 * cache, and the next row's loads wait for it, which is a third of a row's time (docs/decisions/0030).
 */
const STORES_IN_ORDER = process.arch === 'x64';

// What is imported is a variable to V8, loaded and looked at each time; a constant of this module is part of the code.
const ROWS_WORD = ROWS;

export function areStoresInOrder(): boolean {
  return STORES_IN_ORDER;
}

/**
 * Makes a chunk's rows visible: whoever reads ROWS atomically finds their values.
 * @param word the first of the chunk's header
 */
export function publishRows(i32: Int32Array, word: number, rows: number): void {
  if (STORES_IN_ORDER) i32[word + ROWS_WORD] = rows;
  else Atomics.store(i32, word + ROWS_WORD, rows);
}

/**
 * A word that is looked at after rows were published, by the thread that published them. Where that is a plain store, so is this
 * a plain load, and whoever changes the word lets rows arrive (`Control.startClosing`).
 */
export function loadAfterPublishing(words: Int32Array, word: number): number {
  return STORES_IN_ORDER ? words[word]! : Atomics.load(words, word);
}
