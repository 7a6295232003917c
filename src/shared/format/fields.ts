import { MillraceError } from '../errors.ts';

/** Reads a u64 that must be a safe integer; anything else is damage. */
export function getSafe64(view: DataView, at: number, what: string): number {
  const value = view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
  if (!Number.isSafeInteger(value)) throw damaged(`${what} is out of range`, { at });
  return value;
}

/** Writes a non-negative safe integer as u64. */
export function setSafe64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}

/** Next multiple of 8. */
export function align8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** A view over exactly these bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The error for bytes that fail their checksum or make no sense. */
export function damaged(what: string, details: Record<string, unknown> = {}): MillraceError {
  return new MillraceError('DAMAGED', `damaged file: ${what}`, details);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 of a string that is known to be well formed. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The string of UTF-8 bytes; ill-formed bytes are damage. */
export function fromUtf8(bytes: Uint8Array, what: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw damaged(`${what} is not UTF-8`);
  }
}
