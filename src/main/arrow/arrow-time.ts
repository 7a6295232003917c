import type { Data, DataType } from 'apache-arrow';
import { MillraceError } from '../../shared/errors.ts';
import type { TimeUnit } from '../../shared/schema/types.ts';
import { ownBytes } from './arrow-fixed.ts';
import { firstNull, readValidity } from './arrow-nulls.ts';
import { badRow, type Place } from './arrow-place.ts';
import { ID, kindOf } from './arrow-types.ts';

const NS_OF_UNIT = { s: 1e9, ms: 1e6, us: 1e3, ns: 1 } as const;
const NS_OF_DAY = 86_400e9;

/** Nanoseconds of one tick of an Arrow type that can be `ts`; an Int64 is in the table's unit. */
function nsOfTick(type: DataType, unit: TimeUnit): number | undefined {
  const { unit: arrowUnit } = type as DataType & { unit?: number };
  if ((type.typeId as number) === ID.date) return [NS_OF_DAY, NS_OF_UNIT.ms][arrowUnit!];
  if ((type.typeId as number) === ID.timestamp) return Object.values(NS_OF_UNIT)[arrowUnit!];
  const isPlain = (type.typeId as number) !== ID.dictionary && kindOf(type) === 'Int64';
  return isPlain ? NS_OF_UNIT[unit] : undefined;
}

/** Demands a type that can be `ts`. */
export function demandTimeType(type: DataType): void {
  if (nsOfTick(type, 'ms') !== undefined) return;
  throw new MillraceError(
    'WRONG_TYPE',
    `column "ts" is the timestamp and takes no Arrow ${type}; cast it to a Timestamp, a Date, or an Int64 in the table's unit`,
    { column: 'ts', arrowType: String(type) },
  );
}

/** The error for a row without a time. */
export function nullTime(row: number, firstRow: number): MillraceError {
  return badRow(
    'INVALID_TIMESTAMP',
    { column: 'ts', firstRow },
    row,
    'it is null; every row needs a timestamp',
  );
}

/** The timestamps in the table's unit, exactly or not at all. */
export function readTime(data: Data, unit: TimeUnit, firstRow: number): Float64Array | BigInt64Array {
  demandTimeType(data.type);
  const validity = readValidity(data);
  if (validity !== undefined) throw nullTime(firstNull(validity), firstRow);
  const { ticks, times, per, refuse } = ticksOf(data, unit, undefined, { column: 'ts', firstRow });
  return unit === 'ms'
    ? toNumbers(ticks, times, per, refuse)
    : toBigints(ticks, unit, BigInt(times), BigInt(per), refuse);
}

/** Timestamps and dates of an i64 column, in the table's unit, exactly or not at all; a null is 0. */
export function readTimesAsIntegers(
  data: Data,
  unit: TimeUnit,
  validity: Uint8Array | undefined,
  place: Place,
): BigInt64Array {
  const { ticks, times, per, refuse } = ticksOf(data, unit, validity, place);
  return toBigints(ticks, unit, BigInt(times), BigInt(per), refuse);
}

/** The ticks as int64, and by what they are multiplied and divided to be in the unit. */
function ticksOf(
  data: Data,
  unit: TimeUnit,
  validity: Uint8Array | undefined,
  place: Place,
): { ticks: ArrayBuffer; times: number; per: number; refuse: Refuse } {
  const from = nsOfTick(data.type, unit)!;
  const to = NS_OF_UNIT[unit];
  return {
    ticks: from === NS_OF_DAY ? widenDays(data, validity, place) : ownBytes(data, 8, validity, place),
    times: Math.max(1, from / to),
    per: Math.max(1, to / from),
    refuse: (row, tick, problem) =>
      badRow('INVALID_TIMESTAMP', place, row, `${tick} as Arrow ${data.type} ${problem}`),
  };
}

type Refuse = (row: number, tick: bigint, problem: string) => MillraceError;
const tooFine = (unit: TimeUnit): string =>
  `is no whole number of ${unit}; round it, or use a table with a finer unit`;
const tooFar = (unit: TimeUnit, range: string): string =>
  `is beyond ${range} ${unit}; leave the row out or correct it`;

/** Days are 32 bits wide; as int64 they go the way of all others. */
function widenDays(data: Data, validity: Uint8Array | undefined, place: Place): ArrayBuffer {
  const days = new Int32Array(ownBytes(data, 4, validity, place));
  const words = new Int32Array(days.length * 2);
  for (let i = 0; i < days.length; i++) {
    words[2 * i] = days[i]!;
    words[2 * i + 1] = days[i]! >> 31;
  }
  return words.buffer;
}

/**
 * For ms tables: tick · times / per, by halves of 32 bits, without bigints (27 against 44 ns a row, ns to ms, Node 20). With
 * high = quotient · per + rest, the tick is quotient · per · 2^32 + (rest · 2^32 + low); per is at most 10^6, so the
 * bracket stays below 2^53 and is exact. Where a later sum or product is rounded, it is over 2^53, and refused.
 */
function toNumbers(ticks: ArrayBuffer, times: number, per: number, refuse: Refuse): Float64Array {
  const words = new Int32Array(ticks);
  const result = new Float64Array(words.length / 2);
  for (let row = 0; row < result.length; row++) {
    const high = words[2 * row + 1]!;
    const rest = high % per;
    const bracket = rest * 2 ** 32 + (words[2 * row]! >>> 0);
    const value = (((high - rest) / per) * 2 ** 32 + bracket / per) * times;
    const isWhole = bracket % per === 0;
    if (!isWhole || !Number.isSafeInteger(value)) {
      const problem = isWhole ? tooFar('ms', '±(2^53 − 1)') : tooFine('ms');
      throw refuse(row, new BigInt64Array(ticks)[row]!, problem);
    }
    result[row] = value;
  }
  return result;
}

/** For us and ns tables: tick · times / per in place. */
function toBigints(
  ticks: ArrayBuffer,
  unit: TimeUnit,
  times: bigint,
  per: bigint,
  refuse: Refuse,
): BigInt64Array {
  const result = new BigInt64Array(ticks);
  if (times === per) return result;
  for (const [row, tick] of result.entries()) {
    if (tick % per !== 0n) throw refuse(row, tick, tooFine(unit));
    const value = (tick / per) * times;
    if (BigInt.asIntN(64, value) !== value) throw refuse(row, tick, tooFar(unit, 'an int64 of'));
    result[row] = value;
  }
  return result;
}
