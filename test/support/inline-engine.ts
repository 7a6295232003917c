import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine, EngineOptions } from '../../src/main/engine.ts';
import { READ_CACHE_BYTES } from '../../src/main/options.ts';
import type { Clock } from '../../src/shared/clock.ts';
import { ManualClock } from '../../src/shared/clock.ts';
import type { CoordinatorLink, ProducerTicket } from '../../src/shared/control/api.ts';
import { MAINTENANCE_DEFAULTS } from '../../src/shared/control/maintenance.ts';
import { createSharedState, type SharedState } from '../../src/shared/control/shared-state.ts';
import { STATE_POISONED } from '../../src/shared/control/words.ts';
import { emptyDatabase } from '../../src/shared/recovery/superblocks.ts';
import type { TableDefinition } from '../../src/shared/schema/types.ts';
import { MemoryFile } from '../../src/shared/storage/memory-storage.ts';
import type { Storage } from '../../src/shared/storage/storage.ts';
import type { Waiting } from '../../src/shared/wait.ts';
import { type Channel, inlineChannel } from '../../src/workers/channel.ts';
import { Coordinator } from '../../src/workers/coordinator/coordinator.ts';
import { InlineRunner } from '../../src/workers/maintenance/inline-runner.ts';
import type { PackTask, TaskRunner } from '../../src/workers/maintenance/task.ts';
import type { FromWriter, ToWriter } from '../../src/workers/writer/messages.ts';
import { WriterKilled, type WriterOptions, type WriterStep } from '../../src/workers/writer/options.ts';
import { Writer } from '../../src/workers/writer/writer.ts';

/** A small budget: tests then meet full memory too. */
const BUDGET = 32 << 20;

export interface InlineOptions extends Partial<EngineOptions> {
  readonly file?: MemoryFile;
  readonly clock?: ManualClock;
  readonly onStep?: (writer: number, step: WriterStep) => void;
  /** Called before each maintenance task; what it throws is how the task fails. */
  readonly beforeTask?: (task: PackTask) => void;
  /** Runs tasks elsewhere than in this thread. */
  readonly startRunner?: () => TaskRunner;
  /** Another storage than the memory file's own, for each opening. */
  readonly open?: () => Storage;
  /** Makes salts; for runs that must be the same each time. */
  readonly randomWords?: (words: Uint32Array) => Uint32Array;
  /** Decides who takes a step when and which messages are late; without one all take turns and nothing is late. */
  readonly scheduler?: Scheduler;
}

/** Who does something next, in a simulation. */
export interface Scheduler {
  /** Which of the actors 0 … count − 1 take a step in this turn, in which order. */
  turn(count: number): Iterable<number>;
  /** ms until the next turn. */
  pauseMs(): number;
  /**
   * Makes messages to the coordinator late, as events are; their order stays. A writer takes its own from the port, where
   * they are as soon as they are sent.
   */
  delayed<In, Out>(channel: Channel<In, Out>): Channel<In, Out>;
}

/** A new, empty database in memory. */
export function newFile(): MemoryFile {
  return new MemoryFile(emptyDatabase(new Uint8Array(16).fill(7), 1_700_000_000_000));
}

/**
 * The real coordinator and writers in the caller's thread, over a file in memory and a clock that the test moves. Whenever
 * a handle waits, the actors take their steps.
 */
export class InlineEngine implements Engine {
  readonly path = 'memory';
  readonly options: EngineOptions;
  readonly shared: SharedState;
  readonly link: CoordinatorLink;
  readonly waiting: Waiting;
  readonly storage: Storage;
  /** A file in memory is one thread's. */
  readonly storageRef = undefined;
  readonly clock: Clock;
  readonly producer: ProducerTicket;
  readonly tables: readonly TableDefinition[];
  readonly file: MemoryFile;
  readonly manualClock: ManualClock;
  readonly coordinator: Coordinator;
  readonly writers: Writer[] = [];
  /** Writers that died and have no successor. */
  private readonly dead = new Set<number>();
  private readonly scheduler: Scheduler | undefined;
  /** Writers killed by `onStep` so far. */
  deaths = 0;

