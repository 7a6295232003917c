import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { MillraceError } from '../../shared/errors.ts';
import type { OpenOptions } from '../api-types.ts';
import { NanoTsDbShared } from '../database.ts';
import { asCutoff, checkRows, dice, TORTURE_TABLES } from './torture-rows.ts';

const CHILD = fileURLToPath(new URL('./torture-child.js', import.meta.url));

export interface TortureOptions {
  readonly rounds: number;
  readonly seed: number;
  /** The longest that a child may live once it has begun to open the file, has it open, or was promised something. */
  readonly lifeMs: number;
  /** Called after each round. */
  readonly onRound?: (done: TortureResult) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface TortureResult {
  readonly kills: number;
  /** Kills before the child had the database open. */
  readonly duringOpening: number;
  /** Promises that children were given: returned syncs, flushes and durable appends. */
  readonly promises: number;
  readonly rows: number;
  /** Rows below this number had expired. */
  readonly hidden: number;
}

/** What a child says. */
export interface Told {
  /** 'promised': rows of each table; 'hiding', 'hidden': a cutoff that was asked for, and one that was reached. */
  readonly what: 'begun' | 'opened' | 'promised' | 'hiding' | 'hidden';
  readonly counts: readonly number[];
}

/** What must and what may be in the file. */
interface Expected {
  /** Rows of each table. */
  promised: number[];
  /** Rows below this are hidden; rows from `hiding` on are not. */
  hidden: number;
  hiding: number;
}

/** Every so many rounds all rows are read, not only those that are new. */
const READ_ALL_EVERY = 8;

/**
 * Lets a process write, pack and expire rows of a database and kills it, again and again, and checks after each time that the
 * file has what was promised, and nothing else.
 * @param path of a database that does not exist yet
 * @throws DAMAGED if a row is lost, wrong, or there twice
 */
export async function torture(path: string, options: TortureOptions): Promise<TortureResult> {
  const roll = dice(options.seed);
  await (await NanoTsDbShared.open(path)).close();
  let found: number[] = TORTURE_TABLES.map(() => 0);
  const expected: Expected = { promised: [...found], hidden: 0, hiding: 0 };
  let result: TortureResult = { kills: 0, duringOpening: 0, promises: 0, rows: 0, hidden: 0 };
  for (let round = 0; round < options.rounds && options.signal?.aborted !== true; round++) {
    const opened = randomOptions(roll);
    const where = `round ${round} of seed ${options.seed}, ${JSON.stringify(opened)}`;
    // At any moment of the opening; once it is open; once something was promised.
    const since = (['begun', 'opened', 'promised', 'promised'] as const)[roll(4)]!;
    const told = await runAndKill(path, opened, roll(2 ** 31), roll(options.lifeMs), since);
    for (const { what, counts } of told) {
      if (what === 'opened') assertAtLeast(counts, found, where);
      if (what === 'promised')
        expected.promised = expected.promised.map((count, i) => Math.max(count, counts[i]!));
      if (what === 'hiding') expected.hiding = Math.max(expected.hiding, counts[0]!);
      if (what === 'hidden') expected.hidden = Math.max(expected.hidden, counts[0]!);
    }
    const readsAll = round % READ_ALL_EVERY === READ_ALL_EVERY - 1;
    found = await check(
      path,
      roll(4) > 0 ? { readOnly: true } : randomOptions(roll),
      found.map((count) => (readsAll ? 0 : count)),
      expected,
      where,
    );
    assertAtLeast(found, expected.promised, where);
    expected.promised = found;
    result = {
      kills: result.kills + 1,
      duringOpening: result.duringOpening + (told.some(({ what }) => what === 'opened') ? 0 : 1),
      promises: result.promises + told.filter(({ what }) => what === 'promised').length,
      rows: found.reduce((sum, count) => sum + count, 0),
      hidden: expected.hidden,
    };
    options.onRound?.(result);
  }
  // All rows again from the first one on: an opening must not have spoiled what was right before.
  const none = TORTURE_TABLES.map(() => 0);
  assertAtLeast(await check(path, { readOnly: true }, none, expected, 'at the end'), found, 'at the end');
  return result;
}

function randomOptions(roll: (below: number) => number): OpenOptions {
  const durability = (['interval', 'interval', 'always', 'none'] as const)[roll(4)]!;
  const maintenance = {
    checkIntervalMs: 10,
    minIdleMs: 0,
    maxWritesPerSec: 1_000_000_000,
    targetSegmentPoints: 1024,
  };
  return {
    writers: [1, 1, 2, 3][roll(4)]!,
    durability,
    commitIntervalMs: [1, 5, 10, 50, 500][roll(5)]!,
    autoMaintenance: roll(2) === 0 ? maintenance : false,
  };
}

/** Runs a child and kills it `afterMs` after it began to open the file. @returns what it told before */
async function runAndKill(
  path: string,
  options: OpenOptions,
  seed: number,
  afterMs: number,
  since: Told['what'],
): Promise<Told[]> {
  const child = spawn(process.execPath, [CHILD, path, JSON.stringify(options), String(seed)], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let errors = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  let text = '';
  let timer: NodeJS.Timeout | undefined;
  for await (const part of child.stdio[3] as Readable) {
    text += part;
    if (text.includes(`"${since}"`)) timer ??= setTimeout(() => child.kill('SIGKILL'), afterMs);
  }
  const [code, signal] = await exited;
  clearTimeout(timer);
  if (signal !== 'SIGKILL')
    throw new MillraceError('INTERNAL', `the writing process ended by itself, code ${code}: ${errors}`, {
      code,
    });
  // What follows the last line's end was cut off by the kill.
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Told);
}

/** Opens the file and reads each table from a row on. @returns how many rows each has ever taken */
async function check(
  path: string,
  options: OpenOptions,
  from: readonly number[],
  expected: Expected,
  where: string,
): Promise<number[]> {
  const db = await NanoTsDbShared.open(path, options);
  try {
    const { damage } = (await db.stats()).recovery;
    if (damage.length > 0)
      throw new MillraceError('DAMAGED', `${where}: a kill damaged the file: ${damage.join('; ')}`);
    const found: number[] = [];
    for (const [i, name] of TORTURE_TABLES.entries()) {
      const { rows, first } = await checkRows(db, name, from[i]!);
      const most = Math.max(asCutoff(from[i]!), Math.min(rows, expected.hiding));
      const least = Math.min(rows, expected.hidden);
      if (first > most || first < least)
        throw new MillraceError(
          'DAMAGED',
          `${where}: table ${name} begins with row ${first}; retention hid rows below ${least}, and may have hidden those below ${most}`,
          { table: name },
        );
      found.push(rows);
    }
    return found;
  } finally {
    await db.close();
  }
}

function assertAtLeast(found: readonly number[], least: readonly number[], where: string): void {
  for (const [i, name] of TORTURE_TABLES.entries()) {
    if (found[i]! >= least[i]!) continue;
    throw new MillraceError(
      'DAMAGED',
      `${where}: table ${name} has ${found[i]} rows, ${least[i]} were promised`,
      {
        table: name,
      },
    );
  }
}
