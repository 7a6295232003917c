import { stat } from 'node:fs/promises';
import { type MillraceError, show } from '../../shared/errors.ts';
import type { ColumnType, TimeUnit } from '../../shared/schema/types.ts';
import { badInput } from './bad-input.ts';
import { type ColumnBuilder, makeColumnBuilder } from './column-builder.ts';
import { type CsvDialect, CsvReader, type CsvRecords } from './csv-records.ts';
import { inferType, inferUnit } from './infer-types.ts';
import { type ColumnSelection, selectColumns } from './select-columns.ts';
import type { IngestBatch, IngestColumn, IngestSource, SourceOptions } from './source.ts';
import { TimeBuilder } from './time-builder.ts';
import { detectTimeFormat, makeTimeParser, type TimeParser } from './time-format.ts';
import { ValidityBuilder } from './validity.ts';

/** Rows from which types and formats are inferred: enough to meet the first missing value, and read in 10 ms. */
const SAMPLE_ROWS = 1000;
/** Rows of a batch: with 229 tables each still gets a hundred or so at once; 30 columns of f64 are 4 MB. */
const BATCH_ROWS = 16_384;
/** Characters of a batch, so that long texts do not fill the memory. */
const BATCH_CHARACTERS = 16 << 20;
/** What stands for a value that is missing. */
export const MISSING_VALUES: readonly string[] = ['', 'NA', 'NaN', 'null', '\\N'];

/** How a CSV file is to be read. */
export interface CsvOptions extends SourceOptions, CsvDialect {
  /** Fields that mean "no value" in every column. Default: empty, NA, NaN, null and \N. */
  readonly missing?: readonly string[] | undefined;
}

/**
 * Opens a CSV file: reads the header and a first sample, from which the types, the time's format and the unit are inferred
 * where the options do not say. Throws BAD_INPUT_FILE, UNKNOWN_COLUMN or INVALID_OPTION.
 */
export async function openCsvSource(file: string, options: CsvOptions = {}): Promise<IngestSource> {
  const totalBytes = (await stat(file)).size;
  const reader = await CsvReader.open(file, options);
  try {
    const parts = reader.records();
    const sample = await readSample(parts);
    if (sample.failure !== undefined && sample.records.length === 0) throw sample.failure;
    const { names } = reader;
    if (names.length === 0) {
      throw badInput({ file }, 'the file is empty', 'a CSV file begins with a line that names its columns');
    }
    const selection = selectColumns(file, names, options, options.header === false ? undefined : 1);
    return new CsvSource({ file, totalBytes, reader, parts, sample, names, selection, options });
  } catch (error) {
    await reader.close();
    throw error;
  }
}

interface Sample extends CsvRecords {
  readonly records: (readonly string[])[];
  readonly lines: number[];
  /** What went wrong behind the sample; thrown when the rows before it have been delivered. */
  failure: unknown;
}

interface Opened {
  readonly file: string;
  readonly totalBytes: number;
  readonly reader: CsvReader;
  readonly parts: AsyncGenerator<CsvRecords, void, undefined>;
  readonly sample: Sample;
  readonly names: readonly string[];
  readonly selection: ColumnSelection;
  readonly options: CsvOptions;
}

class CsvSource implements IngestSource {
  readonly format = 'csv';
  readonly file: string;
  readonly totalBytes: number;
  readonly columns: readonly IngestColumn[];
  readonly unit: TimeUnit;
  readonly notes: readonly string[];
  readonly #opened: Opened;
  readonly #missing: MissingValues;
  readonly #parser: TimeParser;
  readonly #time: TimeBuilder;
  readonly #builders: readonly ColumnBuilder[];
  readonly #validity: readonly ValidityBuilder[];
  readonly #keys: string[] = [];

