import { rethrowIoError } from '../../shared/errors.ts';
import { readPage } from '../../shared/format/page.ts';
import type { Recovery } from '../../shared/recovery/recover.ts';
import type { Storage } from '../../shared/storage/storage.ts';
import { decodeFree, FreeSpace } from './free-space.ts';

/** What is free in a recovered file: what the root lists, less what the log has taken since. */
export function recoveredSpace(storage: Storage, recovery: Recovery): FreeSpace {
  const { root } = recovery;
  try {
    const ranges = root.free.flatMap((pointer) => {
      const page = readPage(storage, 'free', pointer);
      return decodeFree(page.payload, page.count);
    });
    const used = [...recovery.logExtents, ...recovery.blockExtents];
    const end = used.reduce((most, extent) => Math.max(most, extent.offset + extent.bytes), root.usedEnd);
    const grown = { offset: root.usedEnd, bytes: end - root.usedEnd, freedBy: 0 };
    const space = new FreeSpace(grown.bytes > 0 ? [...ranges, grown] : ranges, end);
    for (const extent of used) space.subtract(extent);
    space.settle(root.sequence);
    return space;
  } catch (error) {
    rethrowIoError(error);
    // Without the list nothing is known to be free: write behind everything there is.
    return new FreeSpace([], Math.max(storage.length(), root.usedEnd));
  }
}
