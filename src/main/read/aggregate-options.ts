import type { AggregatePlan } from '../../shared/aggregate/bucket-aggregator.ts';
import { AGGREGATES, type Aggregate } from '../../shared/aggregate/column-accumulator.ts';
import { timeKind } from '../../shared/chunk/layout.ts';
import { MillraceError, show } from '../../shared/errors.ts';
import { ALL_TIME, type TimeRange } from '../../shared/index/index-reader.ts';
import { type Column, currentColumns, isVariable, type TableDefinition } from '../../shared/schema/types.ts';
import { bucketGrid } from '../../shared/time/bucket-grid.ts';
import { parseDuration } from '../../shared/time/duration.ts';
import { unknownColumn } from './predicate.ts';
import { checkBound } from './time-bound.ts';

/** The options of aggregate, as they come. */
export interface RawAggregateOptions {
  readonly from?: unknown;
  readonly to?: unknown;
  readonly every?: unknown;
  readonly columns?: unknown;
  readonly timeZone?: unknown;
  readonly fillEmpty?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** A checked aggregation of one table. */
export interface CheckedAggregate {
  readonly definition: TableDefinition;
  readonly plan: AggregatePlan;
  readonly range: TimeRange;
  /** Whether the range was given at each of its ends. */
  readonly isBounded: { readonly from: boolean; readonly to: boolean };
  readonly fillEmpty: boolean;
  readonly signal: AbortSignal | undefined;
}

const KNOWN = ['from', 'to', 'every', 'columns', 'timeZone', 'fillEmpty', 'signal'];
/** Units of a table's times in a ms. */
export const PER_MS = { ms: 1, us: 1000, ns: 1_000_000 } as const;

/**
 * Checks an aggregation's options before anything is read.
 * @throws INVALID_OPTION, INVALID_TIMESTAMP, UNKNOWN_COLUMN, WRONG_TYPE
 */
export function checkAggregate(definition: TableDefinition, options: RawAggregateOptions): CheckedAggregate {
  if (typeof options !== 'object' || options === null) throw refuse('the options', options, 'an object');
  const unknown = Object.keys(options).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) {
    throw new MillraceError(
      'INVALID_OPTION',
      `aggregate has no option ${JSON.stringify(unknown)}; it has ${KNOWN.join(', ')}`,
      { option: unknown },
    );
  }
  const { timeZone, fillEmpty = false, signal } = options;
  if (timeZone !== undefined && typeof timeZone !== 'string') {
    throw refuse('timeZone', timeZone, 'an IANA name such as Europe/Berlin');
  }
  if (typeof fillEmpty !== 'boolean') throw refuse('fillEmpty', fillEmpty, 'true or false');
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw refuse('signal', signal, 'an AbortSignal');
  const grid = bucketGrid(parseDuration('every', options.every), timeZone);
  const range = {
    from: checkBound(definition, 'from', options.from) ?? ALL_TIME.from,
    to: checkBound(definition, 'to', options.to) ?? ALL_TIME.to,
  };
  const kind = timeKind(definition.unit);
  return {
    definition,
    plan: {
      grid,
      from: kind === 'f64' ? Number(range.from) : range.from,
      to: kind === 'f64' ? Number(range.to) : range.to,
      timeKind: kind,
      perMs: PER_MS[definition.unit],
      columns: checkColumns(definition, options.columns),
    },
    range,
    isBounded: { from: range.from > ALL_TIME.from, to: range.to < ALL_TIME.to },
    fillEmpty,
    signal,
  };
}

/** The tables of an aggregation over several of them. @throws INVALID_OPTION */
export function checkTables(options: unknown): RawAggregateOptions & { readonly tables: readonly string[] } {
  if (typeof options !== 'object' || options === null) throw refuse('the options', options, 'an object');
  const { tables } = options as { readonly tables?: unknown };
  if (!Array.isArray(tables)) throw refuse('tables', tables, 'an array of table names');
  const twice = tables.find((name, i) => tables.indexOf(name) !== i);
  if (twice !== undefined) throw refuse('tables', twice, 'named once');
  return options as RawAggregateOptions & { readonly tables: readonly string[] };
}

function checkColumns(
  definition: TableDefinition,
  wanted: unknown,
): { readonly column: Column; readonly wanted: readonly Aggregate[] }[] {
  const want = `an object such as { temperature: ['mean', 'max'] }`;
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted))
    throw refuse('columns', wanted, want);
  const entries = Object.entries(wanted).filter(([, names]) => names !== undefined);
  if (entries.length === 0) throw refuse('columns', wanted, `${want}, with a column at least`);
  return entries.map(([name, names]) => {
    const column = currentColumns(definition).find((candidate) => candidate.name === name);
    if (column === undefined) throw unknownColumn(definition, name);
    if (!Array.isArray(names) || names.length === 0) {
      throw refuse(`columns.${name}`, names, `an array of ${AGGREGATES.join(', ')}`);
    }
    for (const aggregate of names) checkOne(definition, column, aggregate);
    return { column, wanted: [...new Set(names as Aggregate[])] };
  });
}

function checkOne(definition: TableDefinition, { name, type }: Column, aggregate: unknown): void {
  if (!AGGREGATES.includes(aggregate as Aggregate)) {
    throw new MillraceError(
      'INVALID_OPTION',
      `there is no aggregate ${show(aggregate)}, asked of column ${JSON.stringify(name)}; use ${AGGREGATES.join(', ')}`,
      { column: name, aggregate: show(aggregate) },
    );
  }
  if (isVariable(type) && !['count', 'first', 'last'].includes(aggregate as string)) {
    throw new MillraceError(
      'WRONG_TYPE',
      `column ${JSON.stringify(name)} of table ${JSON.stringify(definition.name)} is ${type} and has no ${aggregate}; it has count, first and last`,
      { table: definition.name, column: name, type, aggregate },
    );
  }
}

function refuse(name: string, value: unknown, want: string): MillraceError {
  return new MillraceError('INVALID_OPTION', `${name} is ${show(value)}; it must be ${want}`, {
    option: name,
    value: show(value),
  });
}
