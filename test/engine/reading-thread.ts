// A worker thread that appends bursts of rows beside a thread that reads.
import { parentPort, workerData } from 'node:worker_threads';
import { connect, type DatabaseTicket } from '../../src/main/index.ts';
import { type Burst, COLUMNS, rowOf } from './reading-rows.ts';

const { ticket, seed } = workerData as { readonly ticket: DatabaseTicket; readonly seed: number };
const db = connect(ticket);
const table = db.createTableSync('t', COLUMNS);
let next = 0;

parentPort!.on('message', ({ until }: Burst) => {
  for (; next < until; next++) {
    const { ts, values } = rowOf(seed, 1, next);
    table.appendRow(Number(ts), values as never);
  }
  db.sync().then(() => parentPort!.postMessage('synced'));
});
