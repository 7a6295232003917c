import { MAINTENANCE_DEFAULTS, type MaintenanceOptions } from '../shared/control/maintenance.ts';
import { MillraceError } from '../shared/errors.ts';
import { refuse, whole } from './options.ts';

const DAY_MS = 86_400_000;
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: DAY_MS,
  w: 7 * DAY_MS,
  mo: 30 * DAY_MS,
  y: 365 * DAY_MS,
};
/** Ten thousand years: beyond it lies no date that JS knows. */
const MAX_RETENTION_MS = 10_000 * 365 * DAY_MS;
const MAX_TIME_MS = 8.64e15;
const MAX_INTERVAL_MS = 2 ** 31 - 1;

/** From the least to the most that each number may be. */
const RANGES: Readonly<
  Record<Exclude<keyof MaintenanceOptions, 'auto' | 'walTargetRatio'>, [number, number]>
> = {
  checkIntervalMs: [1, MAX_INTERVAL_MS],
  retentionCheckIntervalMs: [1, MAX_INTERVAL_MS],
  targetSegmentPoints: [64, 1 << 20],
  maxWritesPerSec: [0, Number.MAX_SAFE_INTEGER],
  writeLoadWindowMs: [1, MAX_INTERVAL_MS],
  minIdleMs: [0, MAX_INTERVAL_MS],
  maxSegmentsPerPack: [2, 4096],
  walMinBytes: [0, Number.MAX_SAFE_INTEGER],
};

/**
 * Checks `autoMaintenance` and fills in what is not given.
 * @throws INVALID_OPTION
 */
export function checkMaintenance(value: unknown): MaintenanceOptions {
  if (value === undefined || value === true) return MAINTENANCE_DEFAULTS;
  if (value === false) return { ...MAINTENANCE_DEFAULTS, auto: false };
  if (typeof value !== 'object' || value === null)
    throw refuse('autoMaintenance', value, 'true, false or an object of options');
  const given = value as Record<string, unknown>;
  const known = [...Object.keys(RANGES), 'walTargetRatio'];
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new MillraceError(
      'INVALID_OPTION',
      `autoMaintenance has no option ${JSON.stringify(unknown)}; it has ${known.join(', ')}`,
      { option: unknown },
    );
  }
  const options: Record<string, number | boolean> = { ...MAINTENANCE_DEFAULTS };
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    options[name] = whole(`autoMaintenance.${name}`, given[name], options[name] as number, least, most);
  }
  const ratio = given['walTargetRatio'] ?? MAINTENANCE_DEFAULTS.walTargetRatio;
  if (typeof ratio !== 'number' || !(ratio >= 0 && ratio < Number.POSITIVE_INFINITY))
    throw refuse('autoMaintenance.walTargetRatio', ratio, 'a number from 0');
  return { ...(options as unknown as MaintenanceOptions), walTargetRatio: ratio };
}

/**
 * A retention in ms; null is none.
 * @throws INVALID_OPTION
 */
export function checkRetention(value: unknown): number | null {
  if (value === null) return null;
  const want = `ms from 1, a duration such as '30d' (${Object.keys(UNIT_MS).join(' ')}), or null`;
  let ms = value;
  if (typeof value === 'string') {
    const [, count, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/.exec(value.trim()) ?? [];
    const unitMs = unit !== undefined && Object.hasOwn(UNIT_MS, unit) ? UNIT_MS[unit] : undefined;
    if (unitMs === undefined) throw refuse('retention', value, want);
    ms = Math.round(Number(count) * unitMs);
  }
  if (Number.isSafeInteger(ms) && (ms as number) >= 1 && (ms as number) <= MAX_RETENTION_MS)
    return ms as number;
  throw refuse('retention', value, want);
}

/** @throws INVALID_OPTION */
export function checkTarget(name: string, value: unknown): void {
  const [least, most] = RANGES.targetSegmentPoints;
  whole(name, value, least, least, most);
}

/** @throws INVALID_OPTION */
export function checkCutoff(value: unknown): void {
  if (typeof value === 'number' && Math.abs(value) <= MAX_TIME_MS) return;
  throw refuse('cutoff', value, 'a number of ms since 1970');
}
