// One thread that encodes rows that are there already; tells how long it took. See encode-scaling.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { generateW } from '../workload/workload-w.ts';
import { encoderOf } from './stages.ts';

const WARM_UP_PASSES = 40;

const { gate, passes, rows } = workerData as { gate: SharedArrayBuffer; passes: number; rows: number };
const words = new Int32Array(gate);
const [table] = generateW({ tables: 1, rowsPerTable: rows });
const encode = encoderOf(table!);
// A thread compiles the loops anew, in threads beside it: until it has, two encoders share two cores with two compilers, and one with one.
for (let i = 0; i < WARM_UP_PASSES; i++) encode();
Atomics.add(words, 0, 1);
Atomics.notify(words, 0);
Atomics.wait(words, 1, 0);
const start = performance.now();
for (let i = 0; i < passes; i++) encode();
parentPort!.postMessage((passes * rows) / ((performance.now() - start) / 1000));
