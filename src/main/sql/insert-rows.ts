import { MillraceError, show } from '../../shared/errors.ts';
import {
  type Column,
  currentColumns,
  type TableDefinition,
  type TimeUnit,
} from '../../shared/schema/types.ts';
import { isFinerThan, toMilliseconds, toUnits } from '../ingest/instant.ts';
import { makeTimeParser } from '../ingest/time-format.ts';
import type { SqlParameter, SqlParameters } from './sql-types.ts';
import { isSymbol, upper } from './statement.ts';
import { TokenReader } from './token-reader.ts';
import type { Token } from './tokens.ts';

/** A value of an INSERT as it was written: a number keeps its text, so that a BIGINT loses no digit. */
type Literal =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'now' };

/** An INSERT, read. */
export interface InsertRows {
  readonly table: string;
  /** Undefined: `ts` and all columns, in the table's order. */
  readonly columns: readonly string[] | undefined;
  readonly rows: readonly (readonly Literal[])[];
}

/** Rows as `append` takes them. */
export interface InsertBatch {
  readonly ts: (number | bigint)[];
  readonly columns: Record<string, unknown[]>;
}

/**
 * `INSERT INTO name [(ts, column, …)] VALUES (…), (…)`. Values are literals, parameters, `TIMESTAMP '…'` and `now()`.
 * @throws SQL_ERROR
 */
export function parseInsert(tokens: readonly Token[], params: SqlParameters | undefined): InsertRows {
  const reader = new TokenReader(tokens);
  const parameters = new Parameters(params);
  reader.word('INSERT');
  reader.word('INTO');
  const table = reader.name('the table');
  let columns: string[] | undefined;
  if (reader.takeSymbol('(')) {
    columns = [];
    do columns.push(reader.name('a column'));
    while (reader.takeSymbol(','));
    reader.symbol(')');
  }
  reader.word('VALUES');
  const rows: Literal[][] = [];
  do {
    const row: Literal[] = [];
    reader.symbol('(');
    do row.push(readLiteral(reader, parameters));
    while (reader.takeSymbol(','));
    reader.symbol(')');
    rows.push(row);
  } while (reader.takeSymbol(','));
  reader.end();
  parameters.checkAllUsed();
  return { table, columns, rows };
}

/**
 * The rows of an INSERT for a table; columns that it leaves out are null. All are checked before any is appended.
 * @param now ms since 1970
 * @throws UNKNOWN_COLUMN, DUPLICATE_COLUMN, WRONG_ARITY, WRONG_TYPE, INVALID_TIMESTAMP
 */
export function insertBatch(definition: TableDefinition, insert: InsertRows, now: number): InsertBatch {
  const columns = currentColumns(definition);
  const names = insert.columns ?? ['ts', ...columns.map(({ name }) => name)];
  const places = names.map((name) => placeOf(definition, columns, name));
  const twice = places.findIndex((place, i) => places.indexOf(place) !== i);
  if (twice >= 0) {
    throw new MillraceError('DUPLICATE_COLUMN', `column ${show(names[twice])} is named twice`, {
      column: names[twice],
    });
  }
  const time = places.indexOf(-1);
  if (time < 0) {
    throw new MillraceError(
      'INVALID_TIMESTAMP',
      `the rows for table ${show(definition.name)} have no time; name the column ts`,
      { table: definition.name },
    );
  }
  for (const [i, row] of insert.rows.entries()) {
    if (row.length === names.length) continue;
    throw new MillraceError(
      'WRONG_ARITY',
      `row ${i + 1} has ${row.length} values, but ${names.length} columns are named (${names.join(', ')})`,
      { row: i + 1, values: row.length, columns: names.length },
    );
  }
  const values = columns.map((column, place) => {
    const at = places.indexOf(place);
    return insert.rows.map((row, i) => (at < 0 ? null : columnValue(column, row[at]!, i + 1)));
  });
  return {
    ts: insert.rows.map((row, i) => timeOf(definition.unit, row[time]!, now, i + 1)),
    columns: Object.fromEntries(columns.map(({ name }, i) => [name, values[i]!])),
  };
}

