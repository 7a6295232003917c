import type { DecodedColumn } from '../../shared/codec/column-data.ts';
import type { VectorStatistics } from '../../shared/codec/statistics.ts';
import { MillraceError, show } from '../../shared/errors.ts';
import { isPresent } from '../../shared/format/piece.ts';
import type { Column, TableDefinition } from '../../shared/schema/types.ts';
import type { ComparisonOp } from '../api-types.ts';
import { ACCEPTED, keepInt64, keepNumbers, mayHave, outcome } from './comparison.ts';

const COMPARISONS: readonly string[] = ['=', '!=', '<', '<=', '>', '>='];
const NULL_TESTS: readonly string[] = ['is null', 'is not null'];

/** A checked predicate. */
export interface CompiledPredicate {
  readonly column: Column;
  /**
   * Moves those of `count` picked rows that fulfil it to the front and returns how many they are.
   * @param decoded undefined is a column that a block is older than: all null
   */
  readonly keep: (decoded: DecodedColumn | undefined, picks: Uint32Array, count: number) => number;
  /** Whether a vector may have a row that fulfils it. */
  readonly mayKeep: (statistics: VectorStatistics) => boolean;
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
      keep: keepWhere(
        (decoded, row) => (decoded === undefined || !isPresent(decoded.validity, row)) === wantNull,
      ),
      mayKeep: ({ count, nulls }) => (wantNull ? nulls > 0 : nulls < count),
    };
  }
  if (!COMPARISONS.includes(op as string)) {
    throw new MillraceError(
      'INVALID_OPTION',
      `op ${show(op)} of the predicate on ${JSON.stringify(name)} is unknown; use one of ${[...COMPARISONS, ...NULL_TESTS].join(', ')}`,
      { column: name, op: show(op) },
    );
  }
  return { column, ...comparison(definition, column, op as ComparisonOp, value) };
}

/** Values that are compared one by one: strings, byte arrays, nulls. */
function keepWhere(
  test: (decoded: DecodedColumn | undefined, row: number) => boolean,
): CompiledPredicate['keep'] {
  return (decoded, picks, count) => {
    let kept = 0;
    for (let i = 0; i < count; i++) if (test(decoded, picks[i]!)) picks[kept++] = picks[i]!;
    return kept;
  };
}

/** NaN on either side is neither less nor equal nor greater, which only `!=` accepts. */
function comparison(
  definition: TableDefinition,
  column: Column,
  op: ComparisonOp,
  value: unknown,
): Omit<CompiledPredicate, 'column'> {
  const accepted = ACCEPTED[op];
  const numbers = (wanted: number): Omit<CompiledPredicate, 'column'> => ({
    keep: (decoded, picks, count) =>
      decoded === undefined
        ? 0
        : keepNumbers(decoded.values as Float64Array, decoded.validity, wanted, accepted, picks, count),
    mayKeep: (statistics) => mayHave(statistics, wanted, accepted),
  });
  const others = (compare: (stored: unknown) => number): Omit<CompiledPredicate, 'column'> => ({
    keep: keepWhere(
      (decoded, row) =>
        decoded !== undefined &&
        isPresent(decoded.validity, row) &&
        (compare(decoded.values[row]) & accepted) !== 0,
    ),
    mayKeep: ({ count, nulls }) => nulls < count,
  });
  switch (column.type) {
    case 'f64':
    case 'f32':
    case 'i32':
      if (typeof value === 'number') return numbers(value);
      break;
    case 'i64': {
      const wanted = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
      if (typeof wanted !== 'bigint') break;
      return {
        keep: (decoded, picks, count) =>
          decoded === undefined
            ? 0
            : keepInt64(decoded.values as BigInt64Array, decoded.validity, wanted, accepted, picks, count),
        mayKeep: (statistics) => mayHave(statistics, wanted, accepted),
      };
    }
    case 'bool':
      if (typeof value === 'boolean' || value === 0 || value === 1) return numbers(Number(value));
      break;
    case 'utf8':
      if (typeof value === 'string') return others((stored) => outcome(stored as string, value));
      break;
    default:
      if (value instanceof Uint8Array)
        return others((stored) => outcome(Buffer.compare(stored as Uint8Array, value), 0));
  }
  throw new MillraceError(
    'WRONG_TYPE',
    `column ${JSON.stringify(column.name)} of table ${JSON.stringify(definition.name)} is ${column.type} and cannot be compared with ${show(value)}`,
    { table: definition.name, column: column.name, type: column.type, value: show(value) },
  );
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
