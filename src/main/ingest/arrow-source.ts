import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { AsyncRecordBatchStreamReader, RecordBatch, RecordBatchReader } from 'apache-arrow';
import { MillraceError } from '../../shared/errors.ts';
import type { TimeUnit } from '../../shared/schema/types.ts';
import { registerArrowCodecs } from '../arrow/arrow-codecs.ts';
import { type ArrowColumn, ArrowColumnReader } from '../arrow/arrow-column.ts';
import { loadArrow } from '../arrow/load-arrow.ts';
import { type ArrowFileColumn, arrowFileColumns, rawValues, readNatural } from './arrow-columns.ts';
import { badInput } from './bad-input.ts';
import { ParquetColumnBuilder } from './parquet-column.ts';
import { ParquetTimeBuilder } from './parquet-time-builder.ts';
import type { IngestBatch, IngestColumn, IngestSource, SourceOptions } from './source.ts';
import {
  BATCH_ROWS,
  type BadCell,
  badCell,
  earlier,
  planColumns,
  SAMPLE_ROWS,
  type TypedPlan,
} from './typed-columns.ts';
import { isPresent } from './validity.ts';

/**
 * Opens an Arrow IPC file or stream; which of both, its first bytes say. Columns keep their types as `append` takes Arrow
 * data; timestamps and dates that are not the time itself become i64 in the table's unit. Throws BAD_INPUT_FILE,
 * UNKNOWN_COLUMN or INVALID_OPTION.
 */
export async function openArrowSource(path: string, options: SourceOptions = {}): Promise<IngestSource> {
  const file = await ArrowFile.open(path);
  try {
    return await plan(file, options);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The record batches of a file, in its order. */
class ArrowFile {
  readonly path: string;
  readonly totalBytes: number;
  readonly reader: RecordBatchReader;
  readonly stream: ReturnType<typeof createReadStream> | undefined;
  /** Batches that were read to see what the times look like. */
  readonly #ahead: RecordBatch[] = [];
  readonly #batches: AsyncIterator<RecordBatch>;

  private constructor(
    path: string,
    totalBytes: number,
    reader: RecordBatchReader,
    stream?: ArrowFile['stream'],
  ) {
    this.path = path;
    this.totalBytes = totalBytes;
    this.reader = reader;
    this.stream = stream;
    this.#batches = (reader as AsyncRecordBatchStreamReader)[Symbol.asyncIterator]();
  }

  static async open(path: string): Promise<ArrowFile> {
    const arrow = await loadArrow();
    await registerArrowCodecs(arrow);
    const { size } = await stat(path);
    const handle = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(6), 0, 6, 0);
      const isFile = buffer.subarray(0, bytesRead).toString('latin1') === 'ARROW1';
      if (!isFile) await handle.close();
      const stream = isFile ? undefined : createReadStream(path);
      const reader = await sound(path, async () => {
        const made: RecordBatchReader = await arrow.RecordBatchReader.from(stream ?? (handle as never));
        return await made.open({ autoDestroy: false });
      });
      return new ArrowFile(path, size, reader, stream);
    } catch (error) {
      await handle.close().catch(() => {});
      throw error;
    }
  }

  /** The next batch, without taking it. */
  async peek(): Promise<RecordBatch | undefined> {
    const batch = await this.next();
    if (batch !== undefined) this.#ahead.push(batch);
    return batch;
  }

  async next(): Promise<RecordBatch | undefined> {
    const ahead = this.#ahead.shift();
    if (ahead !== undefined) return ahead;
    const step = await sound(this.path, () => this.#batches.next());
    return step.done === true ? undefined : step.value;
  }

  async close(): Promise<void> {
    this.stream?.destroy();
    await Promise.resolve(this.reader.cancel()).catch(() => {});
  }
}

/** What apache-arrow says of a file that it cannot read, as an error of ours. */
async function sound<T>(path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (MillraceError.is(cause) || (cause as NodeJS.ErrnoException).syscall !== undefined) throw cause;
    const said = (cause as Error).message;
    throw badInput({ file: path }, `it cannot be read as Arrow: ${said}`, 'make it again', cause);
  }
}

interface Plan extends TypedPlan<ArrowFileColumn> {
  readonly file: ArrowFile;
  /** Place of each column in the file. */
  readonly places: ReadonlyMap<string, number>;
}

async function plan(file: ArrowFile, options: SourceOptions): Promise<IngestSource> {
  const all = arrowFileColumns(file.reader.schema);
  const places = new Map(all.map(({ name }, at) => [name, at]));
  const sample = (time: ArrowFileColumn) => sampleOf(file, time, places.get(time.name)!);
  return new ArrowSource({ ...(await planColumns(file.path, all, options, sample)), file, places });
}

