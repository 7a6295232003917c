import { RUNS_MAX } from '../codec/scratch.ts';
import type { AggregateInput, VectorSource } from './bucket-aggregator.ts';
import type { ColumnAccumulator } from './column-accumulator.ts';
import type { Runs } from './runs.ts';

const NO_TIMES = new Float64Array(0);

/**
 * Adds runs of rows of one column whose first and last values nobody wants: many vectors at once where its source can, else vector
 * by vector, and of those that lie within a run only what is known of them.
 */
export function addColumnRuns(
  accumulator: ColumnAccumulator,
  source: VectorSource,
  runs: Runs,
  { rows, vectorRows }: Pick<AggregateInput, 'rows' | 'vectorRows'>,
): void {
  const { from, to, ends, slots } = runs;
  let run = 0;
  for (let start = from; start < to; ) {
    const vector = Math.floor(start / vectorRows);
    while (ends[run]! <= start) run++;
    if (accumulator.isAddedUp && runs.count - run <= RUNS_MAX && source.canAddUp?.(vector) === true) {
      accumulator.stage(runs, run);
      const reached = source.addUp!(vector, start, runs.count - run, accumulator.needsExtremes);
      if (reached > start) {
        accumulator.take(runs, run, start, reached);
        start = reached;
        continue;
      }
    }
    const first = vector * vectorRows;
    const count = Math.min(vectorRows, rows - first);
    const end = Math.min(first + count, to);
    if (start === first && end === first + count && ends[run]! >= end) {
      addWholeVector(accumulator, source, vector, count, slots[run]!);
    } else addPartsOfVector(accumulator, source, vector, first, count, runs, run, start, end);
    start = end;
  }
}

/** Adds a vector all of whose rows are in one bucket. */
export function addWholeVector(
  accumulator: ColumnAccumulator,
  source: VectorSource,
  vector: number,
  rows: number,
  slot: number,
): void {
  const known = source.statistics(vector);
  if (known !== undefined) accumulator.addStatistics(slot, known);
  else if (!accumulator.needsValues) accumulator.addCount(slot, source.present(vector));
  else {
    accumulator.load(source.decode(vector), rows);
    accumulator.addRun(slot, 0, rows, NO_TIMES);
  }
}

/** Adds what runs have of a vector, whose first row is `first`: rows start…end - 1, the first of which is in run `run`. */
function addPartsOfVector(
  accumulator: ColumnAccumulator,
  source: VectorSource,
  vector: number,
  first: number,
  rows: number,
  { ends, slots }: Runs,
  run: number,
  start: number,
  end: number,
): void {
  const isCounted = !accumulator.needsValues && source.present(vector) === rows;
  if (!isCounted) accumulator.load(source.decode(vector), rows);
  for (let from = start, i = run; from < end; i++) {
    const to = Math.min(ends[i]!, end);
    if (isCounted) accumulator.addCount(slots[i]!, to - from);
    else accumulator.addRun(slots[i]!, from - first, to - first, NO_TIMES);
    from = to;
  }
}
