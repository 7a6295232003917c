import { INCARNATION, ROWS } from '../../shared/chunk/header.ts';
import { bitmapBytes, chunkLayout, fixedBytes, hasVariable, maxCapacity } from '../../shared/chunk/layout.ts';
import type { MemoryViews } from '../../shared/chunk/views.ts';
import type { Clock } from '../../shared/clock.ts';
import { MillraceError } from '../../shared/errors.ts';
import { MAX_ROW_BYTES, MAX_VALUE_BYTES, MIN_CHUNK_ROWS } from '../../shared/schema/limits.ts';
import { type Column, isVariable, type TableDefinition } from '../../shared/schema/types.ts';
import type { FillingChunk, Producer } from './producer.ts';
import { badTime, rowTooLarge, tooLarge, wrongRow, wrongType } from './refusals.ts';
import { utf8Bytes, writeShortAscii } from './utf8.ts';

/** A chunk should fill in about this time: then a slow table's rows become few blocks, and its memory stays small. */
const FILL_MS = 60_000;
/** Capacity of a table's first chunk, when nothing is known of its rate. */
const FIRST_CAPACITY = 64;
/** Bytes of a variable value that a table's first chunk has room for, on average. */
const FIRST_VALUE_BYTES = 16;

/** How a column's values are stored, as small integers for the row loop. */
const F64 = 0;
const F32 = 1;
const I64 = 2;
const I32 = 3;
const BOOL = 4;
const UTF8 = 5;
const BYTES = 6;
const STORE: Readonly<Record<Column['type'], number>> = {
  f64: F64,
  f32: F32,
  i64: I64,
  i32: I32,
  bool: BOOL,
  utf8: UTF8,
  bytes: BYTES,
};

/**
 * One thread's appends to one table: fills the open chunk in place, and opens the next. A row is stored value by value
 * into the chunk and becomes a row when ROWS moves; a value that is refused before leaves no row.
 */
export class TableAppender {
  readonly definition: TableDefinition;
  readonly columns: readonly Column[];
  private readonly producer: Producer;
  private readonly clock: Clock;
  private readonly stores: Int32Array;
  private readonly kinds: readonly Column['type'][];
  private readonly variable: boolean;
  private readonly isMs: boolean;
  private readonly largest: number;
  private readonly arity: number;
  /** Whether the timestamps are ms and every column is f64. */
  private readonly isDoubles: boolean;

  private chunk: FillingChunk | undefined;
  private openedAt = 0;
  private nextCapacity = FIRST_CAPACITY;
  private valueBytes: number;

  // The open chunk, laid out for the row loop: no lookups, no allocation.
  private views!: MemoryViews;
  private buffer!: Buffer;
  private f64!: Float64Array;
  private i32!: Int32Array;
  private word = 0;
  private rowsWord = 0;
  private row = 0;
  private capacity = 0;
  private timeAt = 0;
  /** Elements from one column's values to the next one's, if all are f64. */
  private stride = 0;
  private readonly valuesAt: Int32Array;
  private readonly validityAt: Int32Array;
  private arenaAt = 0;
  private arenaUsed = 0;
  private arenaEnd = 0;
  /** Rows appended in this chunk's life and before. */
  appended = 0;

  constructor(producer: Producer, clock: Clock, definition: TableDefinition) {
    this.producer = producer;
    this.clock = clock;
    this.definition = definition;
    this.columns = definition.versions.at(-1)!.columns;
    this.kinds = this.columns.map((column) => column.type);
    this.stores = Int32Array.from(this.kinds, (kind) => STORE[kind]);
    this.variable = hasVariable(this.kinds);
    this.valueBytes = this.kinds.filter(isVariable).length * FIRST_VALUE_BYTES;
    this.isMs = definition.unit === 'ms';
    this.largest = maxCapacity(this.kinds);
    this.arity = this.kinds.length;
    this.isDoubles = this.isMs && this.kinds.every((kind) => kind === 'f64');
    this.valuesAt = new Int32Array(this.kinds.length);
    this.validityAt = new Int32Array(this.kinds.length);
  }

  /**
   * Appends a row.
   * @throws WRONG_ARITY, WRONG_TYPE, INVALID_TIMESTAMP, LONE_SURROGATE, VALUE_TOO_LARGE, ROW_TOO_LARGE; the table is then
   *   as it was
   */
  appendRow(ts: number | bigint, values: readonly unknown[]): void {
    if (this.isDoubles && this.tryDoubles(ts, values)) this.publish(1);
    else this.appendAny(ts, values);
  }

