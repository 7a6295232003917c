import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import {
  BroadcastChannel,
  MessageChannel,
  type MessagePort,
  postMessageToThread,
  receiveMessageOnPort,
} from 'node:worker_threads';
import { systemClock } from '../shared/clock.ts';
import type { CoordinatorLink, ProducerTicket } from '../shared/control/api.ts';
import type { Control } from '../shared/control/control.ts';
import { attachSharedState } from '../shared/control/shared-state.ts';
import {
  channelName,
  type DatabaseTicket,
  type FromHandle,
  type Knock,
  type Lifeline,
  type ToHandle,
} from '../shared/control/ticket.ts';
import { STATE_CLOSED, STATE_OPEN } from '../shared/control/words.ts';
import { fromEnvelope, MillraceError, show } from '../shared/errors.ts';
import { FILE_STORAGE_MODULE, openStorage } from '../shared/storage/file-storage.ts';
import type { Storage, StorageModule } from '../shared/storage/storage.ts';
import { ThreadWaiting } from '../shared/wait.ts';
import type { Engine } from './engine.ts';

/** A coordinator that does not answer a knock for so long is not there any more. */
const KNOCK_WAIT_MS = 10_000;
/** How long calls wait for the coordinator of a database that is not open any more. */
const NOT_OPEN_WAIT_MS = 1000;

/**
 * A running database as another thread joins it. Waits for the coordinator, some tenths of a millisecond; needs no event
 * loop, of this thread or of the one that opened the database.
 * @throws INVALID_OPTION, TOO_MANY, CLOSED, POISONED, FILE_REPLACED, IO_ERROR
 */
export function joinEngine(ticket: DatabaseTicket): Engine {
  checkTicket(ticket);
  const shared = attachSharedState(ticket.handles);
  shared.control.checkOpen();
  const storage = openHere(ticket);
  let connection: Connection | undefined;
  try {
    if (storage.identity() !== ticket.identity) {
      throw new MillraceError('FILE_REPLACED', `${ticket.path} is not the file any more that was opened`, {
        path: ticket.path,
      });
    }
    connection = new Connection(ticket, shared.control);
    const link = connection;
    return {
      path: ticket.path,
      options: ticket.options,
      shared,
      link,
      waiting: new ThreadWaiting(shared.control),
      storage,
      storageRef: ticket.storage,
      clock: systemClock,
      producer: connection.welcome(),
      tables: [],
      ticket,
      joined: true,
      dispose: async () => {
        link.close();
        storage.close();
      },
    };
  } catch (error) {
    connection?.close();
    storage.close();
    throw error;
  }
}

function checkTicket(ticket: DatabaseTicket): void {
  if (typeof ticket === 'object' && ticket !== null && typeof ticket.door === 'string') return;
  throw new MillraceError(
    'INVALID_OPTION',
    `connect was given ${show(ticket)}; it takes what db.ticket() returned`,
  );
}

function openHere({ storage: { module, location } }: DatabaseTicket): Storage {
  if (module === FILE_STORAGE_MODULE) return openStorage(location, false);
  const backend = createRequire(import.meta.url)(fileURLToPath(module)) as StorageModule;
  return backend.openStorage(location, false);
}

/** A handle's link to the coordinator from a thread that did not start it. Both kinds of calls go over one channel. */
class Connection implements CoordinatorLink {
  private readonly control: Control;
  private readonly channel: BroadcastChannel;
  private readonly bell = new Int32Array(new SharedArrayBuffer(4));
  private readonly waiting: ThreadWaiting;
  /** Closes with this thread, however that ends. */
  private readonly line: MessagePort;
  private readonly answers = new Map<number, Extract<ToHandle, { type: 'answer' }>>();
  private welcomed: Extract<ToHandle, { type: 'welcome' }> | undefined;
  private calls = 0;
  private closed = false;
  private giveUpAt: number | undefined;

