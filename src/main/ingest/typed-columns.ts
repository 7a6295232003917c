/**
 * What files whose columns have types of their own (Parquet, Arrow) have in common: which columns are read as what, which one is
 * the time and how it is told, and what is said of a value that does not fit.
 */
import { show } from '../../shared/errors.ts';
import type { ColumnType, TimeUnit } from '../../shared/schema/types.ts';
import { ZoneClock } from '../../shared/time/zone-clock.ts';
import { badInput } from './bad-input.ts';
import { inferUnit } from './infer-types.ts';
import type { BadValue } from './parquet-column.ts';
import type { ParquetKind } from './parquet-types.ts';
import { selectColumns } from './select-columns.ts';
import type { IngestColumn, SourceOptions } from './source.ts';
import { detectTimeFormat, makeTimeParser, type TimeParser } from './time-format.ts';

/** Rows of a batch, a multiple of 8 so that bitmaps can be cut: 229 tables get some 570 rows each at once. */
export const BATCH_ROWS = 131_072;
/** Values of a time column without a type of its own, from which its format is taken. */
export const SAMPLE_ROWS = 1000;

/** A column of a file that a table can hold. */
export interface TypedColumn {
  readonly name: string;
  /** The type of the table's column that loses nothing. */
  readonly type: ColumnType;
  readonly kind: ParquetKind;
}

/** A column that no table can hold, and why. */
export interface UnfitColumn {
  readonly name: string;
  readonly unfit: string;
}

/** How a file's columns are read. */
export interface TypedPlan<C extends TypedColumn> {
  readonly time: C;
  /** Of a time column without a type of its own. */
  readonly parser: TimeParser | undefined;
  readonly zone: ZoneClock | undefined;
  readonly key: C | undefined;
  readonly values: readonly C[];
  readonly columns: readonly IngestColumn[];
  readonly unit: TimeUnit;
  readonly notes: readonly string[];
}

/**
 * Decides how a file is read.
 * @param sampleOf some of the values of a time column that is no timestamp, as text
 * @throws BAD_INPUT_FILE, UNKNOWN_COLUMN, INVALID_OPTION
 */
export async function planColumns<C extends TypedColumn>(
  path: string,
  all: readonly (C | UnfitColumn)[],
  options: SourceOptions,
  sampleOf: (time: C) => Promise<string[]>,
): Promise<TypedPlan<C>> {
  const names = all.map(({ name }) => name);
  const selection = selectColumns(path, names, options);
  const pick = (at: number): C => fit(path, all, at, selection.ts);
  const time = pick(selection.ts);
  const values = selection.values.map(pick);
  const isTime = time.kind.kind === 'timestamp' || time.kind.kind === 'days';
  const sample = isTime ? [] : await sampleOf(time);
  const format = options.timeFormat ?? detectTimeFormat(sample);
  const parser = isTime ? undefined : makeTimeParser(format, options.timeZone);
  const ownUnit = time.kind.kind === 'timestamp' ? time.kind.unit : 'ms';
  const unit = options.unit ?? (parser === undefined ? ownUnit : inferUnit(sample, parser));
  return {
    time,
    parser,
    zone: options.timeZone === undefined ? undefined : new ZoneClock(options.timeZone),
    key: selection.key < 0 ? undefined : pick(selection.key),
    values,
    columns: values.map(({ name, type }) => ({
      name,
      type: options.types?.[name] ?? options.knownTypes?.[name] ?? type,
    })),
    unit,
    notes: [describeTime(time, parser, unit, options)],
  };
}

function fit<C extends TypedColumn>(
  file: string,
  all: readonly (C | UnfitColumn)[],
  at: number,
  ts: number,
): C {
  const column = all[at]!;
  if (!isUnfit(column)) return column;
  const others = all.filter((each, other) => other !== ts && !isUnfit(each)).map(({ name }) => name);
  const advice = `leave it out: --columns ${others.join(',')}`;
  throw badInput({ file, column: column.name }, `the column ${column.unfit}`, advice);
}

function isUnfit(column: TypedColumn | UnfitColumn): column is UnfitColumn {
  return 'unfit' in column;
}

/** A value that does not fit, and its column. */
export interface BadCell extends BadValue {
  readonly column: string;
}

/** The one of the earlier row; of one row the first that was found. */
export function earlier(
  bad: BadCell | undefined,
  other: BadValue | undefined,
  column: string,
): BadCell | undefined {
  return other === undefined || (bad !== undefined && bad.row <= other.row) ? bad : { ...other, column };
}

/** The error for a value that does not fit. @param firstRow of the file's rows, the one that counts as 0 */
export function badCell(file: string, { row, column, what, value }: BadCell, firstRow: number): Error {
  const place = {
    file,
    row: firstRow + row + 1,
    column,
    value: value == null ? undefined : String(value),
  };
  const problem = value == null ? what : `${show(value)} ${what}`;
  return badInput(place, problem, 'correct the file, or choose another type with --types');
}

function describeTime(
  { name, kind }: TypedColumn,
  parser: TimeParser | undefined,
  unit: TimeUnit,
  { timeZone, timeFormat }: SourceOptions,
): string {
  let what = 'dates';
  if (kind.kind === 'timestamp')
    what = `${kind.unit} timestamps${kind.isLocal ? `, local, taken as ${timeZone ?? 'UTC'}` : ''}`;
  else if (parser !== undefined)
    what = `${parser.description}${timeFormat === undefined ? ' (detected)' : ''}`;
  return `time: column ${show(name)}, ${what}; kept in ${unit}`;
}