  /**
   * Stores a row of numbers into a table of f64 columns only, the commonest kind, whose columns lie at equal distances: no
   * lookup, nothing but comparisons and stores. False for any other row; what it stored then is no row and is stored over.
   */
  private tryDoubles(ts: number | bigint, values: readonly unknown[]): boolean {
    const { row, arity } = this;
    if (row === this.capacity || typeof ts !== 'number' || !Number.isSafeInteger(ts)) return false;
    if (!Array.isArray(values) || values.length !== arity) return false;
    const { f64, stride } = this;
    let at = this.timeAt + row;
    // Plus 0, because −0 is a safe integer but no timestamp.
    f64[at] = ts + 0;
    for (let i = 0; i < arity; i++) {
      const value = values[i];
      if (typeof value !== 'number') return false;
      at += stride;
      f64[at] = value;
    }
    return true;
  }

  /** Any row of any table. */
  private appendAny(ts: number | bigint, values: readonly unknown[]): void {
    // A string has a length too, and characters that a utf8 column would take.
    if (values?.length !== this.columns.length || typeof values === 'string')
      throw wrongRow(this.definition.name, this.columns, values);
    if (this.row === this.capacity) this.next(1, 0);
    this.storeTime(ts);
    // In locals: the stores below could, for all the compiler knows, change what `this` refers to.
    const { stores, valuesAt, row } = this;
    const { f64 } = this.views;
    for (let i = 0; i < stores.length; i++) {
      const value = values[i];
      // The commonest case first: an f64 number takes one comparison, one store.
      if (stores[i] === F64 && typeof value === 'number') f64[valuesAt[i]! + row] = value;
      else if (!this.storeValue(i, value, row)) {
        this.retryInLargerChunk(ts, values);
        return;
      }
    }
    this.publish(1);
  }

  /** Room for rows of a batch in the open chunk, opening one if it is full. `wanted`: rows that are left. */
  begin(wanted: number): BatchSlot {
    if (this.row === this.capacity) this.next(wanted, 0);
    const { views, row, timeAt, valuesAt, validityAt } = this;
    return { views, row, room: this.capacity - this.row, timeAt, valuesAt, validityAt };
  }

  /** Where the arena's free part begins: to go back to if a row of a batch did not fit. */
  get arenaMark(): number {
    return this.arenaUsed;
  }

  /** Forgets what was stored of one row that is not published. */
  forgetRow(row: number, arenaMark = this.arenaUsed): void {
    // Its null bits would else be those of the next row that is stored there.
    for (let i = 0; i < this.kinds.length; i++) this.setPresent(i, row);
    this.arenaUsed = arenaMark;
  }

  /** Makes `rows` stored rows visible. */
  publish(rows: number): void {
    this.row += rows;
    this.appended += rows;
    Atomics.store(this.i32, this.rowsWord, this.row);
    if (this.row === this.capacity) this.sendChunk();
  }

  /** Gives the open chunk to its writer and opens one with room for at least `arenaBytes` of variable values. */
  next(wanted: number, arenaBytes: number): void {
    this.sendChunk();
    const capacity = this.chooseCapacity(wanted);
    // Not more than a row can need: where rows are that large, a chunk has fewer of them than its capacity.
    const guess = Math.min(Math.ceil(this.valueBytes * capacity * 1.25), MAX_ROW_BYTES);
    const arena = this.variable ? Math.max(guess, arenaBytes) : 0;
    const { id, versions } = this.definition;
    const chunk = this.producer.open(this, id, versions.at(-1)!.version, this.kinds, capacity, arena);
    const layout = chunkLayout(this.kinds, capacity, chunk.bytes);
    this.chunk = chunk;
    if (this.views !== chunk.views) {
      this.views = chunk.views;
      this.buffer = Buffer.from(chunk.views.buffer);
      this.f64 = chunk.views.f64;
      this.i32 = chunk.views.i32;
    }
    this.word = chunk.word;
    this.rowsWord = chunk.word + ROWS;
    this.row = 0;
    this.capacity = capacity;
    this.timeAt = chunk.data / 8;
    layout.columns.forEach((place, i) => {
      this.valuesAt[i] = (chunk.data + place.values) / SCALE[this.stores[i]!]!;
      this.validityAt[i] = chunk.data + place.validity;
      this.views.u8.fill(0xff, this.validityAt[i]!, this.validityAt[i]! + bitmapBytes(capacity));
    });
    this.stride = this.valuesAt[0]! - this.timeAt;
    this.arenaAt = chunk.data + layout.arena;
    this.arenaUsed = this.arenaAt;
    // Slack beyond that is left unused, else a row over the limit would fit into some chunks and not into others.
    this.arenaEnd = Math.min(chunk.data + chunk.bytes, this.arenaAt + MAX_ROW_BYTES);
    this.openedAt = this.clock.now();
  }

