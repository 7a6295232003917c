// `npm run bench`: everything that is measured, in one run, as a table and as JSON. `npm run bench:report` makes pages of it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { busyWarning, describeMachine, machineLine } from '../harness/machine.ts';
import type { PartResult, SuiteResult } from './figures.ts';
import { PARTS } from './parts.ts';
import { renderPart } from './render.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Parts that need nothing installed. */
const LEAN: ReadonlySet<string> = new Set(['micro', 'roofline', 'engine']);

const USAGE = `npm run bench -- [options]

  --quick            a tenth of the work in about two minutes: ${[...LEAN].join(', ')} unless --only names others
  --full             also 4 GB of rows
  --only A,B         of ${PARTS.map(({ name }) => name).join(', ')} (all)
  --rounds N         rounds of each part (5; quick: fewer)
  --json FILE        where the figures go (dist/bench.json)
  --dir FOLDER       a folder on the disk to be measured (dist)

Ends with 0, or 1 if an answer was wrong.`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    json: { type: 'string', default: join(ROOT, 'dist', 'bench.json') },
    dir: { type: 'string', default: join(ROOT, 'dist') },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) console.log(USAGE);
else process.exitCode = await main();

async function main(): Promise<number> {
  const isQuick = values.quick;
  const wanted =
    values.only?.split(',') ?? PARTS.map(({ name }) => name).filter((name) => !isQuick || LEAN.has(name));
  const unknown = wanted.find((name) => !PARTS.some((part) => part.name === name));
  if (unknown !== undefined) return refuse(`--only knows no part ${JSON.stringify(unknown)}`);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isSafeInteger(rounds) && rounds > 0))
    return refuse(`--rounds takes a whole number from 1, not ${JSON.stringify(values.rounds)}`);
  mkdirSync(values.dir, { recursive: true });
  const folder = mkdtempSync(join(values.dir, 'bench-'));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

  const machine = describeMachine();
  // Now, and not when it is written: the work may go on meanwhile.
  const commit = commitOf();
  const command = commandOf(values);
  console.log(`${machineLine(machine)}\n${busyWarning(machine) ?? ''}`);
  const parts: PartResult[] = [];
  const save = (): void => {
    const result: SuiteResult = {
      version: 1,
      when: new Date().toISOString(),
      commit,
      command,
      millrace: versionOf(),
      isQuick,
      machine,
      parts,
    };
    writeFileSync(values.json, `${JSON.stringify(result, null, 1)}\n`);
  };
  for (const part of PARTS) {
    if (!wanted.includes(part.name)) continue;
    const run = await part.load();
    const result = await run({
      rounds: rounds ?? part.rounds[isQuick ? 0 : 1],
      isQuick,
      isFull: values.full,
      folder,
      say: (line) => console.error(line),
    });
    parts.push(isQuick ? withoutGoals(result) : result);
    console.log(renderPart(parts.at(-1)!));
    // After each part: hours of measuring are not lost with what comes later.
    save();
  }
  console.log(`\nEvery figure: ${values.json}`);
  return parts.some(({ wrong }) => wrong.length > 0) ? 1 : 0;
}

/** A tenth of the rows is no measure of them: opening, a table's first chunk and its last commit weigh as much as its rows. */
function withoutGoals(result: PartResult): PartResult {
  const ratios = result.ratios.map((ratio) => ({ ...ratio, goal: undefined }));
  return { ...result, ratios, notes: [...result.notes, 'Goals are looked at by a run without --quick.'] };
}

function refuse(why: string): number {
  console.error(`${why}\n\n${USAGE}`);
  return 2;
}

/** What was typed, but for where things are put. */
function commandOf({ full, only, quick, rounds }: typeof values): string {
  const words = [
    ...(quick ? ['--quick'] : []),
    ...(full ? ['--full'] : []),
    ...(only === undefined ? [] : ['--only', only]),
    ...(rounds === undefined ? [] : ['--rounds', rounds]),
  ];
  return ['npm run bench', ...(words.length > 0 ? ['--', ...words] : [])].join(' ');
}

function commitOf(): string {
  try {
    const git = (...words: string[]): string =>
      execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ' and changes');
  } catch {
    return 'unknown: no git checkout';
  }
}

function versionOf(): string {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}
