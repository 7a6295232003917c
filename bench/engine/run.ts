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
    ratios.push(...ratiosOf(axis, outcomes));
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
      'Three million rows of other tables are appended before, untimed, so that nobody is timed while code is compiled; file sizes include them.',
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

/** What the process may grow by beside the chunk memory's budget: 100 MB, and 20 MB for each worker. */
const MEMORY = { besides: 100e6, worker: 20e6 };
/** ms from opening for reading to the first answer, with 1 GB of rows; and how much less with 10 MB. */
const OPENING = { most: 50, more: 10 };

type Outcomes = Readonly<Record<string, readonly EngineOutcome[]>>;

function ratiosOf({ id: axis, cases }: Axis, outcomes: Outcomes): Ratio[] {
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
      ...openingRatios(outcomes),
      ...cases.slice(-1).map((each) => memoryRatio(each, outcomes[each.id]!)),
    ];
  }
  if (axis === 'threads') return ratio('2 producers and 2 writers over one of each', '2-2', '1-1', undefined);
  return [];
}

function openingRatios({ 10: small, 1000: large }: Outcomes): Ratio[] {
  if (small === undefined || large === undefined) return [];
  const id = 'engine/size/open';
  const more = large.map(({ openMs }, round) => openMs - small[round]!.openMs);
  return [
    {
      id: `${id}-1000`,
      title: `${OPENING.most} ms over opening 1 GB for reading to the first answer`,
      better: 'higher',
      values: large.map(({ openMs }) => OPENING.most / openMs),
      goal: 1,
    },
    {
      id: `${id}-10-1000`,
      title: `${OPENING.more} ms over what that takes longer than with 10 MB (at least 1 ms)`,
      better: 'higher',
      values: more.map((ms) => OPENING.more / Math.max(1, ms)),
      goal: 1,
    },
  ];
}

function memoryRatio({ title, work }: Case, outcomes: readonly EngineOutcome[]): Ratio {
  // The coordinator and a thread of maintenance beside the writers.
  const besides = MEMORY.besides + MEMORY.worker * (work.writers + 2);
  return {
    id: 'engine/size/memory',
    title: `${title} at full speed: budget, 100 MB and 20 MB a worker over what the process grew by`,
    better: 'higher',
    values: outcomes.map(({ budgetBytes, grownBytes }) => (budgetBytes + besides) / grownBytes),
    goal: 1,
  };
}
