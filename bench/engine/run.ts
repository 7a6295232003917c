import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInChild } from '../harness/child.ts';
import { runInterleaved } from '../harness/rounds.ts';
import type { Figure, PartOptions, PartResult, Ratio } from '../suite/figures.ts';
import { type Axis, axes, type Case } from './cases.ts';
import type { EngineJob, EngineOutcome } from './contract.ts';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));

/** The engine alone: W's rows in many ways, each in a fresh process, interleaved within what is compared. */
export async function engineLayer(options: PartOptions): Promise<PartResult> {
  const figures: Figure[] = [];
  const ratios: Ratio[] = [];
  const wrong: string[] = [];
  for (const axis of axes(options.isQuick, options.isFull)) {
    const outcomes = await measureAxis(axis, options);
    for (const each of axis.cases) figures.push(...figuresOf(axis, each, outcomes[each.id]!));
    for (const [id, rounds] of Object.entries(outcomes))
      for (const outcome of rounds) wrong.push(...outcome.wrong.map((words) => `${axis.id} ${id}: ${words}`));
    ratios.push(...ratiosOf(axis.id, outcomes));
  }
  return {
    part: 'engine',
    title: 'The engine: workload W in many ways',
    command: 'npm run bench -- --only engine',
    figures,
    ratios,
    notes: [
      'Rows a second from the first append to everything durable; a commit every 10 ms unless said otherwise.',
      'Every row is read back from the closed file and compared.',
      'Two million rows of other tables are appended before, untimed, so that nobody is timed while code is compiled; file sizes include them.',
      'Memory is what the process has grown by, at its peak, since before the database was opened; the chunk memory’s budget is 256 MiB.',
    ],
    wrong,
  };
}

async function measureAxis(
  axis: Axis,
  options: PartOptions,
): Promise<Record<string, readonly EngineOutcome[]>> {
  const byId = new Map(axis.cases.map((each) => [each.id, each]));
  return runInterleaved([...byId.keys()], options.rounds, async (id, round) => {
    const folder = mkdtempSync(join(options.folder, 'engine-'));
    try {
      const job: EngineJob = { ...byId.get(id)!.work, folder };
      const outcome = await runInChild<EngineOutcome>(CHILD, job, 1_800_000);
      const speed = Math.round(outcome.rows / outcome.seconds / 1e3).toLocaleString('en');
      options.say(
        `${axis.id}, round ${round + 1} of ${options.rounds}: ${byId.get(id)!.title}, ${speed}k rows/s`,
      );
      return outcome;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

function figuresOf(axis: Axis, { id, title }: Case, outcomes: readonly EngineOutcome[]): Figure[] {
  const figure = (
    name: string,
    what: string,
    unit: string,
    better: 'higher' | 'lower',
    pick: (outcome: EngineOutcome) => number,
  ): Figure => ({
    id: `engine/${axis.id}/${id}/${name}`,
    title: `${axis.title}: ${title}, ${what}`,
    unit,
    better,
    values: outcomes.map(pick),
  });
  return [
    figure('rows', 'rows a second', 'rows/s', 'higher', ({ rows, seconds }) => rows / seconds),
    figure('append-p50', 'append, median', 'µs', 'lower', ({ append }) => append.p50),
    figure('append-p99', 'append, 99th percentile', 'µs', 'lower', ({ append }) => append.p99),
    figure('append-max', 'append, longest', 'µs', 'lower', ({ append }) => append.max),
    figure('cpu', 'CPU', 's', 'lower', ({ cpuSeconds }) => cpuSeconds),
    figure('memory', 'memory grown', 'MB', 'lower', ({ grownBytes }) => grownBytes / 1e6),
    figure('open', 'opening for reading to the first answer', 'ms', 'lower', ({ openMs }) => openMs),
    figure('file', 'file', 'MB', 'lower', ({ fileBytes }) => fileBytes / 1e6),
  ];
}

function ratiosOf(axis: string, outcomes: Readonly<Record<string, readonly EngineOutcome[]>>): Ratio[] {
  const ratio = (title: string, of: string, to: string, goal: number | undefined): Ratio[] => {
    const [above, below] = [outcomes[of], outcomes[to]];
    if (above === undefined || below === undefined) return [];
    const speed = ({ rows, seconds }: EngineOutcome): number => rows / seconds;
    const values = above.map((outcome, round) => speed(outcome) / speed(below[round]!));
    return [{ id: `engine/${axis}/${of}-over-${to}`, title, better: 'higher', values, goal }];
  };
  if (axis === 'tables') return ratio('rows/s at 1,000 tables over those at 8', '1000', '8', 0.6);
  if (axis === 'size') {
    return [
      ...ratio('rows/s at 1 GB over those at 100 MB', '1000', '100', undefined),
      ...ratio('rows/s at 4 GB over those at 100 MB', '4000', '100', 0.9),
    ];
  }
  if (axis === 'threads') return ratio('2 producers and 2 writers over one of each', '2-2', '1-1', undefined);
  return [];
}
