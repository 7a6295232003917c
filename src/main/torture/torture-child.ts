// Appends as fast as it can until it is killed, and tells through descriptor 3 what it was promised.
// Arguments: path, options as JSON, seed.
import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { OpenOptions } from '../api-types.ts';
import { NanoTsDbShared } from '../database.ts';
import { appendNumbers, dice, TORTURE_TABLES, tortureTables } from './torture-rows.ts';

const [path, optionsText, seed] = process.argv.slice(2) as [string, string, string];
const options = JSON.parse(optionsText) as OpenOptions;
const roll = dice(Number(seed));

/** In one write and at once, so that a kill cannot come between a promise and the word of it. */
function tell(what: 'begun' | 'opened' | 'promised', counts: readonly number[]): void {
  writeSync(3, `${JSON.stringify({ what, counts })}\n`);
}

tell('begun', []);
const db = await NanoTsDbShared.open(path, options);
const counts: number[] = [];
for (const name of TORTURE_TABLES) counts.push(db.hasTable(name) ? await db.lastSeq(name) : 0);
tell('opened', counts);
const tables = await tortureTables(db);
const always = options.durability === 'always';
let syncing = false;

function append(i: number, count: number, inBatch: boolean): boolean {
  const free = appendNumbers(tables[i]!, counts[i]!, count, inBatch);
  counts[i]! += count;
  // With durability 'always' the return is the promise.
  if (always) tell('promised', counts);
  return free;
}

async function sync(): Promise<void> {
  // What was appended before the call is promised; what comes meanwhile is not.
  const asked = [...counts];
  await (roll(10) === 0 ? db.flush() : db.sync());
  tell('promised', asked);
}

for (let turn = 0; ; turn++) {
  let free = append(0, always ? 1 : 1 + roll(500), false);
  free = append(1, 1 + roll(2000), true) && free;
  if (turn % 7 === 0) append(2, 1, false);
  if (!free) await db.drained();
  if (!syncing && roll(3) === 0) {
    syncing = true;
    void sync().then(() => {
      syncing = false;
    });
  }
  await setImmediate();
}
