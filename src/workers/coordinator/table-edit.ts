import type { BlockRef } from '../../shared/format/block-ref.ts';
import { extentOf } from '../../shared/format/root.ts';
import type { TableState } from '../../shared/format/table-record.ts';
import type { IndexEditor } from '../../shared/index/index-editor.ts';
import type { Replacement } from '../maintenance/task.ts';
import type { FreeSpace } from './free-space.ts';
import type { Freed } from './freed.ts';

/** What a checkpoint changes in a table's index, apart from the writers' new blocks. */
export interface TableEdit {
  readonly replacements: PendingReplacement[];
  /** Blocks to be taken out for room. */
  readonly evicted: BlockRef[];
  /** Pages of the index that begin here or later are written anew, where there is room before. */
  pagesFrom: number | undefined;
  /** Rows before this are hidden from now on, and blocks that end before it leave. It never goes back. */
  cutoff: bigint | undefined;
  retentionMs: number | undefined;
  /** Ordinals below this are whole: only their blocks may leave, for a row of another would be counted again. */
  wholeBelow: number;
  /** Bytes of the blocks that left because of the cutoff, once it has been applied. */
  droppedBytes: number;
}

/** A replacement on its way into the index. */
export interface PendingReplacement extends Replacement {
  /** Called with whether it took place: not if a block that it replaces has left the index meanwhile. */
  done(taken: boolean): void;
}

export function emptyEdit(): TableEdit {
  return {
    replacements: [],
    evicted: [],
    pagesFrom: undefined,
    cutoff: undefined,
    retentionMs: undefined,
    wholeBelow: 0,
    droppedBytes: 0,
  };
}

/** Brings an edit into a table's index. @param freed gets the places of the blocks that nothing refers to then */
export function applyEdit(
  editor: IndexEditor,
  edit: TableEdit,
  state: TableState,
  space: FreeSpace,
  freed: Freed,
): void {
  const letGo = (ref: BlockRef): void => {
    const place = extentOf(ref);
    // In a damaged file two references may name one place: it is freed once.
    if (!space.overlaps(place) && !freed.has(place.offset)) freed.extents.push(place);
  };
  // First: what makes way is not to come back as a part of what was packed meanwhile.
  for (const ref of edit.evicted) if (editor.remove(ref)) letGo(ref);
  for (const { before, after, done } of edit.replacements) {
    const taken = editor.replace(before, after);
    if (taken) before.forEach(letGo);
    done(taken);
  }
  if (edit.pagesFrom !== undefined) editor.rewriteFrom(edit.pagesFrom);
  if (edit.retentionMs !== undefined) editor.set({ retentionMs: edit.retentionMs });
  if (edit.cutoff === undefined) return;
  const cutoff = edit.cutoff > state.cutoff ? edit.cutoff : state.cutoff;
  editor.set({ cutoff });
  for (const ref of editor.blocksBefore(cutoff, edit.wholeBelow)) {
    if (!editor.remove(ref)) continue;
    letGo(ref);
    edit.droppedBytes += ref.length;
  }
}
