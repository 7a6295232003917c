import { rethrowIoError } from '../errors.ts';
import { Block } from '../format/block.ts';
import { viewOf } from '../format/fields.ts';
import {
  decodeFrameHeader,
  decodeFramePayload,
  decodeLink,
  FRAME_HEADER_BYTES,
  FRAME_MAGIC,
  type FrameHeader,
  type FramePayload,
  payloadHolds,
} from '../format/frame.ts';
import type { LogPosition, SaltedExtent, WriterEntry } from '../format/root.ts';
import { MAX_BLOCK_BYTES } from '../schema/limits.ts';
import type { Storage } from '../storage/storage.ts';

/** FRAME_MAGIC as it lies in a file. */
const MAGIC_BYTES = Buffer.from(Uint32Array.of(FRAME_MAGIC).buffer);

/** A frame that holds, with where it lies. */
export interface WalkedFrame {
  readonly position: LogPosition;
  readonly header: FrameHeader;
  readonly payload: FramePayload;
}

export interface WalkedLog {
  /** The frames that hold, links and those that were not wanted left out, in order. */
  readonly frames: WalkedFrame[];
  /** Every log extent met, in order. */
  readonly extents: SaltedExtent[];
  /** Where the next frame would go: behind the last one that holds. */
  readonly end: LogPosition;
  /** Bytes of frames that were begun but do not hold. */
  readonly droppedBytes: number;
  /** The highest frame that is known to have been synced. */
  readonly synced: number;
  readonly damage: string[];
}

/** An extent's bytes; a log extent is small enough to read whole. */
interface LoadedExtent {
  readonly extent: SaltedExtent;
  readonly bytes: Uint8Array;
}

type Found = { readonly header: FrameHeader; readonly payload: Uint8Array; readonly at: number };

/**
 * Reads a writer's log from where its entry says, as docs/format.md 4.3 has it.
 * @param after frames up to this number are walked over and not returned: whoever knows them need not hold megabytes of them
 */
export function walkLog(storage: Storage, writer: number, entry: WriterEntry, after = 0): WalkedLog {
  const damage: string[] = [];
  const sound: { position: LogPosition; found: Found }[] = [];
  const extents: SaltedExtent[] = [];
  let loaded = load(storage, entry.replay.extent);
  let at = entry.replay.offset - entry.replay.extent.offset;
  let number = entry.replay.number;
  let droppedBytes = 0;
  let { indexed: synced } = entry;
  extents.push(loaded.extent);

  for (;;) {
    let found = frameAt(loaded, at, number);
    if (found === undefined) {
      const later = nextSound(loaded, at + 8, number);
      // Only a frame that says "what came before me was synced" proves that the gap is damage and not a power cut.
      if (later === undefined || later.header.synced < number) {
        droppedBytes += begunBytes(loaded, at);
        break;
      }
      damage.push(
        `frames ${number} to ${later.header.number - 1} of writer ${writer} are damaged; the rows that only they held are lost`,
      );
      found = later;
    }
    const position = {
      extent: loaded.extent,
      offset: loaded.extent.offset + found.at,
      number: found.header.number,
    };
    number = found.header.number + 1;
    at = found.at + FRAME_HEADER_BYTES + found.header.payloadBytes;
    if (found.header.isLink) {
      const next = decodeLink(found.payload);
      if (next.bytes > MAX_BLOCK_BYTES || extents.some((known) => known.offset === next.offset)) break;
      loaded = load(storage, next);
      extents.push(next);
      at = 0;
    } else {
      synced = Math.max(synced, found.header.synced);
      if (found.header.number > after) sound.push({ position, found });
    }
  }

  const frames: WalkedFrame[] = [];
  for (const [i, { position, found }] of sound.entries()) {
    const payload = decodeFramePayload(found.header, found.payload);
    if (found.header.number > synced && !blocksSound(storage, payload)) {
      for (const { found: dropped } of sound.slice(i)) {
        droppedBytes += FRAME_HEADER_BYTES + dropped.header.payloadBytes;
      }
      return { frames, extents, end: position, droppedBytes, synced, damage };
    }
    frames.push({ position, header: found.header, payload });
  }
  const end = { extent: loaded.extent, offset: loaded.extent.offset + at, number };
  return { frames, extents, end, droppedBytes, synced, damage };
}

function load(storage: Storage, extent: SaltedExtent): LoadedExtent {
  const bytes = new Uint8Array(Math.min(extent.bytes, MAX_BLOCK_BYTES));
  return { extent, bytes: bytes.subarray(0, storage.read(bytes, extent.offset)) };
}

/** The frame at a place, if it holds and has the wanted number. */
function frameAt(loaded: LoadedExtent, at: number, number: number | undefined): Found | undefined {
  const { bytes, extent } = loaded;
  if (at + FRAME_HEADER_BYTES > bytes.length) return undefined;
  const head = bytes.subarray(at, at + FRAME_HEADER_BYTES);
  const header = decodeFrameHeader(head, extent.salt);
  if (header === undefined || (number !== undefined && header.number !== number)) return undefined;
  const payload = bytes.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + header.payloadBytes);
  if (payload.length !== header.payloadBytes || !payloadHolds(head, payload, extent.salt)) return undefined;
  return { header, payload, at };
}

/** The next sound frame of the extent with a number above `after`. */
function nextSound(loaded: LoadedExtent, from: number, after: number): Found | undefined {
  const { bytes } = loaded;
  const search = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  // The unwritten rest of an extent, most of it, is searched in one call.
  for (let at = search.indexOf(MAGIC_BYTES, from); at >= 0; at = search.indexOf(MAGIC_BYTES, at + 1)) {
    if ((at - from) % 8 !== 0) continue;
    const found = frameAt(loaded, at, undefined);
    if (found !== undefined && found.header.number > after) return found;
  }
  return undefined;
}

/** How many bytes a frame that was begun at a place would have had: what a power cut took. */
function begunBytes(loaded: LoadedExtent, at: number): number {
  const { bytes, extent } = loaded;
  if (at + FRAME_HEADER_BYTES > bytes.length) return 0;
  const view = viewOf(bytes);
  const begun =
    view.getUint32(at, true) === FRAME_MAGIC && view.getUint32(at + 4, true) === extent.salt.clear;
  if (!begun) return 0;
  return Math.min(FRAME_HEADER_BYTES + view.getUint32(at + 24, true), bytes.length - at);
}

function blocksSound(storage: Storage, payload: FramePayload): boolean {
  for (const { tableId, ref } of payload.blocks) {
    try {
      new Block(storage, tableId, ref).check();
    } catch (error) {
      rethrowIoError(error);
      return false;
    }
  }
  return true;
}
