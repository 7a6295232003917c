import { NanoTsDbShared } from '../index.ts';
import { type Command, parseCommandLine } from './command.ts';
import { EXIT } from './exit-code.ts';
import { formatBytes, formatCount } from './numbers.ts';
import { oneLine, toJson, writeOut } from './output.ts';

const HELP = `Usage: millrace diagnose DB [options]

Shows what opening the database finds: the log since the last checkpoint, the tail that a crash left unfinished and that is
dropped, and damage. Reads the log only; verify reads everything.

  --json              one JSON object, and errors as JSON; bigints are strings
  --help              this text

Exit codes: ${EXIT.ok} no damage, ${EXIT.damaged} damage was found.
`;

const OPTIONS = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;

/** `millrace diagnose`: what an opening would find. */
export const diagnoseCommand: Command = {
  name: 'diagnose',
  summary: 'show what opening finds: log, dropped tail, damage',
  help: HELP,
  async run(args, io) {
    const { values, positionals } = parseCommandLine('diagnose', args, OPTIONS, ['DB']);
    await using db = await NanoTsDbShared.open(positionals[0]!, { readOnly: true, create: false });
    const diagnosis = await db.diagnose();
    const { recovery } = diagnosis;
    const lines = [
      `checkpoint     ${formatCount(diagnosis.checkpoint)}`,
      `file           ${formatBytes(diagnosis.fileBytes)}`,
      `log            ${formatCount(recovery.frames)} frames, ${formatCount(recovery.rows)} rows`,
      `dropped tail   ${formatBytes(recovery.droppedBytes)}${recovery.droppedBytes > 0 ? ' of commits that were never finished' : ''}`,
      ...recovery.damage.map((text) => `DAMAGE         ${oneLine(text)}`),
    ];
    await writeOut(io.out, `${values.json === true ? toJson(diagnosis, 2) : lines.join('\n')}\n`);
    return recovery.damage.length === 0 ? EXIT.ok : EXIT.damaged;
  },
};