/** −1 for the time. An exact name goes before one that differs in case. */
function placeOf(definition: TableDefinition, columns: readonly Column[], name: string): number {
  const exact = columns.findIndex((column) => column.name === name);
  if (exact >= 0) return exact;
  if (name.toLowerCase() === 'ts' || (name.toLowerCase() === 'ts_ms' && definition.unit === 'ms')) return -1;
  const folded = columns.filter((column) => column.name.toLowerCase() === name.toLowerCase());
  if (folded.length === 1) return columns.indexOf(folded[0]!);
  throw new MillraceError(
    'UNKNOWN_COLUMN',
    `table ${show(definition.name)} has no column ${show(name)}; it has ts, ${columns.map((column) => column.name).join(', ')}`,
    { table: definition.name, column: name },
  );
}

const WHOLE = /^[+-]?\d+$/;

function columnValue(column: Column, literal: Literal, row: number): unknown {
  const refuse = (): never => {
    throw new MillraceError(
      'WRONG_TYPE',
      `row ${row}: column ${show(column.name)} is ${column.type} and does not take ${describe(literal)}`,
      { row, column: column.name, type: column.type },
    );
  };
  if (literal.kind === 'null') return null;
  switch (column.type) {
    case 'f64':
    case 'f32':
      if (literal.kind === 'number') return Number(literal.text);
      if (literal.kind === 'text' && /^[+-]?(inf(inity)?|nan)$/i.test(literal.value)) {
        const value = /nan/i.test(literal.value) ? Number.NaN : Number.POSITIVE_INFINITY;
        return literal.value.startsWith('-') ? -value : value;
      }
      return refuse();
    case 'i64':
      return literal.kind === 'number' && WHOLE.test(literal.text) ? BigInt(literal.text) : refuse();
    case 'i32':
      return literal.kind === 'number' && WHOLE.test(literal.text) ? Number(literal.text) : refuse();
    case 'bool':
      return literal.kind === 'bool' ? literal.value : refuse();
    case 'utf8':
      return literal.kind === 'text' ? literal.value : refuse();
    case 'bytes':
      return literal.kind === 'bytes' ? literal.value : refuse();
  }
}

function timeOf(unit: TimeUnit, literal: Literal, now: number, row: number): number | bigint {
  const refuse = (why: string): never => {
    throw new MillraceError(
      'INVALID_TIMESTAMP',
      `row ${row}: ts ${why}; give a time such as '2024-01-31 12:00:00', or a whole number of ${unit} since 1970`,
      { row },
    );
  };
  if (literal.kind === 'now') return unit === 'ms' ? now : BigInt(now) * (unit === 'us' ? 1000n : 1_000_000n);
  if (literal.kind === 'number') {
    if (!WHOLE.test(literal.text)) return refuse(`is ${literal.text}, no whole number`);
    return BigInt(literal.text);
  }
  if (literal.kind !== 'text') return refuse(`is ${describe(literal)}`);
  const parser = makeTimeParser('iso', undefined);
  if (!parser.parse(literal.value)) return refuse(`${show(literal.value)} is no time`);
  if (isFinerThan(parser, unit)) return refuse(`${show(literal.value)} is finer than ${unit}`);
  if (unit === 'ms') return toMilliseconds(parser);
  return toUnits(parser, unit) ?? refuse(`${show(literal.value)} is outside of what ${unit} tables hold`);
}

function describe(literal: Literal): string {
  switch (literal.kind) {
    case 'null':
      return 'NULL';
    case 'number':
      return literal.text;
    case 'text':
      return show(literal.value);
    case 'bytes':
      return 'a BLOB';
    case 'bool':
      return String(literal.value).toUpperCase();
    default:
      return 'now()';
  }
}

