import type { WriterDeath } from '../../shared/control/api.ts';
import type { SharedState } from '../../shared/control/shared-state.ts';
import type { Extent } from '../../shared/format/root.ts';
import type { Channel } from '../channel.ts';
import type { FromWriter, ToWriter } from '../writer/messages.ts';
import type { WriterOptions } from '../writer/options.ts';
import type { ExtentDesk } from './extent-desk.ts';
import { WriterSpace } from './writer-space.ts';

/** The last deaths of writers that `stats()` tells of one by one. */
const DEATHS_KEPT = 100;

/** A writer as the coordinator sees it. */
export interface WriterPeer {
  readonly channel: Channel<FromWriter, ToWriter>;
}

/** Starts a writer; it may run in another thread or be stepped by a test. */
export type StartWriter = (options: WriterOptions) => WriterPeer;

/** What is known of a writer. */
export interface WriterRecord {
  peer: WriterPeer;
  readonly space: WriterSpace;
  /** Its answer for the checkpoint that is being made. */
  ready: Extract<FromWriter, { type: 'checkpointReady' }> | undefined;
  stopped: boolean;
}

/** All writers: what they were told, what they hold, and which of them died. */
export class WriterRecords {
  readonly all: WriterRecord[] = [];
  readonly deaths: WriterDeath[] = [];
  /** How often each died. */
  readonly deathCounts: number[] = [];
  private readonly shared: SharedState;
  private readonly extents: ExtentDesk;
  private readonly start: (writer: number, succeeds: boolean) => WriterPeer;
  /** Those that were told that there is no room. */
  private readonly toldNoRoom = new Set<number>();

  /** @param start starts a writer, in the place of one that died or as the first one */
  constructor(
    shared: SharedState,
    extents: ExtentDesk,
    start: (writer: number, succeeds: boolean) => WriterPeer,
  ) {
    this.shared = shared;
    this.extents = extents;
    this.start = start;
  }

  /** Starts so many. */
  startAll(count: number): void {
    for (let writer = 0; writer < count; writer++) {
      const peer = this.start(writer, false);
      this.all.push({ peer, space: new WriterSpace(), ready: undefined, stopped: false });
      this.deathCounts.push(0);
    }
  }

  get count(): number {
    return this.all.length;
  }

  send(writer: number, message: ToWriter): void {
    this.all[writer]!.peer.channel.post(message);
    this.shared.control.ring(writer);
  }

  sendAll(message: ToWriter): void {
    for (const writer of this.all.keys()) this.send(writer, message);
  }

  /** Asks all for their answers to a checkpoint. */
  askForCheckpoint(id: number, seal: 'all' | 'old'): void {
    for (const record of this.all) record.ready = undefined;
    this.sendAll({ type: 'checkpoint', id, seal });
  }

  /** Whether all have answered. */
  get areReady(): boolean {
    return this.all.every(({ ready }) => ready !== undefined);
  }

  get areStopped(): boolean {
    return this.all.every(({ stopped }) => stopped);
  }

  /** Notes a death. */
  note(death: WriterDeath): void {
    this.deaths.push(death);
    if (this.deaths.length > DEATHS_KEPT) this.deaths.shift();
    this.deathCounts[death.writer]!++;
  }

  /** Starts another one in the place of one that died. */
  replace(writer: number): void {
    const record = this.all[writer]!;
    // An answer of the dead one is void: it speaks of extents that the successor does not have.
    record.ready = undefined;
    record.space.died();
    this.extents.forget(writer);
    this.toldNoRoom.delete(writer);
    record.peer = this.start(writer, true);
  }

  /** Answers their requests for extents, or says that they must do without. */
  giveExtents(): void {
    for (const { writer, use, extent, answers } of this.extents.serve()) {
      this.all[writer]!.space.grant(extent);
      this.send(writer, { type: 'extent', use, extent, answers });
      this.toldNoRoom.delete(writer);
    }
    for (const writer of this.extents.waitingWriters()) {
      if (this.toldNoRoom.has(writer)) continue;
      this.toldNoRoom.add(writer);
      this.send(writer, { type: 'noRoom' });
    }
  }

  /** What they hold or will receive, as of their answers. */
  held(): Extent[] {
    return this.all.flatMap(({ space, ready }) => space.of(ready!));
  }
}
