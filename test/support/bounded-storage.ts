// A storage backend over the real file that looks at its length and its blocks after every write: reaches the engine's threads
// by its URL.
import { statSync } from 'node:fs';
import { openStorage as openFile } from '../../src/shared/storage/file-storage.ts';
import type { Storage } from '../../src/shared/storage/storage.ts';

export interface BoundedLocation {
  readonly path: string;
  /** Two int64: the largest length and the most bytes of blocks that there were after a write. */
  readonly most: SharedArrayBuffer;
}

export const BOUNDED_MODULE = import.meta.url;

export function openStorage(location: unknown, writable: boolean): Storage {
  const { path, most } = location as BoundedLocation;
  const file = openFile(path, writable);
  const seen = new BigInt64Array(most);
  const note = (at: number, value: number): void => {
    for (let was = Atomics.load(seen, at); was < value; was = Atomics.load(seen, at))
      Atomics.compareExchange(seen, at, was, BigInt(value));
  };
  return watched(file, () => {
    const { size, blocks } = statSync(path);
    note(0, size);
    note(1, blocks * 512);
  });
}

/** A storage that tells of every write once it is done. */
export function watched(file: Storage, wrote: (position: number, bytes: number) => void): Storage {
  return {
    read: (into, position) => file.read(into, position),
    write: (bytes, position) => {
      file.write(bytes, position);
      wrote(position, bytes.length);
    },
    sync: () => file.sync(),
    length: () => file.length(),
    truncate: (length) => file.truncate(length),
    identity: () => file.identity(),
    close: () => file.close(),
  };
}
