import { NanoTsDbShared } from '../index.ts';
import { checkFile, type IngestOptions, type IngestResult, ingestFile } from '../ingest/ingest-file.ts';
import { type Command, type Io, parseCommandLine, usageError } from './command.ts';
import { EXIT } from './exit-code.ts';
import { catchInterrupt } from './interrupt.ts';
import { formatBytes, formatCount, formatDuration, plural } from './numbers.ts';
import { toJson, writeOut } from './output.ts';
import { parseChoice, parseCount, parseList, parseTypes } from './parse-arguments.ts';
import { ProgressBar } from './progress.ts';

const HELP = `Usage: millrace ingest FILE --db DB [options]

Reads a CSV, Parquet or Arrow file into tables of the database DB, which is made if there is none. When it ends, the rows
are on disk. If a line is bad, the rows before it stay, and the error says how many they are.

Where the rows go:
  --db DB             the database (required)
  --table T           one table for all rows; default: the file's name
  --table-by COL      a table for each value of this column, which is no column of the tables then
  --writers N         writer threads; default: cores - 1

What is read:
  --format F          csv, parquet or arrow (file or stream); default: by the file's first bytes
  --columns a,b       only these columns, beside the time and --table-by
  --types c=T,…       types of columns: f64 f32 i64 i32 bool utf8 bytes; default: from the first 1,000 rows (CSV) or as
                      the file says (Parquet, Arrow)

The time:
  --ts COL            the column that holds it; default: ts, time, timestamp, date or datetime, in any case
  --time-format F     iso (2024-01-31T12:00:00.5+01:00, 2024-01-31 12:00), s, ms, us, ns (a number since 1970), or a
                      pattern of YYYY M MM MMM D DD H HH m mm s ss f Z such as "DD.MM.YYYY HH:mm"; default: detected,
                      numbers by their magnitude
  --time-zone Z       zone of times that name none, such as Europe/Berlin; default: UTC. A time that clocks showed
                      twice is the earlier one; one that they skipped is moved forward.
  --unit U            ms, us or ns; default: the coarsest that holds the file's times

CSV:
  --delimiter D       what separates fields; default: a comma, a tab in *.tsv
  --quote Q           quotation mark, doubled within quotes; "" for none; default: "
  --no-header         the first line is a row; the columns are c1, c2, …
  --missing a,b       fields that mean "no value"; default: empty, NA, NaN, null, \\N
  --comment C         lines that begin so are left out
  --encoding E        utf8 (default), latin1 or utf16le

Other:
  --json              print the result, and errors, as JSON
  --help              this text

Ctrl-C ends it cleanly: what was read so far is kept, and the exit code is 130.
`;

const OPTIONS = {
  db: { type: 'string' },
  table: { type: 'string' },
  'table-by': { type: 'string' },
  writers: { type: 'string' },
  format: { type: 'string' },
  columns: { type: 'string' },
  types: { type: 'string', multiple: true },
  ts: { type: 'string' },
  'time-format': { type: 'string' },
  'time-zone': { type: 'string' },
  unit: { type: 'string' },
  delimiter: { type: 'string' },
  quote: { type: 'string' },
  'no-header': { type: 'boolean' },
  missing: { type: 'string' },
  comment: { type: 'string' },
  encoding: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `millrace ingest`: a file's rows into tables. */
export const ingestCommand: Command = {
  name: 'ingest',
  summary: 'read a CSV, Parquet or Arrow file into a database',
  help: HELP,
  async run(args, io) {
    const { values, positionals } = parseCommandLine('ingest', args, OPTIONS, ['FILE']);
    const file = positionals[0]!;
    if (values.db === undefined) throw usageError('--db DB missing; see millrace ingest --help');
    if (values.table !== undefined && values['table-by'] !== undefined) {
      throw usageError('--table and --table-by exclude each other; give one of them');
    }
    const options = toOptions(values);
    const writers = parseCount('writers', values.writers, 1);
    await checkFile(file, options);
    const interrupt = catchInterrupt();
    try {
      const { result, fileBytes } = await ingestInto(
        values.db,
        file,
        { ...options, signal: interrupt.signal },
        writers,
        io,
      );
      await writeOut(
        io.out,
        values.json === true ? asJson(values.db, result, fileBytes) : asText(values.db, result, fileBytes),
      );
      return result.interrupted ? EXIT.interrupted : EXIT.ok;
    } finally {
      interrupt.release();
    }
  },
};

async function ingestInto(
  path: string,
  file: string,
  options: IngestOptions,
  writers: number | undefined,
  io: Io,
) {
  await using db = await NanoTsDbShared.open(path, { writers });
  const bar = new ProgressBar(io.err);
  let result: IngestResult;
  try {
    result = await ingestFile(db, file, {
      ...options,
      onProgress: ({ bytesRead, totalBytes, rows }) => bar.update(bytesRead / totalBytes, rows),
    });
  } finally {
    bar.clear();
  }
  return { result, fileBytes: (await db.stats()).fileBytes };
}

type Values = ReturnType<typeof parseCommandLine<typeof OPTIONS>>['values'];

function toOptions(values: Values): IngestOptions {
  return {
    table: values.table,
    tableBy: values['table-by'],
    format: parseChoice('format', values.format, ['csv', 'parquet', 'arrow']),
    columns: parseList(values.columns),
    types: values.types === undefined ? undefined : parseTypes(values.types),
    ts: values.ts,
    timeFormat: values['time-format'],
    timeZone: values['time-zone'],
    unit: parseChoice('unit', values.unit, ['ms', 'us', 'ns']),
    delimiter: values.delimiter?.replaceAll('\\t', '\t'),
    quote: values.quote,
    header: values['no-header'] !== true,
    // an empty list means that not even an empty field is missing
    missing: parseList(values.missing),
    comment: values.comment,
    encoding: parseChoice('encoding', values.encoding, ['utf8', 'latin1', 'utf16le']),
  };
}

function asText(database: string, result: IngestResult, fileBytes: number): string {
  const ms = result.reading_ms + result.engine_ms;
  const tables =
    result.tables.length === 1
      ? `table ${JSON.stringify(result.tables[0])}`
      : plural(result.tables.length, 'table');
  const lines = [
    `${result.interrupted ? 'interrupted; kept ' : ''}${plural(result.rows, 'row')} in ${tables} of ${database}`,
    `${formatDuration(ms)}: reading ${formatDuration(result.reading_ms)}, engine ${formatDuration(result.engine_ms)}; ` +
      `${formatCount((result.rows / ms) * 1000)} rows/s`,
    `read ${formatBytes(result.inputBytes)} of ${result.format}; the database has ${formatBytes(fileBytes)}`,
    ...result.notes,
    `columns: ${result.columns.map(({ name, type }) => `${name} ${type}`).join(', ')}`,
  ];
  if (result.cutTimestamps > 0) {
    lines.push(
      `${plural(result.cutTimestamps, 'timestamp')} had digits finer than ${result.unit}, which were cut off; a finer --unit keeps them`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function asJson(database: string, result: IngestResult, fileBytes: number): string {
  const seconds = (result.reading_ms + result.engine_ms) / 1000;
  const { reading_ms, engine_ms, ...rest } = result;
  return `${toJson(
    {
      database,
      ...rest,
      seconds,
      readingSeconds: reading_ms / 1000,
      engineSeconds: engine_ms / 1000,
      rowsPerSecond: seconds > 0 ? Math.round(result.rows / seconds) : 0,
      fileBytes,
    },
    2,
  )}\n`;
}
