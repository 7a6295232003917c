import { extname } from 'node:path';
import { MillraceError } from '../../shared/errors.ts';
import type { TableInfo } from '../api-types.ts';
import { DEFAULT_NULL } from '../export/csv-writer.ts';
import { type ExportResult, type ExportTable, exportTable } from '../export/export-table.ts';
import { type ByteSink, OutputFile } from '../export/output-file.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../export/rows-writer.ts';
import { NanoTsDbShared } from '../index.ts';
import { type Command, type Io, parseCommandLine, usageError } from './command.ts';
import { EXIT } from './exit-code.ts';
import { catchInterrupt } from './interrupt.ts';
import { formatBytes, formatCount, formatDuration, plural } from './numbers.ts';
import { toJson, writeOut } from './output.ts';
import { parseBound, parseChoice, parseList } from './parse-arguments.ts';
import { parseWhere } from './parse-where.ts';
import { ProgressBar } from './progress.ts';

const HELP = `Usage: millrace export DB TABLE -o FILE [options]

Writes rows of a table to a file, sorted by time. The file gets its name when it is whole; one that is there is replaced.

  -o, --output FILE   the file (required); "-" is the standard output, for csv and arrow-stream
  --format F          csv, parquet, arrow (IPC file) or arrow-stream; default: by the file's ending (.csv, .parquet,
                      .arrow or .feather, .arrows)
  --from T, --to T    first and last time, both inclusive, as for millrace query
  --time-zone Z       zone of a --from or --to that names none; default: UTC
  --columns a,b       only these columns, in this order
  --where COND        only rows for which it holds, as for millrace query; may be given again
  --json              print the result, and errors, as JSON
  --help              this text

CSV:
  --null TEXT         what stands for a null; default: ${DEFAULT_NULL}. With '' an empty string reads as a null.
  --epoch             times as numbers since 1970 in the table's unit, not as ISO 8601 in UTC

A CSV file reads back with the same bits (NaN payloads apart) by the command that export prints. Parquet and Arrow keep the
types, Arrow NaN payloads too. Ctrl-C leaves no file, and the exit code is 130.
`;

