import { Piscina } from 'piscina';
import { toEnvelope } from '../../shared/errors.ts';
import type { StorageRef } from '../../shared/storage/storage.ts';
import type { PackResult, PackTask, TaskOutcome, TaskRunner } from './task.ts';

/** What each thread of the pool is started with. */
export interface PoolWorkerData {
  readonly storage: StorageRef;
  /** What `Storage.identity` must say: the file may have been replaced meanwhile. */
  readonly identity: string;
}

/** A thread without work ends after this long: its code is loaded again in some 50 ms. */
const IDLE_MS = 30_000;

/**
 * Runs tasks in a thread of a piscina pool. One at a time: maintenance must not take the cores that writers encode on, and
 * each outcome waits for a checkpoint anyway. A task that fails or whose thread dies is reported only once the thread is
 * over, so its extent can be given to somebody else at once.
 */
export class PoolRunner implements TaskRunner {
  readonly capacity = 1;
  /** The pool itself: tests kill its threads. */
  readonly pool: Piscina;
  private readonly outcomes: TaskOutcome[] = [];
  private readonly wake: () => void;
  private stopped = false;
  private isOver = false;

  /** @param wake called whenever there is an outcome, and once every thread has ended */
  constructor(workerData: PoolWorkerData, wake: () => void) {
    this.wake = wake;
    this.pool = new Piscina({
      filename: new URL('./entry.js', import.meta.url).href,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: IDLE_MS,
      // A task is synchronous from its first line to its last; the thread need not freeze between tasks.
      atomics: 'disabled',
      workerData,
    });
    // A thread that dies between tasks: the next task starts another.
    this.pool.on('error', () => {});
  }

  start(task: PackTask): void {
    const { id } = task;
    this.pool.run(task).then(
      (result: PackResult) => this.end({ id, result }),
      (error: unknown) => this.end({ id, error: toEnvelope(error) }),
    );
  }

  take(): TaskOutcome | undefined {
    return this.outcomes.shift();
  }

  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.outcomes.length = 0;
    // Resolves with the threads' exits: until then one may be within a write.
    this.pool.destroy().finally(() => {
      this.isOver = true;
      this.wake();
    });
  }

  get ended(): boolean {
    return this.isOver;
  }

  private end(outcome: TaskOutcome): void {
    if (this.stopped) return;
    this.outcomes.push(outcome);
    this.wake();
  }
}
