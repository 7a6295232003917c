import { WIDTH } from '../chunk/layout.ts';
import type { ColumnSource } from '../codec/column-data.ts';
import { type ColumnType, isVariable } from '../schema/types.ts';
import type { ByteSink } from './byte-sink.ts';
import { align8, damaged, getSafe64, setSafe64, viewOf } from './fields.ts';

/** docs/format.md, section 4.2. */
export const PIECE_HEADER_BYTES = 24;
const HAS_VALIDITY = 1;

export interface PieceHeader {
  readonly tableId: number;
  readonly ordinal: number;
  readonly indexFirst: number;
  readonly rows: number;
  readonly schemaVersion: number;
  readonly hasValidity: boolean;
  readonly bodyBytes: number;
}

/**
 * Appends rows `from` … `from + rows − 1` of a chunk as a piece.
 * @param sources `ts` first, then the columns of the schema version in their order
 */
export function pushPiece(
  out: ByteSink,
  head: { readonly tableId: number; readonly ordinal: number; readonly schemaVersion: number },
  sources: readonly ColumnSource[],
  from: number,
  rows: number,
): void {
  const start = out.reserve(PIECE_HEADER_BYTES);
  const body = out.length;
  const nulls = sources.some((source) => anyNull(source.validity, from, rows));
  for (const source of sources) {
    if (nulls && !source.isTime) pushValidity(out, source.validity, from, rows);
    pushValues(out, source, from, rows);
  }
  out.pad8(body);
  const { view } = out;
  view.setUint32(start, head.tableId, true);
  view.setUint16(start + 4, from, true);
  view.setUint16(start + 6, rows, true);
  setSafe64(view, start + 8, head.ordinal);
  view.setUint32(start + 16, out.length - body, true);
  view.setUint16(start + 20, head.schemaVersion, true);
  view.setUint16(start + 22, nulls ? HAS_VALIDITY : 0, true);
}

export function getPieceHeader(view: DataView, at: number): PieceHeader {
  const header = {
    tableId: view.getUint32(at, true),
    indexFirst: view.getUint16(at + 4, true),
    rows: view.getUint16(at + 6, true),
    ordinal: getSafe64(view, at + 8, 'ordinal'),
    bodyBytes: view.getUint32(at + 16, true),
    schemaVersion: view.getUint16(at + 20, true),
    hasValidity: (view.getUint16(at + 22, true) & HAS_VALIDITY) !== 0,
  };
  if (header.rows === 0 || header.bodyBytes % 8 !== 0) throw damaged('a piece makes no sense', { at });
  return header;
}

/** A piece's rows as columns in memory of their own, `ts` first. @throws DAMAGED */
export function decodePiece(
  header: PieceHeader,
  body: Uint8Array,
  time: 'f64' | 'i64',
  kinds: readonly ColumnType[],
): ColumnSource[] {
  const { rows } = header;
  let at = 0;
  const take = (bytes: number): Uint8Array => {
    if (at + bytes > body.length) throw damaged('a piece ends early', { table: header.tableId });
    return body.subarray(at, (at += bytes));
  };
  const sources: ColumnSource[] = [timeSource(take(8 * rows), time)];
  for (const kind of kinds) {
    const validity = header.hasValidity ? take(Math.ceil(rows / 8)).slice() : undefined;
    if (isVariable(kind)) {
      const lengths = viewOf(take(4 * rows));
      const refs = new Uint32Array(2 * rows);
      let total = 0;
      for (let i = 0; i < rows; i++) {
        refs[2 * i] = total;
        refs[2 * i + 1] = lengths.getUint32(4 * i, true);
        total += refs[2 * i + 1]!;
      }
      sources.push({ kind, isTime: false, values: refs, validity, arena: take(total).slice() });
    } else {
      sources.push({
        kind,
        isTime: false,
        values: fixedValues(kind, take(WIDTH[kind] * rows)),
        validity,
        arena: undefined,
      });
    }
  }
  if (align8(at) !== body.length) throw damaged('a piece has the wrong length', { table: header.tableId });
  return sources;
}

function timeSource(bytes: Uint8Array, time: 'f64' | 'i64'): ColumnSource {
  const ints = new BigInt64Array(bytes.slice().buffer);
  const values = time === 'i64' ? ints : Float64Array.from(ints, Number);
  return { kind: time, isTime: true, values, validity: undefined, arena: undefined };
}

function fixedValues(kind: ColumnType, bytes: Uint8Array): ColumnSource['values'] {
  const { buffer } = bytes.slice();
  switch (kind) {
    case 'f64':
      return new Float64Array(buffer);
    case 'f32':
      return new Float32Array(buffer);
    case 'i64':
      return new BigInt64Array(buffer);
    case 'i32':
      return new Int32Array(buffer);
    default:
      return new Uint8Array(buffer);
  }
}

function pushValues(out: ByteSink, source: ColumnSource, from: number, rows: number): void {
  if (source.isTime && source.kind === 'f64') {
    const at = out.reserve(8 * rows);
    const { view } = out;
    for (let i = 0; i < rows; i++) {
      const value = source.values[from + i] as number;
      // Two halves, because a bigint for each row costs more than the whole piece.
      view.setUint32(at + 8 * i, value >>> 0, true);
      view.setInt32(at + 8 * i + 4, Math.floor(value / 0x1_0000_0000), true);
    }
  } else if (isVariable(source.kind)) {
    pushVariable(out, source, from, rows);
  } else {
    const width = WIDTH[source.kind];
    const { buffer, byteOffset } = source.values;
    out.push(new Uint8Array(buffer, byteOffset + from * width, rows * width));
  }
}

function pushVariable(out: ByteSink, source: ColumnSource, from: number, rows: number): void {
  const lengths = out.reserve(4 * rows);
  for (let i = 0; i < rows; i++) {
    const present = isPresent(source.validity, from + i);
    const length = present ? (source.values[2 * (from + i) + 1] as number) : 0;
    out.view.setUint32(lengths + 4 * i, length, true);
    if (length > 0) {
      const at = source.values[2 * (from + i)] as number;
      out.push(source.arena!.subarray(at, at + length));
    }
  }
}

function pushValidity(out: ByteSink, validity: Uint8Array | undefined, from: number, rows: number): void {
  const bytes = Math.ceil(rows / 8);
  const at = out.reserve(bytes);
  out.bytes.fill(0, at, at + bytes);
  for (let i = 0; i < rows; i++) {
    if (isPresent(validity, from + i)) out.bytes[at + (i >> 3)]! |= 1 << (i & 7);
  }
}

/** Whether bit `i` of a bitmap says that there is a value; no bitmap says so of every row. */
export function isPresent(validity: Uint8Array | undefined, i: number): boolean {
  return validity === undefined || (validity[i >> 3]! & (1 << (i & 7))) !== 0;
}

/** Whether any of the rows is null. */
export function anyNull(validity: Uint8Array | undefined, from: number, rows: number): boolean {
  if (validity === undefined) return false;
  for (let i = from; i < from + rows; ) {
    // Whole bytes at a time where no row outside the range shares one.
    if ((i & 7) === 0 && i + 8 <= from + rows) {
      if (validity[i >> 3] !== 0xff) return true;
      i += 8;
    } else {
      if (!isPresent(validity, i)) return true;
      i++;
    }
  }
  return false;
}
