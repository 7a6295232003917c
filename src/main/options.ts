import { availableParallelism } from 'node:os';
import { leastMaxBytes } from '../shared/control/space-bound.ts';
import { MAX_PRODUCERS, MAX_WRITERS } from '../shared/control/words.ts';
import { MillraceError, show } from '../shared/errors.ts';
import { checkUnit } from '../shared/schema/check-names.ts';
import type { TimeUnit } from '../shared/schema/types.ts';
import type { OpenOptions } from './api-types.ts';
import type { EngineOptions } from './engine.ts';
import { checkMaintenance, checkRetention } from './maintenance-options.ts';

/** Chunk memory that a writer cannot do without: a chunk of the largest size, and room to fill others meanwhile. */
export const MIN_BYTES_PER_WRITER = 32 << 20;
/** A WebAssembly.Memory has at most 4 GiB, part of it for the chunks' headers. */
const MAX_BYTES_PER_WRITER = 2 ** 32 - (16 << 20);
/** Some 40 million values as sensors give them, at 6 bits each. */
export const READ_CACHE_BYTES = 32 << 20;
const MAX_READ_CACHE_BYTES = 2 ** 40;
const KNOWN: readonly (keyof OpenOptions)[] = [
  'create',
  'readOnly',
  'writers',
  'maxProducers',
  'durability',
  'commitIntervalMs',
  'memoryBudgetBytes',
  'reuseDelayMs',
  'readCacheBytes',
  'retention',
  'maxBytes',
  'autoMaintenance',
  'signal',
];

/**
 * Checks the options of `open` and fills in what is not given.
 * @throws INVALID_OPTION
 */
export function checkOpenOptions(
  options: OpenOptions,
): EngineOptions & { create: boolean; readOnly: boolean } {
  if (typeof options !== 'object' || options === null) throw refuse('options', options, 'an object');
  const unknown = Object.keys(options).find((key) => !KNOWN.includes(key as keyof OpenOptions));
  if (unknown !== undefined) {
    throw new MillraceError(
      'INVALID_OPTION',
      `open has no option ${JSON.stringify(unknown)}; it has ${KNOWN.join(', ')}`,
      {
        option: unknown,
      },
    );
  }
  const writers = whole('writers', options.writers, Math.max(1, availableParallelism() - 1), 1, MAX_WRITERS);
  const { durability = 'interval', create = true, readOnly = false, signal } = options;
  if (durability !== 'interval' && durability !== 'always' && durability !== 'none') {
    throw refuse('durability', durability, "'interval', 'always' or 'none'");
  }
  if (typeof create !== 'boolean') throw refuse('create', create, 'true or false');
  if (typeof readOnly !== 'boolean') throw refuse('readOnly', readOnly, 'true or false');
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw refuse('signal', signal, 'an AbortSignal');
  const least = writers * MIN_BYTES_PER_WRITER;
  return {
    create,
    readOnly,
    writers,
    durability,
    maxProducers: whole('maxProducers', options.maxProducers, 16, 1, MAX_PRODUCERS),
    retentionMs: options.retention === undefined ? undefined : checkRetention(options.retention),
    maxBytes: checkMaxBytes(options.maxBytes, writers),
    maintenance: checkMaintenance(options.autoMaintenance),
    commitIntervalMs: whole('commitIntervalMs', options.commitIntervalMs, 10, 1, 60_000),
    reuseDelayMs: whole('reuseDelayMs', options.reuseDelayMs, 5000, 0, 3_600_000),
    readCacheBytes: whole(
      'readCacheBytes',
      options.readCacheBytes,
      READ_CACHE_BYTES,
      0,
      MAX_READ_CACHE_BYTES,
    ),
    memoryBudgetBytes: whole(
      'memoryBudgetBytes',
      options.memoryBudgetBytes,
      Math.max(256 << 20, least),
      least,
      writers * MAX_BYTES_PER_WRITER,
    ),
  };
}

/**
 * Checks the options of `createTable` and fills in what is not given.
 * @throws INVALID_OPTION
 */
export function checkTableOptions(options: unknown): { readonly unit: TimeUnit } {
  if (typeof options !== 'object' || options === null) throw refuse('options', options, 'an object');
  const unknown = Object.keys(options).find((key) => key !== 'unit');
  if (unknown !== undefined) {
    throw new MillraceError(
      'INVALID_OPTION',
      `createTable has no option ${JSON.stringify(unknown)}; it has unit`,
      {
        option: unknown,
      },
    );
  }
  const { unit = 'ms' } = options as { readonly unit?: unknown };
  return { unit: checkUnit(unit) };
}

/** Tables may ask for more than this: known once the file is read. */
function checkMaxBytes(value: unknown, writers: number): number | null | undefined {
  if (value === undefined || value === null) return value;
  const least = leastMaxBytes(writers, 0);
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw refuse(
    'maxBytes',
    value,
    `a whole number from ${least} (with ${writers} writers), or null for no bound`,
  );
}

export function whole(name: string, value: unknown, byDefault: number, least: number, most: number): number {
  if (value === undefined) return byDefault;
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most)
    return value as number;
  throw refuse(name, value, `a whole number from ${least} to ${most}`);
}

export function refuse(name: string, value: unknown, want: string): MillraceError {
  return new MillraceError('INVALID_OPTION', `${name} is ${show(value)}; it must be ${want}`, {
    option: name,
    value: show(value),
  });
}
