// `npm run bench:read`: the reads of workload W by Millrace and by its peers, in one run; and the last values of 1,000 tables.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runInChild } from '../harness/child.ts';
import { busyWarning, describeMachine, machineLine } from '../harness/machine.ts';
import { runInterleaved } from '../harness/rounds.ts';
import { ensurePeers } from '../peers/install.ts';
import { measureBorder } from './border.ts';
import { READERS, type ReaderName, type ReadJob, type ReadOutcome } from './contract.ts';
import { measureLastValues } from './last-values.ts';
import { renderReads } from './report.ts';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));
/** dist: on the disk of the checkout, ignored by git. */
const FOLDER = fileURLToPath(new URL('../..', import.meta.url));
const USAGE = `npm run bench:read -- [options]

  --rounds N            rounds, each engine once in each, in a fresh process (3)
  --repeats N           calls of each read in a round, for 1 to 4 s, but 9 at least; W3c 8 times at most (60)
  --rows N              rows of each table (250000)
  --tables N            tables (8)
  --readers A,B         of ${READERS.join(', ')} (all that install)
  --border              only: from how many values on do workers help a scan?
  --json FILE           write every figure to FILE`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    repeats: { type: 'string', default: '60' },
    rows: { type: 'string', default: '250000' },
    tables: { type: 'string', default: '8' },
    readers: { type: 'string' },
    json: { type: 'string' },
    border: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) console.log(USAGE);
else process.exitCode = await main();

async function main(): Promise<number> {
  const [rounds, repeats, rowsPerTable, tables] = [
    whole('rounds', values.rounds, 1),
    whole('repeats', values.repeats, 3),
    whole('rows', values.rows, 1000),
    whole('tables', values.tables, 1),
  ];
  const machine = describeMachine();
  mkdirSync(FOLDER, { recursive: true });
  const folder = mkdtempSync(join(FOLDER, 'bench-read-'));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

  if (values.border) {
    console.log([machineLine(machine), busyWarning(machine) ?? '', await measureBorder(folder)].join('\n'));
    return 0;
  }
  const wanted = (values.readers?.split(',') ?? READERS) as ReaderName[];
  const unknown = wanted.find((name) => !READERS.includes(name));
  if (unknown !== undefined) throw new RangeError(`--readers takes ${READERS.join(', ')}, not ${unknown}`);
  const packageOf = (name: ReaderName): string => (name === 'duckdb' ? '@duckdb/node-api' : name);
  const peers = wanted.filter((name) => name !== 'millrace');
  const there = ensurePeers(new Set(peers.map(packageOf)), say);
  const readers = wanted.filter((name) => name === 'millrace' || there.has(packageOf(name)));

  const last = await measureLastValues(folder);
  const outcomes = await runInterleaved<ReaderName, ReadOutcome>(readers, rounds, async (reader, round) => {
    const own = mkdtempSync(join(folder, `${reader}-`));
    const job: ReadJob = { reader, size: { tables, rowsPerTable }, repeats, folder: own };
    const outcome = await runInChild<ReadOutcome>(CHILD, job);
    rmSync(own, { recursive: true, force: true });
    say(`round ${round + 1} of ${rounds}: ${reader} ${JSON.stringify(outcome.ms)}`);
    return outcome;
  });
  const head = [
    `Workload W: ${tables} tables of ${rowsPerTable.toLocaleString('en')} rows; ${rounds} interleaved rounds, each engine in a fresh process; medians of some ${repeats} calls`,
    `Machine: ${machineLine(machine)}`,
  ];
  const warning = busyWarning(machine);
  if (warning !== undefined) head.push(`${warning}.`);
  console.log(renderReads(head, rowsPerTable, outcomes, last));
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ machine, rounds, outcomes, last }, null, 2)}\n`);
  }
  return Object.values(outcomes).every((all) => all.every(({ wrong }) => wrong.length === 0)) ? 0 : 1;
}

function whole(name: string, word: string, least: number): number {
  const value = Number(word);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new RangeError(`--${name} takes a whole number from ${least}, not ${JSON.stringify(word)}`);
}

/** Progress goes to stderr, so that stdout is the report alone. */
function say(line: string): void {
  console.error(line);
}