class ArrowSource implements IngestSource {
  readonly format = 'arrow';
  readonly file: string;
  readonly columns: readonly IngestColumn[];
  readonly unit: TimeUnit;
  readonly notes: readonly string[];
  readonly totalBytes: number;
  bytesRead = 0;
  cutTimestamps = 0;
  readonly #plan: Plan;
  readonly #readers = makeReaders();

  constructor(opened: Plan) {
    this.#plan = opened;
    this.file = opened.file.path;
    this.columns = opened.columns;
    this.unit = opened.unit;
    this.notes = opened.notes;
    this.totalBytes = opened.file.totalBytes;
  }

  async *batches(): AsyncGenerator<IngestBatch, void, undefined> {
    const { file } = this.#plan;
    let firstRow = 0;
    for (;;) {
      const batch = await file.next();
      if (batch === undefined) break;
      this.bytesRead = Math.min(this.totalBytes, file.stream?.bytesRead ?? this.bytesRead + bytesOf(batch));
      for (let from = 0; from < batch.numRows; from += BATCH_ROWS) {
        const part = batch.slice(from, Math.min(from + BATCH_ROWS, batch.numRows));
        yield* this.#convert(part, firstRow + from);
      }
      firstRow += batch.numRows;
    }
    this.bytesRead = this.totalBytes;
  }

  async close(): Promise<void> {
    await this.#plan.file.close();
  }

  *#convert(batch: RecordBatch, firstRow: number): Generator<IngestBatch, void, undefined> {
    const { time, parser, zone, key, values } = this.#plan;
    const rows = batch.numRows;
    const ts = new ParquetTimeBuilder(time.kind, this.unit, zone, parser, rows);
    ts.fill(rawValues(this.#read(batch, time, firstRow), time.type), 0);
    let bad: BadCell | undefined = ts.bad && { ...ts.bad, column: time.name };
    const names = key === undefined ? undefined : this.#read(batch, key, firstRow);
    if (key !== undefined && names !== undefined) {
      const row = firstNameless(names, rows);
      const nameless =
        row === undefined ? undefined : { row, what: 'there is no name of a table', value: undefined };
      bad = earlier(bad, nameless, key.name);
    }
    const builders = values.map((column, at) => {
      const builder = new ParquetColumnBuilder(
        column.kind,
        { type: this.columns[at]!.type, unit: this.unit, zone },
        rows,
      );
      const read = this.#read(batch, column, firstRow);
      // The same type: bits are copied, NaN payloads stay. A null holds 0 then.
      if (
        this.columns[at]!.type === column.type &&
        column.kind.kind !== 'timestamp' &&
        column.type !== 'bool'
      ) {
        builder.fill(read.values as never, 0);
        for (let row = 0; row < rows; row++)
          if (!isPresent(read.validity, row)) builder.validity.setNull(row);
      } else builder.fill(rawValues(read, column.type), 0);
      bad = earlier(bad, builder.bad, column.name);
      return builder;
    });
    this.cutTimestamps += ts.cut;
    const good = bad?.row ?? rows;
    if (good > 0) {
      yield {
        rowCount: good,
        ts: ts.values(0, good),
        columns: builders.map((builder) => builder.values(0, good)),
        validity: builders.map((builder) => builder.validity.bitmap(good)),
        keys:
          names === undefined
            ? undefined
            : Array.from(names.values as ArrayLike<unknown>, String).slice(0, good),
      };
    }
    if (bad !== undefined) throw badCell(this.file, bad, firstRow);
  }

  #read(batch: RecordBatch, column: ArrowFileColumn, firstRow: number): ArrowColumn {
    const data = batch.data.children[this.#plan.places.get(column.name)!]!;
    try {
      return readNatural(this.#readers, column, data, firstRow);
    } catch (error) {
      if (!MillraceError.is(error)) throw error;
      throw badInput({ file: this.file, column: column.name }, error.message, 'correct the file', error);
    }
  }
}

function makeReaders(): Readonly<Record<TimeUnit, ArrowColumnReader>> {
  return {
    ms: new ArrowColumnReader('ms'),
    us: new ArrowColumnReader('us'),
    ns: new ArrowColumnReader('ns'),
  };
}

function firstNameless({ values, validity }: ArrowColumn, rows: number): number | undefined {
  for (let row = 0; row < rows; row++) if (!isPresent(validity, row) || values[row] === '') return row;
  return undefined;
}

function bytesOf(batch: RecordBatch): number {
  return batch.data.byteLength;
}

/** Some of the values of a time column that is no timestamp, as text. */
async function sampleOf(file: ArrowFile, time: ArrowFileColumn, place: number): Promise<string[]> {
  const batch = await file.peek();
  if (batch === undefined) return [];
  const data = batch.slice(0, SAMPLE_ROWS).data.children[place]!;
  const values = rawValues(readNatural(makeReaders(), time, data, 0), time.type);
  return Array.from(values)
    .filter((value) => value !== undefined)
    .map(String);
}
