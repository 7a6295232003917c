import type { RoundResults } from '../harness/rounds.ts';
import { ratioSpread, type Spread, spreadOf } from '../harness/stats.ts';
import { textTable } from '../harness/text-table.ts';
import { READS, type Read, type ReaderName, type ReadOutcome } from './contract.ts';
import type { LastValuesResult } from './last-values.ts';

const TITLES: Readonly<Record<Read, string>> = {
  w3a: 'W3a: column temp of m0, all rows',
  w3b: 'W3b: all columns of two fifths of the rows of m0',
  w3c: 'W3c: all columns of 100 consecutive rows of m0, at random places',
  w3d: 'W3d: mean of temp of m0 per minute',
};

/** The report for a terminal. */
export function renderReads(
  head: readonly string[],
  rows: number,
  outcomes: RoundResults<ReaderName, ReadOutcome>,
  last: LastValuesResult,
): string {
  const lines = [...head];
  for (const read of READS) lines.push('', TITLES[read], '', readTable(read, rows, outcomes));
  lines.push(
    '',
    'ms a call, and rows (W3c: calls) a second; median (least – greatest) of the rounds. Ratios are of the peer’s ms to ours',
    'within a round. All read files whose pages are in memory, through what each keeps of them itself, with its default size.',
    '',
    `Last values of 1,000 tables in one call: ${last.live.toFixed(2)} ms with the rows in memory, ${last.first.toFixed(2)} ms ` +
      `on the first call after opening, ${last.again.toFixed(2)} ms on later ones.`,
  );
  const versions = Object.entries(outcomes).map(([name, all]) => `${name} ${all[0]?.version ?? ''}`);
  lines.push('', versions.join(', '));
  const wrong = Object.entries(outcomes).flatMap(([name, all]) =>
    all.flatMap((outcome) => outcome.wrong.map((words) => `${name}: ${words}`)),
  );
  lines.push(
    wrong.length === 0
      ? 'Answers: right, bit for bit; means to 9 digits.'
      : `WRONG ANSWERS:\n${wrong.slice(0, 20).join('\n')}`,
  );
  return lines.join('\n');
}

function readTable(read: Read, rows: number, outcomes: RoundResults<ReaderName, ReadOutcome>): string {
  const names = Object.keys(outcomes) as ReaderName[];
  const msOf = (name: ReaderName): number[] => outcomes[name].map(({ ms }) => ms[read]);
  const answered = read === 'w3b' ? Math.floor(rows * 0.8) - Math.floor(rows * 0.4) : rows;
  const ours = names.includes('millrace') ? msOf('millrace') : undefined;
  const table = names.map((name) => {
    const ms = msOf(name);
    const perSecond = ms.map((value) => ((read === 'w3c' ? 1 : answered) * 1000) / value);
    const ratio = ours === undefined || name === 'millrace' ? undefined : ratioSpread(ms, ours);
    const cells = [
      name,
      spread(spreadOf(ms), (value) => value.toFixed(3)),
      spread(spreadOf(perSecond), (value) => Math.round(value).toLocaleString('en')),
      ratio === undefined ? '' : spread(ratio, (value) => `${value.toFixed(1)}×`),
    ];
    if (read === 'w3c') cells.push(spreadOf(outcomes[name].map(({ p99 }) => p99)).median.toFixed(3));
    return cells;
  });
  const head = ['', 'ms', read === 'w3c' ? 'calls/s' : 'rows/s', 'Millrace is'];
  if (read === 'w3c') head.push('p99 ms');
  return textTable(head, table);
}

function spread({ median, min, max }: Spread, words: (value: number) => string): string {
  return min === max ? words(median) : `${words(median)} (${words(min)} – ${words(max)})`;
}
