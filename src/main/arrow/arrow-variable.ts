import { isUtf8 } from 'node:buffer';
import type { Data, DataType } from 'apache-arrow';
import { demandHeld, isNull } from './arrow-nulls.ts';
import { badRow, type Place } from './arrow-place.ts';
import { ID } from './arrow-types.ts';

const NO_BYTES = new Uint8Array(0);

/** Calls `take` with the place of each present value of a column of variable width. */
function eachRange(
  data: Data,
  validity: Uint8Array | undefined,
  place: Place,
  take: (row: number, from: number, to: number) => void,
): void {
  const offsets = (data.valueOffsets ?? []) as ArrayLike<number | bigint>;
  const bytes = ((data.values ?? NO_BYTES) as Uint8Array).length;
  demandHeld(Math.max(0, offsets.length - 1), data.length, validity, place);
  for (let row = 0; row < data.length; row++) {
    if (isNull(validity, row)) continue;
    const from = Number(offsets[row]);
    const to = Number(offsets[row + 1]);
    if (!(from >= 0 && from <= to && to <= bytes)) {
      throw badRow(
        'WRONG_LENGTH',
        place,
        row,
        `bytes ${from} to ${to} of ${bytes} make no sense; build the data anew`,
      );
    }
    take(row, from, to);
  }
}

/** Byte arrays: views of Arrow's memory. */
export function readBinary(input: Data, validity: Uint8Array | undefined, place: Place): Uint8Array[] {
  const data = withoutViews(input, validity, place);
  const result = new Array<Uint8Array>(data.length).fill(NO_BYTES);
  eachRange(data, validity, place, (row, from, to) => {
    result[row] = (data.values as Uint8Array).subarray(from, to);
  });
  return result;
}

/** Byte arrays of one width: views of Arrow's memory. */
export function readFixedSizeBinary(
  data: Data,
  validity: Uint8Array | undefined,
  place: Place,
): Uint8Array[] {
  const { byteWidth } = data.type as DataType & { byteWidth: number };
  const values = (data.values ?? NO_BYTES) as Uint8Array;
  demandHeld(
    byteWidth === 0 ? data.length : Math.floor(values.length / byteWidth),
    data.length,
    validity,
    place,
  );
  return Array.from({ length: data.length }, (_, row) =>
    isNull(validity, row) ? NO_BYTES : values.subarray(row * byteWidth, (row + 1) * byteWidth),
  );
}

/**
 * Bytes that are not well-formed UTF-8 are refused: decoding would put U+FFFD in their place and lose them. All values are
 * checked at once, then each only for beginning and ending between two characters (159 against 300 ns a value, strings of
 * 10 bytes, Node 20); those for which that does not hold, say because rubbish lies under a null, are checked one by one.
 */
export function readStrings(input: Data, validity: Uint8Array | undefined, place: Place): string[] {
  const data = withoutViews(input, validity, place);
  const values = (data.values ?? NO_BYTES) as Uint8Array;
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const first = Number(data.valueOffsets?.[0] ?? 0);
  const last = Number(data.valueOffsets?.[data.length] ?? 0);
  const isSound = isUtf8(bytes.subarray(first, last));
  const isBetween = (at: number): boolean => at === last || (bytes[at]! & 0xc0) !== 0x80;
  const result = new Array<string>(data.length).fill('');
  eachRange(data, validity, place, (row, from, to) => {
    const isPart = isSound && from >= first && to <= last && isBetween(from) && isBetween(to);
    if (!isPart && !isUtf8(bytes.subarray(from, to))) {
      throw badRow(
        'WRONG_TYPE',
        place,
        row,
        'its bytes are no well-formed UTF-8; use a column of type bytes for them',
      );
    }
    result[row] = bytes.toString('utf8', from, to);
  });
  return result;
}

/**
 * Data of a view type (Utf8View, BinaryView) with its values joined and offsets to them, as the other types have them. A
 * view is 16 bytes: its length, then the value itself up to 12 bytes, or a prefix, a buffer's number and a place in it.
 */
function withoutViews(data: Data, validity: Uint8Array | undefined, place: Place): Data {
  const typeId = data.type.typeId as number;
  if (typeId !== ID.utf8View && typeId !== ID.binaryView) return data;
  const { length } = data;
  const views = (data.values ?? NO_BYTES) as Uint8Array;
  const buffers = (data as Data & { variadicBuffers?: readonly Uint8Array[] }).variadicBuffers ?? [];
  demandHeld(Math.floor(views.length / 16), length, validity, place);
  const words = new DataView(views.buffer, views.byteOffset, views.byteLength);
  const parts: Uint8Array[] = [];
  const valueOffsets = new Float64Array(length + 1);
  for (let row = 0; row < length; row++) {
    let part: Uint8Array = NO_BYTES;
    if (!isNull(validity, row)) {
      const bytes = words.getInt32(16 * row, true);
      const number = words.getInt32(16 * row + 8, true);
      const from = words.getInt32(16 * row + 12, true);
      const source = bytes <= 12 ? views : buffers[number];
      const begin = bytes <= 12 ? 16 * row + 4 : from;
      if (bytes < 0 || source === undefined || begin < 0 || begin + bytes > source.length) {
        const problem = `a view of ${bytes} bytes at ${from} of buffer ${number} makes no sense; build the data anew`;
        throw badRow('WRONG_LENGTH', place, row, problem);
      }
      part = source.subarray(begin, begin + bytes);
    }
    parts.push(part);
    valueOffsets[row + 1] = valueOffsets[row]! + part.length;
  }
  return {
    length,
    offset: 0,
    values: Buffer.concat(parts),
    valueOffsets,
    type: data.type,
  } as unknown as Data;
}
