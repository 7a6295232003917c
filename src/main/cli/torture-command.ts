import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { torture } from '../torture/torture.ts';
import { type Command, parseCommandLine, usageError } from './command.ts';
import { EXIT } from './exit-code.ts';
import { formatCount } from './numbers.ts';
import { toJson, writeOut } from './output.ts';

const HELP = `Usage: millrace torture [FOLDER] [options]

Tries Millrace on your machine: a process writes a database as fast as it can and is killed (kill -9) at a random moment, again
and again, with other options each time; after each kill every row that was promised must be there, and every row right.
The database is made in FOLDER (default: the system's folder for temporary files), on whose disk it is tried, and removed
at the end; if something is wrong it stays. A kill does not try the disk's cache: for that, pull the plug.

  --kills N           how many kills; default 20
  --seed N            when the kills come and with which options; default: random, and printed
  --json              one JSON object, and errors as JSON
  --help              this text
`;

const OPTIONS = {
  kills: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;
const LIFE_MS = 1000;

/** `millrace torture`: kills a writing process again and again, and checks the file. */
export const tortureCommand: Command = {
  name: 'torture',
  summary: 'kill a writing process again and again, and check that nothing is lost',
  help: HELP,
  async run(args, io) {
    const { values, positionals } = parseCommandLine('torture', args, OPTIONS, ['[FOLDER]']);
    const rounds = wholeNumber('--kills', values.kills ?? '20', 1);
    const seed = wholeNumber('--seed', values.seed ?? String(Math.floor(Math.random() * 2 ** 31)), 0);
    const folder = mkdtempSync(join(positionals[0] ?? tmpdir(), 'millrace-torture-'));
    const path = join(folder, 'torture.ntt');
    const isTalking = values.json !== true;
    if (isTalking) await writeOut(io.out, `seed ${seed}, ${path}\n`);
    const result = await torture(path, {
      rounds,
      seed,
      lifeMs: LIFE_MS,
      onRound: ({ kills, rows }) => {
        if (isTalking && kills % 10 === 0)
          io.out.write(`${formatCount(kills)} kills, ${formatCount(rows)} rows\n`);
      },
    });
    rmSync(folder, { recursive: true });
    const text = `${formatCount(result.kills)} kills (${formatCount(result.duringOpening)} while it opened), ${formatCount(result.promises)} promises, ${formatCount(result.rows)} rows: nothing lost, nothing wrong`;
    await writeOut(io.out, `${isTalking ? text : toJson({ seed, ...result }, 2)}\n`);
    return EXIT.ok;
  },
};

function wholeNumber(option: string, text: string, least: number): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(number) && number >= least) return number;
  throw usageError(`${option} is ${JSON.stringify(text)}; it must be a whole number from ${least}`, {
    option,
    value: text,
  });
}
