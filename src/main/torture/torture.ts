import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { MillraceError } from '../../shared/errors.ts';
import type { OpenOptions } from '../api-types.ts';
import { NanoTsDbShared } from '../database.ts';
import { checkRows, dice, TORTURE_TABLES } from './torture-rows.ts';

const CHILD = fileURLToPath(new URL('./torture-child.js', import.meta.url));

export interface TortureOptions {
  readonly rounds: number;
  readonly seed: number;
  /** The longest that a child may live once it has begun to open the file. */
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
}

interface Told {
  readonly what: 'begun' | 'opened' | 'promised';
  readonly counts: readonly number[];
}

/**
 * Lets a process write a database and kills it, again and again, and checks after each time that the file has what was
 * promised, and nothing else.
 * @param path of a database that does not exist yet
 * @throws DAMAGED if a row is lost, wrong, or there twice
 */
export async function torture(path: string, options: TortureOptions): Promise<TortureResult> {
  const roll = dice(options.seed);
  await (await NanoTsDbShared.open(path)).close();
  let found: number[] = TORTURE_TABLES.map(() => 0);
  let promised = [...found];
  let result: TortureResult = { kills: 0, duringOpening: 0, promises: 0, rows: 0 };
  for (let round = 0; round < options.rounds && options.signal?.aborted !== true; round++) {
    const opened = randomOptions(roll);
    const where = `round ${round} of seed ${options.seed}, ${JSON.stringify(opened)}`;
    const told = await runAndKill(path, opened, roll(2 ** 31), roll(options.lifeMs));
    for (const { what, counts } of told) {
      if (what === 'opened') assertAtLeast(counts, found, where);
      if (what === 'promised') promised = promised.map((count, i) => Math.max(count, counts[i]!));
    }
    found = await check(path, roll(2) === 0 ? { readOnly: true } : randomOptions(roll), found, where);
    assertAtLeast(found, promised, where);
    result = {
      kills: result.kills + 1,
      duringOpening: result.duringOpening + (told.some(({ what }) => what === 'opened') ? 0 : 1),
      promises: result.promises + told.filter(({ what }) => what === 'promised').length,
      rows: found.reduce((sum, count) => sum + count, 0),
    };
    options.onRound?.(result);
  }
  // All rows again from the first one on: an opening must not have spoiled what was right before.
  const all = await check(
    path,
    { readOnly: true },
    TORTURE_TABLES.map(() => 0),
    'at the end',
  );
  assertAtLeast(all, found, 'at the end');
  return result;
}

function randomOptions(roll: (below: number) => number): OpenOptions {
  const durability = (['interval', 'interval', 'always', 'none'] as const)[roll(4)]!;
  return { writers: 1 + roll(3), durability, commitIntervalMs: [1, 5, 10, 50, 500][roll(5)]! };
}

/** Runs a child and kills it `afterMs` after it began to open the file. @returns what it told before */
async function runAndKill(
  path: string,
  options: OpenOptions,
  seed: number,
  afterMs: number,
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
    timer ??= setTimeout(() => child.kill('SIGKILL'), afterMs);
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

async function check(
  path: string,
  options: OpenOptions,
  from: readonly number[],
  where: string,
): Promise<number[]> {
  const db = await NanoTsDbShared.open(path, options);
  try {
    const { damage } = (await db.diagnose()).recovery;
    if (damage.length > 0)
      throw new MillraceError('DAMAGED', `${where}: a kill damaged the file: ${damage.join('; ')}`);
    const found: number[] = [];
    for (const [i, name] of TORTURE_TABLES.entries()) found.push(await checkRows(db, name, from[i]!));
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
