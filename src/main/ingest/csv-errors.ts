import type { CsvError } from 'csv-parse';
import { MAX_ROW_BYTES } from '../../shared/schema/limits.ts';
import { badInput, type InputPlace } from './bad-input.ts';

/** How far a file had been read when the parser met what it could not read. */
export interface CsvPosition {
  readonly file: string;
  readonly names: readonly string[];
  /** Line on which the last good record ended, by the parser's count. */
  readonly endLine: number;
  /** Lines that the parser had counted too often by then: a CR LF inside of quotes counts twice. */
  readonly overcount: number;
}

/** What csv-parse says of a malformed file, as BAD_INPUT_FILE with line and column; any other error as it is. */
export function malformed(error: Error, { file, names, endLine, overcount }: CsvPosition): Error {
  const { code, lines, column, record } = error as CsvError & {
    lines?: number;
    column?: number;
    record?: string[];
  };
  if (lines === undefined) return error;
  const line = lines - overcount;
  const begin = endLine - overcount + 1;
  const name = names[column ?? 0] ?? `column ${(column ?? 0) + 1}`;
  switch (code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH': {
      const fields = record ?? [];
      const problem = `${fields.length} ${fields.length === 1 ? 'field' : 'fields'}, unlike the lines before`;
      const advice =
        'every line must have as many fields as the first; a field with the delimiter in it needs quotes';
      return badInput({ file, line: line - lineBreaks(fields).breaks }, problem, advice, error);
    }
    case 'CSV_QUOTE_NOT_CLOSED': {
      const problem = 'a quotation mark opens and the file ends before it closes';
      const advice = 'close it, or say with --quote "" that the file has no quotes';
      return badInput({ file, line: begin, column: name }, problem, advice, error);
    }
    case 'CSV_MAX_RECORD_SIZE': {
      const problem = `the record that begins here is longer than ${MAX_ROW_BYTES.toLocaleString('en-US')} bytes`;
      const advice =
        'if a quotation mark is missing, add it, or say with --quote "" that the file has no quotes';
      return badInput({ file, line: begin, column: name }, problem, advice, error);
    }
    default: {
      const advice = 'put the whole field in quotes and double those within, or say --quote ""';
      return badInput({ file, line, column: name }, 'a quotation mark where none can be', advice, error);
    }
  }
}

/** The error for bytes that are not in the encoding that was expected. */
export function notUtf8(place: InputPlace): Error {
  return badInput(
    place,
    'the text is not UTF-8',
    'convert the file, or name its encoding with --encoding latin1 or utf16le',
  );
}

/** Line breaks within the fields of a record, each CR and LF for itself, and those of them that are CR LF pairs. */
export function lineBreaks(record: readonly string[]): { breaks: number; pairs: number } {
  let breaks = 0;
  let pairs = 0;
  for (const field of record) {
    for (const [match] of field.matchAll(/\r\n|[\r\n]/g)) {
      breaks += match.length;
      pairs += match.length - 1;
    }
  }
  return { breaks, pairs };
}
