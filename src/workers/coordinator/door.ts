import { BroadcastChannel, type MessagePort } from 'node:worker_threads';
import type { Answer, ProducerTicket } from '../../shared/control/api.ts';
import {
  channelName,
  type FromHandle,
  type Knock,
  type Lifeline,
  type ToHandle,
} from '../../shared/control/ticket.ts';
import { toEnvelope } from '../../shared/errors.ts';

/** What the door opens to. */
export interface Host {
  attach(): ProducerTicket;
  /** A producer's thread ended, or it let go of its handle. */
  ended(slot: number): void;
  call(method: string, args: unknown[]): Promise<unknown>;
}

interface Connection {
  readonly channel: BroadcastChannel;
  readonly slot: number | undefined;
}

/**
 * Takes handles of other threads in. Calls and answers go over BroadcastChannels, which need no other thread's event loop;
 * a MessagePort, whose closing tells of a thread's end, cannot, so it comes by the main thread, when that has time.
 */
export class Door {
  private readonly name: string;
  private readonly host: Host;
  private readonly channel: BroadcastChannel;
  private readonly connections = new Map<string, Connection>();
  private readonly lifelines = new Map<string, MessagePort>();
  /** Threads that ended before their knock was heard. */
  private readonly gone = new Set<string>();
  /** Handles that were closed before their lifeline came. */
  private readonly closed = new Set<string>();
  private readonly onLifeline = (lifeline: Lifeline): void => this.hold(lifeline);

  constructor(name: string, host: Host) {
    this.name = name;
    this.host = host;
    this.channel = new BroadcastChannel(name);
    this.channel.onmessage = (event) => this.open((event as { data: Knock }).data);
    this.channel.unref();
    process.on('workerMessage' as 'message', this.onLifeline as never);
  }

  close(): void {
    process.removeListener('workerMessage' as 'message', this.onLifeline as never);
    this.channel.close();
    for (const { channel } of this.connections.values()) channel.close();
    for (const port of this.lifelines.values()) port.close();
    this.connections.clear();
    this.lifelines.clear();
  }

  private open({ connection, bell }: Knock): void {
    const words = new Int32Array(bell);
    const channel = new BroadcastChannel(channelName(this.name, connection));
    channel.unref();
    const send = (message: ToHandle): void => {
      channel.postMessage(message);
      Atomics.add(words, 0, 1);
      Atomics.notify(words, 0);
    };
    let answer: Answer<ProducerTicket>;
    let slot: number | undefined;
    try {
      const ticket = this.host.attach();
      slot = ticket.slot;
      answer = { value: ticket };
    } catch (error) {
      answer = { error: toEnvelope(error) };
    }
    this.connections.set(connection, { channel, slot });
    channel.onmessage = async (event) => {
      const message = (event as { data: FromHandle }).data;
      if (message.type === 'bye') {
        this.end(connection);
        return;
      }
      const { id, method, args } = message;
      try {
        send({ type: 'answer', id, answer: { value: await this.host.call(method, args) } });
      } catch (error) {
        send({ type: 'answer', id, answer: { error: toEnvelope(error) } });
      }
    };
    send({ type: 'welcome', answer });
    // Refused, or its thread has ended already: nothing to keep.
    if (this.gone.delete(connection) || slot === undefined) this.end(connection);
  }

  private hold({ door, connection, port }: Lifeline): void {
    const line = port as MessagePort;
    if (door !== this.name || this.closed.delete(connection)) {
      line.close();
      return;
    }
    this.lifelines.set(connection, line);
    line.once('close', () => {
      // One that was closed here belongs to a handle that has ended already.
      if (!this.lifelines.delete(connection)) return;
      if (this.connections.has(connection)) this.end(connection);
      else this.gone.add(connection);
    });
    line.unref();
  }

  private end(connection: string): void {
    const { channel, slot } = this.connections.get(connection)!;
    this.connections.delete(connection);
    channel.close();
    const line = this.lifelines.get(connection);
    this.lifelines.delete(connection);
    if (line === undefined) this.closed.add(connection);
    else line.close();
    if (slot !== undefined) this.host.ended(slot);
  }
}
