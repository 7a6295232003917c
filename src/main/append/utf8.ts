import { MAX_VALUE_BYTES } from '../../shared/schema/limits.ts';
import { loneSurrogate, tooLarge } from './refusals.ts';

/** Up to this length a loop over an ASCII string is faster than the call into native code. */
const SHORT = 24;

/** Bytes of a string in UTF-8. @throws LONE_SURROGATE, VALUE_TOO_LARGE */
export function utf8Bytes(text: string, column: string): number {
  if (!text.isWellFormed()) throw loneSurrogate(text, column);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_VALUE_BYTES) throw tooLarge(bytes, column);
  return bytes;
}

/**
 * Writes a string's UTF-8 at `at`.
 * @returns the bytes written, or −1 if there may be no room or the string is not plainly ASCII: then measure it first
 */
export function writeShortAscii(into: Uint8Array, at: number, end: number, text: string): number {
  const { length } = text;
  if (length > SHORT || at + length > end) return -1;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return -1;
    into[at + i] = code;
  }
  return length;
}