  constructor(options: InlineOptions = {}) {
    this.file = options.file ?? newFile();
    this.manualClock = options.clock ?? new ManualClock();
    this.clock = this.manualClock;
    this.options = {
      writers: options.writers ?? 2,
      maxProducers: options.maxProducers ?? 4,
      durability: options.durability ?? 'interval',
      commitIntervalMs: options.commitIntervalMs ?? 10,
      memoryBudgetBytes: options.memoryBudgetBytes ?? BUDGET,
      reuseDelayMs: options.reuseDelayMs ?? 0,
      readCacheBytes: options.readCacheBytes ?? READ_CACHE_BYTES,
      maintenance: options.maintenance ?? { ...MAINTENANCE_DEFAULTS, auto: false },
      retentionMs: options.retentionMs,
      maxBytes: options.maxBytes,
    };
    this.scheduler = options.scheduler;
    const open = options.open ?? (() => this.file.open());
    this.shared = createSharedState(
      this.options.writers,
      Math.floor(this.options.memoryBudgetBytes / this.options.writers),
    );
    const startWriter = (writerOptions: WriterOptions) => {
      const [forCoordinator, forWriter] = inlineChannel<FromWriter, ToWriter>();
      const onStep = options.onStep;
      const writer = new Writer(this.shared, open(), this.clock, forWriter, {
        ...writerOptions,
        ...(onStep === undefined ? {} : { onStep: (step: WriterStep) => onStep(writerOptions.writer, step) }),
      });
      this.writers[writerOptions.writer] = writer;
      this.dead.delete(writerOptions.writer);
      return { channel: options.scheduler?.delayed(forCoordinator) ?? forCoordinator };
    };
    const { durability, commitIntervalMs, maxProducers, reuseDelayMs, maintenance } = this.options;
    const { retentionMs, maxBytes } = this.options;
    this.coordinator = new Coordinator(
      this.shared,
      open(),
      this.clock,
      {
        durability,
        commitIntervalMs,
        maxProducers,
        reuseDelayMs,
        maintenance,
        retentionMs,
        maxBytes,
        ...(options.randomWords === undefined ? {} : { randomWords: options.randomWords }),
      },
      startWriter,
      options.startRunner ?? (() => new InlineRunner(open(), options.beforeTask)),
    );
    this.producer = this.coordinator.attachProducer(0);
    this.tables = this.coordinator.tables();
    this.storage = open();
    this.waiting = {
      block: (_word, done) => {
        for (let turns = 0; !done(); turns++) {
          if (turns > 100_000) throw new Error('an inline wait never ended');
          this.turn();
        }
      },
      pause: (ms) => {
        const until = this.manualClock.now() + ms;
        while (this.manualClock.now() < until) this.turn();
      },
      resolve: async (_word, done) => {
        // Real threads take their time, whatever the clock of this one says.
        const most = options.startRunner === undefined ? 100_000 : 10_000_000;
        for (let turns = 0; !done(); turns++) {
          if (turns > most) throw new Error('an inline wait never ended');
          this.turn();
          // Threads that run tasks answer through the event loop.
          await (options.startRunner === undefined ? Promise.resolve() : nextTurn());
        }
      },
    };
    this.link = {
      callSync: (method, ...args) => (this.coordinator[method] as (...args: unknown[]) => never)(...args),
      call: async (method, ...args) => {
        let settled = false;
        const result = Promise.resolve(
          (this.coordinator[method] as (...args: unknown[]) => unknown)(...args),
        ).finally(() => {
          settled = true;
        });
        result.catch(() => {});
        await this.waiting.resolve(0, () => settled);
        return result as never;
      },
    };
  }

  /** One step of every actor, or of those that the scheduler chooses, and the clock a little on. */
  turn(ms = this.scheduler?.pauseMs() ?? 1): void {
    this.manualClock.advance(ms);
    const actors = this.writers.length + 1;
    for (const actor of this.scheduler?.turn(actors) ?? Array.from({ length: actors }, (_, i) => i)) {
      if (actor === this.writers.length) this.coordinator.step();
      else this.stepWriter(actor);
    }
  }

  private stepWriter(i: number): void {
    if (this.dead.has(i)) return;
    try {
      this.writers[i]!.step();
    } catch (error) {
      if (error instanceof WriterKilled) this.replace(i);
      // A writer that failed has poisoned the database; its thread would have ended.
      else if (this.shared.control.state !== STATE_POISONED) throw error;
    }
  }

  /** Another producer of the same database, as another thread would be one. */
  asProducer(slot: number): Engine {
    const { path, options, shared, link, waiting, storage, storageRef, clock } = this;
    const producer = this.coordinator.attachProducer(slot);
    return {
      path,
      options,
      shared,
      link,
      waiting,
      storage,
      storageRef,
      clock,
      producer,
      tables: this.coordinator.tables(),
      dispose: async () => {},
    };
  }

  private replace(writer: number): void {
    this.deaths++;
    this.dead.add(writer);
    for (;;) {
      try {
        this.coordinator.writerDied(writer);
        return;
      } catch (error) {
        // The successor was killed while it took over, or failed, which poisons.
        if (!(error instanceof WriterKilled)) {
          this.shared.control.poison(error);
          return;
        }
        this.deaths++;
      }
    }
  }

  async dispose(): Promise<void> {
    this.storage.close();
  }
}
