import type { DecodedColumn } from '../codec/column-data.ts';
import { ColumnTarget } from '../codec/column-target.ts';
import { isPresent } from '../format/piece.ts';
import type { ColumnType } from '../schema/types.ts';

type Values = DecodedColumn['values'];

/** The columns of a result of a known number of rows, filled in place by decoding or by copying. */
export class ResultColumns {
  readonly rows: number;
  /** undefined if the timestamps are not wanted. */
  readonly time: ColumnTarget | undefined;
  readonly columns: readonly ColumnTarget[];

  /**
   * @param timeKind undefined if the timestamps are not wanted
   * @param memories room for the times, if wanted, and then for each column, if they are not to have memory of their own: fixed-width
   *   types only
   */
  constructor(
    types: readonly ColumnType[],
    timeKind: 'f64' | 'i64' | undefined,
    rows: number,
    memories?: readonly SharedArrayBuffer[],
  ) {
    this.rows = rows;
    const first = timeKind === undefined ? 0 : 1;
    this.time = timeKind && new ColumnTarget(timeKind, true, timeKind === 'f64', rows, memories?.[0]);
    this.columns = types.map((type, i) => new ColumnTarget(type, false, false, rows, memories?.[i + first]));
  }
}

/** The times, if there are any, and the columns. */
export function targetsOf({ time, columns }: ResultColumns): readonly ColumnTarget[] {
  return time === undefined ? columns : [time, ...columns];
}

/**
 * Copies `count` rows of a decoded column, those of `picks` or else the ones from `first` on, to the target's rows from `at`.
 * @param decoded undefined is a column that the rows are older than: all null
 */
export function copyRows(
  decoded: DecodedColumn | undefined,
  picks: Uint32Array | undefined,
  first: number,
  count: number,
  target: ColumnTarget,
  at: number,
): void {
  if (decoded === undefined) fillAbsent(target, at, count);
  else copyValues(decoded.values, picks, first, count, target.values, at);
  if (decoded !== undefined && decoded.validity === undefined) return;
  const validity = (target.validity ??= new Uint8Array(Math.ceil(target.rows / 8)).fill(0xff));
  for (let i = 0; i < count; i++) {
    const row = picks === undefined ? first + i : picks[i]!;
    if (decoded === undefined || !isPresent(decoded.validity, row)) {
      validity[(at + i) >> 3]! &= ~(1 << ((at + i) & 7));
    }
  }
}

/** What null rows hold where memory is not zero anyway. */
function fillAbsent(target: ColumnTarget, at: number, count: number): void {
  if (target.type === 'utf8') target.strings.fill('', at, at + count);
  else if (target.type === 'bytes') target.runs.fill(new Uint8Array(0), at, at + count);
  else if (target.values.constructor !== BigInt64Array)
    (target.values as Float64Array).fill(0, at, at + count);
  else (target.values as BigInt64Array).fill(0n, at, at + count);
}

function copyValues(
  from: Values,
  picks: Uint32Array | undefined,
  first: number,
  count: number,
  into: Values,
  at: number,
): void {
  if (Array.isArray(from) || Array.isArray(into)) {
    for (let i = 0; i < count; i++) into[at + i] = from[picks === undefined ? first + i : picks[i]!]!;
  } else if (picks === undefined) {
    // Array types are the same on both sides: bits are copied, NaN payloads stay.
    (into as Float64Array).set((from as Float64Array).subarray(first, first + count), at);
  } else {
    gather(from, picks, count, into, at);
  }
}

/** Copies picked values bit by bit: a NaN that goes through a JS number could lose its payload. */
function gather(from: Values, picks: Uint32Array, count: number, into: Values, at: number): void {
  const source = integersOf(from as Float64Array);
  const target = integersOf(into as Float64Array);
  const words = (from as Float64Array).BYTES_PER_ELEMENT === 8 ? 2 : 1;
  if (words === 1) {
    for (let i = 0; i < count; i++) target[at + i] = source[picks[i]!]!;
    return;
  }
  for (let i = 0; i < count; i++) {
    target[2 * (at + i)] = source[2 * picks[i]!]!;
    target[2 * (at + i) + 1] = source[2 * picks[i]! + 1]!;
  }
}

/** The same memory as integers: two a value for 8-byte types. */
function integersOf(values: Float64Array | Uint8Array): Int32Array | Uint8Array {
  if (values.BYTES_PER_ELEMENT === 1) return values as Uint8Array;
  return new Int32Array(values.buffer, values.byteOffset, values.byteLength / 4);
}
