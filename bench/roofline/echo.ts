// The other side of the round trips: pushes back what it pops, asleep until there is something.
import { workerData } from 'node:worker_threads';
import { DescriptorRing } from '../../src/shared/ring/descriptor-ring.ts';

const { there, back, gate } = workerData as Record<'there' | 'back' | 'gate', SharedArrayBuffer>;
const [incoming, outgoing] = [new DescriptorRing(there), new DescriptorRing(back)];
const words = new Int32Array(gate);
for (let seen = 0; ; ) {
  Atomics.wait(words, 0, seen);
  seen = Atomics.load(words, 0);
  if (seen < 0) break;
  incoming.drain((chunk) => outgoing.push(chunk));
  Atomics.add(words, 1, 1);
  Atomics.notify(words, 1);
}
