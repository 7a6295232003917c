/**
 * Rows for the tests of the file format: appended through the engine and remembered here in the form that the independent
 * reader gives, bits and all, so that the two can be compared exactly.
 */
import assert from 'node:assert/strict';
import type { NanoTsDbShared, Table } from '../../src/main/index.ts';
import type { TimeUnit } from '../../src/shared/schema/types.ts';
import {
  BOOL,
  BYTES,
  F32,
  F64,
  I32,
  I64,
  type Row,
  type Shape,
  TIME_MS,
  TIME_NS,
  UTF8,
} from '../shared/codec/columns.ts';
import { recipesOf, rowsBy } from '../shared/codec/recipes.ts';
import type { IndependentDatabase } from './independent-reader.ts';

export const ALL_TYPES = [
  { name: 'f64', type: 'f64' },
  { name: 'f32', type: 'f32' },
  { name: 'i64', type: 'i64' },
  { name: 'i32', type: 'i32' },
  { name: 'bool', type: 'bool' },
  { name: 'utf8', type: 'utf8' },
  { name: 'bytes', type: 'bytes' },
] as const;
const SHAPES: readonly Shape[] = [F64, F32, I64, I32, BOOL, UTF8, BYTES];
type AnyTable = Table<typeof ALL_TYPES, TimeUnit>;

/** How many recipes there must be tried until each type has had each of its own. */
export const RECIPES = Math.max(...[...SHAPES, TIME_NS].map((shape) => recipesOf(shape).length));

interface KnownRow {
  readonly ts: bigint;
  readonly values: readonly unknown[];
}

/** A table with every type of column, and all rows that it was given, in order of arrival. */
export class KnownTable {
  readonly name: string;
  readonly rows: KnownRow[] = [];
  private readonly table: AnyTable;

  private constructor(table: AnyTable) {
    this.table = table;
    this.name = table.name;
  }

  static async create(db: NanoTsDbShared, name: string, unit: TimeUnit): Promise<KnownTable> {
    return new KnownTable((await db.createTable(name, ALL_TYPES, { unit })) as AnyTable);
  }

  /** The same table after a reopening. `kept`: how many of its rows there are still. */
  reopened(db: NanoTsDbShared, kept = this.rows.length): KnownTable {
    const again = new KnownTable(db.table(this.name) as unknown as AnyTable);
    again.rows.push(...this.rows.slice(0, kept));
    return again;
  }

  /** Appends a batch whose columns follow the recipes of test/shared/codec; of 8 values about `nullEighths` are null. */
  appendRecipe(recipe: number, count: number, nullEighths: number): void {
    const isMs = this.table.unit === 'ms';
    const times = valuesBy(isMs ? TIME_MS : TIME_NS, recipe, count, 1000 + recipe, 0).map((bits) =>
      BigInt.asIntN(64, bits as bigint),
    );
    const columns: Record<string, unknown> = {};
    const validity: Record<string, Uint8Array> = {};
    const known = SHAPES.map((shape, i) => {
      const { name } = ALL_TYPES[i]!;
      const rows = valuesBy(shape, recipe, count, 100 * recipe + i, nullEighths);
      columns[name] = arrayOf(shape, rows);
      if (rows.includes(null)) validity[name] = bitmapOf(rows);
      return rows.map((row) => (row === null ? null : independentForm(shape, row)));
    });
    const ts = isMs ? Float64Array.from(times, Number) : BigInt64Array.from(times);
    this.table.append({ ts, columns, validity } as never);
    times.forEach((time, i) => {
      this.rows.push({ ts: time, values: known.map((column) => column[i]) });
    });
  }

