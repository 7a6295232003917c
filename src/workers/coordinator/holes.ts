import { ALL_TIME, type IndexReader } from '../../shared/index/index-reader.ts';
import { areApart, moveDown, type OwnedRef } from './compact.ts';
import type { MaintenanceHost } from './maintenance-host.ts';
import type { TableEdits } from './table-edits.ts';

/**
 * Moves blocks from the file's end into holes before them.
 * @param isBusy whether a table's blocks are being worked on, and so stay where they are
 * @returns whether any was moved
 */
export function fillHoles(
  { catalog, storage, space }: MaintenanceHost,
  index: IndexReader,
  edits: TableEdits,
  isBusy: (tableId: number) => boolean,
  budgetBytes: number,
): boolean {
  const blocks: OwnedRef[] = [];
  for (const { id } of catalog.definitions()) {
    if (edits.replaces(id) || isBusy(id)) continue;
    try {
      for (const ref of index.blocks(catalog.get(id)!, ALL_TIME)) blocks.push({ tableId: id, ref });
    } catch {
      // A damaged index page: its blocks stay where they are.
    }
  }
  // What damage has done to a file is not to be made worse: then everything stays where it is.
  if (!areApart(blocks, space)) return false;
  const moves = moveDown(storage, space, blocks, budgetBytes);
  for (const { tableId, before, after } of moves) {
    const done = (taken: boolean): void => {
      if (!taken) space.free({ offset: after.offset, bytes: after.length }, 0);
    };
    edits.of(tableId).replacements.push({ before: [before], after: [after], done });
  }
  return moves.length > 0;
}
