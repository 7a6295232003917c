import type { Data } from 'apache-arrow';
import { copyBits } from '../../shared/codec/validity.ts';
import { badRow, type Place } from './arrow-place.ts';

/** The bitmap of a column from bit 0 on; undefined if there are no nulls. */
export function readValidity(data: Data): Uint8Array | undefined {
  const { nullBitmap, offset, length } = data;
  if (!nullBitmap || nullBitmap.length === 0 || length === 0 || data.nullCount === 0) return undefined;
  const bits = new Uint8Array((length + 7) >>> 3);
  return copyBits(nullBitmap, offset, length, bits) === length ? undefined : bits;
}

/** Whether a row is null. */
export function isNull(validity: Uint8Array | undefined, row: number): boolean {
  return validity !== undefined && ((validity[row >>> 3]! >>> (row & 7)) & 1) === 0;
}

/** The first row that is null, of a bitmap that has one. */
export function firstNull(validity: Uint8Array): number {
  let row = 0;
  while (!isNull(validity, row)) row++;
  return row;
}

/** Demands that a column's buffers hold all rows. Arrow lets them be shorter where a column was filled up with nulls. */
export function demandHeld(held: number, rows: number, validity: Uint8Array | undefined, place: Place): void {
  for (let row = held; row < rows; row++) {
    if (isNull(validity, row)) continue;
    throw badRow('WRONG_LENGTH', place, row, `its buffers end before it; build the data anew`);
  }
}
