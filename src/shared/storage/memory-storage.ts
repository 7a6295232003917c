import { MillraceError } from '../errors.ts';
import type { Storage } from './storage.ts';

/**
 * A file in memory that several storages of one thread can have open at once, as several descriptors of one file.
 * It remembers what was synced, so a test can cut the power.
 */
export class MemoryFile {
  private static count = 0;
  private readonly id = `memory:${++MemoryFile.count}`;
  private bytes: Uint8Array;
  private used: number;
  private synced: Uint8Array;
  private syncedLength: number;
  /** Ranges written since the last sync: a sync costs what was written, not the file. */
  private dirty: { readonly from: number; readonly to: number }[] = [];

  constructor(image: Uint8Array = new Uint8Array(0)) {
    this.bytes = image.slice();
    this.used = image.length;
    this.synced = image.slice();
    this.syncedLength = image.length;
  }

  /** A handle of this file. */
  open(): Storage {
    let closed = false;
    const check = (): void => {
      if (closed) throw new MillraceError('INTERNAL', 'this storage was closed');
    };
    return {
      read: (into, position) => {
        check();
        const end = Math.min(position + into.length, this.used);
        if (end <= position) return 0;
        into.set(this.bytes.subarray(position, end));
        return end - position;
      },
      write: (bytes, position) => {
        check();
        this.reserve(position + bytes.length);
        this.bytes.set(bytes, position);
        this.used = Math.max(this.used, position + bytes.length);
        this.dirty.push({ from: position, to: position + bytes.length });
      },
      sync: () => {
        check();
        this.keep();
      },
      length: () => this.used,
      truncate: (length) => {
        check();
        if (length > this.used)
          throw new MillraceError('INTERNAL', `a file of ${this.used} bytes is cut to ${length}`, { length });
        this.bytes.fill(0, length, this.used);
        this.dirty.push({ from: length, to: this.used });
        this.used = length;
      },
      identity: () => this.id,
      close: () => {
        closed = true;
      },
    };
  }

  /** What the file holds now, synced or not. */
  image(): Uint8Array {
    return this.bytes.slice(0, this.used);
  }

  /** What the file held at the last sync: what is sure to be there after a power cut. */
  syncedImage(): Uint8Array {
    return this.synced.slice(0, this.syncedLength);
  }

  /**
   * As a kernel after a write-back that failed: what was written but not synced counts as clean. It is still read, no later
   * sync saves it, and a power cut takes it.
   */
  forgetUnsynced(): void {
    this.dirty = [];
  }

  private keep(): void {
    if (this.synced.length < this.bytes.length) {
      const larger = new Uint8Array(this.bytes.length);
      larger.set(this.synced);
      this.synced = larger;
    }
    for (const { from, to } of this.dirty) this.synced.set(this.bytes.subarray(from, to), from);
    this.dirty = [];
    this.syncedLength = this.used;
  }

  private reserve(length: number): void {
    if (length <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(length, this.bytes.length * 2, 65_536));
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
  }
}
