import type { TimeUnit } from '../../shared/schema/types.ts';
import { badInput } from './bad-input.ts';
import { type BadValue, ParquetColumnBuilder } from './parquet-column.ts';
import { type ColumnPiece, ParquetFile } from './parquet-file.ts';
import { ParquetTimeBuilder } from './parquet-time-builder.ts';
import { parquetColumns } from './parquet-types.ts';
import type { IngestBatch, IngestColumn, IngestSource, SourceOptions } from './source.ts';
import {
  BATCH_ROWS,
  type BadCell,
  badCell,
  earlier,
  planColumns,
  SAMPLE_ROWS,
  type TypedColumn,
  type TypedPlan,
} from './typed-columns.ts';

/** How a Parquet file is to be read. */
export interface ParquetOptions extends SourceOptions {
  /** Sees each piece of each column as it was decoded, before it is converted. `row` counts in the file, from 0. */
  readonly onDecoded?: ((column: string, row: number, piece: ColumnPiece['values']) => void) | undefined;
}

/**
 * Opens a Parquet file. It is read by row group, a column at a time. The columns keep their types: BOOLEAN bool, INT32
 * i32, INT64 i64, FLOAT f32, DOUBLE f64, strings utf8, other byte arrays bytes; timestamps and dates that are not the time
 * itself become i64 in the table's unit. The unit is that of the time column. Throws BAD_INPUT_FILE, UNKNOWN_COLUMN or
 * INVALID_OPTION.
 */
export async function openParquetSource(path: string, options: ParquetOptions = {}): Promise<IngestSource> {
  const file = await ParquetFile.open(path);
  try {
    return await plan(file, options);
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface Plan extends TypedPlan<TypedColumn> {
  readonly file: ParquetFile;
  readonly onDecoded: ParquetOptions['onDecoded'];
}

async function plan(file: ParquetFile, options: ParquetOptions): Promise<IngestSource> {
  const columns = parquetColumns(file.metadata);
  const planned = await planColumns(file.path, columns, options, ({ name }) => readSample(file, name));
  return new ParquetSource({ ...planned, file, onDecoded: options.onDecoded });
}

class ParquetSource implements IngestSource {
  readonly format = 'parquet';
  readonly file: string;
  readonly columns: readonly IngestColumn[];
  readonly unit: TimeUnit;
  readonly notes: readonly string[];
  readonly totalBytes: number;
  bytesRead = 0;
  cutTimestamps = 0;
  readonly #plan: Plan;

  constructor(opened: Plan) {
    this.#plan = opened;
    this.file = opened.file.path;
    this.columns = opened.columns;
    this.unit = opened.unit;
    this.notes = opened.notes;
    const { metadata, byteLength } = opened.file;
    const used = [opened.time, opened.key, ...opened.values];
    let bytes = 0;
    for (let group = 0; group < metadata.row_groups.length; group++) {
      for (const column of used)
        if (column !== undefined) bytes += opened.file.storedBytes(group, column.name);
    }
    // columns that are not wanted are not read; a file that does not tell its sizes is counted whole
    this.totalBytes = bytes > 0 ? bytes : byteLength;
  }

  async *batches(): AsyncGenerator<IngestBatch, void, undefined> {
    const starts = this.#plan.file.groupStarts();
    for (let group = 0; group + 1 < starts.length; group++) {
      if (starts[group] !== starts[group + 1]) yield* this.#group(group, starts[group]!, starts[group + 1]!);
    }
  }

  async close(): Promise<void> {
    await this.#plan.file.close();
  }

  async *#group(group: number, from: number, to: number): AsyncGenerator<IngestBatch, void, undefined> {
    const { time, parser, zone, key, values } = this.#plan;
    const rows = to - from;
    const ts = new ParquetTimeBuilder(time.kind, this.unit, zone, parser, rows);
    await this.#read(group, time.name, from, to, (piece) => ts.fill(piece.values, piece.at));
    const names: string[] = key === undefined ? [] : new Array(rows);
    let bad: BadCell | undefined = ts.bad && { ...ts.bad, column: time.name };
    if (key !== undefined) {
      await this.#read(group, key.name, from, to, ({ values, at }) => {
        bad = earlier(bad, fillKeys(names, values, at), key.name);
      });
    }
    const builders: ParquetColumnBuilder[] = [];
    for (const [at, column] of values.entries()) {
      const target = { type: this.columns[at]!.type, unit: this.unit, zone };
      const builder = new ParquetColumnBuilder(column.kind, target, rows);
      await this.#read(group, column.name, from, to, (piece) => builder.fill(piece.values, piece.at));
      bad = earlier(bad, builder.bad, column.name);
      builders.push(builder);
    }
    this.cutTimestamps += ts.cut;
    const good = bad?.row ?? rows;
    for (let begin = 0; begin < good; begin += BATCH_ROWS) {
      const end = Math.min(begin + BATCH_ROWS, good);
      yield {
        rowCount: end - begin,
        ts: ts.values(begin, end),
        columns: builders.map((builder) => builder.values(begin, end)),
        validity: builders.map((builder) =>
          builder.validity.bitmap(rows)?.subarray(begin >> 3, (end + 7) >> 3),
        ),
        keys: key === undefined ? undefined : names.slice(begin, end),
      };
    }
    if (bad !== undefined) throw badCell(this.file, bad, from);
  }

  async #read(group: number, column: string, from: number, to: number, take: (piece: ColumnPiece) => void) {
    let rows = 0;
    for (const piece of await this.#plan.file.readColumn(column, from, to)) {
      this.#plan.onDecoded?.(column, from + piece.at, piece.values);
      take(piece);
      rows += piece.values.length;
    }
    if (rows !== to - from) {
      const problem = `the row group has ${to - from} rows, but this column has ${rows}`;
      throw badInput(
        { file: this.file, row: from + 1, column },
        problem,
        'the file is damaged; make it again',
      );
    }
    this.bytesRead += this.#plan.file.storedBytes(group, column);
  }
}

function fillKeys(names: string[], values: ColumnPiece['values'], at: number): BadValue | undefined {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null || value === undefined || value === '') {
      return { row: at + i, what: 'there is no name of a table', value: undefined };
    }
    names[at + i] = String(value);
  }
  return undefined;
}

/** Some of the values of a time column that is no timestamp, as text. */
async function readSample(file: ParquetFile, column: string): Promise<string[]> {
  const rows = Math.min(SAMPLE_ROWS, file.groupStarts()[1] ?? 0);
  if (rows === 0) return [];
  const pieces = await file.readColumn(column, 0, rows);
  const values = pieces.flatMap((piece) => Array.from(piece.values)).slice(0, rows);
  return values.filter((value) => value !== null && value !== undefined).map(String);
}
