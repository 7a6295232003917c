import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import {
  FILLING,
  FREE,
  headerWord,
  openHeader,
  SENT,
  SLABS_AT,
  STATE,
  takeHeader,
} from '../../../src/shared/chunk/header.ts';
import { publishRows } from '../../../src/shared/chunk/publish-rows.ts';
import { memoryViews } from '../../../src/shared/chunk/views.ts';
import { DescriptorRing, RING_CAPACITY, ringStorage } from '../../../src/shared/ring/descriptor-ring.ts';
import {
  CAPACITY_ROWS,
  checksum,
  LAYOUT,
  OPENED,
  rowsOf,
  type StressJob,
  TABLE_DEFINITION,
} from './stress-thread.ts';

const THREAD = new URL('./stress-thread.js', import.meta.url);
const CHUNKS = 2048;

/** Defines the test for so many descriptors. */
export function stressTest(descriptors: number): void {
  test(`${descriptors} descriptors go through rings and chunk headers, each chunk once, in order and whole, and readers see no torn row`, async (t) => {
    const pages = Math.ceil((SLABS_AT + CHUNKS * 512) / 65_536);
    const memory = new WebAssembly.Memory<SharedArrayBuffer>({
      initial: pages,
      maximum: pages,
      shared: true,
    });
    const views = memoryViews(memory);
    const words = new SharedArrayBuffer(64);
    const shared = new Int32Array(words);
    const [hints, backs] = [ringStorage(), ringStorage()];
    const job = { memory, hints, backs, words, descriptors };
    const start = async (role: StressJob['role']) => {
      const worker = new Worker(THREAD, { workerData: { ...job, role } });
      const failed = new Promise<never>((_, reject) => void worker.once('error', reject));
      failed.catch(() => {});
      await once(worker, 'message');
      return { worker, failed };
    };
    const taker = await start('take');
    const reader = await start('read');
    const ended = Promise.race([once(taker.worker, 'exit'), taker.failed]);
    const read = Promise.race([
      once(reader.worker, 'message').then(([found]) => found as number),
      reader.failed,
    ]);
    ended.catch(() => {});

    const [to, from] = [new DescriptorRing(hints), new DescriptorRing(backs)];
    const free = Array.from({ length: CHUNKS }, () => takeHeader(views));
    let stalls = 0;
    for (let ordinal = 0; ordinal < descriptors; ordinal++) {
      while (free.length === 0) {
        from.drain((chunk) => {
          assert.equal(Atomics.load(views.i32, headerWord(chunk) + STATE), FREE);
          free.push(chunk);
        });
        // A taker that failed takes nothing more: its error is the test's.
        if (++stalls % 10_000_000 === 0) await Promise.race([ended, new Promise(setImmediate)]);
      }
      const chunk = free.pop()!;
      const data = SLABS_AT + chunk * 512;
      openHeader(views, chunk, {
        table: TABLE_DEFINITION.id,
        schemaVersion: 1,
        ordinal,
        dataOffset: data,
        dataBytes: LAYOUT.bytes,
        capacity: CAPACITY_ROWS,
        producer: 0,
      });
      Atomics.store(shared, OPENED, ordinal + 1);
      const word = headerWord(chunk);
      const values = (data + LAYOUT.columns[0]!.values) / 8;
      views.u8.fill(0xff, data + LAYOUT.columns[0]!.validity, data + LAYOUT.columns[0]!.validity + 8);
      for (let row = 0; row < rowsOf(ordinal); row++) {
        views.f64[data / 8 + row] = ordinal;
        views.f64[values + row] = checksum(ordinal, row);
        publishRows(views.i32, word, row + 1);
      }
      assert.equal(Atomics.compareExchange(views.i32, word + STATE, FILLING, SENT), FILLING);
      while (!to.push(chunk));
    }
    await ended;
    const found = await read;
    assert.ok(found > 0, 'the reader saw rows');
    t.diagnostic(
      `the rings went round ${Math.floor(descriptors / (RING_CAPACITY + 1))} times; a reader checked ${found} rows meanwhile`,
    );
  });
}
