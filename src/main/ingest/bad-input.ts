import { MillraceError, show } from '../../shared/errors.ts';

/** Where in an input file something is wrong. A CSV file has lines, a Parquet file rows; both count from 1. */
export interface InputPlace {
  readonly file: string;
  readonly line?: number | undefined;
  readonly row?: number | undefined;
  readonly column?: string | undefined;
  readonly value?: string | undefined;
}

/**
 * The error for a file that cannot be ingested: BAD_INPUT_FILE, with file, line (or row) and column in the message and
 * in `details`.
 */
export function badInput(place: InputPlace, problem: string, advice: string, cause?: unknown): MillraceError {
  const where = [place.file];
  if (place.line !== undefined) where.push(`line ${place.line}`);
  if (place.row !== undefined) where.push(`row ${place.row}`);
  if (place.column !== undefined) where.push(`column ${show(place.column)}`);
  const details: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(place)) if (value !== undefined) details[key] = value;
  return new MillraceError('BAD_INPUT_FILE', `${where.join(', ')}: ${problem}; ${advice}`, details, cause);
}

/** The same error, but saying how many rows had been taken before it, which stay in the database. */
export function withRowsBefore(error: MillraceError, rows: number): MillraceError {
  const said =
    rows === 0
      ? 'nothing was ingested'
      : `the ${rows.toLocaleString('en-US')} ${rows === 1 ? 'row' : 'rows'} before it were ingested and stay`;
  return new MillraceError(
    error.code,
    `${error.message} (${said})`,
    { ...error.details, rowsIngested: rows },
    error.cause,
  );
}
