// The coordinator's thread: an event loop that steps the coordinator when a writer wrote, a handle called, or its time came.

import { type MessagePort, parentPort, type Worker, workerData } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { systemClock } from '../../shared/clock.ts';
import type { Answer, CoordinatorApi, ProducerTicket } from '../../shared/control/api.ts';
import { attachSharedState } from '../../shared/control/shared-state.ts';
import type {
  CoordinatorRemote,
  CoordinatorStart,
  Notice,
  SyncCall,
  WriterStart,
} from '../../shared/control/start.ts';
import {
  P_REPLY,
  producerWord,
  STATE_CLOSED,
  STATE_OPEN,
  STATE_POISONED,
} from '../../shared/control/words.ts';
import { inFile, MillraceError, toEnvelope } from '../../shared/errors.ts';
import { FILE_STORAGE_MODULE, fileIdentity, fileReplaced } from '../../shared/storage/file-storage.ts';
import { openStorageRef, type Storage } from '../../shared/storage/storage.ts';
import { PoolRunner } from '../maintenance/pool-runner.ts';
import type { FromWriter, ToWriter } from '../writer/messages.ts';
import type { WriterOptions } from '../writer/options.ts';
import { Coordinator } from './coordinator.ts';
import { Door } from './door.ts';
import { type FileLock, lockFile } from './lock.ts';
import { Notices } from './notices.ts';
import { Supervisor } from './supervisor.ts';
import type { WriterPeer } from './writer-records.ts';
import { WriterThreads } from './writer-threads.ts';

const start = workerData as CoordinatorStart;
const shared = attachSharedState(start.handles);
const { control } = shared;
let coordinator: Coordinator | undefined;
let storage: Storage | undefined;
let lock: FileLock | undefined;
let timer: NodeJS.Timeout | undefined;
let workers = 0;
let closed = false;
const threads = new Map<number, Worker>();
/** Settled once each writer is up, or has ended. */
const running: Promise<void>[] = [];
let door: Door | undefined;
/** A writer whose successors die as well, without a commit between, would die for ever. */
const MAX_DEATHS = 20;
const notices = new Notices(control, systemClock, (notice) => parentPort!.postMessage(notice));
/** Of each writer: what it had committed when it last died, and how often it has died since. */
const deaths = new Map<number, { committed: number; count: number }>();
const writerThreads = new WriterThreads(start.writerHeapMb);
const supervisor = new Supervisor(control, () => writerThreads.prepare());
/** Writers that ended because they were told to. */
const stopped = new Set<number>();

/** Steps the coordinator, and again when it wants to be. */
function run(): void {
  if (coordinator === undefined || closed) return;
  clearTimeout(timer);
  checkFile();
  const pauseMs = coordinator.step();
  if (control.state !== STATE_CLOSED) timer = setTimeout(run, Math.min(pauseMs, 1000));
}

/** How often it looks whether the path still names the file that is open. */
const FILE_LOOK_MS = 500;
let lookedAt = 0;

/** Rows that go into a file which nobody will find again are as good as lost: that must be noticed. */
function checkFile(): void {
  const now = systemClock.now();
  if (now - lookedAt < FILE_LOOK_MS || start.storage.module !== FILE_STORAGE_MODULE) return;
  lookedAt = now;
  const path = String(start.storage.location);
  if (control.state !== STATE_OPEN || fileIdentity(path) === storage!.identity()) return;
  control.poison(fileReplaced(path));
}

function startWriter(options: WriterOptions): WriterPeer {
  const data: WriterStart = {
    handles: start.handles,
    storage: start.storage,
    identity: storage!.identity(),
    options,
    ...(start.faults === undefined ? {} : { faults: start.faults }),
  };
  const worker = writerThreads.start(data);
  threads.set(options.writer, worker);
  supervisor.watch(options.writer, worker);
  workers++;
  const inbox: FromWriter[] = [];
  let up!: () => void;
  running.push(
    new Promise((resolve) => {
      up = resolve;
    }),
  );
  worker.on('message', (message: FromWriter) => {
    // A writer's first act is to ask for space: its code is loaded then.
    up();
    supervisor.isUp(options.writer, worker);
    inbox.push(message);
    run();
  });
  let cause: Error | undefined;
  worker.on('error', (error) => {
    cause = error;
  });
  worker.on('exit', (code) => {
    workers--;
    up();
    supervisor.forget(options.writer);
    const asked = inbox.some((message) => message.type === 'stopped') || stopped.has(options.writer);
    if (!asked && control.state !== STATE_CLOSED && control.state !== STATE_POISONED)
      replace(options.writer, code, cause);
    run();
    endIfDone();
  });
  return {
    channel: {
      take: () => {
        const message = inbox.shift();
        if (message?.type === 'stopped') stopped.add(options.writer);
        return message;
      },
      post: (message: ToWriter) => worker.postMessage(message),
    },
  };
}

