// A producer thread of one job: connects, waits at the gate, appends its tables' rows, and tells of its calls' times.
import { parentPort, workerData } from 'node:worker_threads';
import { connect, type DatabaseTicket } from '../../src/main/index.ts';
import { Appender, rowsOfProducer, singleRows } from './append.ts';
import { type ProducerJob, READY, START } from './contract.ts';

const { gate, job, producer, ticket } = workerData as ProducerJob;
const words = new Int32Array(gate);
const db = connect(ticket as DatabaseTicket);
const tables = rowsOfProducer(job, producer);
const appender = new Appender(db, job, tables, singleRows(job, tables));
Atomics.add(words, READY, 1);
Atomics.notify(words, READY);
Atomics.wait(words, START, 0);
await appender.run();
parentPort!.postMessage(appender.times);
await db.close();
