import { MillraceError } from '../../../src/shared/errors.ts';
import type { Storage } from '../../../src/shared/storage/storage.ts';
import type { FileOp } from './tracing.ts';

/**
 * A file in memory that is filled with image after image, so that thousands of them can be written to without memory for
 * each. Remembers what was done to it, and whether all of it was synced.
 */
export class ScratchFile {
  private bytes = new Uint8Array(0);
  private used = 0;
  private isSynced = true;
  /** What was done since the last image came, if it is to be kept. */
  ops: FileOp[] | undefined;

  /** Takes in an image. @returns a storage, until the next image comes */
  open(image: Uint8Array, keepsOps = false): Storage {
    this.ops = keepsOps ? [] : undefined;
    this.used = 0;
    this.reserve(image.length);
    this.bytes.set(image);
    this.used = image.length;
    this.isSynced = true;
    return {
      read: (into, position) => {
        const end = Math.min(position + into.length, this.used);
        if (end <= position) return 0;
        into.set(this.bytes.subarray(position, end));
        return end - position;
      },
      write: (bytes, position) => {
        const end = position + bytes.length;
        this.reserve(end);
        // What lies there is of an earlier image.
        if (position > this.used) this.bytes.fill(0, this.used, position);
        this.bytes.set(bytes, position);
        this.used = Math.max(this.used, end);
        this.isSynced = false;
        this.ops?.push({ kind: 'write', position, bytes: bytes.slice() });
      },
      sync: () => {
        this.isSynced = true;
        this.ops?.push({ kind: 'sync' });
      },
      length: () => this.used,
      truncate: (length) => {
        if (length > this.used) throw new MillraceError('INTERNAL', 'a file is cut, never stretched');
        this.used = length;
        this.isSynced = false;
        this.ops?.push({ kind: 'truncate', length });
      },
      identity: () => 'scratch',
      close: () => {},
    };
  }

  /** What the file holds, all of it synced, until the next image comes. @throws if a power cut could take any of it */
  syncedImage(): Uint8Array {
    if (!this.isSynced) throw new Error('something was written and not synced');
    return this.bytes.subarray(0, this.used);
  }

  private reserve(length: number): void {
    if (length <= this.bytes.length) return;
    const larger = new Uint8Array(length * 2);
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
  }
}
