// Appends, packs and lets rows expire as fast as it can until it is killed, and tells through descriptor 3 what it was promised.
// Arguments: path, options as JSON, seed.
import { writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { OpenOptions } from '../api-types.ts';
import { NanoTsDbShared } from '../database.ts';
import type { Told } from './torture.ts';
import { appendNumbers, asCutoff, cutoffTime, dice, TORTURE_TABLES, tortureTables } from './torture-rows.ts';

const [path, optionsText, seed] = process.argv.slice(2) as [string, string, string];
const options = JSON.parse(optionsText) as OpenOptions;
const roll = dice(Number(seed));

/** In one write and at once, so that a kill cannot come between a promise and the word of it. */
function tell(what: Told['what'], counts: readonly number[]): void {
  writeSync(3, `${JSON.stringify({ what, counts } satisfies Told)}\n`);
}

tell('begun', []);
const db = await NanoTsDbShared.open(path, options);
const counts: number[] = [];
for (const name of TORTURE_TABLES) counts.push(db.hasTable(name) ? await db.lastSeq(name) : 0);
tell('opened', counts);
const tables = await tortureTables(db);
const always = options.durability === 'always';

function append(i: number, count: number, inBatch: boolean): boolean {
  const free = appendNumbers(tables[i]!, counts[i]!, count, inBatch);
  counts[i]! += count;
  // With durability 'always' the return is the promise.
  if (always) tell('promised', counts);
  return free;
}

/** What was appended before the call is promised; what comes meanwhile is not. */
async function promise(call: () => Promise<void>): Promise<void> {
  const asked = [...counts];
  await call();
  tell('promised', asked);
}

async function retain(): Promise<void> {
  const cutoff = asCutoff(roll(counts[1]! + 1));
  tell('hiding', [cutoff]);
  await promise(() => db.compactRetentionNow(cutoffTime(cutoff)));
  tell('hidden', [cutoff]);
}

async function ask(): Promise<void> {
  const kind = roll(8);
  if (kind === 0) await retain();
  else if (kind <= 2) await promise(() => db.packTable(TORTURE_TABLES[roll(TORTURE_TABLES.length)]!, 1024));
  else await promise(() => (kind === 3 ? db.flush() : db.sync()));
}

let isAsking = false;
for (let turn = 0; ; turn++) {
  let free = append(0, always ? 1 : 1 + roll(150), false);
  free = append(1, 1 + roll(400), true) && free;
  if (turn % 7 === 0) append(2, 1, false);
  free = append(3, always ? 1 : 1 + roll(60), roll(2) === 0) && free;
  if (!free) await db.drained();
  if (!isAsking && roll(3) === 0) {
    isAsking = true;
    // Appends go on meanwhile. A call that fails ends this process, which is how it is noticed.
    void ask().then(() => {
      isAsking = false;
    });
  }
  // A child that is told nothing for long must not fill the disk.
  await pause(5);
}
