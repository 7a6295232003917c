// One producer of full-speed.ts: appends batches without a pause until it is told to stop; says what it appended and how long
// the longest append took.
import { parentPort, workerData } from 'node:worker_threads';
import { connect, type DatabaseTicket } from '../../src/main/index.ts';

export interface FullSpeedJob {
  readonly ticket: DatabaseTicket;
  readonly producer: number;
  readonly tables: readonly string[];
  /** Rows' times lie up to so many ms before the time of their append, in no order. */
  readonly jitterMs: number;
  /** Word 0: 1 to stop. */
  readonly words: SharedArrayBuffer;
}

export interface FullSpeedOutcome {
  /** Rows appended, by table. */
  readonly rows: readonly number[];
  /** ms of each append, as many as there are places. */
  readonly waits: Float64Array;
}

export const FULL_SPEED_ROWS = 1024;

/** Doubles that no codec makes much smaller. */
const NOISE = Float64Array.from({ length: 100_003 }, (_, i) => Math.sin(i * 1.618) * 1e6);

/** The third column of row `n`: what is read back is checked by it. */
export function fullSpeedValue(producer: number, n: number): number {
  return NOISE[(n + producer * 7919) % NOISE.length]!;
}

if (parentPort !== null && (workerData as FullSpeedJob | null)?.ticket !== undefined) {
  const { ticket, producer, tables, jitterMs, words } = workerData as FullSpeedJob;
  const stop = new Int32Array(words);
  const db = connect(ticket);
  const handles = tables.map((name) => db.table(name));
  const rows = tables.map(() => 0);
  const waits: number[] = [];
  const p = new Float64Array(FULL_SPEED_ROWS).fill(producer);
  for (let turn = 0; Atomics.load(stop, 0) === 0; turn++) {
    const at = turn % tables.length;
    const first = rows[at]!;
    const n = Float64Array.from({ length: FULL_SPEED_ROWS }, (_, i) => first + i);
    const wall = Date.now();
    const w = new Float64Array(FULL_SPEED_ROWS).fill(wall);
    const ts = n.map((row) => wall - (jitterMs === 0 ? 0 : (row * 7919) % jitterMs));
    const v = n.map((row) => fullSpeedValue(producer, row));
    const began = performance.now();
    handles[at]!.append({ ts, columns: { p, n, v, w } } as never);
    waits.push(performance.now() - began);
    rows[at]! += FULL_SPEED_ROWS;
  }
  await db.sync();
  const outcome: FullSpeedOutcome = { rows, waits: Float64Array.from(waits) };
  parentPort.postMessage(outcome);
  await db.close();
}
