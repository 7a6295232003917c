// A process of its own that opens a database readOnly, and reads it as its arguments say.
// Arguments: path, what to do, a number.
import { existsSync, writeFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MillraceError, NanoTsDbShared } from '../../src/main/index.ts';

/** Tables that the writing process fills; rows follow from their numbers. */
export const FOLLOWED = ['fast', 'slow', 'texts'] as const;

/** A row's values, from its number. All have a time of their own, so a query returns them in order. */
export function followedRow(n: number): [number, string | null] {
  return [n * 0.25, n % 3 === 0 ? null : `text ${n % 101}`];
}

/** Checks that a table holds a prefix of its rows, all right. @returns how many */
export async function checkFollowed(db: NanoTsDbShared, name: string, from: number): Promise<number> {
  const { rowCount, ts, columns, validity } = await db.table(name).query({ from });
  const { value, text } = columns as unknown as { value: Float64Array; text: string[] };
  for (let i = 0; i < rowCount; i++) {
    const n = from + i;
    const [wantedValue, wantedText] = followedRow(n);
    const present = (validity['text']![i >> 3]! >> (i & 7)) & 1;
    const right = ts[i] === n && value[i] === wantedValue && (present ? text[i] : null) === wantedText;
    if (!right) throw new Error(`${name}: row ${n} is ${ts[i]}, ${value[i]}, ${present ? text[i] : null}`);
  }
  return from + rowCount;
}

/** Reads until the writer is done; every look must find right rows, and never fewer than the one before. */
async function follow(path: string, stop: string): Promise<void> {
  const db = await NanoTsDbShared.open(path, { readOnly: true });
  const seen = new Map<string, number>(FOLLOWED.map((name) => [name, 0]));
  let looks = 0;
  for (let last = false; !last; looks++) {
    // Once more after the end: then everything must be there.
    last = existsSync(stop);
    for (const name of FOLLOWED) {
      if (!db.hasTable(name)) continue;
      // Now and then all rows, else what came since the last look but some.
      const from = looks % 20 === 0 || last ? 0 : Math.max(0, seen.get(name)! - 2000);
      const rows = await checkFollowed(db, name, from);
      if (rows < seen.get(name)!) throw new Error(`${name}: ${rows} rows after ${seen.get(name)}`);
      seen.set(name, rows);
    }
    await nextTurn();
  }
  const { recovery } = await db.stats();
  await db.close();
  process.stdout.write(JSON.stringify({ looks, seen: [...seen], damage: recovery.damage }));
}

/** Waits until a table has so many rows, then makes a file that says so. */
async function waitForRows(path: string, table: string, rows: number): Promise<void> {
  const db = await NanoTsDbShared.open(path, { readOnly: true });
  while (!db.hasTable(table) || (await db.table(table).lastSeq()) < rows) await nextTurn();
  writeFileSync(`${path}.seen`, '');
  await db.close();
}

/** Opens for writing and closes as its parent's messages say, and tells how it went. */
async function race(path: string): Promise<void> {
  let db: NanoTsDbShared | undefined;
  process.on('message', async (message) => {
    if (message === 'end') {
      process.disconnect();
    } else if (message === 'close') {
      await db!.close();
      process.send!({ won: true, pid: process.pid });
    } else {
      try {
        db = await NanoTsDbShared.open(path, { writers: 1 });
        process.send!({ won: true, pid: process.pid });
      } catch (error) {
        if (!MillraceError.is(error)) throw error;
        process.send!({ won: false, pid: process.pid, code: error.code, details: error.details });
      }
    }
  });
}

const [path, what, argument, number] = process.argv.slice(2);
if (what === 'follow') await follow(path!, argument!);
else if (what === 'wait') await waitForRows(path!, argument!, Number(number));
else if (what === 'race') await race(path!);
