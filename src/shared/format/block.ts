import type { ColumnSource, DecodedColumn } from '../codec/column-data.ts';
import { columnStatistics } from '../codec/column-statistics.ts';
import { decodeColumn } from '../codec/decode-column.ts';
import { encodeColumn } from '../codec/encode-column.ts';
import type { VectorStatistics } from '../codec/statistics.ts';
import { MAX_BLOCK_BYTES, VECTOR_ROWS } from '../schema/limits.ts';
import { type Column, TS_CODE, TYPE_CODE } from '../schema/types.ts';
import { readExactly, type Storage } from '../storage/storage.ts';
import { type BlockRef, flagsOf, PACKED, SORTED } from './block-ref.ts';
import type { ByteSink } from './byte-sink.ts';
import { checksum } from './checksum.ts';
import { damaged, setSafe64, viewOf } from './fields.ts';
import { letters } from './page.ts';

/** docs/format.md, section 5. */
export const BLOCK_HEADER_BYTES = 80;
export const DIRECTORY_ENTRY_BYTES = 24;
export const BLOCK_MAGIC = letters('MBk1');
const CRC_AT = 76;
/** A block up to this size is read in one go, a larger one column by column: about what a read call costs in bytes. */
const WHOLE_READ_BYTES = 128 * 1024;

export interface BlockHead {
  readonly tableId: number;
  readonly schemaVersion: number;
  readonly ordinal: number;
  readonly indexFirst: number;
  readonly rows: number;
  /** For a packed block: the last of its ordinals. Else it has rows of one ordinal, in order of arrival. */
  readonly ordinalLast?: number;
}

/**
 * Appends a block with its columns encoded. Its checksums and salt are still missing: which extent it goes to depends on
 * its size. `sealBlock` adds them.
 * @param sources `ts` first, then the schema version's columns
 * @param from the first of the block's rows within the sources
 * @returns where in the sink the block begins
 */
export function pushBlock(
  out: ByteSink,
  head: BlockHead,
  sources: readonly ColumnSource[],
  from: number,
  columns: readonly Column[],
): number {
  const headerBytes = BLOCK_HEADER_BYTES + DIRECTORY_ENTRY_BYTES * sources.length;
  const start = out.reserve(headerBytes);
  out.bytes.fill(0, start, start + headerBytes);
  for (let i = 0; i < sources.length; i++) {
    const columnStart = out.length;
    encodeColumn(out, sources[i]!, from, head.rows);
    const entry = start + BLOCK_HEADER_BYTES + i * DIRECTORY_ENTRY_BYTES;
    const column = columns[i - 1];
    out.view.setUint32(entry, column === undefined ? 0 : column.id, true);
    out.view.setUint8(entry + 4, column === undefined ? TS_CODE : TYPE_CODE[column.type]);
    out.view.setUint32(entry + 8, columnStart - start, true);
    out.view.setUint32(entry + 12, out.length - columnStart, true);
  }
  const { view } = out;
  const range = timeRange(sources[0]!, from, head.rows);
  view.setUint32(start, BLOCK_MAGIC, true);
  view.setUint32(start + 4, headerBytes, true);
  view.setUint32(start + 8, out.length - start, true);
  view.setUint32(start + 16, head.tableId, true);
  view.setUint32(start + 20, head.schemaVersion, true);
  setSafe64(view, start + 24, head.ordinal);
  setSafe64(view, start + 32, head.ordinalLast ?? head.ordinal);
  view.setUint32(start + 40, head.indexFirst, true);
  view.setUint32(start + 44, head.rows, true);
  view.setBigInt64(start + 48, range.min, true);
  view.setBigInt64(start + 56, range.max, true);
  view.setUint32(start + 64, sources.length, true);
  view.setUint32(start + 68, Math.ceil(head.rows / VECTOR_ROWS), true);
  const packed = head.ordinalLast !== undefined;
  view.setUint32(start + 72, flagsOf({ sorted: range.sorted, packed }), true);
  return start;
}

/** Salts the block at `start` of the sink, which ends with the sink, and returns its reference for the given place. */
export function sealBlock(out: ByteSink, start: number, salt: number, offset: number): BlockRef {
  const { view, bytes } = out;
  view.setUint32(start + 12, salt, true);
  const columns = view.getUint32(start + 64, true);
  for (let i = 0; i < columns; i++) {
    const entry = start + BLOCK_HEADER_BYTES + i * DIRECTORY_ENTRY_BYTES;
    const at = start + view.getUint32(entry + 8, true);
    view.setUint32(
      entry + 16,
      checksum(bytes.subarray(at, at + view.getUint32(entry + 12, true)), salt),
      true,
    );
  }
  const headerBytes = view.getUint32(start + 4, true);
  const crc = headerCrc(bytes.subarray(start, start + headerBytes), salt);
  view.setUint32(start + CRC_AT, crc, true);
  return refOf(bytes.subarray(start, start + headerBytes), offset);
}

