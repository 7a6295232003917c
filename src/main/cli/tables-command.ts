import type { TableStats } from '../api-types.ts';
import { NanoTsDbShared } from '../index.ts';
import { type Command, parseCommandLine } from './command.ts';
import { EXIT } from './exit-code.ts';
import { formatTimestamp } from './format-value.ts';
import { formatCount, plural } from './numbers.ts';
import { formatTable, oneLine, toJson, writeOut } from './output.ts';

const HELP = `Usage: millrace tables DB [options]

Lists the tables of a database with their rows, columns and times.

  --json              {"database", "tables": [{"name", "unit", "columns", "rows", "from", "to"}]}, and errors as JSON;
                      times are numbers since 1970 in the table's unit, as strings for us and ns
  --help              this text
`;

const OPTIONS = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;

/** `millrace tables`: what tables there are. */
export const tablesCommand: Command = {
  name: 'tables',
  summary: 'list the tables of a database',
  help: HELP,
  async run(args, io) {
    const { values, positionals } = parseCommandLine('tables', args, OPTIONS, ['DB']);
    const path = positionals[0]!;
    await using db = await NanoTsDbShared.open(path, { readOnly: true, create: false });
    const tables = (await db.stats()).tables.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    await writeOut(io.out, values.json === true ? asJson(path, tables) : asText(path, tables));
    return EXIT.ok;
  },
};

function asJson(database: string, tables: readonly TableStats[]): string {
  const short = tables.map(({ name, unit, columns, rows, from, to }) => ({
    name,
    unit,
    columns,
    rows,
    from,
    to,
  }));
  return `${toJson({ database, tables: short }, 2)}\n`;
}

function asText(database: string, tables: readonly TableStats[]): string {
  if (tables.length === 0) return `${database} has no tables\n`;
  const rows = tables.map(({ name, unit, columns, rows, from, to }) => [
    oneLine(name),
    formatCount(rows),
    from === null ? '' : formatTimestamp(from, unit),
    to === null ? '' : formatTimestamp(to, unit),
    oneLine(describeColumns(columns)),
  ]);
  const total = tables.reduce((sum, { rows }) => sum + rows, 0);
  const lines = formatTable(['table', 'rows', 'from', 'to', 'columns'], rows, ['left', 'right']);
  return `${lines.join('\n')}\n${plural(tables.length, 'table')}, ${plural(total, 'row')}\n`;
}

/** At most six columns, because a line should fit a terminal. */
function describeColumns(columns: TableStats['columns']): string {
  const shown = columns.slice(0, 6).map(({ name, type }) => `${name} ${type}`);
  return columns.length > 6 ? `${shown.join(', ')} and ${columns.length - 6} more` : shown.join(', ');
}
