import { type BlockRef, getBlockRef, REF_BYTES, setBlockRef } from '../format/block-ref.ts';
import type { Control } from './control.ts';
import type { TableWords } from './table-words.ts';
import { W_DIRECTORY_HEAD, W_DIRECTORY_TAIL, writerWord } from './words.ts';

/**
 * One writer's directory of the blocks since the last checkpoint: a ring of entries in shared memory, chained by table
 * from the newest to older ones. Positions count on (an Int32: two billion blocks, two million million rows, a session);
 * entry p lies at p modulo the capacity.
 *
 * The writer adds entries and then moves HEAD; the coordinator moves TAIL once a published checkpoint has the entries in
 * its index. A reader follows a table's chain from the newest entry and stops at TAIL: what is below is in the index,
 * which it reads afterwards. An entry that falls below TAIL while it is copied is dropped for the same reason.
 */
export const DIRECTORY_CAPACITY = 65_536;
const ENTRY_BYTES = 8 + REF_BYTES;

export class BlockDirectory {
  readonly buffer: SharedArrayBuffer;
  private readonly view: DataView;
  private readonly control: Control;
  private readonly tables: TableWords;
  private readonly word: number;

  constructor(control: Control, tables: TableWords, writer: number, buffer?: SharedArrayBuffer) {
    this.buffer = buffer ?? new SharedArrayBuffer(DIRECTORY_CAPACITY * ENTRY_BYTES);
    this.view = new DataView(this.buffer);
    this.control = control;
    this.tables = tables;
    this.word = writerWord(writer);
  }

  get head(): number {
    return Atomics.load(this.control.words, this.word + W_DIRECTORY_HEAD);
  }

  get tail(): number {
    return Atomics.load(this.control.words, this.word + W_DIRECTORY_TAIL);
  }

  /** Entries that can be added before a checkpoint must make room. */
  get room(): number {
    return DIRECTORY_CAPACITY - (this.head - this.tail);
  }

  /** Adds a block (writer only); readers find it at once. */
  add(tableId: number, ref: BlockRef): void {
    const position = this.head;
    const at = (position % DIRECTORY_CAPACITY) * ENTRY_BYTES;
    this.view.setUint32(at, tableId, true);
    this.view.setInt32(at + 4, this.tables.newestBlock(tableId), true);
    setBlockRef(this.view, at + 8, ref);
    Atomics.store(this.control.words, this.word + W_DIRECTORY_HEAD, position + 1);
    this.tables.setNewestBlock(tableId, position + 1);
  }

  /** The entry at a position (coordinator only, between TAIL and HEAD). */
  entry(position: number): { tableId: number; ref: BlockRef } {
    const at = (position % DIRECTORY_CAPACITY) * ENTRY_BYTES;
    return { tableId: this.view.getUint32(at, true), ref: getBlockRef(this.view, at + 8) };
  }

  /** The table of the entry at a position (coordinator only, between TAIL and HEAD). */
  tableAt(position: number): number {
    return this.view.getUint32((position % DIRECTORY_CAPACITY) * ENTRY_BYTES, true);
  }

  /** Gives up entries below a position (coordinator only, after the checkpoint that has them is published). */
  release(position: number): void {
    Atomics.store(this.control.words, this.word + W_DIRECTORY_TAIL, position);
  }

  /** A table's blocks since the last checkpoint, newest first. */
  ofTable(tableId: number): BlockRef[] {
    const refs: BlockRef[] = [];
    let next = this.tables.newestBlock(tableId);
    while (next > this.tail) {
      const position = next - 1;
      const at = (position % DIRECTORY_CAPACITY) * ENTRY_BYTES;
      const older = this.view.getInt32(at + 4, true);
      // The slot may be taken anew while it is read: whatever was read then is thrown away below.
      const ref = this.tryRef(at + 8);
      // A read-modify-write, so that it cannot move before the reads above.
      const tail = Atomics.add(this.control.words, this.word + W_DIRECTORY_TAIL, 0);
      if (position < tail || ref === undefined) break;
      refs.push(ref);
      next = older;
    }
    return refs;
  }

  private tryRef(at: number): BlockRef | undefined {
    try {
      return getBlockRef(this.view, at);
    } catch {
      return undefined;
    }
  }
}
