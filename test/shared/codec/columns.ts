/** Columns for the tests of this folder: rows as bits, so that comparing them is exact, and sources made of them. */

import assert from 'node:assert/strict';
import { encodeVector } from '../../../src/shared/codec/choose.ts';
import type { ColumnSource, DecodedColumn } from '../../../src/shared/codec/column-data.ts';
import { decodeColumn } from '../../../src/shared/codec/decode-column.ts';
import { encodeColumn } from '../../../src/shared/codec/encode-column.ts';
import { MillraceError } from '../../../src/shared/errors.ts';
import { ByteSink } from '../../../src/shared/format/byte-sink.ts';
import type { ColumnType } from '../../../src/shared/schema/types.ts';

/**
 * One row as it is kept: f64, i64 and time their 64 bits (unsigned), f32 and i32 their 32 bits (unsigned), bool 0 or 1,
 * utf8 and bytes the bytes; null for a null.
 */
export type Row = bigint | number | Uint8Array | null;

/** A column's type as the encoder and decoder are told it. */
export interface Shape {
  readonly kind: ColumnType;
  readonly isTime: boolean;
}

export const TIME_MS: Shape = { kind: 'f64', isTime: true };
export const TIME_NS: Shape = { kind: 'i64', isTime: true };
export const F64: Shape = { kind: 'f64', isTime: false };
export const F32: Shape = { kind: 'f32', isTime: false };
export const I64: Shape = { kind: 'i64', isTime: false };
export const I32: Shape = { kind: 'i32', isTime: false };
export const BOOL: Shape = { kind: 'bool', isTime: false };
export const UTF8: Shape = { kind: 'utf8', isTime: false };
export const BYTES: Shape = { kind: 'bytes', isTime: false };
export const SHAPES: readonly Shape[] = [F64, F32, I64, I32, BOOL, UTF8, BYTES, TIME_MS, TIME_NS];

export const bitsOfF64 = (value: number): bigint => new BigUint64Array(new Float64Array([value]).buffer)[0];
export const bitsOfF32 = (value: number): number => new Uint32Array(new Float32Array([value]).buffer)[0];
export const bitsOfI64 = (value: bigint): bigint => BigInt.asUintN(64, value);
export const bitsOfI32 = (value: number): number => value >>> 0;
export const f64FromBits = (bits: bigint): number => new Float64Array(new BigUint64Array([bits]).buffer)[0];

export const f64Rows = (...values: number[]): Row[] => values.map(bitsOfF64);
export const f32Rows = (...values: number[]): Row[] => values.map(bitsOfF32);
export const i64Rows = (...values: bigint[]): Row[] => values.map(bitsOfI64);
export const i32Rows = (...values: number[]): Row[] => values.map(bitsOfI32);
export const textRows = (...values: string[]): Row[] => values.map((text) => new TextEncoder().encode(text));

export interface SourceOptions {
  /** Rows of rubbish before the rows that are meant; they make the bits of validity begin anywhere. */
  readonly lead?: number;
  /** Over a SharedArrayBuffer. Default true, as in the engine. */
  readonly shared?: boolean;
  /** With a validity bitmap even if no row is null. */
  readonly validity?: boolean;
  /** Spreads variable values over the arena in reverse order, with gaps, instead of one after the other. */
  readonly scattered?: boolean;
}

/** A source that holds `lead` rows of rubbish, the rows, and rubbish after them. */
export function sourceOf(shape: Shape, rows: readonly Row[], options: SourceOptions = {}): ColumnSource {
  const { lead = 0, shared = true, scattered = false } = options;
  const memory = (bytes: number): ArrayBufferLike =>
    shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
  const length = lead + rows.length + 9;
  const withValidity = options.validity === true || rows.includes(null);
  const validity = withValidity ? new Uint8Array(memory(Math.ceil(length / 8))).fill(0b01011010) : undefined;
  if (validity !== undefined) {
    rows.forEach((row, i) => {
      const bit = 1 << ((lead + i) & 7);
      if (row === null) validity[(lead + i) >>> 3] &= ~bit;
      else validity[(lead + i) >>> 3] |= bit;
    });
  }
  const base = { ...shape, validity, arena: undefined };
  switch (shape.kind) {
    case 'f64':
    case 'i64': {
      const buffer = memory(8 * length);
      const bits = new BigUint64Array(buffer).fill(0xdeadn);
      rows.forEach((row, i) => {
        if (row === null) return;
        bits[lead + i] =
          shape === TIME_MS ? bitsOfF64(Number(BigInt.asIntN(64, row as bigint))) : (row as bigint);
      });
      return { ...base, values: shape.kind === 'f64' ? new Float64Array(buffer) : new BigInt64Array(buffer) };
    }
    case 'f32':
    case 'i32': {
      const buffer = memory(4 * length);
      const bits = new Uint32Array(buffer).fill(0xdead);
      rows.forEach((row, i) => {
        if (row !== null) bits[lead + i] = row as number;
      });
      return { ...base, values: shape.kind === 'f32' ? new Float32Array(buffer) : new Int32Array(buffer) };
    }
    case 'bool': {
      const values = new Uint8Array(memory(length)).fill(1);
      rows.forEach((row, i) => {
        if (row !== null) values[lead + i] = row as number;
      });
      return { ...base, values };
    }
    default:
      return { ...base, ...arenaOf(rows, lead, length, memory, scattered) };
  }
}

