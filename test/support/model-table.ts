import assert from 'node:assert/strict';
import type { ColumnType, Rows, TableInfo } from '../../src/main/index.ts';
import { ANY_NAN, type Cell, type Row, sameCell, showCell, toValue } from './model-values.ts';

export type Op = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'is null' | 'is not null';

export interface ModelPredicate {
  readonly column: string;
  readonly op: Op;
  /** Not null; left out of account by the null tests. */
  readonly cell: Cell;
}

/** What is asked of a table, in the model's words. */
export interface ModelQuery {
  readonly from?: bigint | undefined;
  readonly to?: bigint | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly where?: readonly ModelPredicate[] | undefined;
  readonly limit?: number | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
}

/** A table as plain arrays: rows in order of arrival, and how many of them were acknowledged as durable. */
export class ModelTable {
  readonly info: TableInfo;
  rows: Row[] = [];
  /** Rows from the first on that must survive a power cut. */
  durable = 0;
  /** Whether the table itself must survive it. */
  isDurable = false;
  /** Rows with a smaller timestamp are gone for good. */
  cutoff = -(2n ** 63n);

  constructor(info: TableInfo) {
    this.info = info;
  }

  /** The rows that retention has left, in order of arrival. */
  get visible(): Row[] {
    return this.rows.filter((row) => row.ts >= this.cutoff);
  }

  /** The rows of a query, in its order. Slow and plain on purpose. */
  query({ from, to, where = [], limit, order }: ModelQuery): Row[] {
    const wanted = this.visible.filter(
      (row) =>
        (from === undefined || row.ts >= from) &&
        (to === undefined || row.ts <= to) &&
        where.every((predicate) => this.fulfils(row, predicate)),
    );
    // Array.prototype.sort is stable: ties stay in order of arrival.
    wanted.sort((a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0));
    if (order === 'desc') wanted.reverse();
    return limit === undefined ? wanted : wanted.slice(0, limit);
  }

  /** The same query as the engine takes it. */
  options({ from, to, columns, where, limit, order }: ModelQuery): Record<string, unknown> {
    // ms tables take numbers, as far as these are safe integers, and bigints.
    const bound = (ts: bigint | undefined) =>
      this.info.unit === 'ms' && Number.isSafeInteger(Number(ts)) ? Number(ts) : ts;
    const predicates = where?.map(({ column, op, cell }) =>
      op.endsWith('null') ? { column, op } : { column, op, value: toValue(this.typeOf(column), cell) },
    );
    return { from: bound(from), to: bound(to), columns, where: predicates, limit, order };
  }

  /** Fails unless a result is exactly these rows: values bit for bit, bitmaps, array types, memory of its own. */
  check(actual: Rows, expected: readonly Row[], wanted?: readonly string[]): void {
    const names = wanted ?? this.info.columns.map(({ name }) => name);
    assert.equal(actual.rowCount, expected.length, `rows of ${this.info.name}`);
    assert.deepEqual(Object.keys(actual.columns).sort(), [...names].sort());
    const isMs = this.info.unit === 'ms';
    assert.ok(isMs ? actual.ts instanceof Float64Array : actual.ts instanceof BigInt64Array);
    assert.equal(actual.ts.length, expected.length);
    for (const [i, row] of expected.entries()) {
      if (isMs ? !Object.is(actual.ts[i], Number(row.ts)) : actual.ts[i] !== row.ts) {
        assert.fail(`${this.info.name}, row ${i}: ts is ${actual.ts[i]}, not ${row.ts}`);
      }
    }
    for (const name of names) this.checkColumn(actual, expected, name);
    const strangers = Object.keys(actual.validity).filter((name) => !names.includes(name));
    assert.deepEqual(strangers, [], 'bitmaps of columns that were not asked for');
  }

