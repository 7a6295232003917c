import type { Extent } from '../../shared/format/root.ts';
import type { Channel } from '../channel.ts';
import type { DataExtents } from './data-extents.ts';
import type { Log } from './log.ts';
import type { FromWriter, ToWriter } from './messages.ts';
import type { WriterOptions } from './options.ts';

/** The smallest extents that a writer asks for; each request doubles the last one. */
const EXTENT_MIN = 64 << 10;

/** A writer's room in the file: asks the coordinator for extents before they are needed, and gives back what it was told to. */
export class Room {
  private readonly data: DataExtents;
  private readonly log: Log;
  private readonly channel: Channel<ToWriter, FromWriter>;
  private readonly appetite: WriterOptions['appetite'];
  /** Extents received so far: tells the coordinator which of its grants are still on their way. */
  received = 0;
  /** There is no room in the file just now: nothing may be held up for an extent that only a checkpoint can make room for. */
  isDenied = false;
  private readonly asked = { data: 0, log: 0 };
  private readonly nextExtent = { data: EXTENT_MIN, log: EXTENT_MIN };
  /** What the coordinator was told of the least that will do. */
  private readonly askedLeast = { data: 0, log: 0 };
  /** It was asked to give back its extents and go on elsewhere: done before the next checkpoint's answer. */
  private mustMove = false;
  /** The log goes on in the next extent that comes, full or not. */
  private mustMoveLog = false;
  private readonly letGo: Extent[] = [];

  constructor(
    data: DataExtents,
    log: Log,
    channel: Channel<ToWriter, FromWriter>,
    appetite: WriterOptions['appetite'],
  ) {
    this.data = data;
    this.log = log;
    this.channel = channel;
    this.appetite = appetite;
  }

  /** Takes an extent that was asked for. */
  take({ answers, extent, use }: Extract<ToWriter, { type: 'extent' }>): void {
    this.asked[use] -= answers;
    this.askedLeast[use] = 0;
    this.isDenied = false;
    this.received++;
    if (use === 'data') this.data.give(extent);
    else this.log.give(extent);
  }

  /**
   * Keeps two data extents and one log extent in reserve, or asks for one that is large enough.
   * @param dataBytes of a block that wants room
   * @param log what the log lacks
   */
  ask(dataBytes = 0, log: ReturnType<Log['lacking']> = undefined): void {
    const lacksData = !this.data.hasRoom(dataBytes);
    const mayAskData = this.mayAsk('data', lacksData ? dataBytes : 0);
    if (mayAskData && (lacksData || this.data.spareBytes() * 2 < this.nextExtent.data)) {
      this.post('data', Math.max(this.nextExtent.data, dataBytes), lacksData ? Math.max(1, dataBytes) : 0);
      this.nextExtent.data = Math.min(this.nextExtent.data * 2, this.appetite.dataBytes);
    }
    const least = log?.least ?? 0;
    if (this.mayAsk('log', least) && (!this.log.hasSpare || log !== undefined)) {
      this.post('log', Math.max(this.nextExtent.log, log?.wanted ?? 0), least);
      this.nextExtent.log = Math.min(this.nextExtent.log * 2, this.appetite.logBytes);
    }
  }

  /** It is to give back the room it holds, by the next checkpoint. */
  release(): void {
    this.mustMove = true;
  }

  /** Gives back the room it holds, if it is to, and asks for a place for its log. Nothing may be staged. */
  moveOn(): void {
    if (!this.mustMove) return;
    this.mustMove = false;
    this.data.release();
    this.letGo.push(...this.log.takeSpare());
    this.nextExtent.data = EXTENT_MIN;
    this.nextExtent.log = EXTENT_MIN;
    this.mustMoveLog = true;
    if (this.asked.log === 0) this.post('log', EXTENT_MIN, 0);
  }

  /** Whether the log is to go on elsewhere, and can. */
  get canMoveLog(): boolean {
    return this.mustMoveLog && this.log.hasSpare;
  }

  /** Has the log go on in its spare extent. Not synced: no frame in the new extent is, before the link is. */
  moveLog(wallMs: number): void {
    this.log.moveOn(wallMs);
    this.mustMoveLog = false;
  }

  /** What was given back since the last call. */
  takeLetGo(): Extent[] {
    return this.letGo.splice(0);
  }

  /** One request at a time; where there was no room for that one, another one tells of a greater need. */
  private mayAsk(use: 'data' | 'log', least: number): boolean {
    return this.asked[use] === 0 || (this.isDenied && least > this.askedLeast[use]);
  }

  private post(use: 'data' | 'log', bytes: number, least: number): void {
    this.asked[use]++;
    this.askedLeast[use] = least;
    this.channel.post({ type: 'need', use, bytes, least });
  }
}