function arenaOf(
  rows: readonly Row[],
  lead: number,
  length: number,
  memory: (bytes: number) => ArrayBufferLike,
  scattered: boolean,
): { values: Uint32Array; arena: Uint8Array } {
  const gap = scattered ? 3 : 0;
  const total = rows.reduce<number>((sum, row) => sum + ((row as Uint8Array | null) ?? []).length + gap, 0);
  const arena = new Uint8Array(memory(total)).fill(0xee);
  const values = new Uint32Array(memory(8 * length)).fill(0xdead);
  let at = 0;
  const order = rows.map((_, i) => (scattered ? rows.length - 1 - i : i));
  for (const i of order) {
    const row = rows[i] as Uint8Array | null;
    if (row === null) continue;
    arena.set(row, at);
    values[2 * (lead + i)] = at;
    values[2 * (lead + i) + 1] = row.length;
    at += row.length + gap;
  }
  return { values, arena };
}

/** The bytes of the rows as a column. The sink starts full of rubbish at an odd place, which must not show. */
export function encoded(shape: Shape, rows: readonly Row[], options: SourceOptions = {}): Uint8Array {
  const sink = dirtySink();
  const start = sink.length;
  encodeColumn(sink, sourceOf(shape, rows, options), options.lead ?? 0, rows.length);
  return sink.written().slice(start);
}

/** The bytes of the rows as one vector. */
export function encodedVector(shape: Shape, rows: readonly Row[], options: SourceOptions = {}): Uint8Array {
  const sink = dirtySink();
  const start = sink.length;
  encodeVector(sink, sourceOf(shape, rows, options), options.lead ?? 0, rows.length);
  return sink.written().slice(start);
}

function dirtySink(): ByteSink {
  const sink = new ByteSink(32_768);
  sink.bytes.fill(0xa5);
  sink.reserve(3);
  return sink;
}

export function decoded(shape: Shape, bytes: Uint8Array, rows: number): DecodedColumn {
  return decodeColumn(bytes, shape.kind, shape.isTime, shape === TIME_MS, rows);
}

/** The rows of a decoded column, as bits. */
export function rowsOf(shape: Shape, column: DecodedColumn): Row[] {
  const { values, validity } = column;
  const isNull = (i: number): boolean =>
    validity !== undefined && ((validity[i >>> 3] >>> (i & 7)) & 1) === 0;
  let rows: Row[];
  if (shape === TIME_MS) rows = Array.from(values as Float64Array, (time) => bitsOfI64(BigInt(time)));
  else if (shape.kind === 'utf8') rows = textRows(...(values as string[]));
  else if (shape.kind === 'bytes') rows = values as Uint8Array[];
  else {
    const { buffer, byteOffset, length } = values as Float64Array;
    if (shape.kind === 'bool') rows = Array.from(values as Uint8Array);
    else if (shape.kind === 'f32' || shape.kind === 'i32') {
      rows = Array.from(new Uint32Array(buffer, byteOffset, length));
    } else rows = Array.from(new BigUint64Array(buffer, byteOffset, length));
  }
  return rows.map((row, i) => (isNull(i) ? null : row));
}

/** What a null row of a decoded column holds. */
export function absentOf(shape: Shape): unknown {
  if (shape.kind === 'utf8') return '';
  if (shape.kind === 'bytes') return new Uint8Array(0);
  return shape.kind === 'i64' ? 0n : 0;
}

/** Asserts that bytes are DAMAGED at an offset, for a reason. */
export function assertDamaged(
  shape: Shape,
  bytes: Uint8Array,
  rows: number,
  offset: number,
  why: RegExp,
): void {
  assert.throws(
    () => decoded(shape, bytes, rows),
    (error) => {
      assert.ok(MillraceError.is(error), String(error));
      assert.equal(error.code, 'DAMAGED');
      assert.match(error.message, why);
      assert.equal(error.details['offset'], offset);
      return true;
    },
  );
}

/** Asserts that rows are written as these bytes, and that the bytes are read as the rows. */
export function assertGolden(shape: Shape, rows: readonly Row[], text: string): void {
  assert.equal(Buffer.from(encoded(shape, rows)).toString('hex'), Buffer.from(hex(text)).toString('hex'));
  assert.deepEqual(rowsOf(shape, decoded(shape, hex(text), rows.length)), rows);
}

/** Bytes as hex, without the spaces that make a golden vector readable. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}
