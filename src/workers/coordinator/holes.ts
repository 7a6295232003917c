import { isDamaged } from '../../shared/errors.ts';
import { ALL_TIME, type IndexReader } from '../../shared/index/index-reader.ts';
import type { Catalog } from './catalog.ts';
import { areApart, moveDown, type OwnedRef } from './compact.ts';
import type { MaintenanceHost } from './maintenance-host.ts';
import type { TableEdits } from './table-edits.ts';

/** What a root and its list of free bytes take, mostly less. */
const ROOT_BYTES = 64 << 10;

/** How much to move at most. */
export interface HolesBudget {
  /** Bytes of blocks. */
  readonly blockBytes: number;
  /** Bytes of pages; a table's all or none. */
  readonly pageBytes: number;
  /** Whether enough is left for the checkpoint. */
  isEnoughLeft(): boolean;
}

/**
 * Moves blocks from the file's end into holes before them, and has index and catalog pages there written anew: a page of a table
 * that does not change would keep the end where it is, however much comes free before it.
 * @param isBusy whether a table's blocks are being worked on, and so stay where they are
 * @returns whether anything is to move
 */
export function fillHoles(
  { catalog, storage, space }: Pick<MaintenanceHost, 'catalog' | 'storage' | 'space'>,
  index: IndexReader,
  edits: TableEdits,
  isBusy: (tableId: number) => boolean,
  budget: HolesBudget,
): boolean {
  const blocks: OwnedRef[] = [];
  for (const { id } of catalog.definitions()) {
    if (edits.replaces(id) || isBusy(id)) continue;
    unlessDamaged(() => {
      for (const ref of index.blocks(catalog.get(id)!, ALL_TIME)) blocks.push({ tableId: id, ref });
    });
  }
  // What damage has done to a file is not to be made worse: then everything stays where it is.
  if (!areApart(blocks, space)) return false;
  // Where the file would end without any hole.
  const fullEnd = space.end - space.bytes();
  const { moves, from } = moveDown(storage, space, blocks, budget.blockBytes, () => budget.isEnoughLeft());
  for (const { tableId, before, after } of moves) {
    const done = (taken: boolean): void => {
      if (!taken) space.free({ offset: after.offset, bytes: after.length }, 0);
    };
    edits.of(tableId).replacements.push({ before: [before], after: [after], done });
  }
  if (!budget.isEnoughLeft()) return moves.length > 0;
  const pages = new Pages(catalog, index);
  const wanted = pages.bytesFrom(Math.max(from, fullEnd));
  // Those of a checkpoint go together, the root with them, and their own places are not free yet: to the end again, if not before it.
  const place = wanted === 0 ? undefined : space.placeFor(wanted + ROOT_BYTES);
  if (place === undefined) return moves.length > 0;
  const marked = pages.markFrom(Math.max(from, fullEnd, place + wanted), budget.pageBytes, edits);
  return moves.length > 0 || marked > 0;
}

/** The pages of all tables' indexes and of the catalog. */
class Pages {
  private readonly catalog: Catalog;
  private readonly index: IndexReader;

  constructor(catalog: Catalog, index: IndexReader) {
    this.catalog = catalog;
    this.index = index;
  }

  /** Bytes of those that begin at `from` or after it. */
  bytesFrom(from: number): number {
    let bytes = this.catalog.bytesFrom(from);
    for (const { id } of this.catalog.definitions()) bytes += this.indexBytesFrom(id, from);
    return bytes;
  }

  /** Has those that begin at `from` or after it written anew, `budgetBytes` of them at most. @returns their bytes */
  markFrom(from: number, budgetBytes: number, edits: TableEdits): number {
    let bytes = 0;
    for (const { id } of this.catalog.definitions()) {
      const more = this.indexBytesFrom(id, from);
      if (more === 0 || bytes + more > budgetBytes) continue;
      edits.of(id).pagesFrom = from;
      bytes += more;
    }
    return bytes + this.catalog.markFrom(from, budgetBytes - bytes);
  }

  private indexBytesFrom(tableId: number, from: number): number {
    return unlessDamaged(() => this.index.pageBytesFrom(this.catalog.get(tableId)!, from)) ?? 0;
  }
}

/** What a damaged page leads to stays where it is, for readers to report. */
function unlessDamaged<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (!isDamaged(error)) throw error;
    return undefined;
  }
}
