import { inFile } from '../../shared/errors.ts';
import { openStorage } from '../../shared/storage/file-storage.ts';
import { isSound, type VerifyReport } from '../../shared/verify/report.ts';
import { verify } from '../../shared/verify/verify.ts';
import { checkPath } from '../read-only.ts';
import { type RepairedTable, repair } from '../repair.ts';
import { type Command, parseCommandLine } from './command.ts';
import { EXIT } from './exit-code.ts';
import { formatBytes, formatCount } from './numbers.ts';
import { formatTable, oneLine, toJson, writeOut } from './output.ts';

const HELP = `Usage: millrace verify DB [options]

Reads everything that a database holds, and names every damage: table, block, column, rows lost. The file is only read.
Bytes of an unfinished commit at the end of the log are what a crash leaves, and no damage.

  --repair OUT        copy what is sound into a new database OUT, which must not exist; a value whose column is damaged is
                      null in the copy
  --json              one JSON object, and errors as JSON; bigints are strings
  --help              this text

Exit codes: ${EXIT.ok} sound, ${EXIT.damaged} damaged (repaired or not), ${EXIT.failure} it cannot be read at all.
`;

const OPTIONS = {
  repair: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `millrace verify`: finds and names damage, and saves what is sound. */
export const verifyCommand: Command = {
  name: 'verify',
  summary: 'read everything, name every damage; with --repair copy what is sound',
  help: HELP,
  async run(args, io) {
    const { values, positionals } = parseCommandLine('verify', args, OPTIONS, ['DB']);
    const path = positionals[0]!;
    checkPath(path, false);
    const storage = openStorage(path, false);
    try {
      const report = inFile(path, () => verify(storage));
      const repaired = values.repair === undefined ? undefined : await repair(storage, values.repair);
      const text =
        values.json === true
          ? toJson({ path, sound: isSound(report), ...report, ...(repaired && { repaired }) }, 2)
          : describe(path, report, repaired, values.repair).join('\n');
      await writeOut(io.out, `${text}\n`);
      return isSound(report) ? EXIT.ok : EXIT.damaged;
    } finally {
      storage.close();
    }
  },
};

function describe(
  path: string,
  report: VerifyReport,
  repaired: readonly RepairedTable[] | undefined,
  out: string | undefined,
): string[] {
  const rows = report.tables.reduce((sum, table) => sum + table.rows, 0);
  const lines = report.findings.map(({ text }) => `DAMAGE  ${oneLine(text)}`);
  const damaged = report.tables.filter(({ rowsLost }) => rowsLost > 0);
  if (damaged.length > 0) {
    lines.push('');
    lines.push(
      ...formatTable(
        ['table', 'rows sound', 'rows damaged'],
        damaged.map((table) => [oneLine(table.name), formatCount(table.rows), formatCount(table.rowsLost)]),
        ['left', 'right', 'right'],
      ),
      '',
    );
  }
  if (report.droppedBytes > 0)
    lines.push(
      `${formatBytes(report.droppedBytes)} of an unfinished commit at the end of the log: no damage`,
    );
  if (report.unreferencedBytes > 0)
    lines.push(`${formatBytes(report.unreferencedBytes)} that nothing refers to: no damage`);
  lines.push(
    `${oneLine(path)}: ${isSound(report) ? 'sound' : `${formatCount(report.findings.length)} damages`}; ${formatCount(rows)} rows in ${formatCount(report.tables.length)} tables can be read`,
  );
  if (repaired !== undefined) {
    const copied = repaired.reduce((sum, table) => sum + table.rows, 0);
    const incomplete = repaired.reduce((sum, table) => sum + table.incomplete, 0);
    lines.push(
      `${oneLine(out!)}: ${formatCount(copied)} rows copied${incomplete > 0 ? `, ${formatCount(incomplete)} of them with null for what is damaged` : ''}`,
    );
  }
  return lines;
}
