import type { BlockRef } from '../../shared/format/block-ref.ts';
import { ALL_TIME, type IndexReader } from '../../shared/index/index-reader.ts';
import type { TimeUnit } from '../../shared/schema/types.ts';
import type { Catalog } from './catalog.ts';

const TICKS_PER_MS: Readonly<Record<TimeUnit, number>> = { ms: 1, us: 1e3, ns: 1e6 };

/** A block that may go. */
export interface Victim {
  readonly tableId: number;
  readonly ref: BlockRef;
}

/**
 * Chooses the blocks that make way in a full file: those whose newest row is oldest, of all tables; of each table the one
 * with its newest row only when nothing else is left.
 * @param wholeBelow blocks of ordinals that are not whole yet stay: rows of theirs are still to come
 */
export function chooseVictims(
  index: IndexReader,
  catalog: Catalog,
  wholeBelow: ReadonlyMap<number, number>,
  bytes: number,
): Victim[] {
  const old: (Victim & { readonly newestMs: number })[] = [];
  const last: (Victim & { readonly newestMs: number })[] = [];
  for (const { id, unit } of catalog.definitions()) {
    let newest: BlockRef | undefined;
    const refs = blocksOf(index, catalog, id);
    for (const ref of refs) if (newest === undefined || ref.maxTs >= newest.maxTs) newest = ref;
    for (const ref of refs) {
      if (ref.ordinalLast >= (wholeBelow.get(id) ?? 0)) continue;
      const newestMs = Number(ref.maxTs) / TICKS_PER_MS[unit];
      (ref === newest ? last : old).push({ tableId: id, ref, newestMs });
    }
  }
  const victims: Victim[] = [];
  let left = bytes;
  for (const part of [old, last]) {
    part.sort((a, b) => a.newestMs - b.newestMs);
    for (const { tableId, ref } of part) {
      if (left <= 0) return victims;
      victims.push({ tableId, ref });
      left -= ref.length;
    }
  }
  return victims;
}

function blocksOf(index: IndexReader, catalog: Catalog, id: number): readonly BlockRef[] {
  try {
    return index.blocks(catalog.get(id)!, ALL_TIME);
  } catch {
    // A damaged index page: readers report it, and what cannot be listed cannot go.
    return [];
  }
}