const OPTIONS = {
  output: { type: 'string', short: 'o' },
  format: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  'time-zone': { type: 'string' },
  columns: { type: 'string' },
  where: { type: 'string', multiple: true },
  null: { type: 'string' },
  epoch: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const FORMAT_OF_ENDING: Readonly<Record<string, ExportFormat>> = {
  '.csv': 'csv',
  '.parquet': 'parquet',
  '.arrow': 'arrow',
  '.feather': 'arrow',
  '.arrows': 'arrow-stream',
};

/** `millrace export`: a table's rows into a file. */
export const exportCommand: Command = {
  name: 'export',
  summary: 'write rows of a table to a CSV, Parquet or Arrow file',
  help: HELP,
  async run(args, io) {
    const { values, positionals } = parseCommandLine('export', args, OPTIONS, ['DB', 'TABLE']);
    const file = values.output;
    if (file === undefined) throw usageError('-o FILE missing; see millrace export --help');
    const format = formatOf(file, parseChoice('format', values.format, EXPORT_FORMATS));
    if (format !== 'csv' && (values.null !== undefined || values.epoch !== undefined)) {
      throw usageError('--null and --epoch are for CSV; leave them out');
    }
    const interrupt = catchInterrupt();
    const bar = new ProgressBar(io.err);
    try {
      await using db = await NanoTsDbShared.open(positionals[0]!, { readOnly: true, create: false });
      const table = db.table(positionals[1]!);
      const info = table.schema();
      const from = parseBound('from', values.from, info.unit, values['time-zone']);
      const to = parseBound('to', values.to, info.unit, values['time-zone']);
      const share = progressOf(await table.timeRange(), from, to);
      const begin = performance.now();
      const sink = file === '-' ? new OutputStream(io) : await OutputFile.open(file);
      const result = await exportTable(table as unknown as ExportTable, sink, {
        format,
        from,
        to,
        columns: parseList(values.columns),
        where: values.where?.map((text) => parseWhere(text, info)),
        nullText: values.null,
        epoch: values.epoch,
        signal: interrupt.signal,
        onProgress: (rows, newest) => bar.update(share(newest), rows),
      });
      bar.clear();
      const done = { database: positionals[0]!, info, file, format, result, ms: performance.now() - begin };
      const text =
        values.json === true
          ? asJson(done)
          : asText(done, values.null ?? DEFAULT_NULL, values.epoch === true);
      await writeOut(file === '-' ? io.err : io.out, text);
      return EXIT.ok;
    } catch (error) {
      bar.clear();
      if (!interrupt.signal.aborted || !MillraceError.is(error) || error.code !== 'ABORTED') throw error;
      await writeOut(io.err, `millrace: interrupted; nothing was left of ${file}\n`);
      return EXIT.interrupted;
    } finally {
      interrupt.release();
    }
  },
};

function formatOf(file: string, chosen: ExportFormat | undefined): ExportFormat {
  const format = chosen ?? FORMAT_OF_ENDING[extname(file).toLowerCase()];
  if (format === undefined)
    throw usageError(`--format missing: the ending of ${JSON.stringify(file)} says none`, { file });
  if (file === '-' && (format === 'parquet' || format === 'arrow')) {
    throw usageError(`${format} needs a file: it is no stream; use -o FILE`, { format });
  }
  return format;
}

/** The standard output as a sink. */
class OutputStream implements ByteSink {
  readonly #io: Io;

  constructor(io: Io) {
    this.#io = io;
  }

  async write(pieces: readonly Uint8Array[]): Promise<void> {
    // A stream keeps what it cannot write at once, and pieces may be views of memory that is filled again.
    for (const piece of pieces) await writeOut(this.#io.out, Uint8Array.from(piece));
  }

  async finish(): Promise<void> {}

  async discard(): Promise<void> {}
}

/** How far a scan has come, told by its newest time: rows may lie unevenly, but no row need be counted before. */
function progressOf(
  span: { from: number | bigint; to: number | bigint } | null,
  from: number | bigint | undefined,
  to: number | bigint | undefined,
): (newest: number | bigint) => number {
  if (span === null) return () => 1;
  const first = Math.max(Number(span.from), Number(from ?? span.from));
  const last = Math.min(Number(span.to), Number(to ?? span.to));
  return (newest) => (last > first ? (Number(newest) - first) / (last - first) : 1);
}

interface Done {
  readonly database: string;
  readonly info: TableInfo;
  readonly file: string;
  readonly format: ExportFormat;
  readonly result: ExportResult;
  readonly ms: number;
}

function asJson({ database, info, file, format, result, ms }: Done): string {
  return `${toJson({ database, table: info.name, file, format, ...result, unit: info.unit, seconds: ms / 1000 }, 2)}\n`;
}

function asText(
  { database, info, file, format, result, ms }: Done,
  nullText: string,
  isEpoch: boolean,
): string {
  const lines = [
    `${plural(result.rows, 'row')} of table ${JSON.stringify(info.name)} of ${database} in ${file} (${format})`,
    `${formatDuration(ms)}, ${formatCount((result.rows / ms) * 1000)} rows/s; ${formatBytes(result.bytes)}`,
  ];
  if (format === 'csv' && file !== '-')
    lines.push(`to read it back: ${readBack(info, file, result, nullText, isEpoch)}`);
  return `${lines.join('\n')}\n`;
}

/** The command that ingests a CSV file with the same bits. */
function readBack(
  info: TableInfo,
  file: string,
  result: ExportResult,
  nullText: string,
  isEpoch: boolean,
): string {
  const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const types = result.columns.map(({ name, type }) => `--types ${quote(`${name}=${type}`)}`);
  return [
    `millrace ingest ${quote(file)} --db DB --table ${quote(info.name)} --ts ts --unit ${info.unit}`,
    `--time-format ${isEpoch ? info.unit : 'iso'} --missing ${quote(nullText)}`,
    ...types,
  ].join(' ');
}
