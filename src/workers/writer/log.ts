import { invariant } from '../../shared/errors.ts';
import { ByteSink } from '../../shared/format/byte-sink.ts';
import { FRAME_HEADER_BYTES, LINK_BYTES, pushLink, sealFrame } from '../../shared/format/frame.ts';
import type { Extent, LogPosition, SaltedExtent } from '../../shared/format/root.ts';
import type { Storage } from '../../shared/storage/storage.ts';

/** A frame is ended at about this size; a larger one only if one piece is. */
const FRAME_BYTES = 256 * 1024;

/** Largest log extent that is asked for to hold several frames. */
const EXTENT_BYTES_MAX = 8 << 20;

/** A frame that is being put together. */
interface OpenFrame {
  readonly start: number;
  end: number;
  definitions: number;
  blocks: number;
  pieces: number;
}

/**
 * A writer's log: frames are gathered for one commit, then placed and written together. Nothing is written before all of
 * them have a place, so a commit that must wait for an extent can be put together anew.
 */
export class Log {
  private readonly storage: Storage;
  private readonly writer: number;
  private readonly sink = new ByteSink(FRAME_BYTES * 2);
  private readonly frames: OpenFrame[] = [];
  private readonly spare: SaltedExtent[] = [];
  /** Extents that frames still needed lie in, oldest first; the last one is being written. */
  private readonly chain: SaltedExtent[];
  private position: LogPosition;
  /** Highest frame number known to be synced. */
  synced = 0;
  /** Bytes of frames since the database was opened. */
  bytes = 0;

  /** Whether nothing may be written behind the position: the next frame goes to another extent. */
  private isSealed: boolean;

  /**
   * @param chain the extents that frames still needed lie in; the last one is that of `end`
   * @param isSealed for a successor: what lies behind `end` may be torn, so it only puts a link there
   */
  constructor(
    storage: Storage,
    writer: number,
    end: LogPosition,
    chain: readonly SaltedExtent[],
    isSealed: boolean,
  ) {
    this.storage = storage;
    this.writer = writer;
    this.position = end;
    this.chain = [...chain];
    this.isSealed = isSealed;
    this.synced = end.number - 1;
  }

  give(extent: SaltedExtent): void {
    this.spare.push(extent);
  }

  /** Where the next frame goes. */
  get tail(): LogPosition {
    return this.position;
  }

  get hasSpare(): boolean {
    return this.spare.length > 0;
  }

  /** Number of the last frame written; that of the one before the first, if there is none. */
  get lastNumber(): number {
    return this.position.number - 1;
  }

  /** Begins to gather frames. */
  begin(): void {
    this.sink.clear();
    this.frames.length = 0;
  }

  /**
   * Adds one definition, block reference or piece.
   * @returns which of the commit's frames it went to, for `write`'s positions
   */
  add(what: 'definitions' | 'blocks' | 'pieces', push: (out: ByteSink) => void): number {
    let frame = this.frames.at(-1);
    // Within a frame the order is definitions, blocks, pieces.
    const late =
      frame !== undefined &&
      ((what !== 'pieces' && frame.pieces > 0) || (what === 'definitions' && frame.blocks > 0));
    if (frame === undefined || late || frame.end - frame.start > FRAME_BYTES) {
      const start = this.sink.reserve(FRAME_HEADER_BYTES);
      frame = { start, end: this.sink.length, definitions: 0, blocks: 0, pieces: 0 };
      this.frames.push(frame);
    }
    push(this.sink);
    frame[what]++;
    frame.end = this.sink.length;
    return this.frames.length - 1;
  }

  get isEmpty(): boolean {
    return this.frames.length === 0;
  }

