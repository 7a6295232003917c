import { NanoTsDbShared, type SqlColumns } from '../index.ts';
import { isPresent } from '../ingest/validity.ts';
import { parseStatement } from '../sql/statement.ts';
import { type Command, type Io, parseCommandLine } from './command.ts';
import { EXIT } from './exit-code.ts';
import { formatTimestamp, formatValue, valueToJson } from './format-value.ts';
import { catchInterrupt } from './interrupt.ts';
import { csvLine, formatTable, oneLine, toJson, writeOut } from './output.ts';
import { parseChoice } from './parse-arguments.ts';

const HELP = `Usage: millrace sql DB STATEMENT [options]

Runs one SQL statement: SELECT and all else that reads, in DuckDB's dialect (this needs the package @duckdb/node-api),
CREATE TABLE [IF NOT EXISTS], INSERT INTO … VALUES. EXPLAIN shows which columns, times and blocks are read.

  --param V           value for the next ? or $1, $2, …; a number where it looks like one, else text
  --format F          table (default; the first 100 rows), csv or json
  --json              the same as --format json, and errors as JSON
  --help              this text

JSON: {"columns": [{"name", "type"}], "rows": [{…}], "rowCount"}; times are numbers of ms since 1970 (TIMESTAMP_NS: strings
of ns), other integers of 64 bits and more strings of digits, bytes of hexadecimal ones.

  millrace sql plant.ntt "SELECT time_bucket(INTERVAL '1 hour', ts) AS hour, avg(temperature) FROM press_01 GROUP BY hour"
`;

/** Rows that a person reads in one go. */
const TABLE_ROWS = 100;

const OPTIONS = {
  param: { type: 'string', multiple: true },
  format: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `millrace sql`: one statement. */
export const sqlCommand: Command = {
  name: 'sql',
  summary: 'run a SQL statement over the tables',
  help: HELP,
  async run(args, io) {
    const { values, positionals } = parseCommandLine('sql', args, OPTIONS, ['DB', 'STATEMENT']);
    const chosen = parseChoice('format', values.format, ['table', 'csv', 'json']);
    const format = values.json === true ? 'json' : (chosen ?? 'table');
    const sql = positionals[1]!;
    const { kind } = parseStatement(sql);
    const readOnly = kind === 'read' || kind === 'explain';
    const interrupt = catchInterrupt();
    try {
      await using db = await NanoTsDbShared.open(positionals[0]!, { readOnly, create: kind === 'create' });
      const batches = db.sqlStream(sql, values.param?.map(toParameter), {
        format: 'columns',
        times: 'bigint',
        signal: interrupt.signal,
      });
      if (format === 'csv') await writeCsv(io, batches);
      else if (format === 'json') await writeJson(io, batches);
      else await writeTable(io, batches);
      return EXIT.ok;
    } catch (error) {
      if (interrupt.signal.aborted) return EXIT.interrupted;
      throw error;
    } finally {
      interrupt.release();
    }
  },
};

function toParameter(text: string): string | number | bigint {
  if (/^[+-]?\d+$/.test(text)) return BigInt(text);
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}

async function writeCsv(io: Io, batches: AsyncIterable<SqlColumns>): Promise<void> {
  let isFirst = true;
  for await (const batch of batches) {
    let text = isFirst ? csvLine(Object.keys(batch.columns)) : '';
    isFirst = false;
    for (let row = 0; row < batch.rowCount; row++) text += csvLine(textsOf(batch, row));
    await writeOut(io.out, text);
  }
}

async function writeJson(io: Io, batches: AsyncIterable<SqlColumns>): Promise<void> {
  let rowCount = 0;
  let isFirst = true;
  for await (const batch of batches) {
    const columns = Object.entries(batch.types).map(([name, type]) => ({ name, type }));
    let text = isFirst ? `${toJson({ columns }).slice(0, -1)},"rows":[` : '';
    isFirst = false;
    for (let row = 0; row < batch.rowCount; row++, rowCount++) {
      const fields = columns.map(({ name }) => `${JSON.stringify(name)}:${jsonOf(batch, name, row)}`);
      text += `${rowCount === 0 ? '\n' : ',\n'}{${fields.join(',')}}`;
    }
    await writeOut(io.out, text);
  }
  await writeOut(io.out, `\n],"rowCount":${rowCount}}\n`);
}

async function writeTable(io: Io, batches: AsyncIterable<SqlColumns>): Promise<void> {
  const rows: string[][] = [];
  let names: string[] = [];
  let types: string[] = [];
  for await (const batch of batches) {
    names = Object.keys(batch.columns);
    types = Object.values(batch.types);
    for (let row = 0; row < batch.rowCount && rows.length <= TABLE_ROWS; row++) {
      rows.push(textsOf(batch, row).map((text) => text ?? ''));
    }
    if (rows.length > TABLE_ROWS) break;
  }
  if (names[0] === 'explain_key') {
    await writeOut(io.out, `${rows.map(([key, value]) => `${key}\n${value}`).join('\n')}\n`);
    return;
  }
  const hasMore = rows.length > TABLE_ROWS;
  if (hasMore) rows.pop();
  const isNumber = (type: string): boolean =>
    /^(U?(TINY|SMALL|BIG|HUGE)?INT|U?INTEGER|DOUBLE|FLOAT|DECIMAL)/.test(type);
  const lines = formatTable(
    names.map(oneLine),
    rows.map((row) => row.map(oneLine)),
    types.map((type) => (isNumber(type) ? 'right' : 'left')),
  );
  if (hasMore) lines.push(`… the first ${TABLE_ROWS} rows; LIMIT or --format csv shows others`);
  await writeOut(io.out, `${lines.join('\n')}\n`);
}

const UNITS = {
  TIMESTAMP: 'us',
  'TIMESTAMP WITH TIME ZONE': 'us',
  TIMESTAMP_NS: 'ns',
  TIMESTAMP_MS: 'ms',
} as const;

function textsOf({ columns, validity, types }: SqlColumns, row: number): (string | null)[] {
  return Object.entries(columns).map(([name, values]) =>
    isPresent(validity[name], row) ? textOf(values[row], types[name]!) : null,
  );
}

function textOf(value: unknown, type: string): string {
  if (Object.hasOwn(UNITS, type)) return formatTimestamp(value as bigint, UNITS[type as keyof typeof UNITS]);
  if (value instanceof Uint8Array) return formatValue(value, 'bytes');
  if (typeof value === 'number') return formatValue(value, type === 'FLOAT' ? 'f32' : 'f64');
  return typeof value === 'object' ? toJson(value) : String(value);
}

function jsonOf({ columns, validity, types }: SqlColumns, name: string, row: number): string {
  if (!isPresent(validity[name], row)) return 'null';
  const value = columns[name]![row];
  const type = types[name]!;
  if (typeof value === 'bigint' && (type === 'TIMESTAMP' || type === 'TIMESTAMP WITH TIME ZONE'))
    return String(Number(value) / 1000);
  if (value instanceof Uint8Array) return JSON.stringify(formatValue(value, 'bytes'));
  if (typeof value === 'number') return valueToJson(value, type === 'FLOAT' ? 'f32' : 'f64');
  return toJson(value);
}
