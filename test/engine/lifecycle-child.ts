// Opens a database, appends, and ends as it is told to: as a process of its own or as a worker thread.
// Arguments (or workerData): path, how to end, options as JSON.
import { writeSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';
import { MillraceError, NanoTsDbShared, type OpenOptions } from '../../src/main/index.ts';
import { appendBatch, appendRows, FORMULA_TABLES, formulaTables } from './kill-rows.ts';

/** Rows that are appended to each table before the end. */
export const LIFECYCLE_ROWS = 2500;

/** What is left pending, or awaited as the last thing that a script does. */
const PROMISES: Record<string, (db: NanoTsDbShared) => Promise<unknown>> = {
  sync: (db) => db.sync(),
  flush: (db) => db.flush(),
  drained: (db) => db.drained(),
  close: (db) => db.close(),
  stats: (db) => db.stats(),
  createTable: (db) => db.createTable('another', ['x']),
  query: (db) => db.table(FORMULA_TABLES[0]!.name).query(),
};

const [path, ending, optionsText] = (isMainThread ? process.argv.slice(2) : workerData) as [
  string,
  string,
  string,
];
const options = JSON.parse(optionsText ?? '{}') as OpenOptions;

/** Written at once: a process that ends may lose what console.log has not passed on. */
function say(text: string): void {
  // A worker has its test's own output.
  if (isMainThread) writeSync(1, `${text}\n`);
}

async function openAndAppend(): Promise<NanoTsDbShared> {
  const db = await NanoTsDbShared.open(path, options);
  const tables = await formulaTables(db);
  for (const [i, formula] of FORMULA_TABLES.entries()) {
    const inBatch = i % 2 === 1;
    (inBatch ? appendBatch : appendRows)(formula, tables[i]!, 0, LIFECYCLE_ROWS);
  }
  return db;
}

/** Says how long the end took: from the last turn of the loop, or the call that ends it, until all exit handlers ran. */
function timeTheEnd(): () => void {
  let from = performance.now();
  const begin = (): void => {
    from = performance.now();
  };
  process.once('beforeExit', begin);
  process.on('exit', () => say(`ended in ${Math.round(performance.now() - from)} ms`));
  return begin;
}

async function run(): Promise<void> {
  const [what, name] = ending.split(' ') as [string, string | undefined];
  if (what === 'try') {
    const error = await NanoTsDbShared.open(path, options).then(
      (db) => db.close(),
      (reason: unknown) => reason,
    );
    say(MillraceError.is(error) ? `${error.code} ${error.message}` : 'opened');
    return;
  }
  if (what === 'pending-open') {
    NanoTsDbShared.open(path, options).then(() => say('settled: open'));
    return;
  }
  if (what === 'idle') {
    await NanoTsDbShared.open(path, options);
    timeTheEnd();
    return;
  }
  if (what === 'handler-throws') {
    process.on('exit', () => {
      throw new Error('a handler of the user, older than ours');
    });
  }
  const db = await openAndAppend();
  const begin = timeTheEnd();
  switch (what) {
    case 'exit':
      begin();
      process.exit(7);
      break;
    case 'throw':
      throw new Error('on purpose');
    case 'throw-later':
      setImmediate(() => {
        throw new Error('on purpose');
      });
      break;
    case 'reject':
      Promise.reject(new Error('on purpose'));
      break;
    case 'signal':
      process.once('SIGTERM', () => process.exit(7));
      setInterval(() => {}, 1000);
      process.kill(process.pid, 'SIGTERM');
      break;
    case 'pending':
      PROMISES[name!]!(db).then(() => say(`settled: ${name}`));
      break;
    case 'awaited':
      await PROMISES[name!]!(db);
      say(`settled: ${name}`);
      break;
    default:
      break;
  }
}

// Without arguments it was imported, by the test.
if (ending !== undefined) await run();
