import type { TimeUnit } from '../../shared/schema/types.ts';
import type { ZoneClock } from '../../shared/time/zone-clock.ts';
import { UNIT_NANOS } from './instant.ts';
import type { ParquetKind } from './parquet-types.ts';

const DAY_MS = 86_400_000;

/** A point in time as a whole number of units since 1970, UTC. */
export interface UnixTime {
  value: bigint;
  unit: TimeUnit;
}

/**
 * A timestamp or date of a Parquet file in its own unit. One that is marked as local, and every date, is of the given
 * zone (UTC without one).
 */
export function toUnixUnits(
  kind: ParquetKind,
  value: number | bigint,
  zone: ZoneClock | undefined,
): UnixTime {
  if (kind.kind !== 'timestamp')
    return { value: localToUtc(BigInt(Number(value) * DAY_MS), 'ms', zone), unit: 'ms' };
  const { unit, isLocal } = kind;
  return { value: isLocal ? localToUtc(BigInt(value), unit, zone) : BigInt(value), unit };
}

/** The same point in time in another unit, cut off towards the past if that is coarser. */
export function rescale(value: bigint, from: TimeUnit, to: TimeUnit): bigint {
  if (from === to) return value;
  const factor = UNIT_NANOS[from] / UNIT_NANOS[to];
  return factor > 1 ? value * BigInt(factor) : floorDivide(value, BigInt(Math.round(1 / factor)));
}

/** Whether a value has digits that the coarser unit cannot hold. */
export function losesDigits(value: bigint, from: TimeUnit, to: TimeUnit): boolean {
  const factor = UNIT_NANOS[to] / UNIT_NANOS[from];
  return factor > 1 && value % BigInt(factor) !== 0n;
}

function localToUtc(local: bigint, unit: TimeUnit, zone: ZoneClock | undefined): bigint {
  if (zone === undefined) return local;
  const perSecond = BigInt(1e9 / UNIT_NANOS[unit]);
  const seconds = Number(floorDivide(local, perSecond));
  return local + BigInt(zone.toUtc(seconds) - seconds) * perSecond;
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient;
}
