import type { TimeUnit } from '../../shared/schema/types.ts';
import type { ColumnSpec } from '../api-types.ts';
import { badTime, wrongType } from './refusals.ts';

/** What the table of a series is: one f64 column, timestamps in ms. */
export const SERIES_COLUMNS = ['value'] as const satisfies readonly ColumnSpec[];
export const SERIES_UNIT: TimeUnit = 'ms';

/**
 * Checks the first row of a series before its table is made, so that a refused row leaves no table behind.
 * @throws INVALID_TIMESTAMP, WRONG_TYPE
 */
export function checkSeriesRow(series: string, ts: unknown, value: unknown): void {
  const isSafe =
    typeof ts === 'bigint'
      ? BigInt(Number(ts)) === ts && Number.isSafeInteger(Number(ts))
      : Number.isSafeInteger(ts);
  if (!isSafe) throw badTime({ name: series, unit: SERIES_UNIT }, ts);
  if (typeof value !== 'number' && value !== null)
    throw wrongType(series, { name: SERIES_COLUMNS[0], type: 'f64' }, value);
}
