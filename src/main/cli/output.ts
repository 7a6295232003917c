import { once } from 'node:events';

/** Where a command writes to; `process.stdout` is one. */
export interface TextStream {
  write(text: string | Uint8Array): boolean;
  once(event: 'drain', listener: () => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Writes, and waits while the reader is behind, so that a long result needs no memory. */
export async function writeOut(stream: TextStream, text: string | Uint8Array): Promise<void> {
  if (!stream.write(text)) await once(stream as unknown as NodeJS.EventEmitter, 'drain');
}

/** A value as JSON, bigints as decimal strings, numbers that JSON does not have as "NaN" and the like. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_, each: unknown) => {
      if (typeof each === 'bigint') return String(each);
      if (typeof each === 'number' && !Number.isFinite(each)) return String(each);
      return each;
    },
    indent,
  );
}

/** A line of CSV (RFC 4180, but LF). Null is an empty field, an empty string is "". */
export function csvLine(fields: readonly (string | null)[]): string {
  return `${fields.map(csvField).join(',')}\n`;
}

function csvField(field: string | null): string {
  if (field === null) return '';
  return field === '' || /[",\r\n]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** On which side the texts of a column stand. */
export type Alignment = 'left' | 'right';

/** Lines of columns side by side, as wide as their widest text, under a header. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  alignment: readonly Alignment[],
): string[] {
  const widths = header.map((name, at) =>
    rows.reduce((widest, row) => Math.max(widest, displayWidth(row[at]!)), displayWidth(name)),
  );
  const line = (texts: readonly string[]) =>
    texts
      .map((text, at) => pad(text, widths[at]!, alignment[at] ?? 'left'))
      .join('  ')
      .trimEnd();
  return [line(header), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)];
}

/** A text for one line of a terminal: line breaks and other control characters escaped. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (char) =>
    JSON.stringify(char).slice(1, -1),
  );
}

function pad(text: string, width: number, alignment: Alignment): string {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return alignment === 'right' ? blanks + text : text + blanks;
}

/** Columns that a text takes, counting characters and not UTF-16 units; wide ones of East Asia as one. */
function displayWidth(text: string): number {
  let width = 0;
  for (const _ of text) width++;
  return width;
}
