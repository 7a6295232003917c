import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const ENCODER = fileURLToPath(new URL('./encoder.js', import.meta.url));
const ROWS = 250_000;

/** Rows a second that so many threads encode together from memory that is filled already. */
export async function encodeByThreads(threads: number, passes: number): Promise<number> {
  const gate = new SharedArrayBuffer(8);
  const words = new Int32Array(gate);
  const workers = Array.from(
    { length: threads },
    () => new Worker(ENCODER, { workerData: { gate, passes, rows: ROWS } }),
  );
  const rates = workers.map((worker) => once(worker, 'message') as Promise<[number]>);
  for (let ready = 0; ready < threads; ready = Atomics.load(words, 0))
    await Atomics.waitAsync(words, 0, ready, 100).value;
  Atomics.store(words, 1, 1);
  Atomics.notify(words, 1);
  return (await Promise.all(rates)).reduce((sum, [rate]) => sum + rate, 0);
}