  /** Gives the open chunk to its writer, full or not. */
  sendChunk(): void {
    const { chunk } = this;
    if (chunk === undefined) return;
    this.learnRate();
    this.chunk = undefined;
    this.row = 0;
    this.capacity = 0;
    this.producer.send(this, chunk);
  }

  /** How often chunks of this memory's header were opened; only to tell lives apart in tests. */
  get incarnation(): number {
    return this.chunk === undefined ? 0 : Atomics.load(this.views.i32, this.word + INCARNATION);
  }

  private learnRate(): void {
    if (this.row === 0) return;
    const ms = Math.max(this.clock.now() - this.openedAt, 0.001);
    const wanted = (this.row / ms) * FILL_MS;
    // A chunk that was sent early says nothing about a higher rate, but a full one may hide one.
    this.nextCapacity = wanted > this.largest ? this.largest : powerOfTwo(Math.max(wanted, MIN_CHUNK_ROWS));
    if (this.variable) this.valueBytes = Math.max(1, (this.arenaUsed - this.arenaAt) / this.row);
  }

  private chooseCapacity(wanted: number): number {
    let capacity = Math.max(this.nextCapacity, powerOfTwo(wanted));
    capacity = Math.min(capacity, this.largest);
    // Large values: fewer rows a chunk, so that the arena stays within reason.
    while (capacity > MIN_CHUNK_ROWS && this.valueBytes * capacity > MAX_ROW_BYTES / 2) capacity /= 2;
    while (
      capacity > MIN_CHUNK_ROWS &&
      fixedBytes(this.kinds, capacity) + this.valueBytes * capacity > MAX_ROW_BYTES
    ) {
      capacity /= 2;
    }
    return capacity;
  }

  private storeTime(ts: number | bigint): void {
    if (this.isMs && typeof ts === 'number') {
      if (!Number.isSafeInteger(ts)) throw badTime(this.definition, ts);
      // Plus 0, because −0 is a safe integer but no timestamp.
      this.views.f64[this.timeAt + this.row] = ts + 0;
    } else if (this.isMs) {
      const value = typeof ts === 'bigint' ? Number(ts) : ts;
      if (!Number.isSafeInteger(value) || (typeof ts === 'bigint' && BigInt(value) !== ts))
        throw badTime(this.definition, ts);
      // Plus 0, because −0 is a safe integer but no timestamp.
      this.views.f64[this.timeAt + this.row] = value + 0;
    } else {
      if (typeof ts !== 'bigint' || BigInt.asIntN(64, ts) !== ts) throw badTime(this.definition, ts);
      this.views.i64[this.timeAt + this.row] = ts;
    }
  }

  /** Checks a timestamp without storing it. @throws INVALID_TIMESTAMP */
  checkTime(ts: unknown): void {
    if (this.isMs) {
      const safe =
        typeof ts === 'bigint'
          ? ts <= BigInt(Number.MAX_SAFE_INTEGER) && ts >= BigInt(Number.MIN_SAFE_INTEGER)
          : Number.isSafeInteger(ts);
      if (!safe) throw badTime(this.definition, ts);
    } else if (typeof ts !== 'bigint' || BigInt.asIntN(64, ts) !== ts) throw badTime(this.definition, ts);
  }

