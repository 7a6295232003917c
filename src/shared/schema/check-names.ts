import { MillraceError, show } from '../errors.ts';
import { MAX_COLUMNS, MAX_NAME_BYTES } from './limits.ts';
import { COLUMN_TYPES, type ColumnType, type TimeUnit, UNIT_OF_CODE } from './types.ts';

/** The name of the timestamps, which no column can have. */
export const TIME_COLUMN = 'ts';

/**
 * Checks the name of a table or column: 1…255 bytes of well-formed UTF-8 without control characters.
 * @throws INVALID_NAME
 */
export function checkName(what: 'table' | 'column', name: unknown): asserts name is string {
  const refuse = (why: string): never => {
    throw new MillraceError('INVALID_NAME', `the ${what} name ${show(name)} ${why}`, { name: show(name) });
  };
  if (typeof name !== 'string') return refuse('is not a string');
  if (name === '') return refuse('is empty; give it at least one character');
  if (!name.isWellFormed()) return refuse('holds half of a surrogate pair, which has no UTF-8 form');
  const bytes = new TextEncoder().encode(name).length;
  if (bytes > MAX_NAME_BYTES)
    return refuse(`has ${bytes} bytes in UTF-8; at most ${MAX_NAME_BYTES} are allowed`);
  for (const character of name) {
    const code = character.codePointAt(0)!;
    if (code < 0x20 || code === 0x7f) return refuse('holds a control character');
  }
}

/**
 * Checks the columns of a table that is to be made, and gives each its type.
 * @throws NO_COLUMNS, TOO_MANY, INVALID_NAME, RESERVED_NAME, DUPLICATE_COLUMN, WRONG_TYPE, INVALID_OPTION
 */
export function checkColumnSpecs(table: string, specs: unknown): { name: string; type: ColumnType }[] {
  if (!Array.isArray(specs)) {
    throw new MillraceError(
      'INVALID_OPTION',
      `the columns of table ${JSON.stringify(table)} are ${show(specs)}; give an array of names or { name, type }`,
    );
  }
  if (specs.length === 0) {
    throw new MillraceError(
      'NO_COLUMNS',
      `table ${JSON.stringify(table)} has no columns; give it at least one beside the timestamp`,
      { table },
    );
  }
  if (specs.length > MAX_COLUMNS) {
    throw new MillraceError(
      'TOO_MANY',
      `table ${JSON.stringify(table)} has ${specs.length} columns; at most ${MAX_COLUMNS} are allowed`,
      {
        table,
        columns: specs.length,
      },
    );
  }
  const seen = new Set<string>();
  return specs.map((spec: unknown) => {
    const { name, type = 'f64' } = (typeof spec === 'string' ? { name: spec } : (spec ?? {})) as Record<
      string,
      unknown
    >;
    checkName('column', name);
    if (name === TIME_COLUMN) {
      throw new MillraceError(
        'RESERVED_NAME',
        `a column cannot be called ${JSON.stringify(name)}: that is the timestamp's own name`,
        {
          table,
          column: name,
        },
      );
    }
    if (seen.has(name)) {
      throw new MillraceError(
        'DUPLICATE_COLUMN',
        `table ${JSON.stringify(table)} has two columns called ${JSON.stringify(name)}`,
        {
          table,
          column: name,
        },
      );
    }
    seen.add(name);
    if (!COLUMN_TYPES.includes(type as ColumnType)) {
      throw new MillraceError(
        'WRONG_TYPE',
        `column ${JSON.stringify(name)} has the unknown type ${show(type)}; use one of ${COLUMN_TYPES.join(', ')}`,
        {
          table,
          column: name,
          type: show(type),
        },
      );
    }
    return { name, type: type as ColumnType };
  });
}

/** @throws INVALID_OPTION */
export function checkUnit(unit: unknown): TimeUnit {
  if (UNIT_OF_CODE.includes(unit as TimeUnit)) return unit as TimeUnit;
  throw new MillraceError('INVALID_OPTION', `unit is ${show(unit)}; it must be 'ms', 'us' or 'ns'`, {
    unit: show(unit),
  });
}