function headerCrc(header: Uint8Array, salt: number): number {
  return checksum(header.subarray(BLOCK_HEADER_BYTES), checksum(header.subarray(0, CRC_AT), salt));
}

function refOf(header: Uint8Array, offset: number): BlockRef {
  const view = viewOf(header);
  return {
    offset,
    length: view.getUint32(8, true),
    crc: view.getUint32(CRC_AT, true),
    ordinalFirst: Number(view.getBigUint64(24, true)),
    ordinalLast: Number(view.getBigUint64(32, true)),
    indexFirst: view.getUint32(40, true),
    rows: view.getUint32(44, true),
    minTs: view.getBigInt64(48, true),
    maxTs: view.getBigInt64(56, true),
    sorted: (view.getUint32(72, true) & SORTED) !== 0,
    packed: (view.getUint32(72, true) & PACKED) !== 0,
    schemaVersion: view.getUint32(20, true),
  };
}

/** The block that begins at a place, going by its own header alone; undefined if none does. For searching damaged files. */
export function blockAt(storage: Storage, offset: number): { tableId: number; ref: BlockRef } | undefined {
  const fixed = readExactly(storage, offset, BLOCK_HEADER_BYTES);
  if (fixed === undefined || viewOf(fixed).getUint32(0, true) !== BLOCK_MAGIC) return undefined;
  const headerBytes = viewOf(fixed).getUint32(4, true);
  const length = viewOf(fixed).getUint32(8, true);
  if (headerBytes > length || length > MAX_BLOCK_BYTES) return undefined;
  const head = readExactly(storage, offset, headerBytes);
  if (head === undefined || head.length < BLOCK_HEADER_BYTES) return undefined;
  const view = viewOf(head);
  if (headerCrc(head, view.getUint32(12, true)) !== view.getUint32(CRC_AT, true)) return undefined;
  return { tableId: view.getUint32(16, true), ref: refOf(head, offset) };
}

/** A block whose header has been read and checked; columns are read and checked when they are first asked for. */
export class Block {
  readonly ref: BlockRef;
  private readonly storage: Storage;
  private readonly head: Uint8Array;
  private readonly headView: DataView;
  private readonly whole: Uint8Array | undefined;
  /** Columns that have been read and checked. */
  private readonly columns: (Uint8Array | undefined)[] = [];
  private damage = false;

  /**
   * Reads a block's header and directory.
   * @throws DAMAGED if what lies there is not the block that the reference vouches for
   */
  constructor(storage: Storage, tableId: number, ref: BlockRef) {
    this.storage = storage;
    this.ref = ref;
    const where = { table: tableId, offset: ref.offset, length: ref.length };
    if (ref.length < BLOCK_HEADER_BYTES || ref.length > MAX_BLOCK_BYTES)
      throw damaged('a block of impossible size', where);
    const small = ref.length <= WHOLE_READ_BYTES;
    const first = readExactly(storage, ref.offset, small ? ref.length : BLOCK_HEADER_BYTES);
    if (first === undefined) throw damaged('the file ends within a block', where);
    const view = viewOf(first);
    const headerBytes = view.getUint32(4, true);
    const columns = view.getUint32(64, true);
    if (
      view.getUint32(0, true) !== BLOCK_MAGIC ||
      view.getUint32(8, true) !== ref.length ||
      headerBytes !== BLOCK_HEADER_BYTES + columns * DIRECTORY_ENTRY_BYTES ||
      headerBytes > ref.length
    ) {
      throw damaged(`there is no block at ${ref.offset}`, where);
    }
    const head = small ? first.subarray(0, headerBytes) : readExactly(storage, ref.offset, headerBytes);
    if (head === undefined) throw damaged('the file ends within a block', where);
    const crc = headerCrc(head, view.getUint32(12, true));
    const known = refOf(head, ref.offset);
    if (crc !== ref.crc || known.crc !== crc || viewOf(head).getUint32(16, true) !== tableId) {
      throw damaged(`the header of the block at ${ref.offset} fails its checksum`, where);
    }
    if (
      known.rows !== ref.rows ||
      known.ordinalFirst !== ref.ordinalFirst ||
      known.indexFirst !== ref.indexFirst
    ) {
      throw damaged(`the block at ${ref.offset} has other rows than its reference says`, where);
    }
    this.head = head;
    this.headView = viewOf(head);
    this.whole = small ? first : undefined;
  }

