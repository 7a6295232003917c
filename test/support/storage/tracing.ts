import type { Storage } from '../../../src/shared/storage/storage.ts';

/** What was done to a file, in order. */
export type FileOp =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'sync' }
  | { readonly kind: 'truncate'; readonly length: number };

/** A storage that tells of everything that changed the file, after it was done. */
export function tracing(storage: Storage, tell: (op: FileOp) => void): Storage {
  return {
    read: (into, position) => storage.read(into, position),
    length: () => storage.length(),
    identity: () => storage.identity(),
    close: () => storage.close(),
    write: (bytes, position) => {
      storage.write(bytes, position);
      tell({ kind: 'write', position, bytes: bytes.slice() });
    },
    sync: () => {
      storage.sync();
      tell({ kind: 'sync' });
    },
    truncate: (length) => {
      storage.truncate(length);
      tell({ kind: 'truncate', length });
    },
  };
}
