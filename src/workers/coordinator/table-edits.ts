import { emptyEdit, type TableEdit } from './table-edit.ts';

/** What the next checkpoint is to change, by table. */
export class TableEdits {
  private edits = new Map<number, TableEdit>();

  of(tableId: number): TableEdit {
    let edit = this.edits.get(tableId);
    if (edit === undefined) {
      edit = emptyEdit();
      this.edits.set(tableId, edit);
    }
    return edit;
  }

  /** Whether blocks of a table are to be replaced. */
  replaces(tableId: number): boolean {
    return (this.edits.get(tableId)?.replacements.length ?? 0) > 0;
  }

  /** All of them, to go into a checkpoint. */
  take(): ReadonlyMap<number, TableEdit> {
    const { edits } = this;
    this.edits = new Map();
    return edits;
  }
}
