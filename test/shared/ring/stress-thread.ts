// The other side of the ring stress test: takes chunks as a writer does, or reads them as a query does, and checks each.
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { copyLiveRows } from '../../../src/main/read/live-rows.ts';
import {
  dataOffset,
  FREE,
  headerWord,
  ordinalOf,
  ROWS,
  SENT,
  STATE,
} from '../../../src/shared/chunk/header.ts';
import { chunkLayout } from '../../../src/shared/chunk/layout.ts';
import { memoryViews } from '../../../src/shared/chunk/views.ts';
import { DescriptorRing } from '../../../src/shared/ring/descriptor-ring.ts';
import type { TableDefinition } from '../../../src/shared/schema/types.ts';

export interface StressJob {
  readonly role: 'take' | 'read';
  readonly memory: WebAssembly.Memory<SharedArrayBuffer>;
  readonly hints: SharedArrayBuffer;
  readonly backs: SharedArrayBuffer;
  /** DONE and ORDINAL, below. */
  readonly words: SharedArrayBuffer;
  readonly descriptors: number;
}

/** 1 once all descriptors were taken. */
export const DONE = 0;
/** Chunks opened so far: readers look at lower ordinals only. */
export const OPENED = 1;

export const CAPACITY_ROWS = 16;
export const LAYOUT = chunkLayout(['f64'], CAPACITY_ROWS, 512);
export const TABLE_DEFINITION: TableDefinition = {
  id: 7,
  name: 'stress',
  unit: 'ms',
  versions: [{ version: 1, columns: [{ id: 1, name: 'value', type: 'f64' }] }],
};

/** What a row of a chunk must hold: whole 0 ≤ x < 2^32 without any pattern. */
export function checksum(ordinal: number, row: number): number {
  let h = Math.imul(ordinal ^ (row << 27), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** How many rows a chunk gets. */
export function rowsOf(ordinal: number): number {
  return 1 + (ordinal & 1);
}

function take({ memory, hints, backs, words, descriptors }: StressJob): void {
  const views = memoryViews(memory);
  const shared = new Int32Array(words);
  const [from, to] = [new DescriptorRing(hints), new DescriptorRing(backs)];
  let next = 0;
  const one = (chunk: number): void => {
    const word = headerWord(chunk);
    const state = Atomics.load(views.i32, word + STATE);
    if (state !== SENT) throw new Error(`descriptor ${next}: chunk ${chunk} is in state ${state}`);
    const ordinal = ordinalOf(views, word);
    if (ordinal !== next) throw new Error(`descriptor ${next}: chunk ${chunk} has ordinal ${ordinal}`);
    const rows = Atomics.load(views.i32, word + ROWS);
    if (rows !== rowsOf(ordinal)) throw new Error(`ordinal ${ordinal} has ${rows} rows`);
    const values = (dataOffset(views, word) + LAYOUT.columns[0]!.values) / 8;
    for (let row = 0; row < rows; row++) {
      if (views.f64[values + row] !== checksum(ordinal, row))
        throw new Error(`ordinal ${ordinal}, row ${row}`);
    }
    next++;
    Atomics.store(views.i32, word + STATE, FREE);
    while (!to.push(chunk));
  };
  while (next < descriptors) from.drain(one);
  Atomics.store(shared, DONE, 1);
}

function read({ memory, words }: StressJob): number {
  const views = memoryViews(memory);
  const shared = new Int32Array(words);
  let found = 0;
  while (Atomics.load(shared, DONE) === 0) {
    for (const run of copyLiveRows(views, TABLE_DEFINITION, Atomics.load(shared, OPENED))) {
      const [time, value] = run.sources as unknown as [{ values: Float64Array }, { values: Float64Array }];
      for (let row = 0; row < run.rows; row++, found++) {
        const right = time.values[row] === run.ordinal && value.values[row] === checksum(run.ordinal, row);
        if (!right) throw new Error(`a reader saw ordinal ${run.ordinal}, row ${row}: ${value.values[row]}`);
      }
    }
  }
  return found;
}

if (!isMainThread && (workerData as StressJob | null)?.memory !== undefined) {
  const job = workerData as StressJob;
  parentPort!.postMessage('ready');
  if (job.role === 'take') take(job);
  else parentPort!.postMessage(read(job));
}
