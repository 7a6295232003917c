// Appends as fast as it can until it is killed, and tells through descriptor 3 what it was promised.
// Arguments: path, options as JSON, seed.
import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { NanoTsDbShared, type OpenOptions } from '../../src/main/index.ts';
import { dice } from '../shared/codec/recipes.ts';
import { appendBatch, appendRows, countRows, FORMULA_TABLES, formulaTables } from './kill-rows.ts';

const [path, optionsText, seed] = process.argv.slice(2) as [string, string, string];
const options = JSON.parse(optionsText) as OpenOptions;
const roll = dice(Number(seed));

/** Written in one go and at once, so that a kill cannot come between a promise and the word of it. */
function tell(what: 'go' | 'opened' | 'promised', counts: readonly number[]): void {
  writeSync(3, `${JSON.stringify({ what, counts })}\n`);
}

tell('go', []);
const db = await NanoTsDbShared.open(path, options);
const counts = await countRows(db);
tell('opened', counts);
const tables = await formulaTables(db);
const always = options.durability === 'always';
let syncing = false;

/** Appends to one table; with durability 'always' its return is the promise. */
function append(i: number, count: number, inBatch: boolean): boolean {
  const how = inBatch ? appendBatch : appendRows;
  const free = how(FORMULA_TABLES[i]!, tables[i]!, counts[i]!, count);
  counts[i]! += count;
  if (always) tell('promised', counts);
  return free;
}

async function sync(): Promise<void> {
  const asked = [...counts];
  await (roll(10) === 0 ? db.flush() : db.sync());
  tell('promised', asked);
}

for (let turn = 0; ; turn++) {
  let free = append(0, always ? 1 : 200 + roll(2000), false);
  free = append(1, 1 + roll(3000), true) && free;
  free = append(2, always ? 1 : roll(100), false) && free;
  if (turn % 5 === 0) append(3, 1, false);
  free = append(4, always ? 1 : 1 + roll(60), roll(2) === 0) && free;
  if (!free) await db.drained();
  if (!syncing && roll(3) === 0) {
    // Appends go on meanwhile: what was appended before the call is promised, what comes after is not.
    syncing = true;
    sync().then(
      () => {
        syncing = false;
      },
      (error) => {
        throw error;
      },
    );
  }
  await setImmediate();
}
