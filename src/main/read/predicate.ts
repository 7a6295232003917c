import type { DecodedColumn } from '../../shared/codec/column-data.ts';
import { MillraceError, show } from '../../shared/errors.ts';
import { isPresent } from '../../shared/format/piece.ts';
import type { Column, TableDefinition } from '../../shared/schema/types.ts';
import type { ComparisonOp } from '../api-types.ts';

const COMPARISONS: readonly string[] = ['=', '!=', '<', '<=', '>', '>='];
const NULL_TESTS: readonly string[] = ['is null', 'is not null'];

/** A checked predicate. */
export interface CompiledPredicate {
  readonly column: Column;
  /** Whether row `i` of a decoded column fulfils it; `undefined` is a column that a block is older than: all null. */
  readonly test: (decoded: DecodedColumn | undefined, i: number) => boolean;
}

/** @throws INVALID_OPTION, UNKNOWN_COLUMN, WRONG_TYPE */
export function compilePredicates(definition: TableDefinition, where: unknown): CompiledPredicate[] {
  if (where === undefined) return [];
  if (!Array.isArray(where)) {
    throw new MillraceError(
      'INVALID_OPTION',
      `where is ${show(where)}; it must be an array of { column, op, value }`,
    );
  }
  return where.map((predicate) => compile(definition, (predicate ?? {}) as Record<string, unknown>));
}

function compile(
  definition: TableDefinition,
  { column: name, op, value }: Record<string, unknown>,
): CompiledPredicate {
  const columns = definition.versions.at(-1)!.columns;
  const column = columns.find((candidate) => candidate.name === name);
  if (column === undefined) throw unknownColumn(definition, name);
  if (NULL_TESTS.includes(op as string)) {
    const wantNull = op === 'is null';
    return {
      column,
      test: (decoded, i) => (decoded === undefined || !isPresent(decoded.validity, i)) === wantNull,
    };
  }
  if (!COMPARISONS.includes(op as string)) {
    throw new MillraceError(
      'INVALID_OPTION',
      `op ${show(op)} of the predicate on ${JSON.stringify(name)} is unknown; use one of ${[...COMPARISONS, ...NULL_TESTS].join(', ')}`,
      { column: name, op: show(op) },
    );
  }
  const compare = comparison(definition, column, value);
  const accept = ACCEPT[op as ComparisonOp];
  return {
    column,
    test: (decoded, i) => {
      if (decoded === undefined || !isPresent(decoded.validity, i)) return false;
      return accept(compare(decoded.values[i]));
    },
  };
}

/** What a comparison's result must be; NaN on either side compares as NaN, which only `!=` accepts. */
const ACCEPT: Readonly<Record<ComparisonOp, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

function comparison(
  definition: TableDefinition,
  column: Column,
  value: unknown,
): (stored: unknown) => number {
  switch (column.type) {
    case 'f64':
    case 'f32':
    case 'i32':
      if (typeof value === 'number') return (stored) => order(stored as number, value);
      break;
    case 'i64': {
      const wanted = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
      if (typeof wanted === 'bigint') return (stored) => order(stored as bigint, wanted);
      break;
    }
    case 'bool':
      if (typeof value === 'boolean' || value === 0 || value === 1) {
        const wanted = Number(value);
        return (stored) => order(stored as number, wanted);
      }
      break;
    case 'utf8':
      if (typeof value === 'string') return (stored) => order(stored as string, value);
      break;
    default:
      if (value instanceof Uint8Array) return (stored) => Buffer.compare(stored as Uint8Array, value);
  }
  throw new MillraceError(
    'WRONG_TYPE',
    `column ${JSON.stringify(column.name)} of table ${JSON.stringify(definition.name)} is ${column.type} and cannot be compared with ${show(value)}`,
    { table: definition.name, column: column.name, type: column.type, value: show(value) },
  );
}

/** Negative, 0, positive, or NaN where there is no order. */
function order<T extends number | bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN;
}

/** The error for a column that a table does not have. */
export function unknownColumn(definition: TableDefinition, name: unknown): MillraceError {
  const columns = definition.versions.at(-1)!.columns;
  return new MillraceError(
    'UNKNOWN_COLUMN',
    `table ${JSON.stringify(definition.name)} has no column ${show(name)}; it has ${columns.map((column) => column.name).join(', ')}`,
    { table: definition.name, column: show(name) },
  );
}
