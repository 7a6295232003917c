import { MillraceError, show } from '../../shared/errors.ts';
import { ALL_TIME } from '../../shared/index/index-reader.ts';
import type { TableDefinition } from '../../shared/schema/types.ts';

/**
 * An end of a range of time in the table's units; undefined if it is not given.
 * @throws INVALID_TIMESTAMP
 */
export function checkBound(definition: TableDefinition, name: string, value: unknown): bigint | undefined {
  if (value === undefined) return undefined;
  if (definition.unit === 'ms') {
    // Rows are far from these ends, but a number as large as a bigint can be is none.
    if (typeof value === 'bigint')
      return value < ALL_TIME.from ? ALL_TIME.from : value > ALL_TIME.to ? ALL_TIME.to : value;
    // ±Infinity means what it says; a time between two ms lies between the rows of both.
    if (value === Number.NEGATIVE_INFINITY) return ALL_TIME.from;
    if (value === Number.POSITIVE_INFINITY) return ALL_TIME.to;
    if (typeof value === 'number' && Number.isFinite(value)) {
      const whole = name === 'from' ? Math.ceil(value) : Math.floor(value);
      if (Number.isSafeInteger(whole)) return BigInt(whole);
    }
  } else if (typeof value === 'bigint') return value;
  const want = definition.unit === 'ms' ? 'a number or bigint of ms' : `a bigint of ${definition.unit}`;
  throw new MillraceError(
    'INVALID_TIMESTAMP',
    `${name} is ${show(value)}; for table ${JSON.stringify(definition.name)} it must be ${want}`,
    { table: definition.name, bound: name, value: show(value) },
  );
}