  constructor(opened: Opened) {
    const { options, selection, names, sample } = opened;
    this.#opened = opened;
    this.file = opened.file;
    this.totalBytes = opened.totalBytes;
    this.#missing = new MissingValues(options.missing ?? MISSING_VALUES);
    const sampled = (at: number) =>
      sample.records.map((record) => record[at]!).filter((text) => !this.#missing.has(text));
    const times = sampled(selection.ts);
    const format = options.timeFormat ?? detectTimeFormat(times);
    this.#parser = makeTimeParser(format, options.timeZone);
    this.unit = options.unit ?? inferUnit(times, this.#parser);
    this.columns = selection.values.map((at) => {
      const name = names[at]!;
      return { name, type: options.types?.[name] ?? options.knownTypes?.[name] ?? inferType(sampled(at)) };
    });
    const chosen =
      options.timeFormat === undefined && format !== 'iso'
        ? ' (by its magnitude; --time-format overrides)'
        : '';
    this.notes = [
      `time: column ${show(names[selection.ts])}, ${this.#parser.description}${chosen}; kept in ${this.unit}`,
    ];
    this.#time = new TimeBuilder(this.unit, BATCH_ROWS);
    this.#builders = this.columns.map(({ type }) => makeColumnBuilder(type, BATCH_ROWS));
    this.#validity = this.columns.map(() => new ValidityBuilder(BATCH_ROWS));
  }

  get bytesRead(): number {
    return this.#opened.reader.bytesRead;
  }

  get cutTimestamps(): number {
    return this.#time.cut;
  }

  async *batches(): AsyncGenerator<IngestBatch, void, undefined> {
    const { sample, parts } = this.#opened;
    yield* this.#convert(sample);
    if (sample.failure !== undefined) throw sample.failure;
    // pieces are gathered until they fill a batch; a malformed line comes after what was read before it
    let gathered: { records: (readonly string[])[]; lines: number[] } = { records: [], lines: [] };
    let failure: unknown;
    for (;;) {
      let part: IteratorResult<CsvRecords, void>;
      try {
        part = await parts.next();
      } catch (error) {
        failure = error;
        break;
      }
      if (part.done === true) break;
      for (const record of part.value.records) gathered.records.push(record);
      for (const line of part.value.lines) gathered.lines.push(line);
      if (gathered.records.length < BATCH_ROWS) continue;
      yield* this.#convert(gathered);
      gathered = { records: [], lines: [] };
    }
    yield* this.#convert(gathered);
    if (failure !== undefined) throw failure;
  }

  async close(): Promise<void> {
    await this.#opened.reader.close();
  }

  /** Batches of the given records. Rows before a bad value are delivered before its error is thrown. */
  *#convert({ records, lines }: CsvRecords): Generator<IngestBatch, void, undefined> {
    let rows = 0;
    let characters = 0;
    for (const [at, record] of records.entries()) {
      const problem = this.#setRow(rows, record);
      if (problem !== undefined) {
        if (rows > 0) yield this.#batch(rows);
        throw this.#badValue(problem, record, lines[at]!);
      }
      rows++;
      for (const field of record) characters += field.length;
      if (rows === BATCH_ROWS || characters >= BATCH_CHARACTERS) {
        yield this.#batch(rows);
        this.#reset();
        rows = 0;
        characters = 0;
      }
    }
    if (rows > 0) yield this.#batch(rows);
    this.#reset();
  }

  #setRow(row: number, record: readonly string[]): Problem | undefined {
    const { selection } = this.#opened;
    const time = record[selection.ts]!;
    if (!this.#parser.parse(time)) {
      return {
        at: selection.ts,
        what: this.#missing.has(time) ? 'there is no time' : `is no time (${this.#parser.description})`,
      };
    }
    const outside = this.#time.set(row, this.#parser);
    if (outside !== undefined) return { at: selection.ts, what: outside };
    if (selection.key >= 0) {
      // taken as it stands: NA may be Namibia; only nothing at all is no name
      const key = record[selection.key]!;
      if (key === '') return { at: selection.key, what: 'there is no name of a table' };
      this.#keys[row] = key;
    }
    for (let i = 0; i < this.#builders.length; i++) {
      const at = selection.values[i]!;
      const text = record[at]!;
      if (this.#missing.has(text)) {
        // a null holds '' or no bytes, so that the value of an earlier batch is not kept alive
        this.#builders[i]!.clear(row);
        this.#validity[i]!.setNull(row);
        continue;
      }
      const what = this.#builders[i]!.set(row, text);
      if (what !== undefined) return { at, what };
    }
    return undefined;
  }

  #batch(rowCount: number): IngestBatch {
    return {
      rowCount,
      ts: this.#time.values(rowCount),
      columns: this.#builders.map((builder) => builder.values(rowCount)),
      validity: this.#validity.map((bits) => bits.bitmap(rowCount)),
      keys: this.#opened.selection.key >= 0 ? this.#keys.slice(0, rowCount) : undefined,
    };
  }

  #reset(): void {
    for (const bits of this.#validity) bits.reset();
  }

  #badValue({ at, what }: Problem, record: readonly string[], line: number): MillraceError {
    const { names, selection } = this.#opened;
    const column = names[at]!;
    const type = this.columns.find(({ name }) => name === column)?.type;
    let advice = 'correct the line';
    if (at === selection.ts) advice = 'correct the line, or name the format with --time-format';
    else if (type !== undefined) advice = typeAdvice(column, type);
    const value = record[at]!;
    return badInput(
      { file: this.file, line, column, value },
      `${show(value)} ${what}`.replace(/^"" there/, 'there'),
      advice,
    );
  }
}

interface Problem {
  /** Position of the column. */
  readonly at: number;
  readonly what: string;
}

/** The texts that stand for "no value". */
class MissingValues {
  readonly #texts: ReadonlySet<string>;
  readonly #longest: number;

  constructor(texts: readonly string[]) {
    this.#texts = new Set(texts);
    this.#longest = Math.max(-1, ...texts.map((text) => text.length));
  }

  /** The length first: most fields are longer, and looking one up in a set hashes it. */
  has(text: string): boolean {
    return text.length <= this.#longest && this.#texts.has(text);
  }
}

function typeAdvice(column: string, type: ColumnType): string {
  return type === 'utf8' || type === 'bytes'
    ? 'correct the line'
    : `correct the line, name it as missing (--missing), or take the column as text (--types ${column}=utf8; now ${type})`;
}

/** The first `SAMPLE_ROWS` records and what came with them, or all of a shorter file. */
async function readSample(parts: AsyncGenerator<CsvRecords, void, undefined>): Promise<Sample> {
  const sample: Sample = { records: [], lines: [], failure: undefined };
  while (sample.records.length < SAMPLE_ROWS) {
    let part: IteratorResult<CsvRecords, void>;
    try {
      part = await parts.next();
    } catch (error) {
      sample.failure = error;
      break;
    }
    if (part.done === true) break;
    for (const record of part.value.records) sample.records.push(record);
    for (const line of part.value.lines) sample.lines.push(line);
  }
  return sample;
}
