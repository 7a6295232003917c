import { randomBytes, randomUUID } from 'node:crypto';
import { channel as diagnosticsChannel } from 'node:diagnostics_channel';
import { resolve } from 'node:path';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { transfer, wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { systemClock } from '../shared/clock.ts';
import type { Answer, CoordinatorLink } from '../shared/control/api.ts';
import type { Control } from '../shared/control/control.ts';
import type { MaintenanceNotice } from '../shared/control/maintenance.ts';
import { createSharedState } from '../shared/control/shared-state.ts';
import type {
  CoordinatorRemote,
  CoordinatorStart,
  CoordinatorStarted,
  FaultsRef,
  Notice,
} from '../shared/control/start.ts';
import type { DatabaseTicket } from '../shared/control/ticket.ts';
import { NOTICES_SEEN, P_REPLY, producerWord, STATE_CLOSED, STATE_OPEN } from '../shared/control/words.ts';
import { fromEnvelope, MillraceError } from '../shared/errors.ts';
import { emptyDatabase } from '../shared/recovery/superblocks.ts';
import { createFile, FILE_STORAGE_MODULE, openStorage } from '../shared/storage/file-storage.ts';
import type { StorageRef } from '../shared/storage/storage.ts';
import { ThreadWaiting } from '../shared/wait.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { checkPath } from './read-only.ts';

/** A writer's heap holds what it knows of open chunks; one that needs more than this has gone astray. */
const WRITER_HEAP_MB = 1024;

/**
 * MiB of heap that the coordinator may have. V8 lets a heap of which it expects less grow by less before it cleans up; and what
 * the coordinator makes is mostly gone at once, so a larger nursery would only take memory.
 */
const COORDINATOR_LIMITS = { maxOldGenerationSizeMb: 1536, maxYoungGenerationSizeMb: 6 };

const COORDINATOR = new URL('../workers/coordinator/entry.js', import.meta.url);

/**
 * Opens a file with a coordinator and its writers in threads of their own.
 * @throws what `NanoTsDbShared.open` throws
 */
export async function startThreads(
  path: string,
  options: EngineOptions,
  create: boolean,
  hooks: EngineHooks = {},
): Promise<ThreadEngine> {
  if (!checkPath(path, create)) createFile(path, emptyDatabase(randomBytes(16), Date.now()));
  const shared = createSharedState(options.writers, Math.floor(options.memoryBudgetBytes / options.writers));
  const start: CoordinatorStart = {
    handles: shared.handles,
    // Absolute: threads open it later, too, when the process may have gone to another folder.
    storage: hooks.storage ?? { module: FILE_STORAGE_MODULE, location: resolve(path) },
    path,
    durability: options.durability,
    commitIntervalMs: options.commitIntervalMs,
    maxProducers: options.maxProducers,
    reuseDelayMs: options.reuseDelayMs,
    door: `millrace:${randomUUID()}`,
    writerHeapMb: hooks.writerHeapMb ?? WRITER_HEAP_MB,
    ...(hooks.faults === undefined ? {} : { faults: hooks.faults }),
    maintenance: options.maintenance,
    retentionMs: options.retentionMs,
    maxBytes: options.maxBytes,
  };
  const worker = new Worker(COORDINATOR, {
    workerData: start,
    resourceLimits: COORDINATOR_LIMITS,
  });
  const thread = new CoordinatorThread(worker, shared.control, path);
  try {
    const { tables, producer } = await thread.start();
    const storage = openStorage(path, false);
    const ticket: DatabaseTicket = {
      door: start.door,
      coordinator: worker.threadId,
      path,
      storage: start.storage,
      identity: storage.identity(),
      handles: shared.handles,
      options: {
        durability: options.durability,
        commitIntervalMs: options.commitIntervalMs,
        maxProducers: options.maxProducers,
        memoryBudgetBytes: options.memoryBudgetBytes,
        reuseDelayMs: options.reuseDelayMs,
        readCacheBytes: options.readCacheBytes,
        writers: options.writers,
      },
    };
    return {
      path,
      options,
      shared,
      link: thread,
      waiting: new ThreadWaiting(shared.control),
      storage,
      // Whole, so that a change of the working folder changes nothing.
      storageRef: { module: FILE_STORAGE_MODULE, location: resolve(path) },
      clock: systemClock,
      producer,
      tables,
      ticket,
      killWriter: (writer) => thread.killWriter(writer),
      dispose: async () => {
        storage.close();
        await thread.end();
      },
    };
  } catch (error) {
    shared.control.setState(STATE_CLOSED);
    await worker.terminate();
    throw error;
  }
}

/** How long a call waits for the coordinator of a database that is not open any more. */
const NOT_OPEN_WAIT_MS = 1000;

/** Where the deaths of writers are published, in the thread that opened the database. */
const writerDeaths = diagnosticsChannel('millrace:writer-death');
/** And what maintenance does, as `MaintenanceNotice`. */
const maintenance = diagnosticsChannel('millrace:maintenance');

/** For tests and other storage than the file system's. */
export interface EngineHooks {
  readonly storage?: StorageRef;
  readonly faults?: FaultsRef;
  readonly writerHeapMb?: number;
}

export interface ThreadEngine extends Engine {
  /** Ends a writer's thread as a crash would, for tests. */
  killWriter(writer: number): Promise<void>;
}

/** The opening thread's link to the coordinator's thread: comlink for promises, a port of its own for calls that wait. */
class CoordinatorThread implements CoordinatorLink {
  private readonly worker: Worker;
  private readonly control: Control;
  private readonly remote: ReturnType<typeof wrap<CoordinatorRemote>>;
  private readonly waiting: ThreadWaiting;
  /** What calls fail with once the thread has ended. */
  private ending: MillraceError | undefined = undefined;
  /** Fails a call that waits for its answer: comlink never settles one to a dead thread. */
  private readonly unanswered = new Set<(error: MillraceError) => void>();
  private readonly exited: Promise<void>;
  private port: MessagePort | undefined;
  private pending = 0;

  constructor(worker: Worker, control: Control, path: string) {
    this.worker = worker;
    this.control = control;
    this.waiting = new ThreadWaiting(control);
    this.remote = wrap<CoordinatorRemote>(nodeEndpoint(worker));
    let crash: Error | undefined;
    worker.once('error', (error) => {
      crash = error;
      control.poison(error);
    });
    this.exited = new Promise((resolve) => {
      worker.once('exit', () => resolve());
    });
    void this.exited.then(() => {
      this.ending = new MillraceError(
        'INTERNAL',
        `the coordinator thread ended${crash === undefined ? '' : `: ${crash.message}`}`,
        {},
        crash,
      );
      for (const fail of this.unanswered) fail(this.ending);
    });
    worker.on('message', (message: Notice | { readonly notice?: undefined }) => {
      if (message.notice === 'writer-death') writerDeaths.publish(message.death);
      if (message.notice !== 'maintenance') return;
      Atomics.add(control.words, NOTICES_SEEN, 1);
      const { event, atMs } = message;
      const notice: MaintenanceNotice = { ...event, path, atMs };
      maintenance.publish(notice);
    });
    worker.unref();
  }

  async start(): Promise<CoordinatorStarted> {
    const started = open(await this.keepAlive<Answer<CoordinatorStarted>>(() => settle(this.remote.start())));
    const { port1, port2 } = new MessageChannel();
    await this.keepAlive(async () => this.remote.serveSync(transfer(port2, [port2 as never]) as never));
    port1.unref();
    this.port = port1;
    return started;
  }

  async call(method: never, ...args: unknown[]): Promise<never> {
    return open(await this.keepAlive<Answer<never>>(() => settle(this.remote.call(method, args))));
  }

  callSync(method: never, ...args: unknown[]): never {
    const slot = 0;
    if (this.control.state === STATE_CLOSED) this.control.checkOpen();
    this.port!.postMessage({ method, args, slot });
    let answer: Answer<never> | undefined;
    const giveUpAt = performance.now() + NOT_OPEN_WAIT_MS;
    this.waiting.block(producerWord(slot) + P_REPLY, () => {
      answer ??= receiveMessageOnPort(this.port!)?.message as Answer<never> | undefined;
      // The coordinator still answers when the database is not open, unless its own end is the reason.
      return answer !== undefined || (this.control.state !== STATE_OPEN && performance.now() > giveUpAt);
    });
    if (answer === undefined) this.control.checkOpen();
    return open(answer!);
  }

  async killWriter(writer: number): Promise<void> {
    await this.keepAlive(async () => this.remote.killWriter(writer));
  }

  /** Waits for the thread to end; it does once the database is closed. A poisoned one is ended. */
  async end(): Promise<void> {
    this.port?.close();
    this.worker.ref();
    if (this.control.state !== STATE_CLOSED) await this.worker.terminate();
    await this.exited;
  }

  /** Calls the thread, and keeps this process alive until it has answered. */
  private async keepAlive<T>(call: () => Promise<T>): Promise<T> {
    if (this.pending++ === 0) this.worker.ref();
    try {
      // Not a race with a promise that lasts as long as the thread: that would keep the answer of every call there was.
      return await new Promise<T>((resolve, reject) => {
        if (this.ending !== undefined) throw this.ending;
        this.unanswered.add(reject);
        void call()
          .then(resolve, reject)
          .finally(() => this.unanswered.delete(reject));
      });
    } finally {
      if (--this.pending === 0) this.worker.unref();
    }
  }
}

/** comlink's types spread a promise of a union over its members; this puts them together again. */
function settle<T>(promise: unknown): Promise<T> {
  return promise as Promise<T>;
}

function open<T>(answer: Answer<T>): T {
  if ('error' in answer) throw fromEnvelope(answer.error);
  return answer.value;
}