  constructor({ door, coordinator }: DatabaseTicket, control: Control) {
    this.control = control;
    this.waiting = new ThreadWaiting(control, this.bell);
    const connection = randomUUID();
    this.channel = new BroadcastChannel(channelName(door, connection));
    // A turn of the event loop takes messages whether somebody listens or not; calls that wait without one take the rest.
    this.channel.onmessage = (event) => {
      this.accept((event as { data: ToHandle }).data);
      Atomics.add(this.bell, 0, 1);
      Atomics.notify(this.bell, 0);
    };
    this.channel.unref();
    const { port1, port2 } = new MessageChannel();
    this.line = port1;
    this.line.unref();
    this.line.once('close', () => this.lost());
    // First the lifeline, then the knock: whoever is let in has one on its way.
    const lifeline: Lifeline = { door, connection, port: port2 };
    postMessageToThread(coordinator, lifeline, [port2]).catch(() => {
      // The coordinator has ended; calls find that out.
    });
    const knock: Knock = { connection, bell: this.bell.buffer as SharedArrayBuffer };
    const entrance = new BroadcastChannel(door);
    entrance.postMessage(knock);
    entrance.close();
  }

  /** Waits to be let in. @throws TOO_MANY, CLOSED, POISONED */
  welcome(): ProducerTicket {
    const until = performance.now() + KNOCK_WAIT_MS;
    this.waiting.block(0, () => {
      this.receive();
      return this.welcomed !== undefined || this.control.state !== STATE_OPEN || performance.now() > until;
    });
    if (this.welcomed === undefined) {
      this.control.checkOpen();
      throw new MillraceError(
        'CLOSED',
        'the engine does not answer: the thread that opened the database has ended',
      );
    }
    return open(this.welcomed.answer);
  }

  async call(method: never, ...args: unknown[]): Promise<never> {
    const id = this.send(method, args);
    await this.waiting.resolve(0, () => this.isAnswered(id));
    return this.take(id);
  }

  callSync(method: never, ...args: unknown[]): never {
    const id = this.send(method, args);
    this.waiting.block(0, () => this.isAnswered(id));
    return this.take(id);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.post({ type: 'bye' });
    this.channel.close();
    this.line.removeAllListeners('close');
    this.line.close();
  }

  /** The coordinator's end of the lifeline closed first: it has ended, or its thread has. */
  private lost(): void {
    const { state } = this.control;
    if (this.closed || state !== STATE_OPEN) return;
    this.control.poison(
      new MillraceError(
        'INTERNAL',
        'the coordinator thread ended: the thread that opened the database is gone',
      ),
    );
  }

  private send(method: never, args: unknown[]): number {
    if (this.closed) throw new MillraceError('CLOSED', 'the handle is closed; connect again');
    const id = ++this.calls;
    this.post({ type: 'call', id, method, args });
    return id;
  }

  private isAnswered(id: number): boolean {
    this.receive();
    const { state } = this.control;
    if (this.answers.has(id) || this.closed || state === STATE_CLOSED) return true;
    if (state === STATE_OPEN) return false;
    // The coordinator still answers then, unless its own end is the reason.
    this.giveUpAt ??= performance.now() + NOT_OPEN_WAIT_MS;
    return performance.now() > this.giveUpAt;
  }

  private take(id: number): never {
    const answer = this.answers.get(id);
    this.answers.delete(id);
    if (answer !== undefined) return open(answer.answer) as never;
    this.control.checkOpen();
    throw new MillraceError('CLOSED', 'the handle was closed while it waited for the coordinator');
  }

  private receive(): void {
    if (this.closed) return;
    for (;;) {
      const message = receiveMessageOnPort(this.channel as never)?.message as ToHandle | undefined;
      if (message === undefined) return;
      this.accept(message);
    }
  }

  private accept(message: ToHandle): void {
    if (message.type === 'welcome') this.welcomed = message;
    else this.answers.set(message.id, message);
  }

  private post(message: FromHandle): void {
    this.channel.postMessage(message);
  }
}

function open<T>(answer: { readonly value: T } | { readonly error: Parameters<typeof fromEnvelope>[0] }): T {
  if ('error' in answer) throw fromEnvelope(answer.error);
  return answer.value;
}
