// `npm run bench:peers`: workload W by Millrace and by its peers, in one run. See options.ts for the words it takes.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInChild } from '../harness/child.ts';
import { type DiskRate, measureDisk } from '../harness/disk.ts';
import { describeMachine } from '../harness/machine.ts';
import { runInterleaved } from '../harness/rounds.ts';
import { W_ROW_BYTES } from '../workload/workload-w.ts';
import type { ContestantName, Job, Outcome, Work } from './contract.ts';
import { ensurePeers, PeersUnavailableError } from './install.ts';
import { ensureJava } from './java-install.ts';
import { type PeersOptions, readOptions, USAGE, UsageError } from './options.ts';
import { ensurePython } from './python-install.ts';
import { type PeersReport, renderReport, wrongAnswersOf } from './report.ts';
import { isJava, isPython, ROSTER } from './roster.ts';

const CONTESTANT = fileURLToPath(new URL('./contestant.js', import.meta.url));
/** dist: on the disk of the checkout, ignored by git. The system's temporary folder is often memory. */
const DEFAULT_FOLDER = fileURLToPath(new URL('../..', import.meta.url));

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError || error instanceof PeersUnavailableError)) throw error;
  say(error instanceof UsageError ? `${error.message}\n\n${USAGE}` : error.message);
  process.exitCode = 2;
}

async function main(): Promise<number> {
  const asked = readOptions(process.argv.slice(2));
  if (asked === undefined) {
    console.log(USAGE);
    return 0;
  }
  const options = { ...asked, contestants: installedOf(asked.contestants) };

  const parent = resolve(options.folder ?? DEFAULT_FOLDER);
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'bench-peers-'));
  // Also on an interrupt: the databases of a full run are 100 MB.
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

  const report = await measure(options, folder);
  console.log(renderReport(report));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  return wrongAnswersOf(report).length === 0 ? 0 : 1;
}

/** Those that can run here; what cannot is said by who tried. */
function installedOf(contestants: readonly ContestantName[]): ContestantName[] {
  const packages = contestants.flatMap((name) => (isPython(name) ? [] : (ROSTER[name].package ?? [])));
  const usable = ensurePeers(new Set(packages), say);
  const hasPython = contestants.some(isPython) && ensurePython(say);
  const hasJava = contestants.some(isJava) && ensureJava(say);
  return contestants.filter((name) => {
    if (isJava(name) && !hasJava) return false;
    const { package: own } = ROSTER[name];
    return isPython(name) ? hasPython : own === undefined || usable.has(own);
  });
}

async function measure(options: PeersOptions, folder: string): Promise<PeersReport> {
  const machine = describeMachine();
  const disk: DiskRate[] = [];
  let diskMeasuredIn = '';
  const works: Partial<Record<Work, Record<ContestantName, readonly Outcome[]>>> = {};
  const rawBytes = options.tables * options.rowsPerTable * W_ROW_BYTES;
  for (const work of options.works) {
    works[work] = await runInterleaved(
      options.contestants.filter((name) => ROSTER[name].works.includes(work)),
      // The bytes are the same in every round, but for a few.
      work === 'w4' ? 1 : options.rounds,
      async (contestant, round) => {
        // The disk's rate belongs to the same minutes as the contestants' figures: once in each round.
        if (work !== 'w4' && diskMeasuredIn !== `${work} ${round}`) {
          diskMeasuredIn = `${work} ${round}`;
          disk.push(measureDisk(folder, rawBytes));
        }
        const outcome = await runOne(contestant, work, options, folder);
        say(`${work}, ${contestant}: ${figureOf(outcome, round, options)}`);
        return outcome;
      },
    );
  }
  return { machine, options, disk, works };
}

function figureOf({ packedBytes, rows, seconds }: Outcome, round: number, { rounds }: PeersOptions): string {
  if (packedBytes !== undefined) return `${packedBytes.toLocaleString('en-US')} bytes`;
  const speed = Math.round(rows / seconds / 1e3).toLocaleString('en-US');
  return `${speed}k rows/s in round ${round + 1} of ${rounds}`;
}

async function runOne(
  contestant: ContestantName,
  work: Work,
  { tables, rowsPerTable, seed, warmUpRows }: PeersOptions,
  folder: string,
): Promise<Outcome> {
  const own = mkdtempSync(join(folder, `${contestant}-`));
  try {
    const size = { tables, rowsPerTable, seed };
    // What is weighed is the workload alone.
    const job: Job = { contestant, work, size, warmUpRows: work === 'w4' ? 0 : warmUpRows, folder: own };
    return await runInChild<Outcome>(CONTESTANT, job);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** Progress goes to stderr, so that stdout is the report alone. */
function say(line: string): void {
  console.error(line);
}
