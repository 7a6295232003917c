import { toEnvelope } from '../../shared/errors.ts';
import type { Storage } from '../../shared/storage/storage.ts';
import { runPack } from './run-pack.ts';
import type { PackTask, TaskOutcome, TaskRunner } from './task.ts';

/** Runs tasks in the caller's thread, each when its outcome is asked for: for tests, that can then end it before. */
export class InlineRunner implements TaskRunner {
  readonly capacity = 1;
  private readonly storage: Storage;
  private readonly tasks: PackTask[] = [];
  private readonly before: (task: PackTask) => void;

  /** @param before called before each task runs; what it throws is how the task fails */
  constructor(storage: Storage, before: (task: PackTask) => void = () => {}) {
    this.storage = storage;
    this.before = before;
  }

  start(task: PackTask): void {
    this.tasks.push(task);
  }

  take(): TaskOutcome | undefined {
    const task = this.tasks.shift();
    if (task === undefined) return undefined;
    try {
      this.before(task);
      return { id: task.id, result: runPack(this.storage, task) };
    } catch (error) {
      return { id: task.id, error: toEnvelope(error) };
    }
  }

  stop(): void {
    this.tasks.length = 0;
  }

  get ended(): boolean {
    return this.tasks.length === 0;
  }
}
