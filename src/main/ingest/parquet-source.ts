import { show } from '../../shared/errors.ts';
import type { TimeUnit } from '../../shared/schema/types.ts';
import { ZoneClock } from '../../shared/time/zone-clock.ts';
import { badInput } from './bad-input.ts';
import { inferUnit } from './infer-types.ts';
import { type BadValue, ParquetColumnBuilder } from './parquet-column.ts';
import { type ColumnPiece, ParquetFile } from './parquet-file.ts';
import { ParquetTimeBuilder } from './parquet-time-builder.ts';
import { isFit, type ParquetColumn, parquetColumns } from './parquet-types.ts';
import { selectColumns } from './select-columns.ts';
import type { IngestBatch, IngestColumn, IngestSource, SourceOptions } from './source.ts';
import { detectTimeFormat, makeTimeParser, type TimeParser } from './time-format.ts';

/** Rows of a batch, a multiple of 8 so that bitmaps can be cut: 229 tables get some 570 rows each at once. */
const BATCH_ROWS = 131_072;
/** Values of a time column without a type of its own, from which its format is taken. */
const SAMPLE_ROWS = 1000;

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

interface Plan {
  readonly file: ParquetFile;
  readonly time: ParquetColumn;
  readonly parser: TimeParser | undefined;
  readonly zone: ZoneClock | undefined;
  readonly key: ParquetColumn | undefined;
  readonly values: readonly ParquetColumn[];
  readonly columns: readonly IngestColumn[];
  readonly unit: TimeUnit;
  readonly notes: readonly string[];
  readonly onDecoded: ParquetOptions['onDecoded'];
}

async function plan(file: ParquetFile, options: ParquetOptions): Promise<IngestSource> {
  const all = parquetColumns(file.metadata);
  const names = all.map(({ name }) => name);
  const selection = selectColumns(file.path, names, options);
  const pick = (at: number): ParquetColumn => {
    const column = all[at]!;
    if (isFit(column)) return column;
    const others = names.filter((_, other) => other !== selection.ts && isFit(all[other]!));
    const advice = `leave it out: --columns ${others.join(',')}`;
    throw badInput({ file: file.path, column: column.name }, `the column ${column.unfit}`, advice);
  };
  const time = pick(selection.ts);
  const values = selection.values.map(pick);
  const isTime = time.kind.kind === 'timestamp' || time.kind.kind === 'days';
  const sample = isTime ? [] : await readSample(file, time.name);
  const format = options.timeFormat ?? detectTimeFormat(sample);
  const parser = isTime ? undefined : makeTimeParser(format, options.timeZone);
  const ownUnit = time.kind.kind === 'timestamp' ? time.kind.unit : 'ms';
  const unit = options.unit ?? (parser === undefined ? ownUnit : inferUnit(sample, parser));
  return new ParquetSource({
    file,
    time,
    parser,
    zone: options.timeZone === undefined ? undefined : new ZoneClock(options.timeZone),
    key: selection.key < 0 ? undefined : pick(selection.key),
    values,
    columns: values.map(({ name, type }) => ({
      name,
      type: options.types?.[name] ?? options.knownTypes?.[name] ?? type,
    })),
    unit,
    notes: [describeTime(time, parser, unit, options)],
    onDecoded: options.onDecoded,
  });
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
    let bad: Bad | undefined = ts.bad && { ...ts.bad, column: time.name };
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
    if (bad !== undefined) throw this.#badValue(bad, from);
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

  #badValue({ row, column, what, value }: Bad, from: number): Error {
    const place = {
      file: this.file,
      row: from + row + 1,
      column,
      value: value == null ? undefined : String(value),
    };
    const problem = value == null ? what : `${show(value)} ${what}`;
    return badInput(place, problem, 'correct the file, or choose another type with --types');
  }
}

interface Bad extends BadValue {
  readonly column: string;
}

function earlier(bad: Bad | undefined, other: BadValue | undefined, column: string): Bad | undefined {
  return other === undefined || (bad !== undefined && bad.row <= other.row) ? bad : { ...other, column };
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

function describeTime(
  { name, kind }: ParquetColumn,
  parser: TimeParser | undefined,
  unit: TimeUnit,
  { timeZone, timeFormat }: SourceOptions,
): string {
  const zone = timeZone ?? 'UTC';
  let what = 'dates';
  if (kind.kind === 'timestamp')
    what = `${kind.unit} timestamps${kind.isLocal ? `, local, taken as ${zone}` : ''}`;
  else if (parser !== undefined)
    what = `${parser.description}${timeFormat === undefined ? ' (detected)' : ''}`;
  return `time: column ${show(name)}, ${what}; kept in ${unit}`;
}
