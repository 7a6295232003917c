import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { DescriptorRing, ringStorage } from '../../src/shared/ring/descriptor-ring.ts';
import { spreadOf } from '../harness/stats.ts';

const ECHO = fileURLToPath(new URL('./echo.js', import.meta.url));

/** Median µs of a descriptor's way to another thread that sleeps, and back to this one, which sleeps as well. */
export async function ringRoundTrip(trips: number): Promise<number> {
  const there = ringStorage();
  const back = ringStorage();
  const gate = new SharedArrayBuffer(8);
  const words = new Int32Array(gate);
  const echo = new Worker(ECHO, { workerData: { there, back, gate } });
  await once(echo, 'online');
  const outgoing = new DescriptorRing(there);
  const incoming = new DescriptorRing(back);
  const times: number[] = [];
  for (let i = 0; i < trips; i++) {
    const answered = Atomics.load(words, 1);
    let echoed = -1;
    const start = performance.now();
    outgoing.push(i);
    Atomics.add(words, 0, 1);
    Atomics.notify(words, 0);
    Atomics.wait(words, 1, answered);
    incoming.drain((chunk) => (echoed = chunk));
    times.push((performance.now() - start) * 1000);
    if (echoed !== i) throw new Error(`trip ${i} brought back ${echoed}`);
  }
  Atomics.store(words, 0, -1);
  Atomics.notify(words, 0);
  await once(echo, 'exit');
  return spreadOf(times).median;
}
