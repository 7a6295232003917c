import type { Rows, TableInfo } from '../api-types.ts';
import { NanoTsDbShared } from '../index.ts';
import { isPresent } from '../ingest/validity.ts';
import { type Command, type Io, parseCommandLine, usageError } from './command.ts';
import { EXIT } from './exit-code.ts';
import { formatTimestamp, formatValue, valueToJson } from './format-value.ts';
import { csvLine, formatTable, oneLine, toJson, writeOut } from './output.ts';
import { parseBound, parseChoice, parseCount, parseList } from './parse-arguments.ts';
import { parseWhere } from './parse-where.ts';
import { plotRows } from './plot-rows.ts';

const HELP = `Usage: millrace query DB TABLE [options]

Prints rows of a table, sorted by time, ties in order of arrival.

  --from T, --to T    first and last time, both inclusive: 2024-01-31, 2024-01-31T12:00:00.5Z, or a whole number since 1970
                      in the table's unit. A date alone is its midnight.
  --time-zone Z       zone of a --from or --to that names none; default: UTC
  --columns a,b       only these columns, in this order
  --where COND        only rows for which it holds; may be given again, then all must hold:
                      'temp>=20.5', 'state=RUN', 'on!=true', 'temp is null', 'temp is not null'
  --limit N           at most N rows; default: 100 for a table, else all
  --order asc|desc    oldest or newest first; default: asc
  --format F          table (default), csv or json
  --epoch             times as numbers since 1970 in the table's unit, not as ISO 8601 in UTC (json has numbers always)
  --plot              a curve of each column of numbers, over the time, in place of the rows
  --json              the same as --format json, and errors as JSON
  --help              this text

JSON: {"table", "unit", "columns": [{"name", "type"}], "rows": [{"ts", …}], "rowCount"}; i64 values and us and ns
timestamps are strings of decimal digits, bytes of hexadecimal ones.
`;

/** Rows that a person reads in one go. */
const TABLE_ROWS = 100;

