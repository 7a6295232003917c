import { MillraceError } from '../../shared/errors.ts';
import type { ColumnType } from '../../shared/schema/types.ts';
import type { ComparisonOp, Predicate, TableInfo } from '../api-types.ts';
import { makeColumnBuilder } from '../ingest/column-builder.ts';
import { usageError } from './command.ts';

const COMPARISON = /^\s*(==|!=|<>|<=|>=|=|<|>)\s*([\s\S]*)$/;
const NULL_TEST = /^\s+is\s+(not\s+)?null\s*$/i;
const OPS: Readonly<Record<string, ComparisonOp>> = { '==': '=', '<>': '!=' };

/**
 * A condition as it is written on the command line: `temp>=20.5`, `state = RUN`, `state = "a b"`, `temp is null`,
 * `temp is not null`. The column's name comes first, as it is; the value is read as the column's type.
 */
export function parseWhere(text: string, { name: table, columns }: TableInfo): Predicate {
  const trimmed = text.trimStart();
  if (/^ts\s*[=!<>]/.test(trimmed)) {
    throw usageError(`--where ${JSON.stringify(text)}: the time is no column; use --from and --to`, {
      where: text,
    });
  }
  // the longest name first: a column may be called "a" and another "a b"
  const byLength = columns.toSorted((a, b) => b.name.length - a.name.length);
  for (const { name, type } of byLength) {
    if (!trimmed.startsWith(name)) continue;
    const rest = trimmed.slice(name.length);
    const test = NULL_TEST.exec(rest);
    if (test !== null) return { column: name, op: test[1] === undefined ? 'is null' : 'is not null' };
    const comparison = COMPARISON.exec(rest);
    if (comparison === null) continue;
    const op = comparison[1]!;
    const value = parseOperand(text, comparison[2]!.trimEnd(), type);
    return { column: name, op: OPS[op] ?? (op as ComparisonOp), value } as Predicate;
  }
  const named = /^(.*?)\s*(?:[=!<>]|\sis\s)/is.exec(trimmed)?.[1];
  if (named === undefined || named === '') {
    throw usageError(
      `--where ${JSON.stringify(text)} is no condition; write column, one of = != < <= > >=, and a value, or "column is null"`,
      { where: text },
    );
  }
  const has = columns.map(({ name }) => name).join(', ');
  throw new MillraceError(
    'UNKNOWN_COLUMN',
    `table ${JSON.stringify(table)} has no column ${JSON.stringify(named)}; it has ${has}`,
    {
      table,
      column: named,
    },
  );
}

/** The value of a condition, by way of the parser for CSV fields. */
function parseOperand(where: string, written: string, type: ColumnType): unknown {
  const text = unquote(written);
  const builder = makeColumnBuilder(type, 1);
  const problem = builder.set(0, text);
  if (problem !== undefined) {
    throw usageError(
      `--where ${JSON.stringify(where)}: ${JSON.stringify(text)} ${problem}; the column is ${type}`,
      {
        where,
        value: text,
      },
    );
  }
  const value = builder.values(1)[0];
  return type === 'bool' ? value === 1 : value;
}

function unquote(text: string): string {
  const quote = text[0];
  const isQuoted = text.length >= 2 && (quote === '"' || quote === "'") && text.endsWith(quote);
  return isQuoted ? text.slice(1, -1) : text;
}
