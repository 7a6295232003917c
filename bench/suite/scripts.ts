import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ContestantName, Outcome } from '../peers/contract.ts';
import type { PeersReport } from '../peers/report.ts';
import { bestsOf, isAsDurable } from '../peers/roster.ts';
import type { Read, ReadOutcome } from '../read/contract.ts';
import type { LastValuesResult } from '../read/last-values.ts';
import type { Figure, PartOptions, PartResult, Ratio } from './figures.ts';

// The parts that are commands of their own too: each is run as one, and its JSON made into figures.

const DIST = fileURLToPath(new URL('..', import.meta.url));

function runScript<R>(script: string, words: readonly string[], options: PartOptions): R {
  const json = join(options.folder, `${script.replaceAll('/', '-')}.json`);
  const run = spawnSync(process.execPath, [join(DIST, `${script}.js`), ...words, '--json', json], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  // 1: an answer was wrong; the file says which.
  if (run.status !== 0 && run.status !== 1)
    throw new Error(`${script} ended with ${run.signal ?? run.status}`);
  return JSON.parse(readFileSync(json, 'utf8')) as R;
}

const WORK_TITLES = { w1: 'W1, row by row', w2: 'W2, batches of 10,000 rows' } as const;
/** What issue 9 wants: times the best peer at the same durability. */
const WORK_GOALS = { w1: 12, w2: 7 } as const;

/** W1 and W2 beside the peers. */
export async function peersPart(options: PartOptions): Promise<PartResult> {
  const words = [
    '--rounds',
    String(options.rounds),
    ...(options.isQuick ? ['--rows', '25000', '--warm-up', '50000'] : []),
  ];
  const report = runScript<PeersReport>('peers/run', words, options);
  const figures: Figure[] = [];
  const ratios: Ratio[] = [];
  const wrong: string[] = [];
  for (const work of ['w1', 'w2'] as const) {
    const results = Object.entries(report.works[work] ?? {}) as [string, readonly Outcome[]][];
    const speeds = new Map(
      results.map(([name, all]) => [name, all.map(({ rows, seconds }) => rows / seconds)]),
    );
    for (const [name, outcomes] of results) {
      if (outcomes.length === 0) continue;
      wrong.push(...outcomes.flatMap((outcome) => outcome.wrong.map((each) => `${name}: ${each}`)));
      const title = `${WORK_TITLES[work]}: ${name} ${outcomes[0]!.version}`;
      figures.push(
        {
          id: `peers/${work}/${name}/rows`,
          title,
          unit: 'rows/s',
          better: 'higher',
          values: speeds.get(name)!,
        },
        {
          id: `peers/${work}/${name}/cpu`,
          title: `${title}, CPU`,
          unit: 's',
          better: 'lower',
          values: outcomes.map(({ cpuSeconds }) => cpuSeconds),
        },
      );
    }
    ratios.push(...appendRatios(work, speeds));
  }
  const asDurable = report.options.contestants.filter((name) => name !== 'millrace' && isAsDurable(name));
  return {
    part: 'peers',
    title: 'Writing workload W, beside the peers',
    command: 'npm run bench:peers',
    figures,
    ratios,
    notes: [
      'Rows a second from the first append to everything durable. How each is used and when it is durable: bench/peers/roster.ts. ' +
        'Goals are judged at the same durability, which on the way is: a commit every 10 ms or less, each synced. ' +
        `Those that promise it: ${asDurable.join(', ')}.`,
    ],
    wrong,
  };
}

/** W1's or W2's ratios, the best peers' among them: the goal is of those that promise what Millrace does. */
export function appendRatios(
  work: keyof typeof WORK_TITLES,
  speeds: ReadonlyMap<string, readonly number[]>,
): Ratio[] {
  const bests = bestsOf(work).map(({ words, isAmong, isGoal }) => ({
    name: `the ${words}`,
    isAmong: (peer: string) => isAmong(peer as ContestantName),
    goal: isGoal && WORK_GOALS[work],
  }));
  return overPeers(`peers/${work}`, WORK_TITLES[work], speeds, bests);
}

/** The best of some peers in each round, under the suite's name. */
interface Best {
  readonly name: string;
  readonly isAmong: (peer: string) => boolean;
  readonly goal: number | undefined;
}

/** Speeds of Millrace over those of each peer, and of the best ones in each round. */
function overPeers(
  id: string,
  title: string,
  speeds: ReadonlyMap<string, readonly number[]>,
  bests: readonly Best[],
): Ratio[] {
  const ours = speeds.get('millrace');
  const peers = [...speeds].filter(([name, values]) => name !== 'millrace' && values.length > 0);
  if (ours === undefined) return [];
  const ratio = (name: string, values: readonly number[], wanted: number | undefined): Ratio => ({
    id: `${id}/over-${name}`,
    title: `${title}: Millrace over ${name}`,
    better: 'higher',
    values: ours.map((speed, round) => speed / values[round]!),
    goal: wanted,
  });
  return [
    ...peers.map(([name, values]) => ratio(name, values, undefined)),
    ...bests.flatMap(({ goal, isAmong, name }) => {
      const among = peers.filter(([peer]) => isAmong(peer));
      if (among.length === 0) return [];
      const best = ours.map((_, round) => Math.max(...among.map(([, values]) => values[round]!)));
      return [ratio(name, best, goal)];
    }),
  ];
}

const READ_TITLES: Readonly<Record<Read, string>> = {
  w3a: 'W3a, one column',
  w3b: 'W3b, all columns of 100,000 rows',
  w3c: 'W3c, 100 rows at a random place',
  w3d: 'W3d, mean per minute',
};
/** What issue 8 wants, and beside whom. */
const READ_GOALS: Readonly<Record<Read, readonly [goal: number, peers: readonly string[]]>> = {
  w3a: [5, ['duckdb', 'better-sqlite3']],
  w3b: [8, ['duckdb', 'better-sqlite3']],
  w3c: [4, ['lmdb']],
  w3d: [8, ['duckdb']],
};

/** W3 beside the peers. */
export async function readPart(options: PartOptions): Promise<PartResult> {
  const words = ['--rounds', String(options.rounds), ...(options.isQuick ? ['--repeats', '5'] : [])];
  type Report = { outcomes: Record<string, readonly ReadOutcome[]>; last: LastValuesResult };
  const { last, outcomes } = runScript<Report>('read/run', words, options);
  const names = Object.keys(outcomes).filter((name) => outcomes[name]!.length > 0);
  const figures: Figure[] = [];
  const ratios: Ratio[] = [];
  for (const read of ['w3a', 'w3b', 'w3c', 'w3d'] as const) {
    const speeds = new Map(names.map((name) => [name, outcomes[name]!.map(({ ms }) => 1 / ms[read])]));
    for (const name of names) {
      figures.push({
        id: `read/${read}/${name}`,
        title: `${READ_TITLES[read]}: ${name} ${outcomes[name]![0]!.version}`,
        unit: 'ms',
        better: 'lower',
        values: outcomes[name]!.map(({ ms }) => ms[read]),
      });
    }
    const [goal, peers] = READ_GOALS[read];
    const asked = new Map([...speeds].filter(([name]) => name === 'millrace' || peers.includes(name)));
    const best = { name: 'the best peer', isAmong: () => true, goal };
    ratios.push(...overPeers(`read/${read}`, READ_TITLES[read], asked, [best]));
  }
  for (const [key, title] of [
    ['live', 'with the rows in memory'],
    ['first', 'first call after opening'],
    ['again', 'later calls'],
  ] as const) {
    figures.push({
      id: `read/last/${key}`,
      title: `last values of 1,000 tables in one call, ${title}`,
      unit: 'ms',
      better: 'lower',
      values: [last[key]],
    });
  }
  return {
    part: 'read',
    title: 'Reading workload W, beside the peers',
    command: 'npm run bench:read',
    figures,
    ratios,
    notes: [
      'Medians of a round’s calls; the tables were written and closed before. What each engine keeps in memory: docs/decisions.',
    ],
    wrong: names.flatMap((name) =>
      outcomes[name]!.flatMap((each) => each.wrong.map((text) => `${name}: ${text}`)),
    ),
  };
}

/** What `bench:codecs --json` prints. */
interface CodecsReport {
  readonly lines: readonly {
    readonly name: string;
    readonly codecs: string;
    readonly bits: number;
    readonly segmentBits: number;
    readonly encode: number;
    readonly segmentDecode: number;
    readonly gorillaBits: number;
    readonly parquet?: { readonly bits: number };
    readonly gorillaEncode: number;
    readonly gorillaDecode: number;
    readonly kernels?: { readonly encode: number; readonly decode: number };
  }[];
  readonly readPath: { readonly ratio: { readonly median: number } };
  readonly againstGorilla: Readonly<
    Record<'encode' | 'decode', { readonly ours: readonly number[]; readonly gorilla: readonly number[] }>
  >;
}

/** The codecs, column by column, beside Gorilla. */
export async function codecsPart(options: PartOptions): Promise<PartResult> {
  const run = spawnSync(
    process.execPath,
    [join(DIST, 'codec/codecs.js'), '--json', '--seconds', options.isQuick ? '0.05' : '0.3'],
    { encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (run.status !== 0) throw new Error(`codec/codecs ended with ${run.signal ?? run.status}`);
  const { againstGorilla, lines, readPath } = JSON.parse(run.stdout) as CodecsReport;
  options.say('codecs');
  const figure = (
    id: string,
    title: string,
    unit: string,
    better: 'higher' | 'lower',
    value: number,
  ): Figure => ({
    id: `codecs/${id}`,
    title,
    unit,
    better,
    values: [value],
  });
  const figures = lines.flatMap((line) => [
    figure(
      `${line.name}/bits`,
      `${line.name} (${line.codecs}), in segments`,
      'bits',
      'lower',
      line.segmentBits,
    ),
    figure(`${line.name}/gorilla-bits`, `${line.name}, Gorilla`, 'bits', 'lower', line.gorillaBits),
    ...(line.parquet === undefined
      ? []
      : [
          figure(
            `${line.name}/parquet-bits`,
            `${line.name}, Parquet with zstd`,
            'bits',
            'lower',
            line.parquet.bits,
          ),
        ]),
    figure(`${line.name}/encode`, `${line.name}, encode`, 'M/s', 'higher', line.encode),
    figure(`${line.name}/decode`, `${line.name}, decode segments`, 'M/s', 'higher', line.segmentDecode),
    figure(
      `${line.name}/gorilla-decode`,
      `${line.name}, Gorilla decode`,
      'M/s',
      'higher',
      line.gorillaDecode,
    ),
  ]);
  const together = (way: 'encode' | 'decode', goal: number): Ratio => ({
    id: `codecs/W/${way}-kernel`,
    title: `W’s four columns of doubles: kernels that ${way} with ALP over Gorilla’s`,
    better: 'higher',
    values: againstGorilla[way].ours.map((rate, round) => rate / againstGorilla[way].gorilla[round]!),
    goal,
  });
  const ratios: Ratio[] = [together('encode', 8), together('decode', 15)];
  const columns = lines
    .filter(({ kernels, name }) => kernels !== undefined && name.startsWith('W '))
    .flatMap(({ gorillaDecode, gorillaEncode, kernels, name }) => [
      {
        id: `codecs/${name}/encode-kernel`,
        title: `${name}: kernels that encode over Gorilla’s`,
        better: 'higher' as const,
        values: [kernels!.encode / gorillaEncode],
        goal: undefined,
      },
      {
        id: `codecs/${name}/decode-kernel`,
        title: `${name}: kernels that decode over Gorilla’s`,
        better: 'higher' as const,
        values: [kernels!.decode / gorillaDecode],
        goal: undefined,
      },
    ]);
  ratios.push(...columns, {
    id: 'codecs/read-path',
    title: 'W’s columns from file to Float64Arrays, over fs.readSync of the raw columns',
    better: 'higher',
    values: [readPath.ratio.median],
    goal: 0.5,
  });
  return {
    part: 'codecs',
    title: 'Codecs, beside Gorilla as a WebAssembly kernel',
    command: 'npm run bench:codecs',
    figures,
    ratios,
    notes: [
      'Millions of values a second on one core, vectors of 1,024 and segments of 8,192 rows; every value compared.',
    ],
    wrong: [],
  };
}
