import type { Control } from '../../shared/control/control.ts';
import { W_IO, writerWord } from '../../shared/control/words.ts';
import type { Storage } from '../../shared/storage/storage.ts';

/**
 * A writer's storage: says when it is inside a call, which may take as long as the disk does; and a write or sync that
 * fails poisons the database at once. Whatever else a writer throws is its own death only.
 */
export function watchedStorage(storage: Storage, control: Control, writer: number): Storage {
  const { words } = control;
  const io = writerWord(writer) + W_IO;
  const inside = <T>(call: () => T): T => {
    Atomics.store(words, io, 1);
    try {
      return call();
    } finally {
      Atomics.store(words, io, 0);
    }
  };
  const orPoison = (call: () => void): void => {
    try {
      inside(call);
    } catch (error) {
      control.poison(error);
      throw error;
    }
  };
  return {
    read: (into, position) => inside(() => storage.read(into, position)),
    write: (bytes, position) => orPoison(() => storage.write(bytes, position)),
    sync: () => orPoison(() => storage.sync()),
    length: () => storage.length(),
    truncate: (length) => orPoison(() => storage.truncate(length)),
    identity: () => storage.identity(),
    close: () => storage.close(),
  };
}
