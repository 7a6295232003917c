import type { TableDefinition } from '../schema/types.ts';
import { type BlockRef, getBlockRef, REF_BYTES, setBlockRef } from './block-ref.ts';
import type { ByteSink } from './byte-sink.ts';
import { checksum } from './checksum.ts';
import { damaged, getSafe64, setSafe64, viewOf } from './fields.ts';
import { letters } from './page.ts';
import { getPieceHeader, PIECE_HEADER_BYTES, type PieceHeader } from './piece.ts';
import type { Salt, SaltedExtent } from './root.ts';
import { decodeDefinition } from './table-record.ts';

/** docs/format.md, section 4.1. */
export const FRAME_HEADER_BYTES = 64;
export const FRAME_MAGIC = letters('MLf1');
/** A link's bytes: the room kept free at the end of each log extent. */
export const LINK_BYTES = FRAME_HEADER_BYTES + 24;
export const LOCATED_REF_BYTES = 8 + REF_BYTES;
const LINK_FLAG = 1;

export interface FrameHeader {
  readonly number: number;
  /** Highest frame number known to be synced when this one was written. */
  readonly synced: number;
  readonly writer: number;
  readonly isLink: boolean;
  readonly definitions: number;
  readonly blocks: number;
  readonly pieces: number;
  readonly writtenMs: number;
  readonly payloadBytes: number;
}

export interface LocatedRef {
  readonly tableId: number;
  readonly ref: BlockRef;
}

/** A piece with the place of its body within the frame's payload. */
export interface LocatedPiece extends PieceHeader {
  readonly body: Uint8Array;
}

export interface FramePayload {
  readonly definitions: TableDefinition[];
  readonly blocks: LocatedRef[];
  readonly pieces: LocatedPiece[];
}

/**
 * Fills in the header of a frame that lies at `start` of the sink, its payload being all that follows.
 * `payloadBytes` is taken from the sink.
 */
export function sealFrame(
  out: ByteSink,
  start: number,
  header: Omit<FrameHeader, 'payloadBytes'>,
  salt: Salt,
): void {
  const { bytes, view } = out;
  const payload = bytes.subarray(start + FRAME_HEADER_BYTES, out.length);
  bytes.fill(0, start, start + FRAME_HEADER_BYTES);
  view.setUint32(start, FRAME_MAGIC, true);
  view.setUint32(start + 4, salt.clear, true);
  setSafe64(view, start + 8, header.number);
  setSafe64(view, start + 16, header.synced);
  view.setUint32(start + 24, payload.length, true);
  view.setUint32(start + 28, checksum(payload, salt.seed), true);
  view.setUint16(start + 32, header.writer, true);
  view.setUint16(start + 34, header.isLink ? LINK_FLAG : 0, true);
  view.setUint32(start + 36, header.definitions, true);
  view.setUint32(start + 40, header.blocks, true);
  view.setUint32(start + 44, header.pieces, true);
  view.setBigInt64(start + 48, BigInt(Math.trunc(header.writtenMs)), true);
  view.setUint32(start + 60, checksum(bytes.subarray(start, start + 60), salt.seed), true);
}

/** What a frame's header says, or undefined if its letters, salt or crc are not right. */
export function decodeFrameHeader(bytes: Uint8Array, salt: Salt): FrameHeader | undefined {
  if (bytes.length < FRAME_HEADER_BYTES) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== FRAME_MAGIC || view.getUint32(4, true) !== salt.clear) return undefined;
  if (view.getUint32(60, true) !== checksum(bytes.subarray(0, 60), salt.seed)) return undefined;
  return {
    number: getSafe64(view, 8, 'frame number'),
    synced: getSafe64(view, 16, 'synced mark'),
    payloadBytes: view.getUint32(24, true),
    writer: view.getUint16(32, true),
    isLink: (view.getUint16(34, true) & LINK_FLAG) !== 0,
    definitions: view.getUint32(36, true),
    blocks: view.getUint32(40, true),
    pieces: view.getUint32(44, true),
    writtenMs: Number(view.getBigInt64(48, true)),
  };
}

/** Whether a payload is the one that the frame's header vouches for. */
export function payloadHolds(header: Uint8Array, payload: Uint8Array, salt: Salt): boolean {
  return viewOf(header).getUint32(28, true) === checksum(payload, salt.seed);
}

/** Takes a frame's payload apart; the checksum must have been checked. @throws DAMAGED */
export function decodeFramePayload(header: FrameHeader, payload: Uint8Array): FramePayload {
  const view = viewOf(payload);
  const definitions: TableDefinition[] = [];
  const blocks: LocatedRef[] = [];
  const pieces: LocatedPiece[] = [];
  let at = 0;
  for (let i = 0; i < header.definitions; i++) {
    const { definition, bytes } = decodeDefinition(payload, at);
    definitions.push(definition);
    at += bytes;
  }
  if (at + header.blocks * LOCATED_REF_BYTES > payload.length)
    throw damaged('a frame ends within its references');
  for (let i = 0; i < header.blocks; i++) {
    blocks.push(getLocatedRef(view, at));
    at += LOCATED_REF_BYTES;
  }
  for (let i = 0; i < header.pieces; i++) {
    if (at + PIECE_HEADER_BYTES > payload.length) throw damaged('a frame ends within a piece');
    const piece = getPieceHeader(view, at);
    const start = at + PIECE_HEADER_BYTES;
    at = start + piece.bodyBytes;
    if (at > payload.length) throw damaged('a frame ends within a piece');
    pieces.push({ ...piece, body: payload.subarray(start, at) });
  }
  return { definitions, blocks, pieces };
}

/** A located block reference, as `pushLocatedRef` appends it. */
export function getLocatedRef(view: DataView, at: number): LocatedRef {
  return { tableId: view.getUint32(at, true), ref: getBlockRef(view, at + 8) };
}

/** Appends a located block reference. */
export function pushLocatedRef(out: ByteSink, tableId: number, ref: BlockRef): void {
  const at = out.reserve(LOCATED_REF_BYTES);
  out.view.setUint32(at, tableId, true);
  out.view.setUint32(at + 4, 0, true);
  setBlockRef(out.view, at + 8, ref);
}

/** Appends the payload of a link to the next log extent. */
export function pushLink(out: ByteSink, next: SaltedExtent): void {
  const at = out.reserve(24);
  setSafe64(out.view, at, next.offset);
  setSafe64(out.view, at + 8, next.bytes);
  out.view.setUint32(at + 16, next.salt.clear, true);
  out.view.setUint32(at + 20, next.salt.seed, true);
}

/** The extent that a link's payload names. @throws DAMAGED */
export function decodeLink(payload: Uint8Array): SaltedExtent {
  if (payload.length !== 24) throw damaged('a link has the wrong length');
  const view = viewOf(payload);
  return {
    offset: getSafe64(view, 0, 'log extent'),
    bytes: getSafe64(view, 8, 'log extent'),
    salt: { clear: view.getUint32(16, true), seed: view.getUint32(20, true) },
  };
}
