import { measureDisk } from '../harness/disk.ts';
import type { Figure, PartOptions, PartResult, Ratio } from '../suite/figures.ts';
import { generateW, W_ROW_BYTES } from '../workload/workload-w.ts';
import { encodeByThreads } from './encode-scaling.ts';
import { engineOnce } from './engine-once.ts';
import { ringRoundTrip } from './ring-trips.ts';
import { checksumRate, copyRate, encodeRate } from './stages.ts';

/** What one round gives. All but the last three in rows a second, as if nothing else were to be done. */
interface Round {
  readonly copy: number;
  readonly disk: number;
  readonly checksum: number;
  readonly encode: number;
  readonly rowByRow: number;
  readonly inBatches: number;
  readonly w1: number;
  readonly w2: number;
  readonly oneEncoder: number;
  readonly twoEncoders: number;
  readonly trip: number;
  readonly commit: number;
}

const STAGES: readonly (readonly [keyof Round, string])[] = [
  ['copy', 'copying the raw bytes in memory once'],
  ['rowByRow', 'W1: rowAppender alone, with room for everything'],
  ['inBatches', 'W2: append in batches of 10,000 alone, with room for everything'],
  ['encode', 'encoding, one thread'],
  ['checksum', 'checksums of the encoded bytes'],
  ['disk', 'writing the encoded bytes with an fdatasync'],
  ['w1', 'W1 as it is, one writer'],
  ['w2', 'W2 as it is, one writer'],
];

/** How fast each stage of an append could be by itself, and how far the whole is from the slowest. */
export async function roofline(options: PartOptions): Promise<PartResult> {
  const rounds: Round[] = [];
  for (let i = 0; i < options.rounds; i++) {
    rounds.push(await measure(options));
    options.say(`roofline, round ${i + 1} of ${options.rounds}`);
  }
  const values = (pick: (round: Round) => number): number[] => rounds.map(pick);
  const figures: Figure[] = STAGES.map(([key, title]) => ({
    id: `roofline/${key}`,
    title,
    unit: 'rows/s',
    better: 'higher',
    values: values((round) => round[key]),
  }));
  figures.push(
    {
      id: 'roofline/trip',
      title: 'ring round trip between two threads',
      unit: 'µs',
      better: 'lower',
      values: values(({ trip }) => trip),
    },
    {
      id: 'roofline/commit',
      title: '4 KiB and fdatasync',
      unit: 'ms',
      better: 'lower',
      values: values(({ commit }) => commit),
    },
  );
  const ratio = (
    id: string,
    title: string,
    goal: number | undefined,
    of: (round: Round) => number,
  ): Ratio => ({
    id: `roofline/${id}`,
    title,
    better: 'higher',
    values: values(of),
    goal,
  });
  const ratios = [
    ratio(
      'w1-of-limit',
      'W1 over its slowest stage',
      undefined,
      (r) => r.w1 / Math.min(r.rowByRow, r.encode, r.disk),
    ),
    ratio(
      'w2-of-limit',
      'W2 over its slowest stage',
      undefined,
      (r) => r.w2 / Math.min(r.inBatches, r.encode, r.disk),
    ),
    ratio(
      'two-encoders',
      'two threads encode what is there already, over one',
      1.7,
      (r) => r.twoEncoders / r.oneEncoder,
    ),
  ];
  return {
    part: 'roofline',
    title: 'The roofline: each stage by itself',
    command: 'npm run bench -- --only roofline',
    figures,
    ratios,
    notes: [slowestLine(rounds)],
    wrong: [],
  };
}

async function measure({ folder, isQuick }: PartOptions): Promise<Round> {
  const [table] = generateW({ tables: 1, rowsPerTable: isQuick ? 50_000 : 250_000 });
  const { bytesPerRow, rowsPerSec } = encodeRate(table!, isQuick ? 5 : 8);
  const disk = measureDisk(folder, 40e6);
  const passes = isQuick ? 10 : 60;
  // One before and one after, as the machine is faster at one time than at another.
  const before = await encodeByThreads(1, passes);
  const two = await encodeByThreads(2, passes);
  const one = (before + (await encodeByThreads(1, passes))) / 2;
  const w1 = await engineOnce(folder, 1, isQuick);
  const w2 = await engineOnce(folder, 10_000, isQuick);
  return {
    copy: (copyRate(80, isQuick ? 3 : 8) * 1e9) / W_ROW_BYTES,
    disk: (disk.writeMBs * 1e6) / bytesPerRow,
    checksum: (checksumRate(5) * 1e9) / bytesPerRow,
    encode: rowsPerSec,
    oneEncoder: one,
    twoEncoders: two,
    rowByRow: w1.appendRowsPerSec,
    inBatches: w2.appendRowsPerSec,
    w1: w1.rowsPerSec,
    w2: w2.rowsPerSec,
    trip: await ringRoundTrip(isQuick ? 2000 : 10_000),
    commit: disk.commitMs,
  };
}

function slowestLine(rounds: readonly Round[]): string {
  const last = rounds[rounds.length - 1]!;
  const name = (stages: readonly (keyof Round)[]): string => {
    const slowest = stages.reduce((a, b) => (last[a] < last[b] ? a : b));
    return STAGES.find(([key]) => key === slowest)![1];
  };
  return (
    `The slowest stage of W1: ${name(['rowByRow', 'encode', 'disk'])}; of W2: ${name(['inBatches', 'encode', 'disk'])}. ` +
    'Appending and encoding run at the same time on two cores.'
  );
}