  /**
   * Checks one value of a column without storing it.
   * @returns the bytes that it takes in the arena
   * @throws WRONG_TYPE, LONE_SURROGATE, VALUE_TOO_LARGE
   */
  checkValue(i: number, value: unknown): number {
    if (value === null) return 0;
    const { name } = this.columns[i]!;
    switch (this.stores[i]) {
      case F64:
      case F32:
        if (typeof value === 'number') return 0;
        break;
      case I64:
        if (typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value))
          return 0;
        break;
      case I32:
        if (typeof value === 'number' && (value | 0) === value) return 0;
        break;
      case BOOL:
        if (typeof value === 'boolean' || value === 0 || value === 1) return 0;
        break;
      case UTF8:
        if (typeof value === 'string') return utf8Bytes(value, name);
        break;
      default:
        if (!(value instanceof Uint8Array)) break;
        if (value.length > MAX_VALUE_BYTES) throw tooLarge(value.length, name);
        return value.length;
    }
    throw wrongType(this.definition.name, this.columns[i]!, value);
  }

  /**
   * Stores a value of a row that is not published yet.
   * @returns false if the arena has no room for it
   */
  storeValue(i: number, value: unknown, row: number): boolean {
    const { views } = this;
    const at = this.valuesAt[i]!;
    if (value === null) {
      this.storeNull(i, row);
      return true;
    }
    switch (this.stores[i]) {
      case F64:
        if (typeof value !== 'number') break;
        views.f64[at + row] = value;
        return true;
      case F32:
        if (typeof value !== 'number') break;
        views.f32[at + row] = value;
        return true;
      case I64:
        if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) {
          views.i64[at + row] = value;
          return true;
        }
        if (!Number.isSafeInteger(value)) break;
        // In halves: a bigint made from a number costs more than all else of the row.
        views.u32[2 * (at + row)] = (value as number) >>> 0;
        views.i32[2 * (at + row) + 1] = Math.floor((value as number) / 0x1_0000_0000);
        return true;
      case I32:
        if (typeof value !== 'number' || (value | 0) !== value) break;
        views.i32[at + row] = value;
        return true;
      case BOOL:
        if (typeof value !== 'boolean' && value !== 0 && value !== 1) break;
        views.u8[at + row] = value ? 1 : 0;
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
      bytes = utf8Bytes(text, this.columns[i]!.name);
    } catch (error) {
      this.forgetRow(row);
      throw error;
    }
    if (this.arenaUsed + bytes > this.arenaEnd) return false;
    this.buffer.write(text, this.arenaUsed, bytes, 'utf8');
    this.storeRef(i, bytes, row);
    return true;
  }

  /** Points the row's value at what was just put into the arena. Offsets count from the arena's start. */
  private storeRef(i: number, bytes: number, row: number): void {
    const at = 2 * (this.valuesAt[i]! + row);
    this.views.u32[at] = this.arenaUsed - this.arenaAt;
    this.views.u32[at + 1] = bytes;
    this.arenaUsed += bytes;
  }

  /** Stores a null: value zero, and its bit. */
  storeNull(i: number, row: number): void {
    const { views } = this;
    const at = this.valuesAt[i]! + row;
    switch (this.stores[i]) {
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
    views.u8[this.validityAt[i]! + (row >> 3)]! &= ~(1 << (row & 7));
  }

  private setPresent(i: number, row: number): void {
    this.views.u8[this.validityAt[i]! + (row >> 3)]! |= 1 << (row & 7);
  }

  private refuse(i: number, value: unknown, row: number): never {
    this.forgetRow(row);
    this.checkValue(i, value);
    throw new MillraceError('INTERNAL', 'a value that was refused is no valid one');
  }

  /** The arena is full: the row goes into a chunk that has room for it. */
  private retryInLargerChunk(ts: number | bigint, values: readonly unknown[]): void {
    this.forgetRow(this.row);
    let bytes = 0;
    for (let i = 0; i < values.length; i++) bytes += this.checkValue(i, values[i]);
    this.checkRowBytes(bytes);
    this.next(1, bytes);
    this.appendAny(ts, values);
  }

  /** @throws ROW_TOO_LARGE */
  checkRowBytes(bytes: number): void {
    if (bytes <= MAX_ROW_BYTES) return;
    throw rowTooLarge(this.definition.name, bytes);
  }
}

/** Where the rows of a batch can be stored at once. Places are indices into the views of each type. */
export interface BatchSlot {
  readonly views: MemoryViews;
  readonly row: number;
  readonly room: number;
  readonly timeAt: number;
  readonly valuesAt: Int32Array;
  readonly validityAt: Int32Array;
}

/** Bytes of the view's elements that `valuesAt` counts in; variable kinds count [offset, length] pairs. */
const SCALE: readonly number[] = [8, 4, 8, 4, 1, 8, 8];

function powerOfTwo(rows: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, rows)));
}
