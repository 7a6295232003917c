// A writer's thread: steps the writer, then sleeps on its doorbell. It never returns to its event loop, so its messages are
// taken with receiveMessageOnPort.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../shared/clock.ts';
import { attachSharedState } from '../../shared/control/shared-state.ts';
import type { FaultsRef, StandbyStart, WriterStart } from '../../shared/control/start.ts';
import {
  STATE_POISONED,
  W_BEAT,
  W_DOORBELL,
  W_IO,
  W_SLEEPING,
  writerWord,
} from '../../shared/control/words.ts';
import { MillraceError } from '../../shared/errors.ts';
import { openStorageRef } from '../../shared/storage/storage.ts';
import { SLICE_MS, sleepOn } from '../../shared/wait.ts';
import type { FromWriter, ToWriter } from './messages.ts';
import type { WriterOptions, WriterStep } from './options.ts';
import { Writer } from './writer.ts';

const port = parentPort!;
const start = 'bell' in workerData ? standBy(workerData as StandbyStart) : (workerData as WriterStart);
const shared = attachSharedState(start.handles);
const options = start.options as WriterOptions;
const { words } = shared.control;
const word = writerWord(options.writer);

try {
  const storage = await openStorageRef(start.storage, true);
  if (storage.identity() !== start.identity) {
    shared.control.poison(
      new MillraceError(
        'FILE_REPLACED',
        'the database file was replaced under the engine; close it and open it again',
      ),
    );
    throw shared.control.poisonError();
  }
  const channel = {
    take: (): ToWriter | undefined => receiveMessageOnPort(port)?.message as ToWriter | undefined,
    post: (message: FromWriter): void => port.postMessage(message),
  };
  // A predecessor may have died asleep, or in a call of its storage.
  Atomics.store(words, word + W_SLEEPING, 0);
  Atomics.store(words, word + W_IO, 0);
  const writer = new Writer(shared, storage, systemClock, channel, {
    ...options,
    ...(start.faults === undefined ? {} : { onStep: await faultsOf(start.faults) }),
  });
  for (;;) {
    // Taken before the step: a ring during the step then ends the sleep at once.
    const doorbell = Atomics.load(words, word + W_DOORBELL);
    const pauseMs = writer.step();
    if (writer.stopped || shared.control.state === STATE_POISONED) break;
    Atomics.add(words, word + W_BEAT, 1);
    if (pauseMs <= 0) continue;
    Atomics.store(words, word + W_SLEEPING, 1);
    sleepOn(words, word + W_DOORBELL, doorbell, pauseMs);
    Atomics.store(words, word + W_SLEEPING, 0);
  }
  storage.close();
} finally {
  // An error is this thread's death; the coordinator hears of it, and starts another.
  port.close();
}

/** Waits to be needed. Without a turn of the event loop, which would take the messages that follow. */
function standBy({ bell }: StandbyStart): WriterStart {
  const word = new Int32Array(bell);
  while (Atomics.load(word, 0) === 0) sleepOn(word, 0, 0, SLICE_MS);
  return receiveMessageOnPort(port)!.message as WriterStart;
}

async function faultsOf({ module, data }: FaultsRef): Promise<(step: WriterStep) => void> {
  const { faults } = (await import(module)) as FaultsModule;
  return faults(data, options.writer);
}

interface FaultsModule {
  faults(data: unknown, writer: number): (step: WriterStep) => void;
}
