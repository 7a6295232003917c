import { type ErrorEnvelope, toEnvelope } from '../../shared/errors.ts';
import { Block, sealBlock } from '../../shared/format/block.ts';
import type { BlockRef } from '../../shared/format/block-ref.ts';
import { ByteSink } from '../../shared/format/byte-sink.ts';
import type { Storage } from '../../shared/storage/storage.ts';
import { packBlocks } from './pack.ts';
import type { PackFailure, PackResult, PackTask } from './task.ts';

/**
 * Packs runs of blocks into the task's extent and syncs it. Reads only what never changes and writes only where nothing
 * refers to, so it may end at any point with nothing lost. A run with a damaged block is left as it is.
 * @throws what the storage throws when it is written to
 */
export function runPack(storage: Storage, task: PackTask): PackResult {
  const out = new ByteSink(1 << 20);
  const packed: { before: readonly BlockRef[]; starts: readonly number[] }[] = [];
  const failures: PackFailure[] = [];
  for (const group of task.groups) {
    const begin = out.length;
    try {
      const { definition, cutoff, targetSegmentPoints } = task;
      packed.push({
        before: group,
        starts: packBlocks(storage, definition, group, cutoff, targetSegmentPoints, out),
      });
    } catch (error) {
      out.length = begin;
      failures.push(failureOf(storage, task, group, toEnvelope(error)));
    }
  }
  if (out.length > task.extent.bytes)
    return { replacements: [], usedBytes: 0, failures: [], needBytes: out.length };
  const { offset, salt } = task.extent;
  const replacements = packed.map(({ before, starts }) => ({
    before,
    after: starts.map((start) => sealBlock(out, start, salt.seed, offset + start)),
  }));
  if (out.length > 0) {
    storage.write(out.written(), offset);
    // Synced here, so that the checkpoint's own sync, which commits wait for, finds nothing left to write.
    storage.sync();
  }
  return { replacements, usedBytes: out.length, failures, needBytes: undefined };
}

/** Finds out which blocks of a run cannot be read, so that only these are left alone. */
function failureOf(
  storage: Storage,
  task: PackTask,
  group: readonly BlockRef[],
  error: ErrorEnvelope,
): PackFailure {
  if (error.code !== 'DAMAGED') return { damaged: [], error };
  const damaged = group.filter((ref) => {
    try {
      new Block(storage, task.definition.id, ref).check();
      return false;
    } catch {
      return true;
    }
  });
  // Sound by their checksums and still not to be decoded: then none of them can be told from the others.
  const left = damaged.length > 0 ? damaged : group;
  return { damaged: left.map((ref) => ref.offset), error };
}