const OPTIONS = {
  from: { type: 'string' },
  to: { type: 'string' },
  'time-zone': { type: 'string' },
  columns: { type: 'string' },
  where: { type: 'string', multiple: true },
  limit: { type: 'string' },
  order: { type: 'string' },
  format: { type: 'string' },
  epoch: { type: 'boolean' },
  plot: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `millrace query`: rows of a table. */
export const queryCommand: Command = {
  name: 'query',
  summary: 'print rows of a table',
  help: HELP,
  async run(args, io) {
    const { values, positionals } = parseCommandLine('query', args, OPTIONS, ['DB', 'TABLE']);
    const chosen = parseChoice('format', values.format, ['table', 'csv', 'json']);
    const format = values.json === true ? 'json' : (chosen ?? 'table');
    const isPlot = values.plot === true;
    if (isPlot && (values.json === true || chosen !== undefined)) {
      throw usageError('--plot is for a terminal; leave out --format and --json');
    }
    const order = parseChoice('order', values.order, ['asc', 'desc']);
    const limit = parseCount('limit', values.limit, 0);
    await using db = await NanoTsDbShared.open(positionals[0]!, { readOnly: true, create: false });
    const table = db.table(positionals[1]!);
    const info = db.schema(table.name);
    const columns = parseList(values.columns);
    const shape = { info, columns: pickColumns(info, columns), isEpoch: values.epoch === true };
    const batches = table.scan({
      from: parseBound('from', values.from, info.unit, values['time-zone']),
      to: parseBound('to', values.to, info.unit, values['time-zone']),
      columns,
      where: values.where?.map((text) => parseWhere(text, info)),
      // one row more than is shown, to know whether there are more
      limit: limit ?? (format === 'table' && !isPlot ? TABLE_ROWS + 1 : undefined),
      order,
    });
    if (isPlot) await writePlot(io, shape, batches);
    else if (format === 'csv') await writeCsv(io, shape, batches);
    else if (format === 'json') await writeJson(io, shape, batches);
    else await writeTable(io, shape, batches, limit);
    return EXIT.ok;
  },
};

interface Shape {
  readonly info: TableInfo;
  readonly columns: TableInfo['columns'];
  readonly isEpoch: boolean;
}

/** The columns in the order asked for. One that is unknown is left to the engine, whose error names it. */
function pickColumns(info: TableInfo, names: readonly string[] | undefined): TableInfo['columns'] {
  return names === undefined
    ? info.columns
    : names.flatMap((name) => info.columns.find((column) => column.name === name) ?? []);
}

async function writeCsv(io: Io, shape: Shape, batches: AsyncIterable<Rows>): Promise<void> {
  await writeOut(io.out, csvLine(['ts', ...shape.columns.map(({ name }) => name)]));
  for await (const batch of batches) {
    let text = '';
    for (let row = 0; row < batch.rowCount; row++) text += csvLine(textsOf(shape, batch, row));
    await writeOut(io.out, text);
  }
}

async function writeJson(io: Io, shape: Shape, batches: AsyncIterable<Rows>): Promise<void> {
  const { info, columns } = shape;
  const head = toJson({ table: info.name, unit: info.unit, columns });
  const keys = columns.map(({ name }) => `,${JSON.stringify(name)}:`);
  let rowCount = 0;
  await writeOut(io.out, `${head.slice(0, -1)},"rows":[`);
  for await (const batch of batches) {
    let text = '';
    for (let row = 0; row < batch.rowCount; row++) {
      text += `${rowCount === 0 && row === 0 ? '\n' : ',\n'}{"ts":${toJson(batch.ts[row])}`;
      for (const [at, { name, type }] of columns.entries()) {
        const value = batch.columns[name]![row];
        text += keys[at] + (isPresent(batch.validity[name], row) ? valueToJson(value, type) : 'null');
      }
      text += '}';
    }
    rowCount += batch.rowCount;
    await writeOut(io.out, text);
  }
  await writeOut(io.out, `\n],"rowCount":${rowCount}}\n`);
}

async function writePlot(io: Io, { info, columns }: Shape, batches: AsyncIterable<Rows>): Promise<void> {
  const lines = await plotRows({ ...info, columns }, batches, io.out.columns);
  await writeOut(io.out, `${lines.join('\n')}\n`);
}

async function writeTable(
  io: Io,
  shape: Shape,
  batches: AsyncIterable<Rows>,
  limit: number | undefined,
): Promise<void> {
  const rows: string[][] = [];
  for await (const batch of batches) {
    for (let row = 0; row < batch.rowCount; row++) {
      rows.push(textsOf(shape, batch, row).map((text) => (text === null ? '' : oneLine(text))));
    }
  }
  const hasMore = limit === undefined && rows.length > TABLE_ROWS;
  if (hasMore) rows.pop();
  const isText = ({ type }: { type: string }) => type === 'utf8' || type === 'bytes' || type === 'bool';
  const lines = formatTable(['ts', ...shape.columns.map(({ name }) => oneLine(name))], rows, [
    'left',
    ...shape.columns.map((column) => (isText(column) ? ('left' as const) : ('right' as const))),
  ]);
  if (hasMore) lines.push(`… the first ${TABLE_ROWS} rows; --limit N shows more, --format csv all`);
  await writeOut(io.out, `${lines.join('\n')}\n`);
}

/** The time and the values of a row as text; null for a null. */
function textsOf({ info, columns, isEpoch }: Shape, batch: Rows, row: number): (string | null)[] {
  const ts = batch.ts[row]!;
  const texts: (string | null)[] = [isEpoch ? String(ts) : formatTimestamp(ts, info.unit)];
  for (const { name, type } of columns) {
    texts.push(isPresent(batch.validity[name], row) ? formatValue(batch.columns[name]![row], type) : null);
  }
  return texts;
}
