#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { toEnvelope } from '../../shared/errors.ts';
import { type Command, type Io, usageError } from './command.ts';
import { diagnoseCommand } from './diagnose-command.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { exportCommand } from './export-command.ts';
import { ingestCommand } from './ingest-command.ts';
import { toJson, writeOut } from './output.ts';
import { queryCommand } from './query-command.ts';
import { sqlCommand } from './sql-command.ts';
import { statsCommand } from './stats-command.ts';
import { tablesCommand } from './tables-command.ts';
import { tortureCommand } from './torture-command.ts';
import { verifyCommand } from './verify-command.ts';

const COMMANDS: readonly Command[] = [
  ingestCommand,
  queryCommand,
  sqlCommand,
  exportCommand,
  tablesCommand,
  statsCommand,
  verifyCommand,
  diagnoseCommand,
  tortureCommand,
];

const HELP = `Usage: millrace COMMAND …

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`).join('\n')}

  millrace COMMAND --help    what a command takes
  millrace --version         the version

Exit codes:
  ${EXIT.ok}    all went well
  ${EXIT.failure}    the database or a file failed
  ${EXIT.usage}    the command line is wrong
  ${EXIT.badInput}    the file to ingest is wrong; the rows before the place that is named stay
  ${EXIT.damaged}    verify, diagnose: part of the database is damaged
  ${EXIT.interrupted}  ended by Ctrl-C

An error is one line on stderr, "millrace: CODE: message"; with --json a JSON object with code, message and details.
`;

/** Runs a command line; resolves to the exit code. */
async function run(args: readonly string[], io: Io): Promise<number> {
  try {
    const [name, ...rest] = args;
    if (name === '--version') {
      await writeOut(io.out, `${version()}\n`);
      return EXIT.ok;
    }
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      await writeOut(name === undefined ? io.err : io.out, HELP);
      return name === undefined ? EXIT.usage : EXIT.ok;
    }
    const command = COMMANDS.find((each) => each.name === name);
    if (command === undefined) {
      throw usageError(`there is no command ${JSON.stringify(name)}; see millrace --help`, { command: name });
    }
    if (asksForHelp(rest)) {
      await writeOut(io.out, command.help);
      return EXIT.ok;
    }
    return await command.run(rest, io);
  } catch (error) {
    const { code, message, details } = toEnvelope(error);
    const text = args.includes('--json')
      ? toJson({ code, message, details })
      : `millrace: ${code}: ${message}`;
    await writeOut(io.err, `${text}\n`);
    return exitCodeOf(code);
  }
}

/** Before the arguments are checked: who asks for help need not get them right. Behind `--` all are positional. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const options = end < 0 ? args : args.slice(0, end);
  return options.includes('--help') || options.includes('-h');
}

/** The package's version; this file is dist/src/main/cli/main.js in it. */
function version(): string {
  const text = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

// whoever reads us may have enough: `millrace query … | head`
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

process.exitCode = await run(process.argv.slice(2), { out: process.stdout, err: process.stderr });
