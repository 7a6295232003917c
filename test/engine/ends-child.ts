// A process whose main thread has a database open while two other threads append, and that ends as its arguments say.
// Arguments: path, how to end.
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { APPENDED, appender, GO, type Job } from './producer-thread.ts';

/** Threads that append when the process ends, besides the main one. */
export const OTHERS = 2;

const [path, ending] = process.argv.slice(2);
if (path !== undefined && ending !== undefined) await run(path, ending);

async function run(file: string, end: string): Promise<void> {
  // No commit comes by itself before the process has ended, except where that is what is tried.
  const db = await NanoTsDbShared.open(file, { writers: 2, commitIntervalMs: end === 'wait' ? 5 : 60_000 });
  const words = new Int32Array(new SharedArrayBuffer(64 * 4));
  for (let producer = 1; producer <= OTHERS; producer++) {
    const job: Job = {
      ticket: db.ticket(),
      kind: 'append-forever',
      producer,
      rows: 1e9,
      words: words.buffer as SharedArrayBuffer,
    };
    const worker = new Worker(new URL('./producer-thread.js', import.meta.url), {
      workerData: job,
      stderr: true,
    });
    await once(worker, 'message');
    // They are refused once the end has begun; that is no error of this process.
    worker.on('error', () => {});
    worker.unref();
  }
  const append = appender(db, 0);
  Atomics.store(words, GO, 1);
  Atomics.notify(words, GO);
  // After the database's own handler: what has returned by now is what must be kept, all threads' appends included.
  process.on('exit', () => say(words));
  for (let row = 0; row < 5000 || Atomics.load(words, APPENDED + OTHERS) < 5000; row++) {
    append(row);
    Atomics.store(words, APPENDED, row + 1);
  }
  if (end === 'exit') process.exit(0);
  if (end === 'throw') throw new Error('on purpose');
  if (end !== 'wait') return;
  for (let row = Atomics.load(words, APPENDED); ; row++) {
    const returned = Array.from({ length: OTHERS + 1 }, (_, i) => Atomics.load(words, APPENDED + i));
    await db.sync();
    writeSync(1, `${JSON.stringify(returned)}\n`);
    append(row);
    Atomics.store(words, APPENDED, row + 1);
  }
}

function say(words: Int32Array): void {
  const returned = Array.from({ length: OTHERS + 1 }, (_, i) => Atomics.load(words, APPENDED + i));
  writeSync(1, `${JSON.stringify(returned)}\n`);
}
