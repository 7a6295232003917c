import { MillraceError } from '../errors.ts';

/**
 * The error for encoded bytes that make no sense. Their checksum held, so they were written so: by a fault of Millrace or
 * with intent. `offset` counts from the start of the bytes that were given to the decoder.
 */
export function damaged(offset: number, what: string, details: Record<string, unknown> = {}): MillraceError {
  return new MillraceError('DAMAGED', `encoded column, byte ${offset}: ${what}`, { ...details, offset });
}
