import { MillraceError, show } from '../../shared/errors.ts';
import { badInput } from './bad-input.ts';
import type { SourceOptions } from './source.ts';
import { findTimeColumn, TIME_COLUMN_NAMES } from './time-column.ts';

/** Which of a file's columns is what; numbers are positions in the file. */
export interface ColumnSelection {
  readonly ts: number;
  /** The column that names each row's table, or -1. */
  readonly key: number;
  /** The columns that become columns of the tables. */
  readonly values: readonly number[];
}

/**
 * Decides which columns of a file are the time, the table's name and the values. Throws UNKNOWN_COLUMN if an option names
 * one that the file does not have, INVALID_OPTION if options contradict each other, BAD_INPUT_FILE if the file itself
 * does not do.
 */
export function selectColumns(
  file: string,
  names: readonly string[],
  options: SourceOptions,
  line?: number,
): ColumnSelection {
  checkHeader(file, names, line);
  const ts = timeColumn(file, names, options, line);
  const key = options.tableBy === undefined ? -1 : positionOf(file, names, options.tableBy, 'tableBy');
  if (key === ts) {
    throw new MillraceError(
      'INVALID_OPTION',
      `column ${show(names[ts])} cannot be both the time and the table's name`,
      {
        column: names[ts],
      },
    );
  }
  for (const name of Object.keys(options.types ?? {})) {
    const at = positionOf(file, names, name, 'types');
    if (at === ts || at === key) {
      throw new MillraceError(
        'INVALID_OPTION',
        `column ${show(name)} is ${at === ts ? 'the time' : "the table's name"} and has no type of its own; leave it out of the types`,
        { column: name },
      );
    }
  }
  const wanted = options.columns?.map((name) => positionOf(file, names, name, 'columns'));
  const values = [...new Set(wanted ?? names.keys())].filter((at) => at !== ts && at !== key);
  if (values.length === 0) {
    throw badInput({ file, line }, 'no column is left beside the time', 'a table needs at least one column');
  }
  for (const at of values) {
    if (names[at] === 'ts') {
      const problem = `the column "ts" is not the time (that is ${show(names[ts])}), but ts is the time's own name in a table`;
      throw badInput(
        { file, line, column: 'ts' },
        problem,
        'choose it with --ts ts, or leave it out with --columns',
      );
    }
  }
  return { ts, key, values };
}

function checkHeader(file: string, names: readonly string[], line: number | undefined): void {
  const seen = new Map<string, number>();
  for (const [at, name] of names.entries()) {
    const before = seen.get(name);
    if (before !== undefined) {
      const problem = `columns ${before + 1} and ${at + 1} have the same name`;
      throw badInput({ file, line, column: name }, problem, 'give each column a name of its own');
    }
    seen.set(name, at);
  }
}

function timeColumn(file: string, names: readonly string[], options: SourceOptions, line?: number): number {
  if (options.ts !== undefined) return positionOf(file, names, options.ts, 'ts');
  const name = findTimeColumn(names);
  if (name !== undefined) return names.indexOf(name);
  const only = names.length === 1 ? (names[0] ?? '') : '';
  const delimiter = [';', '\t', '|'].find((each) => only.includes(each));
  const advice =
    delimiter === undefined
      ? `say with --ts which of ${list(names)} it is`
      : `the header is one column, ${show(only)}; try --delimiter ${delimiter === '\t' ? '"\\t"' : `"${delimiter}"`}`;
  throw badInput({ file, line }, `no column is named ${TIME_COLUMN_NAMES.join(', ')}`, advice);
}

function positionOf(file: string, names: readonly string[], name: string, option: string): number {
  const at = names.indexOf(name);
  if (at >= 0) return at;
  throw new MillraceError('UNKNOWN_COLUMN', `${file} has no column ${show(name)}; it has ${list(names)}`, {
    file,
    column: name,
    option,
  });
}

/** Names for a message: at most 40 of them. */
function list(names: readonly string[]): string {
  const shown = names.slice(0, 40).map((name) => show(name));
  return names.length > 40 ? `${shown.join(', ')} and ${names.length - 40} more` : shown.join(', ');
}
