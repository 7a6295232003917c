import { MillraceError, show } from '../../shared/errors.ts';
import type { Rows, TableInfo } from '../api-types.ts';
import { formatTimestamp, formatValue } from '../cli/format-value.ts';
import { csvLine } from '../cli/output.ts';
import { isPresent } from '../ingest/validity.ts';
import type { RowsWriter } from './rows-writer.ts';

/** What a null is unless told otherwise: as PostgreSQL and MySQL write it, for an empty field may be an empty string. */
export const DEFAULT_NULL = '\\N';

export interface CsvExportOptions {
  /** What stands for a null; no text in the table may be equal to it. */
  readonly nullText?: string | undefined;
  /** Times as whole numbers since 1970 in the table's unit, not as ISO 8601. */
  readonly epoch?: boolean | undefined;
}

/** Rows as CSV (RFC 4180, but LF), floats with as few digits as read back the same bits. */
export class CsvWriter implements RowsWriter {
  private readonly info: TableInfo;
  private readonly nullText: string;
  private readonly epoch: boolean;
  private head: string;

  constructor(info: TableInfo, options: CsvExportOptions) {
    this.info = info;
    this.nullText = options.nullText ?? DEFAULT_NULL;
    this.epoch = options.epoch ?? false;
    this.head = csvLine(['ts', ...info.columns.map(({ name }) => name)]);
  }

  /** @throws INVALID_OPTION if a text is equal to the null text; INVALID_TIMESTAMP if ISO 8601 cannot write a time */
  add(rows: Rows): readonly Uint8Array[] {
    let text = this.takeHead();
    for (let row = 0; row < rows.rowCount; row++) {
      const fields: (string | null)[] = [this.time(rows.ts[row]!)];
      for (const { name, type } of this.info.columns) {
        fields.push(
          isPresent(rows.validity[name], row)
            ? this.value(name, formatValue(rows.columns[name]![row], type))
            : this.nullText === ''
              ? null
              : this.nullText,
        );
      }
      text += csvLine(fields);
    }
    return [Buffer.from(text)];
  }

  end(): readonly Uint8Array[] {
    return [Buffer.from(this.takeHead())];
  }

  private takeHead(): string {
    const { head } = this;
    this.head = '';
    return head;
  }

  private value(column: string, text: string): string {
    // With '' for nulls an empty string cannot be told from them; that is what who chose it asked for.
    if (text !== this.nullText || text === '') return text;
    throw new MillraceError(
      'INVALID_OPTION',
      `column ${show(column)} has the text ${show(text)}, which stands for a null here; choose another with --null`,
      { column, value: show(text) },
    );
  }

  private time(ts: number | bigint): string {
    if (this.epoch) return String(ts);
    const text = formatTimestamp(ts, this.info.unit);
    if (text.endsWith('Z')) return text;
    throw new MillraceError(
      'INVALID_TIMESTAMP',
      `the time ${text} has no year of four digits; write times as numbers with --epoch`,
      { value: text },
    );
  }
}
