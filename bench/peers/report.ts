import type { DiskRate } from '../harness/disk.ts';
import { busyWarning, type Machine, machineLine } from '../harness/machine.ts';
import type { RoundResults } from '../harness/rounds.ts';
import { ratioSpread, type Spread, spreadOf } from '../harness/stats.ts';
import { textTable } from '../harness/text-table.ts';
import { W_ROW_BYTES } from '../workload/workload-w.ts';
import type { ContestantName, Outcome, Work } from './contract.ts';
import type { PeersOptions } from './options.ts';
import { bestsOf, isAsDurable, ROSTER } from './roster.ts';

/** Everything that one run found. */
export interface PeersReport {
  readonly machine: Machine;
  readonly options: PeersOptions;
  readonly disk: readonly DiskRate[];
  readonly works: Partial<Record<Work, RoundResults<ContestantName, Outcome>>>;
}

const TITLES: Readonly<Record<Work, string>> = {
  w1: 'W1: row by row, tables in turn',
  w2: 'W2: batches of 10,000 rows of one table, tables in turn',
  w4: 'W4: bytes of all files, in one round',
};

/** The report for a terminal. */
export function renderReport(report: PeersReport): string {
  const { options, machine } = report;
  const rows = options.tables * options.rowsPerTable;
  const lines = [
    `Workload W: ${options.tables} tables of ${grouped(options.rowsPerTable)} rows, ` +
      `${grouped(rows * W_ROW_BYTES)} bytes raw, seed ${options.seed}; ${options.rounds} interleaved rounds, ` +
      'each contestant in a fresh process',
    `Machine: ${machineLine(machine)}`,
  ];
  // Where nothing is raced, the disk is not measured.
  if (report.disk.length > 0) lines.push(`Disk: ${diskLine(report.disk)}`);
  const warning = busyWarning(machine);
  if (warning !== undefined) lines.push(`${warning}.`);
  for (const work of options.works) {
    const results = report.works[work];
    if (results === undefined) continue;
    const table = work === 'w4' ? bytesTable(results, rows) : workTable(work, results);
    lines.push('', TITLES[work], '', table);
  }
  lines.push(
    '',
    'Rows/s from the first append to everything durable on disk; median (least – greatest) of the rounds.',
  );
  if (options.warmUpRows > 0) {
    lines.push(
      `Each database first takes ${options.warmUpRows.toLocaleString('en')} rows of each of as many other tables, untimed: nobody is timed while code is compiled; the bytes of W1 and W2 include them.`,
    );
  }
  lines.push(
    'Ratios are of Millrace to the peer within a round, median (least – greatest); the best peer is that of each round.',
  );
  const asDurable = options.contestants.filter(isAsDurable);
  if (asDurable.length > 0) lines.push(`At the same durability: ${asDurable.join(', ')}.`);
  for (const name of options.contestants)
    lines.push(`${name}${versionOf(name, report)}: ${ROSTER[name].durability}.`);
  if (options.works.includes('w4')) {
    const own = options.contestants.flatMap((name) => {
      const { compaction } = ROSTER[name];
      return compaction === undefined ? [] : [`${name}: ${compaction}`];
    });
    lines.push(`Compaction: ${own.join('; ')}.`);
  }
  const wrong = wrongAnswersOf(report);
  lines.push(
    '',
    wrong.length === 0
      ? 'Answers: every row of every table read back from the reopened files is right, bit for bit.'
      : `WRONG ANSWERS:\n${wrong.slice(0, 20).join('\n')}`,
  );
  return lines.join('\n');
}

/** Every wrong answer of every round, with who gave it. */
export function wrongAnswersOf(report: PeersReport): string[] {
  const given = new Set<number>();
  const wrong: string[] = [];
  for (const [work, results] of Object.entries(report.works)) {
    for (const [name, outcomes] of Object.entries(results)) {
      outcomes.forEach((outcome, round) => {
        given.add(outcome.fingerprint);
        for (const words of outcome.wrong) wrong.push(`${work}, round ${round + 1}, ${name}: ${words}`);
      });
    }
  }
  if (given.size > 1) wrong.push('the contestants were not given the same rows');
  return wrong;
}