  /** Appends one row by itself: values that follow from its number, specials and nulls among them. */
  appendRow(): void {
    const n = this.rows.length;
    const ts = BigInt((n * 7) % 1000) - 500n;
    const isNull = (i: number): boolean => (n + i) % 11 === 0;
    const f64 = [0.1 * n, -0, Number.POSITIVE_INFINITY, 5e-324, n, -Number.MAX_VALUE][n % 6]!;
    const f32 = Math.fround([n / 3, -0, Number.NEGATIVE_INFINITY, 1e-45, n][n % 5]!);
    const i64 = [2n ** 63n - 1n, -(2n ** 63n), BigInt(n), 0n][n % 4]!;
    const i32 = [2 ** 31 - 1, -(2 ** 31), n][n % 3]!;
    const text = ['', `row ${n}`, '漢字🎉', '\ufeffé\u0000'][n % 4]!;
    const bytes = Uint8Array.from({ length: n % 9 }, (_, i) => (n * 31 + i) & 255);
    const values = [f64, f32, i64, i32, n % 3 === 0, text, bytes].map((value, i) =>
      isNull(i) ? null : value,
    );
    this.table.appendRow(this.table.unit === 'ms' ? Number(ts) : (ts as never), values as never);
    const stored: readonly unknown[] = [f64Bits(f64), f32Bits(f32), i64, i32, n % 3 === 0, text, bytes];
    this.rows.push({ ts, values: stored.map((value, i) => (isNull(i) ? null : value)) });
  }

  /** Appends a row without a null, so that whole pieces without bitmaps come about. */
  appendWholeRow(): void {
    const n = this.rows.length;
    const values = [n / 4, n / 2, BigInt(n), n, true, `${n}`, Uint8Array.of(n & 255)];
    this.table.appendRow(this.table.unit === 'ms' ? n : (BigInt(n) as never), values as never);
    const stored = [f64Bits(n / 4), f32Bits(n / 2), BigInt(n), n, true, `${n}`, Uint8Array.of(n & 255)];
    this.rows.push({ ts: BigInt(n), values: stored });
  }
}

/** Throws unless the reader found the first `counts` rows of each table (default: all), bit for bit, in order. */
export function assertReads(
  read: IndependentDatabase,
  tables: readonly KnownTable[],
  count: (table: KnownTable) => number = (table) => table.rows.length,
): void {
  for (const table of tables) {
    const found = read.tables.get(table.name)?.rows ?? [];
    assert.equal(found.length, count(table), `rows of ${table.name}`);
    for (const [i, { ts, values }] of found.entries()) {
      const wanted = table.rows[i]!;
      if (ts === wanted.ts && values.every((value, c) => same(value, wanted.values[c]))) continue;
      assert.deepEqual({ ts, values }, wanted, `row ${i} of ${table.name}`);
    }
  }
}

function same(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  return a === b;
}

function valuesBy(shape: Shape, recipe: number, count: number, seed: number, nullEighths: number): Row[] {
  const recipes = recipesOf(shape);
  return rowsBy(shape, recipes[recipe % recipes.length]!, count, seed, nullEighths);
}

function independentForm(shape: Shape, row: NonNullable<Row>): unknown {
  if (shape === I64) return BigInt.asIntN(64, row as bigint);
  if (shape === I32) return (row as number) | 0;
  if (shape === BOOL) return row === 1;
  if (shape === UTF8) return new TextDecoder('utf-8', { ignoreBOM: true }).decode(row as Uint8Array);
  return row;
}

/** The array that `append` takes for a column: bits go in as bits. */
function arrayOf(shape: Shape, rows: readonly Row[]): unknown {
  const bits64 = (): ArrayBuffer =>
    BigUint64Array.from(rows, (row) => (row ?? 0n) as bigint).buffer as ArrayBuffer;
  const bits32 = (): ArrayBuffer =>
    Uint32Array.from(rows, (row) => (row ?? 0) as number).buffer as ArrayBuffer;
  switch (shape) {
    case F64:
      return new Float64Array(bits64());
    case F32:
      return new Float32Array(bits32());
    case I64:
      return new BigInt64Array(bits64());
    case I32:
      return new Int32Array(bits32());
    case BOOL:
      return Uint8Array.from(rows, (row) => (row ?? 0) as number);
    case UTF8:
      return rows.map((row) => (row === null ? '' : independentForm(UTF8, row)));
    default:
      return rows.map((row) => row ?? new Uint8Array(0));
  }
}

function bitmapOf(rows: readonly Row[]): Uint8Array {
  const bitmap = new Uint8Array(Math.ceil(rows.length / 8));
  rows.forEach((row, i) => {
    if (row !== null) bitmap[i >> 3]! |= 1 << (i & 7);
  });
  return bitmap;
}

const f64Bits = (value: number): bigint => new BigUint64Array(Float64Array.of(value).buffer)[0]!;
const f32Bits = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0]!;