function readLiteral(reader: TokenReader, parameters: Parameters): Literal {
  const token = reader.peek();
  if (isSymbol(token, '-') || isSymbol(token, '+')) {
    reader.next();
    const number = reader.peek();
    if (number?.kind !== 'number') throw reader.expected('a number');
    reader.next();
    return { kind: 'number', text: (token!.text === '-' ? '-' : '') + number.text.replaceAll('_', '') };
  }
  if (token?.kind === 'parameter') {
    reader.next();
    return parameters.take(token.text);
  }
  if (token?.kind === 'number') {
    reader.next();
    return { kind: 'number', text: token.text.replaceAll('_', '') };
  }
  if (token?.kind === 'string') {
    reader.next();
    return { kind: 'text', value: token.value };
  }
  const word = upper(token);
  const string = reader.peek(1);
  if (word === 'NULL' || word === 'TRUE' || word === 'FALSE') {
    reader.next();
    return word === 'NULL' ? { kind: 'null' } : { kind: 'bool', value: word === 'TRUE' };
  }
  if (
    /^(TIMESTAMP|TIMESTAMP_MS|TIMESTAMP_NS|TIMESTAMPTZ|DATETIME|DATE)$/.test(word) &&
    string?.kind === 'string'
  ) {
    reader.next();
    reader.next();
    return { kind: 'text', value: string.value };
  }
  if ((word === 'X' || word === 'BLOB') && string?.kind === 'string') {
    reader.next();
    reader.next();
    return { kind: 'bytes', value: word === 'X' ? fromHex(reader, string.value) : fromBlob(string.value) };
  }
  if (word === 'CURRENT_TIMESTAMP' || (word === 'NOW' && isSymbol(reader.peek(1), '('))) {
    reader.next();
    if (reader.takeSymbol('(')) reader.symbol(')');
    return { kind: 'now' };
  }
  throw reader.error(
    'INSERT takes literals, parameters and now(), no other expressions',
    'compute the value before, and give it as a parameter',
  );
}

function fromHex(reader: TokenReader, digits: string): Uint8Array {
  if (/^(?:[0-9a-f]{2})*$/i.test(digits)) return Buffer.from(digits, 'hex');
  throw reader.error(`x'${digits}' is no row of pairs of hexadecimal digits`, 'correct it');
}

/** As DuckDB writes a BLOB: \xAB for a byte, ASCII as it is. */
function fromBlob(text: string): Uint8Array {
  const bytes = text.replace(/\\x([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1');
}

/** The parameters of an INSERT. */
class Parameters {
  private readonly params: SqlParameters | undefined;
  private readonly used = new Set<string>();
  private next = 0;

  constructor(params: SqlParameters | undefined) {
    this.params = params;
  }

  take(text: string): Literal {
    let key = text.slice(1);
    if (key === '') key = String(++this.next);
    const name = Array.isArray(this.params) ? String(Number(key) - 1) : key;
    if (this.params === undefined || !Object.hasOwn(this.params, name)) {
      throw new MillraceError('SQL_ERROR', `there is no value for the parameter ${text}; give it in params`, {
        parameter: text,
      });
    }
    this.used.add(name);
    return toLiteral((this.params as Record<string, SqlParameter>)[name]!);
  }

  checkAllUsed(): void {
    const unused = Object.keys(this.params ?? {}).find((name) => !this.used.has(name));
    if (unused === undefined) return;
    throw new MillraceError('SQL_ERROR', `the parameter ${show(unused)} is not used; leave it out`, {
      parameter: unused,
    });
  }
}

function toLiteral(value: SqlParameter): Literal {
  if (value === null) return { kind: 'null' };
  if (typeof value === 'boolean') return { kind: 'bool', value };
  if (typeof value === 'bigint') return { kind: 'number', text: String(value) };
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return { kind: 'text', value: String(value) };
    return { kind: 'number', text: Object.is(value, -0) ? '-0' : plainDigits(value) };
  }
  if (typeof value === 'string') return { kind: 'text', value };
  if (value instanceof Date) return { kind: 'text', value: value.toISOString() };
  return { kind: 'bytes', value };
}

/** A number without an exponent where it is whole: 1e21 is a whole number, too. */
function plainDigits(value: number): string {
  return Number.isSafeInteger(value) ? value.toFixed(0) : String(value);
}
