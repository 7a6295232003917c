import { type ErrorCode, MillraceError, show } from '../../shared/errors.ts';

/** Where a value comes from, for errors. `firstRow` is the batch's first row, counted over all batches. */
export interface Place {
  readonly column: string;
  readonly firstRow: number;
  /** Set where what is read is not rows: a dictionary has entries of its own. */
  readonly isDictionary?: boolean;
}

/** The error for a row of a column, or for an entry of its dictionary; both count from 0 over all batches and chunks. */
export function badRow(code: ErrorCode, place: Place, row: number, problem: string): MillraceError {
  const { column, firstRow, isDictionary } = place;
  const at = firstRow + row;
  const where = isDictionary ? `entry ${at} of the dictionary of` : `row ${at} of the Arrow data,`;
  const details = isDictionary ? { column, entry: at } : { column, row: at };
  return new MillraceError(code, `${where} column ${show(column)}: ${problem}`, details);
}
