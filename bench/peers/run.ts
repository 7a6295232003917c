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
import { type PeersOptions, readOptions, USAGE, UsageError } from './options.ts';
import { type PeersReport, renderReport, wrongAnswersOf } from './report.ts';

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
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  if (options.contestants.some((name) => name !== 'millrace')) ensurePeers(say);

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

async function measure(options: PeersOptions, folder: string): Promise<PeersReport> {
  const machine = describeMachine();
  const disk: DiskRate[] = [];
  let diskMeasuredIn = '';
  const works: Partial<Record<Work, Record<ContestantName, readonly Outcome[]>>> = {};
  const rawBytes = options.tables * options.rowsPerTable * W_ROW_BYTES;
  for (const work of options.works) {
    works[work] = await runInterleaved(
      contestantsFor(work, options),
      options.rounds,
      async (contestant, round) => {
        // The disk's rate belongs to the same minutes as the contestants' figures: once in each round.
        if (diskMeasuredIn !== `${work} ${round}`) {
          diskMeasuredIn = `${work} ${round}`;
          disk.push(measureDisk(folder, rawBytes));
        }
        const outcome = await runOne(contestant, work, options, folder);
        const speed = Math.round(outcome.rows / outcome.seconds / 1e3);
        say(
          `${work}, round ${round + 1} of ${options.rounds}: ${contestant} ${speed.toLocaleString('en-US')}k rows/s`,
        );
        return outcome;
      },
    );
  }
  return { machine, options, disk, works };
}

/** Row by row there is nothing to put into one INSERT. */
function contestantsFor(work: Work, { contestants }: PeersOptions): ContestantName[] {
  return contestants.filter((name) => work === 'w2' || name !== 'better-sqlite3-multirow');
}

async function runOne(
  contestant: ContestantName,
  work: Work,
  { tables, rowsPerTable, seed, warmUpRows }: PeersOptions,
  folder: string,
): Promise<Outcome> {
  const own = mkdtempSync(join(folder, `${contestant}-`));
  try {
    const job: Job = { contestant, work, size: { tables, rowsPerTable, seed }, warmUpRows, folder: own };
    return await runInChild<Outcome>(CONTESTANT, job);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** Progress goes to stderr, so that stdout is the report alone. */
function say(line: string): void {
  console.error(line);
}
