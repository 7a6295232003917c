import { Worker } from 'node:worker_threads';
import type { StandbyStart, WriterStart } from '../../shared/control/start.ts';

const ENTRY = new URL('../writer/entry.js', import.meta.url);
/** MiB. What a writer makes is either gone at once or kept for long; a larger nursery only takes memory. */
const YOUNG_MB = 6;
/** How long a thread stands by that nobody needs. */
const STANDBY_MS = 10_000;

interface Standby {
  readonly thread: Worker;
  readonly bell: Int32Array;
}

/** Starts writers' threads; one of them ahead of time when one may be needed soon. */
export class WriterThreads {
  private readonly heapMb: number;
  private standby: Standby | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @param heapMb MiB of heap that a writer may have */
  constructor(heapMb: number) {
    this.heapMb = heapMb;
  }

  /** A thread that runs a writer: the one that stands by, if there is one. */
  start(data: WriterStart): Worker {
    const { standby } = this;
    if (standby === undefined) return this.newThread(data);
    const { thread, bell } = standby;
    this.forget();
    thread.removeAllListeners();
    thread.ref();
    thread.postMessage(data);
    Atomics.store(bell, 0, 1);
    Atomics.notify(bell, 0);
    return thread;
  }

  /** A writer may have to be replaced soon: has a thread load its code. */
  prepare(): void {
    if (this.standby !== undefined) {
      this.timer?.refresh();
      return;
    }
    const bell = new Int32Array(new SharedArrayBuffer(4));
    const start: StandbyStart = { bell: bell.buffer as SharedArrayBuffer };
    const thread = this.newThread(start);
    thread.unref();
    // One that fails before it is needed: the next one is started when it is.
    thread.on('error', () => {});
    thread.on('exit', () => {
      if (this.standby?.thread === thread) this.forget();
    });
    this.standby = { thread, bell };
    this.timer = setTimeout(() => this.end(), STANDBY_MS).unref();
  }

  /** Ends the thread that stands by. */
  end(): void {
    const thread = this.standby?.thread;
    this.forget();
    void thread?.terminate();
  }

  private forget(): void {
    clearTimeout(this.timer);
    this.standby = undefined;
  }

  private newThread(workerData: WriterStart | StandbyStart): Worker {
    return new Worker(ENTRY, {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: this.heapMb, maxYoungGenerationSizeMb: YOUNG_MB },
    });
  }
}
