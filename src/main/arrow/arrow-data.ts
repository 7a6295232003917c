import type { Data, DataType } from 'apache-arrow';
import { MillraceError } from '../../shared/errors.ts';
import { isPresent } from '../ingest/validity.ts';
import type { Arrow } from './load-arrow.ts';

/** The typed arrays that Arrow takes as they are. */
export type FixedArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** An Arrow column over values of fixed width, without copying them. */
export function fixedData(
  arrow: Arrow,
  type: DataType,
  values: FixedArray,
  validity: Uint8Array | undefined,
): Data {
  return arrow.makeData({
    type: type as never,
    length: values.length,
    data: values as never,
    ...nullsOf(validity, values.length),
  });
}

/** An Arrow column of bits from 0 and 1 bytes. */
export function boolData(arrow: Arrow, values: Uint8Array, validity: Uint8Array | undefined): Data {
  const bits = new Uint8Array((values.length + 7) >> 3);
  for (let i = 0; i < values.length; i++) bits[i >> 3]! |= values[i]! << (i & 7);
  return arrow.makeData({
    type: new arrow.Bool(),
    length: values.length,
    data: bits,
    ...nullsOf(validity, values.length),
  });
}

/**
 * An Arrow column of UTF-8. Offsets are 32 bits wide, so one column holds less than 2 GiB.
 * @throws VALUE_TOO_LARGE beyond that
 */
export function utf8Data(arrow: Arrow, values: readonly string[], validity: Uint8Array | undefined): Data {
  // A UTF-16 unit takes at most three bytes: one pass to size the memory, one to fill it.
  let most = 0;
  for (const value of values) most += value.length * 3;
  const bytes =
    most < ROOM_FOR_GUESS ? Buffer.allocUnsafeSlow(most) : Buffer.allocUnsafeSlow(byteLength(values));
  const offsets = new Int32Array(values.length + 1);
  let at = 0;
  for (const [i, value] of values.entries()) {
    if (isPresent(validity, i)) at += bytes.write(value, at, 'utf8');
    offsets[i + 1] = checkOffset(at);
  }
  return arrow.makeData({
    type: new arrow.Utf8(),
    length: values.length,
    valueOffsets: offsets,
    data: new Uint8Array(bytes.buffer, bytes.byteOffset, at),
    ...nullsOf(validity, values.length),
  });
}

/** An Arrow column of byte arrays; as `utf8Data`. */
export function binaryData(
  arrow: Arrow,
  values: readonly Uint8Array[],
  validity: Uint8Array | undefined,
): Data {
  const offsets = new Int32Array(values.length + 1);
  let at = 0;
  for (const [i, value] of values.entries()) {
    if (isPresent(validity, i)) at += value.length;
    offsets[i + 1] = checkOffset(at);
  }
  const bytes = new Uint8Array(at);
  for (const [i, value] of values.entries()) if (isPresent(validity, i)) bytes.set(value, offsets[i]!);
  return arrow.makeData({
    type: new arrow.Binary(),
    length: values.length,
    valueOffsets: offsets,
    data: bytes,
    ...nullsOf(validity, values.length),
  });
}

/** Below it, memory for the worst case is cheaper than measuring every string first. */
const ROOM_FOR_GUESS = 64 << 20;

function byteLength(values: readonly string[]): number {
  return values.reduce((sum, value) => sum + Buffer.byteLength(value), 0);
}

function checkOffset(bytes: number): number {
  if (bytes < 2 ** 31) return bytes;
  throw new MillraceError(
    'VALUE_TOO_LARGE',
    'an Arrow column holds less than 2 GiB of text or bytes; read fewer rows at once (scanArrow, sqlStream)',
    { bytes },
  );
}

function nullsOf(
  validity: Uint8Array | undefined,
  rows: number,
): { nullCount: number; nullBitmap?: Uint8Array } {
  if (validity === undefined) return { nullCount: 0 };
  let present = 0;
  for (let i = 0; i < rows; i++) present += (validity[i >> 3]! >> (i & 7)) & 1;
  return { nullCount: rows - present, nullBitmap: validity };
}
