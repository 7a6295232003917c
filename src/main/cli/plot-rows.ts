import type { Rows, TableInfo } from '../api-types.ts';
import { isPresent } from '../ingest/validity.ts';
import { formatTimestamp } from './format-value.ts';
import { plural } from './numbers.ts';
import { oneLine } from './output.ts';
import { plotCurve } from './plot.ts';

const DEFAULT_WIDTH = 80;
/** Wider curves are hard to follow, and 120 columns show 240 means. */
const WIDTH_MAX = 120;

/** The sums and counts of a column's values, by stretches of time of equal length. */
interface Means {
  readonly name: string;
  readonly values: number[];
}

/** A curve of each column of numbers over the time; bools count as 0 and 1, nulls and NaN as nothing. */
export async function plotRows(
  info: TableInfo,
  batches: AsyncIterable<Rows>,
  terminalWidth: number | undefined,
): Promise<string[]> {
  const numeric = info.columns.filter(({ type }) => type !== 'utf8' && type !== 'bytes');
  if (numeric.length === 0) return ['(no column of numbers to plot)'];
  const times: number[] = [];
  const columns: Means[] = numeric.map(({ name }) => ({ name, values: [] }));
  let first: number | bigint | undefined;
  let last: number | bigint | undefined;
  for await (const { rowCount, ts, columns: read, validity } of batches) {
    for (let row = 0; row < rowCount; row++) {
      const at = ts[row]!;
      if (first === undefined || at < first) first = at;
      if (last === undefined || at > last) last = at;
      times.push(Number(at));
      for (const { name, values } of columns)
        values.push(isPresent(validity[name], row) ? Number(read[name]![row]) : Number.NaN);
    }
  }
  if (first === undefined || last === undefined) return ['(no rows to plot)'];
  const width = Math.min(WIDTH_MAX, terminalWidth ?? DEFAULT_WIDTH) - 1;
  const from = formatTimestamp(first, info.unit);
  const to = formatTimestamp(last, info.unit);
  const lines = columns.flatMap(({ name, values }) => [
    oneLine(name),
    ...plotCurve(meansOverTime(times, values, Number(first), Number(last), 2 * width), { width, from, to }),
    '',
  ]);
  return [...lines, plural(times.length, 'row')];
}

/** Means of stretches of time of equal length, as many as there are rows, but no more than `most`; null: no value there. */
function meansOverTime(
  times: readonly number[],
  values: readonly number[],
  from: number,
  to: number,
  most: number,
): (number | null)[] {
  const count = Math.min(most, times.length);
  const sums = new Float64Array(count);
  const counts = new Uint32Array(count);
  for (const [row, time] of times.entries()) {
    const value = values[row]!;
    if (!Number.isFinite(value)) continue;
    const at = to === from ? 0 : Math.min(count - 1, Math.round(((time - from) / (to - from)) * (count - 1)));
    sums[at]! += value;
    counts[at]!++;
  }
  return Array.from(sums, (sum, at) => (counts[at] === 0 ? null : sum / counts[at]!));
}
