import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NanoTsDbShared, type OpenOptions } from '../../src/main/index.ts';
import { type Dice, dice } from '../shared/codec/recipes.ts';
import { checkPrefix, FORMULA_TABLES } from './kill-rows.ts';

const CHILD = fileURLToPath(new URL('./kill-child.js', import.meta.url));
/** The longest that a child may live once it has begun to open the file. */
const LIFE_MS = 1000;

interface Told {
  readonly what: 'go' | 'opened' | 'promised';
  readonly counts: number[];
}

/**
 * Kills a process under load, again and again on one file, and checks after each time what the file holds.
 * @param seed says when the kills come and with which options the file is opened
 */
export async function killRounds(t: TestContext, rounds: number, seed: number): Promise<void> {
  t.diagnostic(`seed ${seed} (KILL_SEED)`);
  const roll = dice(seed);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-kill-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'killed.ntt');
  // A child that is killed before it has made the file leaves none: the first one finds it made.
  await (await NanoTsDbShared.open(path)).close();
  const began = performance.now();
  let checked = FORMULA_TABLES.map(() => 0);
  let promised = [...checked];
  let promises = 0;
  let duringOpening = 0;
  for (let round = 0; round < rounds; round++) {
    const options = randomOptions(roll);
    const told = await runAndKill(path, options, roll(2 ** 31), roll(LIFE_MS));
    const where = `round ${round} of seed ${seed}, ${JSON.stringify(options)}`;
    for (const { what, counts } of told) {
      if (what === 'opened') assertAtLeast(counts, checked, `${where}: rows at its opening`);
      if (what === 'promised') promised = promised.map((count, i) => Math.max(count, counts[i]!));
      if (what === 'promised') promises++;
    }
    if (!told.some(({ what }) => what === 'opened')) duringOpening++;
    checked = await check(path, checked, promised, roll, where);
  }
  // Once more all rows from the first one on: an opening must not have spoiled what was right before.
  const db = await NanoTsDbShared.open(path, { readOnly: true });
  for (const [i, formula] of FORMULA_TABLES.entries())
    assert.equal(await checkPrefix(db, formula), checked[i]);
  await db.close();
  assert.ok(promises >= rounds / 2, `the kills came after ${promises} promises`);
  const rows = checked.reduce((sum, count) => sum + count, 0);
  const seconds = (performance.now() - began) / 1000;
  t.diagnostic(
    `${rounds} kills, ${duringOpening} of them during the opening; ${promises} promises; ${rows} rows (${checked.join(', ')}), ` +
      `${(statSync(path).size / 2 ** 20).toFixed(1)} MiB; ${seconds.toFixed(1)} s`,
  );
}

function randomOptions(roll: Dice): OpenOptions {
  const durability = (['interval', 'interval', 'always', 'none'] as const)[roll(4)]!;
  return { writers: 1 + roll(3), durability, commitIntervalMs: [1, 5, 10, 50, 500][roll(5)]! };
}

/** Runs a child on the file and kills it `afterMs` after it began to open it. @returns what it told before */
async function runAndKill(
  path: string,
  options: OpenOptions,
  seed: number,
  afterMs: number,
): Promise<Told[]> {
  const child: ChildProcess = spawn(process.execPath, [CHILD, path, JSON.stringify(options), String(seed)], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  const exited = once(child, 'exit');
  let text = '';
  let timer: NodeJS.Timeout | undefined;
  for await (const part of child.stdio[3] as Readable) {
    text += part;
    timer ??= setTimeout(() => child.kill('SIGKILL'), afterMs);
  }
  const [code, signal] = await exited;
  clearTimeout(timer);
  assert.equal(signal, 'SIGKILL', `the child ended by itself, code ${code}`);
  const lines = text.split('\n');
  // What follows the last line's end was cut off by the kill.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Told);
}

/**
 * Opens the file and checks it: the rows that were not checked before are the formula's, and those that were found or
 * promised are there.
 */
async function check(
  path: string,
  checked: readonly number[],
  promised: readonly number[],
  roll: Dice,
  where: string,
): Promise<number[]> {
  // For reading only leaves the recovery to the next child; for writing does it here, and closes.
  const options: OpenOptions = roll(2) === 0 ? { readOnly: true } : randomOptions(roll);
  const db = await NanoTsDbShared.open(path, options);
  const { recovery } = await db.stats();
  assert.deepEqual(recovery.damage, [], `${where}: a kill damages nothing`);
  const found: number[] = [];
  for (const [i, formula] of FORMULA_TABLES.entries()) found.push(await checkPrefix(db, formula, checked[i]));
  await db.close();
  assertAtLeast(found, promised, `${where}: rows promised`);
  assertAtLeast(found, checked, `${where}: rows found before`);
  return found;
}

function assertAtLeast(found: readonly number[], least: readonly number[], what: string): void {
  for (const [i, { name }] of FORMULA_TABLES.entries()) {
    assert.ok(found[i]! >= least[i]!, `${what}: "${name}" has ${found[i]} rows, must have ${least[i]}`);
  }
}