  private checkColumn(actual: Rows, expected: readonly Row[], name: string): void {
    const column = this.info.columns.findIndex((candidate) => candidate.name === name);
    const type = this.info.columns[column]!.type;
    const values = actual.columns[name]!;
    const bits = Object.hasOwn(actual.validity, name) ? actual.validity[name] : undefined;
    assert.equal(values.length, expected.length);
    checkArray(type, values);
    checkBitmap(
      bits,
      expected.map((row) => row.cells[column] !== null),
      name,
    );
    const read = cellReader(type, values);
    for (const [i, row] of expected.entries()) {
      const want = row.cells[column]!;
      const isSame = want === null ? isEmpty(read(i)) : sameCell(type, read(i), want);
      if (!isSame) {
        assert.fail(
          `${this.info.name}.${name} (${type}), row ${i}: ${showCell(read(i))} is not ${showCell(want)}`,
        );
      }
    }
  }

  private fulfils(row: Row, { column, op, cell }: ModelPredicate): boolean {
    const i = this.info.columns.findIndex(({ name }) => name === column);
    const stored = row.cells[i]!;
    if (op === 'is null') return stored === null;
    if (op === 'is not null') return stored !== null;
    if (stored === null) return false;
    const a = comparable(this.typeOf(column), stored);
    const b = comparable(this.typeOf(column), cell);
    switch (op) {
      case '=':
        return a === b;
      case '!=':
        return a !== b;
      case '<':
        return a < b;
      case '<=':
        return a <= b;
      case '>':
        return a > b;
      default:
        return a >= b;
    }
  }

  private typeOf(column: string): ColumnType {
    return this.info.columns.find(({ name }) => name === column)!.type;
  }
}

/** A cell as JS compares it: strings by UTF-16 units, byte arrays (latin1) by bytes, NaN equal to nothing. */
function comparable(type: ColumnType, cell: Cell): number | bigint | string {
  if (cell === ANY_NAN) return Number.NaN;
  return type === 'f64' || type === 'f32' ? (toValue(type, cell) as number) : (cell as bigint | string);
}

/** What a null holds. */
function isEmpty(cell: Cell): boolean {
  return cell === 0n || cell === '';
}

const ARRAYS = {
  f64: Float64Array,
  f32: Float32Array,
  i64: BigInt64Array,
  i32: Int32Array,
  bool: Uint8Array,
  utf8: Array,
  bytes: Array,
};

function checkArray(type: ColumnType, values: object): void {
  assert.ok(values instanceof ARRAYS[type], `a ${type} column comes as ${ARRAYS[type].name}`);
  if (ArrayBuffer.isView(values))
    assert.ok(values.buffer instanceof ArrayBuffer, 'in memory that is not shared');
}

/** Present rows have a 1, bits beyond the last row a 0; no bitmap if there is no null. */
function checkBitmap(bits: Uint8Array | undefined, present: readonly boolean[], name: string): void {
  if (present.every(Boolean)) {
    assert.equal(bits, undefined, `no nulls in ${name}, no bitmap`);
    return;
  }
  const expected = new Uint8Array(Math.ceil(present.length / 8));
  for (const [i, isPresent] of present.entries()) if (isPresent) expected[i >> 3]! |= 1 << (i & 7);
  assert.deepEqual(bits, expected, `bitmap of ${name}`);
}

/** Reads the cells of a result's column by their bits. */
function cellReader(type: ColumnType, values: object): (i: number) => Cell {
  const { buffer, byteOffset, length } = values as Float64Array;
  switch (type) {
    case 'f64': {
      const bits = new BigUint64Array(buffer, byteOffset, length);
      return (i) => bits[i]!;
    }
    case 'f32': {
      const bits = new Uint32Array(buffer, byteOffset, length);
      return (i) => BigInt(bits[i]!);
    }
    case 'utf8':
      return (i) => (values as string[])[i]!;
    case 'bytes':
      return (i) => Buffer.from((values as Uint8Array[])[i]!).toString('latin1');
    default:
      return (i) => BigInt((values as Int32Array)[i]!);
  }
}
