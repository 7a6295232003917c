/**
 * Tables whose every row follows from its number, so that whoever reads them after a crash knows what must be there
 * without having seen it written.
 */
import assert from 'node:assert/strict';
import type { NanoTsDbShared, Rows, Table } from '../../src/main/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: stands for a table of any columns
export type AnyTable = Table<any, any>;

/** A table by formula. */
export interface FormulaTable {
  readonly name: string;
  readonly unit: 'ms' | 'us' | 'ns';
  readonly columns: readonly {
    readonly name: string;
    readonly type: 'f64' | 'f32' | 'i64' | 'i32' | 'bool' | 'utf8' | 'bytes';
  }[];
  /** Rows of a group have times of their own, below those of the next group: a check can begin at any group. */
  readonly group: number;
  /** The time of row n, as a whole number. */
  ts(n: number): number;
  /** The values of row n, as `appendRow` takes them and `query` returns them. */
  values(n: number): readonly unknown[];
}

const START = 1_700_000_000_000;

/** Whole 0 ≤ x < 2^32 without any pattern (the finalizer of MurmurHash3, Austin Appleby). */
function hash(n: number): number {
  let h = Math.imul(n ^ (n >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export const FORMULA_TABLES: readonly FormulaTable[] = [
  {
    name: 'row by row',
    unit: 'ms',
    columns: [
      { name: 'noise', type: 'f64' },
      { name: 'n', type: 'f64' },
    ],
    group: 3,
    // Three rows share a time: their order is that of their arrival.
    ts: (n) => START + Math.floor(n / 3),
    values: (n) => [hash(n) / 2 ** 32, n],
  },
  {
    name: 'in batches',
    unit: 'us',
    columns: [
      { name: 'n', type: 'i64' },
      { name: 'noise', type: 'i32' },
      { name: 'level', type: 'f32' },
    ],
    group: 1,
    ts: (n) => START + n * 10,
    values: (n) => [BigInt(n), hash(n) | 0, n % 7 === 0 ? null : (n % 1000) / 8],
  },
  {
    name: 'texts',
    unit: 'ms',
    columns: [
      { name: 'n', type: 'i64' },
      { name: 'text', type: 'utf8' },
      { name: 'on', type: 'bool' },
      { name: 'raw', type: 'bytes' },
    ],
    group: 1,
    ts: (n) => START + n,
    values: (n) => [
      BigInt(n),
      n % 5 === 0 ? null : `${['überlauf', 'run', '停止'][n % 3]} ${n % 50}`,
      n % 11 === 0 ? null : n % 2,
      Uint8Array.from({ length: n % 7 }, (_, i) => hash(n + i) & 255),
    ],
  },
  {
    name: 'slow',
    unit: 'ns',
    columns: [{ name: 'n', type: 'i32' }],
    group: 1,
    ts: (n) => START * 1000 + n,
    values: (n) => [n],
  },
  {
    name: 'out of order',
    unit: 'ms',
    columns: [
      { name: 'n', type: 'i32' },
      { name: 'noise', type: 'f64' },
    ],
    group: 16,
    ts: (n) => START + n - (n % 16) + (15 - (n % 16)),
    values: (n) => [n, n % 4 === 0 ? null : hash(n) % 1000],
  },
];

/** The tables of a database, made if need be, in the order of FORMULA_TABLES. */
export async function formulaTables(db: NanoTsDbShared): Promise<AnyTable[]> {
  const tables: AnyTable[] = [];
  for (const { name, columns, unit } of FORMULA_TABLES)
    tables.push(await db.createTable(name, columns, { unit }));
  return tables;
}

/** How many rows each table has; 0 for one that is not there. */
export async function countRows(db: NanoTsDbShared): Promise<number[]> {
  const counts: number[] = [];
  for (const { name } of FORMULA_TABLES) counts.push(db.hasTable(name) ? await db.lastSeq(name) : 0);
  return counts;
}

const timeOf = (formula: FormulaTable, n: number): number | bigint =>
  formula.unit === 'ms' ? formula.ts(n) : BigInt(formula.ts(n));

/** Appends rows from … from + count − 1, one by one. @returns false if any append said to slow down */
export function appendRows(formula: FormulaTable, table: AnyTable, from: number, count: number): boolean {
  let free = true;
  for (let n = from; n < from + count; n++) {
    if (!table.appendRow(timeOf(formula, n) as never, formula.values(n) as never)) free = false;
  }
  return free;
}

/** The same in one batch. */
export function appendBatch(formula: FormulaTable, table: AnyTable, from: number, count: number): boolean {
  const ts: (number | bigint)[] = [];
  const columns = formula.columns.map((): unknown[] => []);
  for (let n = from; n < from + count; n++) {
    ts.push(timeOf(formula, n));
    formula.values(n).forEach((value, i) => {
      columns[i]!.push(value);
    });
  }
  return table.append({
    ts,
    columns: Object.fromEntries(formula.columns.map(({ name }, i) => [name, columns[i]!])),
  } as never);
}

/**
 * Reads a table from the row `from` on (rounded down to a group) and throws unless it holds the formula's rows up to some
 * number, each once, in order.
 * @returns that number
 */
export async function checkPrefix(db: NanoTsDbShared, formula: FormulaTable, from = 0): Promise<number> {
  const { name, group } = formula;
  if (!db.hasTable(name)) return 0;
  const total = await db.lastSeq(name);
  let position = from - (from % group);
  if (position >= total) return total;
  for await (const rows of db
    .table(name)
    .scan({ from: timeOf(formula, firstOfGroup(formula, position)) as never })) {
    checkRows(formula, rows, position, total);
    position += rows.rowCount;
  }
  assert.equal(position, total, `rows of "${name}" that a scan returns`);
  return total;
}

/** Checks rows that a query returned, of which the first is the `position`-th in order of time, of `total`. */
export function checkRows(formula: FormulaTable, rows: Rows, position: number, total: number): void {
  for (let i = 0; i < rows.rowCount; i++) {
    const n = numberAt(formula, position + i, total);
    if (!isRow(formula, rows, i, n))
      assert.fail(`position ${position + i} of ${total}: ${describe(formula, rows, i, n)}`);
  }
}

/** The number of the row at place `i` of a result, by its column `n`. Throws if it is not that row in every value. */
export function numberOfRow(formula: FormulaTable, rows: Rows, i: number): number {
  const n = Number(rows.columns['n']![i]);
  if (!isRow(formula, rows, i, n)) assert.fail(describe(formula, rows, i, n));
  return n;
}

function isRow(formula: FormulaTable, rows: Rows, i: number, n: number): boolean {
  if (Number(rows.ts[i]) !== formula.ts(n)) return false;
  const expected = formula.values(n);
  for (let c = 0; c < expected.length; c++) {
    const { name } = formula.columns[c]!;
    const validity = rows.validity[name];
    const isNull = validity !== undefined && (validity[i >> 3]! & (1 << (i & 7))) === 0;
    if (isNull ? expected[c] !== null : !same(rows.columns[name]![i], expected[c])) return false;
  }
  return true;
}

function describe(formula: FormulaTable, rows: Rows, i: number, n: number): string {
  const found = formula.columns.map(({ name }) => rows.columns[name]![i]);
  const wanted = formula.values(n);
  return `"${formula.name}" has ts ${rows.ts[i]} ${show(found)}, not row ${n}: ts ${formula.ts(n)} ${show(wanted)}`;
}

/** The number of the row that is the `position`-th in order of time when there are `total` rows. */
function numberAt({ group, ts }: FormulaTable, position: number, total: number): number {
  const first = position - (position % group);
  const isFalling = group > 1 && ts(1) < ts(0);
  return isFalling ? Math.min(first + group, total) - 1 - (position - first) : position;
}

function firstOfGroup({ group, ts }: FormulaTable, first: number): number {
  return group > 1 && ts(1) < ts(0) ? first + group - 1 : first;
}

function same(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  return a === b;
}

function show(value: unknown): string {
  return JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner));
}
