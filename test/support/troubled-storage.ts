// A storage backend over the real file that is slow, or fails, as shared words say: reaches the engine's threads by its URL.
import { openStorage as openFile } from '../../src/shared/storage/file-storage.ts';
import type { Storage } from '../../src/shared/storage/storage.ts';

export interface TroubledLocation {
  readonly path: string;
  readonly words: SharedArrayBuffer;
}

/** ms that each sync takes. */
export const SYNC_MS = 0;
/** 1: writes fail; 2: syncs fail. */
export const FAILS = 1;
/** Syncs so far, failed ones included. */
export const SYNCS = 2;

export const TROUBLED_MODULE = import.meta.url;

export function openStorage(location: unknown, writable: boolean): Storage {
  const { path, words } = location as TroubledLocation;
  const shared = new Int32Array(words);
  const file = openFile(path, writable);
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  const fail = (call: string): never => {
    throw Object.assign(new Error(`EIO: i/o error, ${call}`), { code: 'EIO' });
  };
  return {
    read: (into, position) => file.read(into, position),
    write: (bytes, position) => {
      if (Atomics.load(shared, FAILS) === 1) fail('write');
      file.write(bytes, position);
    },
    sync: () => {
      Atomics.add(shared, SYNCS, 1);
      const ms = Atomics.load(shared, SYNC_MS);
      if (ms > 0) Atomics.wait(nobody, 0, 0, ms);
      if (Atomics.load(shared, FAILS) === 2) fail('fdatasync');
      file.sync();
    },
    length: () => file.length(),
    truncate: (length) => file.truncate(length),
    identity: () => file.identity(),
    close: () => file.close(),
  };
}