  /** The extent that the gathered frames lack: what is wanted and the least that will do; none if they can be written. */
  lacking(): { readonly wanted: number; readonly least: number } | undefined {
    let room = this.roomIn(this.position);
    const spare = [...this.spare];
    for (const frame of this.frames) {
      const bytes = frame.end - frame.start;
      if (bytes > room) {
        const next = takeRoomy(spare, bytes + LINK_BYTES);
        if (next === undefined) return { wanted: this.wanted(frame), least: bytes + LINK_BYTES };
        room = next.bytes - LINK_BYTES;
      }
      room -= bytes;
    }
    return undefined;
  }

  /** Room for the rest of the commit at once, within reason: each extent that is asked for is a wait. */
  private wanted(from: OpenFrame): number {
    const rest = this.sink.length - from.start + LINK_BYTES;
    return Math.max(from.end - from.start + LINK_BYTES, Math.min(rest, EXTENT_BYTES_MAX));
  }

  /** Writes the gathered frames and returns where each lies. */
  write(wallMs: number): LogPosition[] {
    const places: LogPosition[] = [];
    for (const frame of this.frames) {
      const bytes = frame.end - frame.start;
      if (bytes > this.roomIn(this.position)) this.link(bytes, wallMs);
      places.push(this.position);
      this.seal(this.sink, frame, false, wallMs);
      this.append(this.sink.bytes.subarray(frame.start, frame.end));
    }
    this.begin();
    return places;
  }

  /** Gives up what lies before a position: extents that no frame from there on lies in. */
  releaseBefore(oldest: LogPosition): Extent[] {
    const released: Extent[] = [];
    while (this.chain.length > 1 && this.chain[0]!.offset !== oldest.extent.offset) {
      const { offset, bytes } = this.chain.shift()!;
      released.push({ offset, bytes });
    }
    return released;
  }

  /** Takes the extents given but not linked to out again. */
  takeSpare(): Extent[] {
    return this.spare.splice(0).map(({ offset, bytes }) => ({ offset, bytes }));
  }

  /** Goes on in the next extent, for which there must be a spare one; what lies before it is released in time. */
  moveOn(wallMs: number): void {
    this.link(0, wallMs);
  }

  /** Extents given but not linked to. */
  held(): Extent[] {
    return this.spare.map(({ offset, bytes }) => ({ offset, bytes }));
  }

  private roomIn(position: LogPosition): number {
    if (this.isSealed) return 0;
    return position.extent.offset + position.extent.bytes - LINK_BYTES - position.offset;
  }

  private link(frameBytes: number, wallMs: number): void {
    const next = takeRoomy(this.spare, frameBytes + LINK_BYTES);
    invariant(next !== undefined, 'a log has a next extent when it needs one');
    const sink = new ByteSink(LINK_BYTES);
    sink.reserve(FRAME_HEADER_BYTES);
    pushLink(sink, next);
    this.seal(sink, { start: 0, end: LINK_BYTES, definitions: 0, blocks: 0, pieces: 0 }, true, wallMs);
    this.append(sink.written());
    this.chain.push(next);
    this.isSealed = false;
    this.position = { extent: next, offset: next.offset, number: this.position.number };
  }

  private seal(sink: ByteSink, frame: OpenFrame, isLink: boolean, writtenMs: number): void {
    const { length } = sink;
    sink.length = frame.end;
    const { definitions, blocks, pieces } = frame;
    const { number, extent } = this.position;
    const { synced, writer } = this;
    sealFrame(
      sink,
      frame.start,
      { number, synced, writer, isLink, definitions, blocks, pieces, writtenMs },
      extent.salt,
    );
    sink.length = length;
  }

  private append(bytes: Uint8Array): void {
    this.storage.write(bytes, this.position.offset);
    this.bytes += bytes.length;
    this.position = {
      extent: this.position.extent,
      offset: this.position.offset + bytes.length,
      number: this.position.number + 1,
    };
  }
}

/** Takes the first extent that has so many bytes out of a list. */
function takeRoomy(extents: SaltedExtent[], bytes: number): SaltedExtent | undefined {
  const found = extents.findIndex((extent) => extent.bytes >= bytes);
  return found < 0 ? undefined : extents.splice(found, 1)[0];
}
