import { kernels } from '../kernels/kernels.ts';
import { endOfNarrow } from './narrow-rows.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { columnBytes, nextWord } = scratch;

/** Where the vectors end that were added up last. */
export const narrowSums = { next: 0 };

/**
 * Adds up runs of rows of a column of doubles by one call of a kernel for many vectors: the ends of the runs are in `runEnds`, what they
 * come to is added to `runSums` and, if wanted, to `runExtremes` (least and greatest value of each). A vector within one run is
 * answered by its statistics. The kernel stops at a vector with nulls or of a codec that is not for it; the caller adds that one up.
 * @param at where a vector begins in `bytes`
 * @param row of the column that it begins with
 * @param rows of the column
 * @param from where the first run begins; each begins where the one before ends
 * @param runs how many there are, `RUNS_MAX` at most
 * @returns the row that the next vector begins with, at `narrowSums.next`: `row` if the first vector is not for this way
 */
export function addUpNarrow(
  bytes: Uint8Array,
  at: number,
  row: number,
  rows: number,
  from: number,
  runs: number,
  wantsExtremes: boolean,
): number {
  if (kernels === undefined) return row;
  const end = endOfNarrow(bytes, at, Math.min(rows, scratch.runEnds[runs - 1]!) - row);
  if (end === at) return row;
  columnBytes.set(bytes.subarray(at, end));
  const reached = kernels.addUpRuns(
    scratch.COLUMN_AT,
    scratch.COLUMN_AT + end - at,
    row,
    rows,
    from,
    runs,
    scratch.RUN_ENDS_AT,
    scratch.RUN_SUMS_AT,
    wantsExtremes ? scratch.RUN_EXTREMES_AT : 0,
    scratch.FACTORS_AT,
    scratch.TABLES_AT,
    scratch.NUMBERS_AT,
    scratch.ROWS_AT,
    scratch.NEXT_AT,
  );
  narrowSums.next = at + nextWord[0]! - scratch.COLUMN_AT;
  return reached;
}