/** Puts another writer in a dead one's place, unless its successors die as well. */
function replace(writer: number, code: number, cause: Error | undefined): void {
  const committed = control.committed(writer);
  const before = deaths.get(writer);
  const count = before?.committed === committed ? before.count + 1 : 1;
  deaths.set(writer, { committed, count });
  const reason = supervisor.reason(writer) ?? cause?.message ?? `its thread ended with code ${code}`;
  const notice: Notice = {
    notice: 'writer-death',
    death: { writer, atMs: systemClock.wall(), reason },
  };
  parentPort!.postMessage(notice);
  if (count > MAX_DEATHS) {
    control.poison(
      new MillraceError(
        'INTERNAL',
        `writer ${writer} died ${count} times in a row (${reason})`,
        { writer, code },
        cause,
      ),
    );
    return;
  }
  coordinator!.writerDied(writer, reason);
}

/** Nothing keeps this thread once the database is closed and its writers have ended. */
function endIfDone(): void {
  if (!closed || workers > 0) return;
  clearTimeout(timer);
  supervisor.end();
  writerThreads.end();
  door?.close();
  parentPort!.close();
}

async function answer<T>(call: () => T | Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await call() };
  } catch (error) {
    return { error: toEnvelope(error) };
  }
}

function attach(): ProducerTicket {
  return coordinator!.attachProducer();
}

function ended(slot: number): void {
  coordinator!.producerEnded(slot);
  run();
}

async function call(method: string, args: unknown[]): Promise<unknown> {
  const target = coordinator as unknown as Record<string, (...args: unknown[]) => unknown>;
  return target[method]!(...args);
}

const remote: CoordinatorRemote = {
  start: () =>
    answer(async () => {
      storage = await openStorageRef(start.storage, true);
      lock = await lockFile(storage.identity(), start.path);
      const { durability, commitIntervalMs, maxProducers, reuseDelayMs, maintenance } = start;
      const { retentionMs, maxBytes } = start;
      const opened = storage;
      coordinator = inFile(
        start.path,
        () =>
          new Coordinator(
            shared,
            opened,
            systemClock,
            {
              durability,
              commitIntervalMs,
              maxProducers,
              reuseDelayMs,
              maintenance,
              retentionMs,
              maxBytes,
              tell: (event) => notices.tell(event),
            },
            startWriter,
            () => new PoolRunner({ storage: start.storage, identity: opened.identity() }, run),
          ),
      );
      run();
      const producer = coordinator.attachProducer(0);
      door = new Door(start.door, { attach, ended, call });
      // Else the first rows would wait while the writers' threads load their code.
      await Promise.all(running);
      if (control.state === STATE_POISONED) throw control.poisonError();
      return { tables: coordinator.tables(), producer };
    }),

  serveSync: (port: MessagePort) => {
    port.on('message', ({ method, args, slot }: SyncCall) => {
      let reply: Answer<unknown>;
      try {
        reply = { value: (coordinator![method] as (...args: unknown[]) => unknown)(...args) };
      } catch (error) {
        reply = { error: toEnvelope(error) };
      }
      port.postMessage(reply);
      const word = producerWord(slot) + P_REPLY;
      Atomics.add(control.words, word, 1);
      Atomics.notify(control.words, word);
    });
  },

  killWriter: (writer) => void threads.get(writer)?.terminate(),

  call: (method: keyof CoordinatorApi, args: unknown[]) =>
    answer(async () => {
      try {
        return await call(method, args);
      } finally {
        if (method === 'close') {
          storage!.close();
          lock!.release();
          closed = true;
          // After the answer is sent: where the writers have ended before, as in a poisoned database, this closes the port.
          setImmediate(endIfDone);
        }
      }
    }),
};

process.on('exit', () => {
  // However this thread ends: without a coordinator nobody gets space or checkpoints.
  if (control.state !== STATE_CLOSED && coordinator !== undefined) {
    control.poison(new MillraceError('INTERNAL', 'the coordinator thread ended'));
  }
});

expose(remote, nodeEndpoint(parentPort!));
