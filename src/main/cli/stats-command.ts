import type { ColumnStorage, DatabaseStats, TableStats } from '../api-types.ts';
import { NanoTsDbShared } from '../index.ts';
import { type Command, parseCommandLine } from './command.ts';
import { EXIT } from './exit-code.ts';
import { formatTimestamp } from './format-value.ts';
import { formatBytes, formatCount } from './numbers.ts';
import { formatTable, oneLine, toJson, writeOut } from './output.ts';

const HELP = `Usage: millrace stats DB [TABLE] [options]

Shows what a database, or one table of it, holds and takes; of a table also how each column is coded. That reads
all its blocks.

  --json              everything as one JSON object, and errors as JSON; bigints are strings
  --help              this text
`;

const OPTIONS = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
/** Tables that are listed in full; the largest ones. */
const LARGEST = 20;

/** `millrace stats`: what a database or a table holds and takes. */
export const statsCommand: Command = {
  name: 'stats',
  summary: 'show what a database or a table holds and takes',
  help: HELP,
  async run(args, io) {
    const { values, positionals } = parseCommandLine('stats', args, OPTIONS, ['DB', '[TABLE]']);
    await using db = await NanoTsDbShared.open(positionals[0]!, { readOnly: true, create: false });
    const name = positionals[1];
    // throws UNKNOWN_TABLE
    const columns = name === undefined ? [] : await db.table(name).columnStorage();
    const stats = await db.stats();
    const table = stats.tables.find((each) => each.name === name);
    let text: string;
    const found = table === undefined ? stats : { ...table, columns };
    if (values.json === true) text = `${toJson(found, 2)}\n`;
    else
      text = `${(table === undefined ? describeDatabase(stats) : describeTable(table, columns)).join('\n')}\n`;
    await writeOut(io.out, text);
    return EXIT.ok;
  },
};

function describeDatabase(stats: DatabaseStats): string[] {
  const raw = sum(stats.tables, ({ rawBytes }) => rawBytes);
  const stored = sum(stats.tables, ({ storedBytes }) => storedBytes);
  const { recovery } = stats;
  const lines = pairs([
    ['database', stats.path],
    ['tables', formatCount(stats.tables.length)],
    ['rows', formatCount(stats.rows)],
    ['raw', formatBytes(raw)],
    ['in blocks', `${formatBytes(stored)}${ratio(raw, stored)}`],
    ['file', `${formatBytes(stats.fileBytes)}${ratio(raw, stats.fileBytes)}`],
    ['checkpoint', formatCount(stats.checkpoint)],
    ['log read', `${formatCount(recovery.frames)} frames, ${formatCount(recovery.rows)} rows`],
  ]);
  if (recovery.droppedBytes > 0) lines.push(...pairs([['torn tail', formatBytes(recovery.droppedBytes)]]));
  for (const damage of recovery.damage) lines.push(...pairs([['DAMAGE', damage]]));
  if (stats.tables.length === 0) return lines;
  const largest = stats.tables.toSorted((a, b) => b.rows - a.rows).slice(0, LARGEST);
  const rows = largest.map((table) => [
    oneLine(table.name),
    formatCount(table.rows),
    formatCount(table.blocks),
    formatBytes(table.rawBytes),
    formatBytes(table.storedBytes),
  ]);
  lines.push(
    '',
    ...formatTable(['table', 'rows', 'blocks', 'raw', 'stored'], rows, [
      'left',
      'right',
      'right',
      'right',
      'right',
    ]),
  );
  if (stats.tables.length > LARGEST)
    lines.push(`… the ${LARGEST} largest of ${formatCount(stats.tables.length)} tables`);
  return lines;
}

function describeTable(table: TableStats, columns: readonly ColumnStorage[]): string[] {
  const lines = pairs([
    ['table', table.name],
    ['unit', table.unit],
    ['rows', formatCount(table.rows)],
    ['from', table.from === null ? 'empty' : formatTimestamp(table.from, table.unit)],
    ['to', table.to === null ? 'empty' : formatTimestamp(table.to, table.unit)],
    ['raw', formatBytes(table.rawBytes)],
    [
      'in blocks',
      `${formatBytes(table.storedBytes)}${ratio(table.rawBytes, table.storedBytes)}, ${formatCount(table.blocks)} blocks`,
    ],
  ]);
  const rows = columns.map(({ codecs, name, rawBytes, rows, storedBytes, type }) => [
    oneLine(name),
    type,
    formatBytes(storedBytes),
    rows === 0 ? '' : ((8 * storedBytes) / rows).toFixed(2),
    rawBytes === null || storedBytes === 0 ? '' : (rawBytes / storedBytes).toFixed(1),
    codecs.map(({ codec, rows: coded }) => `${codec}${share(coded, rows)}`).join(', '),
  ]);
  const head = ['column', 'type', 'stored', 'bits a row', 'raw / stored', 'codecs'];
  return [...lines, '', ...formatTable(head, rows, ['left', 'left', 'right', 'right', 'right', 'left'])];
}

/** A part of the rows in percent, where it is not all of them. */
function share(part: number, rows: number): string {
  return part === rows || part === 0 ? '' : ` ${((100 * part) / rows).toFixed(part * 100 < rows ? 1 : 0)} %`;
}

function pairs(entries: readonly (readonly [string, string])[]): string[] {
  return entries.map(([name, value]) => `${name.padEnd(12)}${oneLine(value)}`);
}

function ratio(raw: number, bytes: number): string {
  return raw > 0 && bytes > 0 ? ` (raw / ${(raw / bytes).toFixed(1)})` : '';
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
