import { publishRows } from '../../shared/chunk/publish-rows.ts';
import type { MemoryViews } from '../../shared/chunk/views.ts';
import { MillraceError } from '../../shared/errors.ts';
import { MAX_VALUE_BYTES } from '../../shared/schema/limits.ts';
import type { TableDefinition } from '../../shared/schema/types.ts';
import type { ProducerMemory } from './producer-memory.ts';
import { badTime } from './refusals.ts';
import {
  BOOL,
  F32,
  F64,
  I32,
  I64,
  SCALE,
  type ShapeLayout,
  shapeOf,
  type TableShape,
  UTF8,
} from './table-shape.ts';
import { utf8Bytes, writeShortAscii } from './utf8.ts';
import { checkValue } from './value-check.ts';

/**
 * Where a table's next row goes in the open chunk, and the stores of its values. There is one of these for each table that
 * a thread appends to, maybe thousands: it holds numbers, and what it shares with others (the columns' places).
 */
export abstract class ChunkCursor {
  readonly definition: TableDefinition;
  readonly shape: TableShape;

  // The open chunk, laid out for the row loop: no lookups, no allocation. Without one, `capacity` is 0.
  protected views: MemoryViews;
  protected f64: Float64Array;
  protected i32: Int32Array;
  private readonly bytes: Buffer;
  protected readonly columnCount: number;
  protected layout!: ShapeLayout;
  /** `layout.stride`. */
  protected stride = 0;
  /** The header's first word. */
  protected word = 0;
  protected row = 0;
  protected capacity = 0;
  /** Where the data begins, in elements of 8 bytes: the timestamps come first. */
  protected timeAt = 0;
  protected arenaAt = 0;
  protected arenaUsed = 0;
  protected arenaEnd = 0;

  constructor(memory: ProducerMemory, definition: TableDefinition) {
    this.definition = definition;
    this.shape = shapeOf(definition);
    this.views = memory.views;
    this.f64 = memory.views.f64;
    this.i32 = memory.views.i32;
    this.bytes = memory.bytes;
    this.columnCount = this.shape.columns.length;
  }

  /** Makes `rows` stored rows visible. */
  protected show(rows: number): void {
    this.row += rows;
    publishRows(this.i32, this.word, this.row);
  }

  /** Index of a column's value in the view of its type; for variable kinds, of its [offset, length] pair. */
  protected elementAt(i: number, row: number): number {
    const scale = SCALE[this.shape.stores[i]!]!;
    return this.timeAt * (8 / scale) + this.layout.valuesAt[i]! + row;
  }

  protected storeTime(ts: number | bigint): void {
    const at = this.timeAt + this.row;
    if (!this.shape.isMs) {
      if (typeof ts !== 'bigint' || BigInt.asIntN(64, ts) !== ts) throw badTime(this.definition, ts);
      this.views.i64[at] = ts;
      return;
    }
    const value = typeof ts === 'bigint' ? Number(ts) : ts;
    if (!Number.isSafeInteger(value) || (typeof ts === 'bigint' && BigInt(value) !== ts))
      throw badTime(this.definition, ts);
    // Plus 0, because −0 is a safe integer but no timestamp.
    this.f64[at] = value + 0;
  }

  /**
   * Stores a value of a row that is not published yet.
   * @returns false if the arena has no room for it
   */
  storeValue(i: number, value: unknown, row: number): boolean {
    const { views } = this;
    if (value === null) {
      this.storeNull(i, row);
      return true;
    }
    const at = this.elementAt(i, row);
    switch (this.shape.stores[i]) {
      case F64:
        if (typeof value !== 'number') break;
        views.f64[at] = value;
        return true;
      case F32:
        if (typeof value !== 'number') break;
        views.f32[at] = value;
        return true;
      case I64:
        if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) {
          views.i64[at] = value;
          return true;
        }
        if (!Number.isSafeInteger(value)) break;
        // In halves: a bigint made from a number costs more than all else of the row.
        views.u32[2 * at] = (value as number) >>> 0;
        views.i32[2 * at + 1] = Math.floor((value as number) / 0x1_0000_0000);
        return true;
      case I32:
        if (typeof value !== 'number' || (value | 0) !== value) break;
        views.i32[at] = value;
        return true;
      case BOOL:
        if (typeof value !== 'boolean' && value !== 0 && value !== 1) break;
        views.u8[at] = value ? 1 : 0;
        return true;
      case UTF8:
        if (typeof value !== 'string') break;
        return this.storeString(i, value, row);
      default:
        if (!(value instanceof Uint8Array)) break;
        if (value.length > MAX_VALUE_BYTES) this.refuse(i, value, row);
        if (this.arenaUsed + value.length > this.arenaEnd) return false;
        views.u8.set(value, this.arenaUsed);
        this.storeRef(i, value.length, row);
        return true;
    }
    return this.refuse(i, value, row);
  }

  private storeString(i: number, text: string, row: number): boolean {
    const written = writeShortAscii(this.views.u8, this.arenaUsed, this.arenaEnd, text);
    if (written >= 0) {
      this.storeRef(i, written, row);
      return true;
    }
    let bytes: number;
    try {
      bytes = utf8Bytes(text, this.shape.columns[i]!.name);
    } catch (error) {
      this.forgetRow(row);
      throw error;
    }
    if (this.arenaUsed + bytes > this.arenaEnd) return false;
    this.bytes.write(text, this.arenaUsed, bytes, 'utf8');
    this.storeRef(i, bytes, row);
    return true;
  }

  /** Points the row's value at what was just put into the arena. Offsets count from the arena's start. */
  private storeRef(i: number, bytes: number, row: number): void {
    const at = 2 * this.elementAt(i, row);
    this.views.u32[at] = this.arenaUsed - this.arenaAt;
    this.views.u32[at + 1] = bytes;
    this.arenaUsed += bytes;
  }

  /** Stores a null: value zero, and its bit. */
  storeNull(i: number, row: number): void {
    const { views } = this;
    const at = this.elementAt(i, row);
    switch (this.shape.stores[i]) {
      case F64:
        views.f64[at] = 0;
        break;
      case F32:
      case I32:
        views.i32[at] = 0;
        break;
      case BOOL:
        views.u8[at] = 0;
        break;
      default:
        views.i32[2 * at] = 0;
        views.i32[2 * at + 1] = 0;
    }
    views.u8[this.validityByte(i, row)]! &= ~(1 << (row & 7));
  }

  /** Where the arena's free part begins: to go back to if a row of a batch did not fit. */
  get arenaMark(): number {
    return this.arenaUsed;
  }

  /** Undoes a row that was stored in part. */
  forgetRow(row: number, arenaMark = this.arenaUsed): void {
    for (let i = 0; i < this.shape.stores.length; i++)
      this.views.u8[this.validityByte(i, row)]! |= 1 << (row & 7);
    this.arenaUsed = arenaMark;
  }

  private validityByte(i: number, row: number): number {
    return 8 * this.timeAt + this.layout.validityAt[i]! + (row >> 3);
  }

  private refuse(i: number, value: unknown, row: number): never {
    this.forgetRow(row);
    checkValue(this.definition, this.shape, i, value);
    throw new MillraceError('INTERNAL', 'a value that was refused is no valid one');
  }
}
