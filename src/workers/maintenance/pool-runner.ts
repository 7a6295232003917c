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
 * each outcome waits for a checkpoint anyway. After a task that failed, or whose thread died, the pool is ended and another
 * one made: piscina starts no thread again once one has died while it started, and a task's extent must not be given to
 * anybody before its thread is over.
 */
export class PoolRunner implements TaskRunner {
  readonly capacity = 1;
  private readonly workerData: PoolWorkerData;
  private readonly outcomes: TaskOutcome[] = [];
  private readonly wake: () => void;
  private pool: Piscina | undefined;
  private stopped = false;
  private isOver = false;
  /** Resolves once the threads of every pool that was ended are over. */
  private ending: Promise<void> = Promise.resolve();

  /** @param wake called whenever there is an outcome, and once every thread has ended */
  constructor(workerData: PoolWorkerData, wake: () => void) {
    this.workerData = workerData;
    this.wake = wake;
  }

  /** The pool's threads now: tests kill them. */
  get threads(): Piscina['threads'] {
    return this.pool?.threads ?? [];
  }

  start(task: PackTask): void {
    const { id } = task;
    this.pool ??= this.makePool();
    const running: Promise<PackResult> = this.pool.run(task);
    running.catch(() => {});
    const [thread] = this.pool.threads;
    // A task whose thread died before it took it would wait for ever.
    let die!: () => void;
    const death = new Promise<never>((_, reject) => {
      die = () => reject(new Error('the thread of a maintenance task ended'));
    });
    if (thread === undefined) die();
    else thread.once('exit', die);
    Promise.race([running, death]).then(
      (result) => {
        thread?.off('exit', die);
        this.end({ id, result });
      },
      async (error: unknown) => {
        await this.endThreads();
        this.end({ id, error: toEnvelope(error) });
      },
    );
  }

  take(): TaskOutcome | undefined {
    return this.outcomes.shift();
  }

  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.outcomes.length = 0;
    this.endThreads().then(() => {
      this.isOver = true;
      this.wake();
    });
  }

  get ended(): boolean {
    return this.isOver;
  }

  private makePool(): Piscina {
    const pool = new Piscina({
      filename: new URL('./thread.cjs', import.meta.url).href,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: IDLE_MS,
      // A task is synchronous from its first line to its last; the thread need not freeze between tasks.
      atomics: 'disabled',
      workerData: this.workerData,
    });
    // A thread that dies between tasks fails the next one, if it is still there then.
    pool.on('error', () => {});
    return pool;
  }

  /** Resolves with the threads' exits: until then one may be within a write. */
  private endThreads(): Promise<void> {
    const { pool } = this;
    this.pool = undefined;
    if (pool !== undefined) {
      const exits = [...pool.threads.map((thread) => thread.terminate()), pool.destroy()];
      this.ending = Promise.allSettled([this.ending, ...exits]).then(() => {});
    }
    return this.ending;
  }

  private end(outcome: TaskOutcome): void {
    if (this.stopped) return;
    this.outcomes.push(outcome);
    this.wake();
  }
}