  /** Decodes the timestamps: a Float64Array for ms tables, else a BigInt64Array. @throws DAMAGED */
  time(kind: 'f64' | 'i64'): DecodedColumn {
    return decodeColumn(this.encodedTime(), kind, true, kind === 'f64', this.ref.rows);
  }

  /** The timestamps' encoded bytes, checked. @throws DAMAGED */
  encodedTime(): Uint8Array {
    return this.columnBytes(0);
  }

  /** Decodes a column; undefined if the block is older than the column. @throws DAMAGED */
  column(column: Column): DecodedColumn | undefined {
    const bytes = this.encodedColumn(column);
    return bytes === undefined ? undefined : decodeColumn(bytes, column.type, false, false, this.ref.rows);
  }

  /**
   * What is known of each 1,024 rows of a column without decoding them; undefined where nothing is, or if the block is older
   * than the column. @throws DAMAGED
   */
  statistics(column: Column): (VectorStatistics | undefined)[] | undefined {
    const bytes = this.encodedColumn(column);
    return bytes === undefined ? undefined : columnStatistics(bytes, column.type, this.ref.rows);
  }

  /** A column's encoded bytes, checked; undefined if the block is older than the column. @throws DAMAGED */
  encodedColumn(column: Column): Uint8Array | undefined {
    const columns = this.headView.getUint32(64, true);
    for (let i = 1; i < columns; i++) {
      const entry = BLOCK_HEADER_BYTES + i * DIRECTORY_ENTRY_BYTES;
      if (this.headView.getUint32(entry, true) !== column.id) continue;
      if (this.headView.getUint8(entry + 4) !== TYPE_CODE[column.type]) {
        throw damaged(`column ${column.name} has another type in the block at ${this.ref.offset}`);
      }
      return this.columnBytes(i);
    }
    return undefined;
  }

  /** Reads every column and checks it. @throws DAMAGED */
  check(): void {
    const columns = this.headView.getUint32(64, true);
    for (let i = 0; i < columns; i++) this.columnBytes(i);
  }

  /** Whether a column was found to be damaged. */
  get isDamaged(): boolean {
    return this.damage;
  }

  private columnBytes(i: number): Uint8Array {
    return (this.columns[i] ??= this.readColumn(i));
  }

  private readColumn(i: number): Uint8Array {
    const entry = BLOCK_HEADER_BYTES + i * DIRECTORY_ENTRY_BYTES;
    const at = this.headView.getUint32(entry + 8, true);
    const length = this.headView.getUint32(entry + 12, true);
    const where = { offset: this.ref.offset, column: i };
    if (at + length > this.ref.length) throw damaged('a column reaches beyond its block', where);
    const bytes = this.whole
      ? this.whole.subarray(at, at + length)
      : readExactly(this.storage, this.ref.offset + at, length);
    if (bytes === undefined) throw damaged('the file ends within a block', where);
    if (checksum(bytes, this.headView.getUint32(12, true)) !== this.headView.getUint32(entry + 16, true)) {
      this.damage = true;
      throw damaged(`column ${i} of the block at ${this.ref.offset} fails its checksum`, where);
    }
    return bytes;
  }

  /** The header and directory as they are in the file. */
  get header(): Uint8Array {
    return this.head;
  }
}

/** Smallest and largest timestamp of rows, and whether they are in order. */
function timeRange(
  time: ColumnSource,
  from: number,
  rows: number,
): { min: bigint; max: bigint; sorted: boolean } {
  if (time.kind === 'f64') {
    const values = time.values as Float64Array;
    const end = from + rows;
    let inOrder = from + 1;
    while (inOrder < end && values[inOrder]! >= values[inOrder - 1]!) inOrder++;
    const sorted = inOrder === end;
    let min = values[from]!;
    let max = values[inOrder - 1]!;
    for (let i = inOrder; i < end; i++) {
      const value = values[i]!;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    return { min: BigInt(min), max: BigInt(max), sorted };
  }
  return int64Range(time.values as BigInt64Array, from, rows);
}

/** The same for int64, by comparing halves: a bigint a row would cost more than the encoding. */
function int64Range(
  values: BigInt64Array,
  from: number,
  rows: number,
): { min: bigint; max: bigint; sorted: boolean } {
  const halves = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  const less = (a: number, b: number): boolean => {
    const high = halves[2 * a + 1]! - halves[2 * b + 1]!;
    return high < 0 || (high === 0 && halves[2 * a]! >>> 0 < halves[2 * b]! >>> 0);
  };
  let min = from;
  let max = from;
  let sorted = true;
  for (let i = from + 1; i < from + rows; i++) {
    if (less(i, i - 1)) sorted = false;
    if (less(i, min)) min = i;
    if (less(max, i)) max = i;
  }
  return { min: values[min]!, max: values[max]!, sorted };
}
