import { MillraceError } from '../../shared/errors.ts';
import type { Rows, TableInfo } from '../api-types.ts';
import { loadArrow } from '../arrow/load-arrow.ts';
import { ArrowWriter } from './arrow-writer.ts';
import { type CsvExportOptions, CsvWriter } from './csv-writer.ts';
import type { ByteSink } from './output-file.ts';
import { GROUP_ROWS, ParquetRowsWriter } from './parquet-writer.ts';
import type { ExportFormat, RowsWriter } from './rows-writer.ts';

/** A table as an export needs it; the engine's `Table` is one. */
export interface ExportTable {
  schema(): TableInfo;
  scan(options: Record<string, unknown>): AsyncGenerator<Rows>;
}

/** What `exportTable` can be told. */
export interface ExportOptions extends CsvExportOptions {
  readonly format: ExportFormat;
  readonly from?: number | bigint | undefined;
  readonly to?: number | bigint | undefined;
  /** Columns wanted, in this order. Default: all. */
  readonly columns?: readonly string[] | undefined;
  readonly where?: readonly unknown[] | undefined;
  /** Ends it early: nothing is left then. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch with the rows so far and the newest time. */
  readonly onProgress?: ((rows: number, newest: number | bigint) => void) | undefined;
}

/** What was exported. */
export interface ExportResult {
  readonly rows: number;
  readonly bytes: number;
  readonly columns: TableInfo['columns'];
}

/**
 * Writes rows of a table to a sink, sorted by time. The sink is finished if all went well, else discarded.
 * @throws what the scan throws (ABORTED for the signal), and INVALID_OPTION and INVALID_TIMESTAMP for what CSV cannot hold
 */
export async function exportTable(
  table: ExportTable,
  sink: ByteSink,
  options: ExportOptions,
): Promise<ExportResult> {
  try {
    const info = table.schema();
    const columns = options.columns?.flatMap(
      (name) => info.columns.find((column) => column.name === name) ?? [],
    );
    const shape = { ...info, columns: columns ?? info.columns };
    const { from, to, where, signal } = options;
    const batches = table.scan({ from, to, columns: options.columns, where, signal, batchRows: GROUP_ROWS });
    const writer = await makeWriter(shape, options);
    let rows = 0;
    let bytes = 0;
    const write = async (pieces: readonly Uint8Array[]): Promise<void> => {
      for (const piece of pieces) bytes += piece.length;
      await sink.write(pieces);
    };
    for await (const batch of batches) {
      await write(writer.add(batch));
      rows += batch.rowCount;
      options.onProgress?.(rows, batch.ts[batch.rowCount - 1]!);
    }
    await write(writer.end());
    await sink.finish();
    return { rows, bytes, columns: shape.columns };
  } catch (error) {
    await sink.discard();
    throw error;
  }
}

async function makeWriter(info: TableInfo, options: ExportOptions): Promise<RowsWriter> {
  switch (options.format) {
    case 'csv':
      return new CsvWriter(info, options);
    case 'parquet':
      return new ParquetRowsWriter(info);
    case 'arrow':
      return new ArrowWriter(await loadArrow(), 'file', info);
    case 'arrow-stream':
      return new ArrowWriter(await loadArrow(), 'stream', info);
    default:
      throw new MillraceError('INVALID_OPTION', `there is no export format ${String(options.format)}`);
  }
}
