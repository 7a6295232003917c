import { open } from 'node:fs/promises';
import { parse } from 'node:path';
import { MillraceError } from '../../shared/errors.ts';
import type { ColumnType } from '../../shared/schema/types.ts';
import { openArrowSource } from './arrow-source.ts';
import { badInput, withRowsBefore } from './bad-input.ts';
import { type CsvOptions, openCsvSource } from './csv-source.ts';
import { openParquetSource } from './parquet-source.ts';
import type { IngestSource, InputFormat } from './source.ts';
import { type IngestTarget, TableBatcher } from './table-batcher.ts';

/** What `ingestFile` can be told. */
export interface IngestOptions extends CsvOptions {
  /** What the file is. Default: by its first bytes, else CSV. */
  readonly format?: InputFormat | undefined;
  /** The table that takes the rows. Default, without `tableBy`: the file's name without folder and extension. */
  readonly table?: string | undefined;
  /** Ends it early: what was read so far is kept, and the result says `interrupted`. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch. */
  readonly onProgress?: ((progress: IngestProgress) => void) | undefined;
}

/** How far an ingestion has come. */
export interface IngestProgress {
  readonly rows: number;
  readonly bytesRead: number;
  readonly totalBytes: number;
}

/** What was ingested. */
export interface IngestResult {
  readonly file: string;
  readonly format: InputFormat;
  readonly rows: number;
  /** Names of the tables that got rows. */
  readonly tables: readonly string[];
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  readonly unit: 'ms' | 'us' | 'ns';
  /** Bytes of the input file that were read. */
  readonly inputBytes: number;
  /** Time for reading and decoding the file, and for the engine: making tables, appending, draining, syncing. */
  readonly reading_ms: number;
  readonly engine_ms: number;
  /** Timestamps whose finest digits the unit could not hold. */
  readonly cutTimestamps: number;
  readonly notes: readonly string[];
  readonly interrupted: boolean;
}

/**
 * Reads a CSV, Parquet or Arrow file into a database, and syncs: when it resolves, all rows are on disk. If it fails, the rows
 * before the failure were ingested and are on disk too; the error says how many (`details.rowsIngested`). Throws
 * BAD_INPUT_FILE for what is wrong in the file, and what the database throws.
 */
export async function ingestFile(
  target: IngestTarget,
  file: string,
  options: IngestOptions = {},
): Promise<IngestResult> {
  if (options.table !== undefined && options.tableBy !== undefined) {
    throw new MillraceError('INVALID_OPTION', 'table and tableBy exclude each other; give one of them', {
      table: options.table,
      tableBy: options.tableBy,
    });
  }
  const table = options.tableBy === undefined ? (options.table ?? parse(file).name) : undefined;
  const source = await openSource(file, asTableHas(target, table, options));
  try {
    return await pour(source, target, table, options);
  } finally {
    await source.close();
  }
}

async function pour(
  source: IngestSource,
  target: IngestTarget,
  table: string | undefined,
  options: IngestOptions,
): Promise<IngestResult> {
  const batcher = new TableBatcher(target, { columns: source.columns, unit: source.unit, table });
  const begin = performance.now();
  let failure: unknown;
  try {
    for await (const batch of source.batches()) {
      await batcher.append(batch);
      options.onProgress?.({
        rows: batcher.rows,
        bytesRead: source.bytesRead,
        totalBytes: source.totalBytes,
      });
      if (options.signal?.aborted === true) break;
    }
  } catch (error) {
    failure = error;
  }
  const beforeSync = performance.now();
  // rows that stay are on disk before anyone is told so
  try {
    await target.sync();
  } catch (error) {
    failure ??= error;
  }
  if (failure !== undefined)
    throw MillraceError.is(failure) ? withRowsBefore(failure, batcher.rows) : failure;
  return {
    file: source.file,
    format: source.format,
    rows: batcher.rows,
    tables: batcher.tableNames,
    columns: source.columns,
    unit: source.unit,
    inputBytes: source.bytesRead,
    reading_ms: beforeSync - begin - batcher.engine_ms,
    engine_ms: batcher.engine_ms + performance.now() - beforeSync,
    cutTimestamps: source.cutTimestamps,
    notes: source.notes,
    interrupted: options.signal?.aborted === true,
  };
}

/**
 * Throws what is wrong with a file's header, its kind or the options for it, before a database is opened, which makes a
 * file where there is none.
 */
export async function checkFile(file: string, options: IngestOptions): Promise<void> {
  await (await openSource(file, options)).close();
}

async function openSource(file: string, options: IngestOptions): Promise<IngestSource> {
  try {
    const format = options.format ?? (await formatOf(file));
    if (format === 'parquet') return await openParquetSource(file, options);
    return await (format === 'arrow' ? openArrowSource(file, options) : openCsvSource(file, options));
  } catch (error) {
    throw asFileError(file, error);
  }
}

/** A file that goes on with a table takes the table's unit and types, unless told otherwise. */
function asTableHas(target: IngestTarget, table: string | undefined, options: IngestOptions): IngestOptions {
  if (table === undefined || !target.hasTable(table)) return options;
  const { unit, columns } = target.schema(table);
  const knownTypes = Object.fromEntries(columns.map(({ name, type }) => [name, type]));
  return { ...options, unit: options.unit ?? unit, knownTypes };
}

/** By the first bytes: Parquet and Arrow files have a magic, an Arrow stream begins with the mark of a message. */
async function formatOf(file: string): Promise<InputFormat> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(6), 0, 6, 0);
    const first = buffer.subarray(0, bytesRead).toString('latin1');
    if (first.startsWith('PAR1')) return 'parquet';
    return first === 'ARROW1' || first.startsWith('\xff\xff\xff\xff') ? 'arrow' : 'csv';
  } finally {
    await handle.close();
  }
}

/** What the operating system says of an input file, as an error of ours. */
function asFileError(file: string, error: unknown): unknown {
  if (MillraceError.is(error)) return error.code === 'BAD_INPUT_FILE' ? withRowsBefore(error, 0) : error;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return error;
  if (code === 'ENOENT') {
    return new MillraceError(
      'FILE_NOT_FOUND',
      `there is no file ${file} to ingest; check the path`,
      { file },
      error,
    );
  }
  if (code === 'EISDIR') {
    return withRowsBefore(
      badInput({ file }, 'it is a directory', 'name a CSV, Parquet or Arrow file', error),
      0,
    );
  }
  return new MillraceError(
    'IO_ERROR',
    `${file} cannot be read: ${(error as Error).message}`,
    { file },
    error,
  );
}
