// A worker thread that joins a database and appends, reads or waits, as its workerData says.
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { connect, type DatabaseTicket, MillraceError, type NanoTsDbShared } from '../../src/main/index.ts';

/** Words of the job's shared memory. */
export const GO = 0;
export const READS = 1;
/** Rows whose append has returned, one word a producer. */
export const APPENDED = 16;
/** Bursts that may have begun. */
export const BURST = 2;
/** Rows that this thread has seen to be durable. */
export const SYNCED = 3;
/** Deaths of writers that this thread has seen in stats(). */
export const DEATHS = 4;

export interface Job {
  readonly ticket: DatabaseTicket;
  readonly kind:
    | 'append'
    | 'append-forever'
    | 'until-closed'
    | 'bursts'
    | 'sync-forever'
    | 'tables'
    | 'read'
    | 'hold';
  readonly producer: number;
  readonly rows: number;
  readonly words: SharedArrayBuffer;
}

/** One of the tables that all producers append to, and one for each of them. */
export const SHARED_TABLE = 'shared';
export const ownTable = (producer: number): string => `own ${producer}`;

/** Rows are told by producer and number; all have one timestamp, so a query returns them in order of arrival. */
export function appender(db: NanoTsDbShared, producer: number): (row: number) => boolean {
  const shared = db.createTableSync(SHARED_TABLE, ['producer', 'row']);
  const own = db.createTableSync(ownTable(producer), ['row', { name: 'text', type: 'utf8' }]);
  return (row) => {
    const quick = shared.appendRow(0, [producer, row]);
    return own.appendRow(0, [row, `row ${row}`]) && quick;
  };
}

/** Checks that the rows of each producer are a prefix of what it appends, in its order. @returns their numbers */
export async function checkShared(db: NanoTsDbShared, producers: number): Promise<number[]> {
  const { rowCount, columns } = await db.table(SHARED_TABLE).query();
  const { producer, row } = columns as unknown as Record<string, Float64Array>;
  const next = Array<number>(producers).fill(0);
  for (let i = 0; i < rowCount; i++) {
    const who = producer![i]!;
    if (row![i] !== next[who])
      throw new Error(`producer ${who}: row ${row![i]} where ${next[who]} should be`);
    next[who]!++;
  }
  return next;
}

export async function checkOwn(db: NanoTsDbShared, producer: number): Promise<number> {
  const { rowCount, columns } = await db.table(ownTable(producer)).query();
  const { row, text } = columns as unknown as { row: Float64Array; text: string[] };
  for (let i = 0; i < rowCount; i++) {
    if (row[i] !== i || text[i] !== `row ${i}`)
      throw new Error(`table of ${producer}: row ${i} is ${row[i]}, ${text[i]}`);
  }
  return rowCount;
}

async function run({ ticket, kind, producer, rows, words }: Job): Promise<void> {
  const shared = new Int32Array(words);
  const db = connect(ticket);
  const append = kind !== 'read' && kind !== 'hold' && kind !== 'tables' ? appender(db, producer) : undefined;
  parentPort!.postMessage('ready');
  Atomics.wait(shared, GO, 0);
  switch (kind) {
    case 'append':
    case 'append-forever':
      for (let row = 0; row < rows; row++) {
        append!(row);
        Atomics.store(shared, APPENDED + producer, row + 1);
      }
      // Ends without a word if it is not told to go on: the database is left as a thread that ends leaves it.
      while (kind === 'append-forever');
      break;
    case 'until-closed': {
      // Nothing but the appends: no store of this thread's own makes their rows visible.
      const append = db.createTableSync(SHARED_TABLE, ['producer', 'row']).rowAppender();
      let row = 0;
      try {
        for (; row < rows; row++) append(0, producer, row);
      } catch (error) {
        if (!(error instanceof MillraceError && error.code === 'CLOSED')) throw error;
      }
      Atomics.store(shared, APPENDED + producer, row);
      return;
    }
    case 'bursts':
      for (let row = 0, burst = 1; ; burst++) {
        for (let now = 0; (now = Atomics.load(shared, BURST)) < burst; )
          Atomics.wait(shared, BURST, now, 100);
        if (Atomics.load(shared, GO) !== 1) break;
        for (const end = row + rows; row < end; row++) {
          append!(row);
          Atomics.store(shared, APPENDED + producer, row + 1);
        }
      }
      break;
    case 'sync-forever':
      for (let row = 0; Atomics.load(shared, GO) === 1; row++) {
        append!(row);
        await db.sync();
        Atomics.store(shared, SYNCED, row + 1);
        Atomics.store(shared, DEATHS, (await db.stats()).deaths.length);
      }
      await db.close();
      break;
    case 'tables':
      // A row to each of the tables there are, again and again.
      for (let row = 0, tables = db.listTables().map((name) => db.table(name)); row < rows; row++) {
        for (const table of tables) table.appendRow(row, [producer, row, row / 2]);
        Atomics.store(shared, APPENDED + producer, row + 1);
      }
      await db.close();
      break;
    case 'read':
      while (Atomics.load(shared, GO) === 1) {
        const before = Array.from({ length: producer }, (_, i) => Atomics.load(shared, APPENDED + i));
        const found = await checkShared(db, producer);
        before.forEach((least, i) => {
          if (found[i]! < least)
            throw new Error(`${found[i]} rows of producer ${i}, though ${least} appends had returned`);
        });
        Atomics.add(shared, READS, 1);
      }
      await db.close();
      break;
    default:
      break;
  }
}

if (!isMainThread && (workerData as Job | null)?.ticket !== undefined) {
  try {
    await run(workerData as Job);
  } catch (error) {
    parentPort!.postMessage(MillraceError.is(error) ? `${error.code}: ${error.message}` : String(error));
    throw error;
  }
}
