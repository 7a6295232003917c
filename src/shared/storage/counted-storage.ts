import type { Storage } from './storage.ts';

/** What was read of a file. */
export interface ReadCounters {
  /** Read calls. */
  readonly reads: number;
  /** Bytes that they gave. */
  readonly bytes: number;
}

/** A storage that counts what is read through it. */
export class CountedStorage implements Storage {
  private readonly storage: Storage;
  private reads = 0;
  private bytes = 0;

  constructor(storage: Storage) {
    this.storage = storage;
  }

  get counters(): ReadCounters {
    return { reads: this.reads, bytes: this.bytes };
  }

  /** Adds what others have read for this one. */
  add({ reads, bytes }: ReadCounters): void {
    this.reads += reads;
    this.bytes += bytes;
  }

  read(into: Uint8Array, position: number): number {
    const read = this.storage.read(into, position);
    this.reads++;
    this.bytes += read;
    return read;
  }

  write(bytes: Uint8Array, position: number): void {
    this.storage.write(bytes, position);
  }

  sync(): void {
    this.storage.sync();
  }

  length(): number {
    return this.storage.length();
  }

  truncate(length: number): void {
    this.storage.truncate(length);
  }

  identity(): string {
    return this.storage.identity();
  }

  close(): void {
    this.storage.close();
  }
}
