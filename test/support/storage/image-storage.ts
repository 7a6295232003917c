import type { Storage } from '../../../src/shared/storage/storage.ts';

/** An image of a file, for reading only: what thousands of crash states are opened from without a copy. */
export function imageStorage(image: Uint8Array): Storage {
  const refuse = (): never => {
    throw new Error('an image is only read');
  };
  return {
    read: (into, position) => {
      const end = Math.min(position + into.length, image.length);
      if (end <= position) return 0;
      into.set(image.subarray(position, end));
      return end - position;
    },
    write: refuse,
    sync: refuse,
    truncate: refuse,
    length: () => image.length,
    identity: () => 'image',
    close: () => {},
  };
}