function versionOf(name: ContestantName, { works }: PeersReport): string {
  const outcome = works.w1?.[name]?.[0] ?? works.w2?.[name]?.[0] ?? works.w4?.[name]?.[0];
  return outcome === undefined ? '' : ` ${outcome.version}`;
}

function workTable(work: 'w1' | 'w2', results: RoundResults<ContestantName, Outcome>): string {
  const speeds = (name: ContestantName): number[] => results[name].map(({ rows, seconds }) => rows / seconds);
  const names = (Object.keys(results) as ContestantName[]).filter((name) => results[name].length > 0);
  const ours = names.includes('millrace') ? speeds('millrace') : undefined;
  const rows = names.map((name) => {
    const outcomes = results[name];
    const middle = (pick: (outcome: Outcome) => number): number => spreadOf(outcomes.map(pick)).median;
    const ratio = ours !== undefined && name !== 'millrace' ? ratioSpread(ours, speeds(name)) : undefined;
    return [
      name,
      spread(spreadOf(speeds(name)), (value) => grouped(Math.round(value / 1e3))),
      ratio === undefined ? '' : spread(ratio, (value) => `${value.toFixed(2)}×`),
      middle(({ endSeconds }) => endSeconds * 1e3).toFixed(1),
      middle(({ cpuSeconds }) => cpuSeconds).toFixed(2),
      grouped(middle(({ durableBytes }) => durableBytes)),
      grouped(middle(({ closedBytes }) => closedBytes)),
    ];
  });
  const peers = names.filter((name) => name !== 'millrace');
  for (const { words, isAmong } of bestsOf(work)) {
    const among = peers.filter(isAmong);
    if (ours === undefined || among.length === 0) continue;
    const best = bestOf(among.map(speeds));
    rows.push([
      words,
      spread(spreadOf(best), (value) => grouped(Math.round(value / 1e3))),
      spread(ratioSpread(ours, best), (value) => `${value.toFixed(2)}×`),
    ]);
  }
  const head = ['', '1,000 rows/s', 'Millrace is', 'end ms', 'CPU s', 'bytes durable', 'bytes closed'];
  return textTable(head, rows);
}

/** The greatest speed of each round. */
function bestOf(speeds: readonly (readonly number[])[]): number[] {
  return speeds[0]!.map((_, round) => Math.max(...speeds.map((own) => own[round]!)));
}

function bytesTable(results: RoundResults<ContestantName, Outcome>, rows: number): string {
  const packed = Object.entries(results).flatMap(([name, [outcome]]) =>
    outcome?.packedBytes === undefined ? [] : [{ name, ...outcome, bytes: outcome.packedBytes }],
  );
  const ours = packed.find(({ name }) => name === 'millrace')?.bytes;
  const ratio = (bytes: number): string => (ours === undefined ? '' : `${(bytes / ours).toFixed(2)}×`);
  const lines = packed.map(({ name, bytes, closedBytes }) => [
    name,
    grouped(closedBytes),
    grouped(bytes),
    (bytes / rows).toFixed(2),
    name === 'millrace' ? '' : ratio(bytes),
  ]);
  const peers = packed.filter(({ name }) => name !== 'millrace');
  if (ours !== undefined && peers.length > 0) {
    const least = Math.min(...peers.map(({ bytes }) => bytes));
    lines.push(['best peer', '', grouped(least), (least / rows).toFixed(2), ratio(least)]);
  }
  return textTable(['', 'bytes closed', 'bytes packed', 'bytes a row', 'of Millrace’s'], lines);
}

function diskLine(disk: readonly DiskRate[]): string {
  const part = (pick: (rate: DiskRate) => number, digits: number): string =>
    spread(spreadOf(disk.map(pick)), (value) => value.toFixed(digits));
  return (
    `the raw bytes written in 1 MiB pieces with one fdatasync ${part(({ writeMBs }) => writeMBs, 0)} MB/s, ` +
    `with one after each piece ${part(({ syncedMBs }) => syncedMBs, 0)} MB/s; ` +
    `4 KiB and fdatasync ${part(({ commitMs }) => commitMs, 2)} ms`
  );
}

function spread({ median, min, max }: Spread, words: (value: number) => string): string {
  return min === max ? words(median) : `${words(median)} (${words(min)} – ${words(max)})`;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
