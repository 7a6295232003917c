import { bitmapBytes, fixedBytes } from '../../shared/chunk/layout.ts';
import type { MemoryViews } from '../../shared/chunk/views.ts';
import type { Clock } from '../../shared/clock.ts';
import { chunkLimitOf } from '../../shared/control/space-bound.ts';
import { MIN_CHUNK_ROWS } from '../../shared/schema/limits.ts';
import type { Column, TableDefinition } from '../../shared/schema/types.ts';
import { ChunkCursor } from './chunk-cursor.ts';
import type { Claim } from './claims.ts';
import type { ChunkOwner } from './owner-list.ts';
import type { Producer } from './producer.ts';
import { wrongRow } from './refusals.ts';
import { F64 } from './table-shape.ts';
import { checkRowBytes, checkTime, checkValue } from './value-check.ts';

/** A chunk should fill in about this time: then a slow table's rows become few blocks, and its memory stays small. */
const FILL_MS = 60_000;
/** Capacity of a table's first chunk, when nothing is known of its rate. */
const FIRST_CAPACITY = 64;
/** Bytes of a variable value that a table's first chunk has room for, on average. */
const FIRST_VALUE_BYTES = 16;

/** Most columns of a table whose rows `appendDoubles` takes: it has a parameter for each. */
export const MAX_DOUBLES = 8;

/** A call that copies values into shared memory costs as much as storing some ten or twenty of them one by one. */
const SMALL_BATCH_ROWS = 64;

/**
 * One thread's appends to one table: fills the open chunk in place, and opens the next. A row is stored value by value
 * into the chunk and becomes a row when ROWS moves; a value that is refused before leaves no row.
 */
export class TableAppender extends ChunkCursor implements ChunkOwner, Claim {
  older: ChunkOwner | undefined = undefined;
  newer: ChunkOwner | undefined = undefined;
  claimedBytes = 0;
  claimedIn = 0;
  /** Whether rows of the table's other versions that came before were sent. A flag: looked at for each row. */
  hasLane = false;
  private readonly producer: Producer;
  private readonly clock: Clock;
  private openedAt = 0;
  private nextCapacity = FIRST_CAPACITY;
  private valueBytes: number;

  /** Bytes of strings and byte arrays that a row may have. */
  readonly rowLimit: number;
  /** Bytes that a chunk of several rows should not go beyond. */
  private readonly chunkLimit: number;

  constructor(producer: Producer, clock: Clock, definition: TableDefinition) {
    super(producer.memoryOf(definition.id), definition);
    this.producer = producer;
    this.clock = clock;
    this.valueBytes = this.shape.variable * FIRST_VALUE_BYTES;
    this.rowLimit = producer.rowLimit;
    this.chunkLimit = producer.isBounded ? chunkLimitOf(this.rowLimit) : this.rowLimit;
  }

  get columns(): readonly Column[] {
    return this.shape.columns;
  }

  /**
   * Appends a row.
   * @throws WRONG_ARITY, WRONG_TYPE, INVALID_TIMESTAMP, LONE_SURROGATE, VALUE_TOO_LARGE, ROW_TOO_LARGE; the table is then
   *   as it was
   */
  appendRow(ts: number | bigint, values: readonly unknown[]): void {
    if (this.shape.isDoubles && this.tryDoubles(ts, values)) this.publish(1);
    else this.appendAny(ts, values);
  }

  /**
   * Stores a row of numbers into a table of f64 columns only, the commonest kind, whose columns lie at equal distances: no
   * lookup, nothing but comparisons and stores. False for any other row; what it stored then is no row and is stored over.
   */
  private tryDoubles(ts: number | bigint, values: readonly unknown[]): boolean {
    const { columnCount } = this;
    if (!Array.isArray(values) || values.length !== columnCount || !this.tryTime(ts)) return false;
    const { f64, stride } = this;
    let at = this.timeAt + this.row;
    for (let i = 0; i < columnCount; i++) {
      const value = values[i];
      if (typeof value !== 'number') return false;
      f64[(at += stride)] = value;
    }
    return true;
  }

  /**
   * As `appendRow`, the values being parameters: they need no array, and V8 keeps them in registers.
   * @param count how many of them were given
   * @returns false for any other row than one of as many numbers as there are columns, which must be all f64 and at most
   *   `MAX_DOUBLES`
   */
  appendDoubles(
    count: number,
    ts: unknown,
    a: unknown,
    b: unknown,
    c: unknown,
    d: unknown,
    e: unknown,
    f: unknown,
    g: unknown,
    h: unknown,
  ): boolean {
    const { columnCount } = this;
    if (count !== columnCount || !this.tryTime(ts)) return false;
    // Written out: a method for the two lines of a value is called eight times, more than V8 inlines; W1 took up to twice as long.
    const { f64, stride } = this;
    let at = this.timeAt + this.row;
    if (typeof a !== 'number') return false;
    f64[(at += stride)] = a;
    if (columnCount > 1) {
      if (typeof b !== 'number') return false;
      f64[(at += stride)] = b;
    }
    if (columnCount > 2) {
      if (typeof c !== 'number') return false;
      f64[(at += stride)] = c;
    }
    if (columnCount > 3) {
      if (typeof d !== 'number') return false;
      f64[(at += stride)] = d;
    }
    if (columnCount > 4 && !this.tryMoreDoubles(at, e, f, g, h)) return false;
    this.publish(1);
    return true;
  }

  /** The rest of a row of more than four doubles. @param at where the fourth one is */
  private tryMoreDoubles(at: number, e: unknown, f: unknown, g: unknown, h: unknown): boolean {
    const { f64, stride, columnCount } = this;
    if (typeof e !== 'number') return false;
    f64[(at += stride)] = e;
    if (columnCount > 5) {
      if (typeof f !== 'number') return false;
      f64[(at += stride)] = f;
    }
    if (columnCount > 6) {
      if (typeof g !== 'number') return false;
      f64[(at += stride)] = g;
    }
    if (columnCount > 7) {
      if (typeof h !== 'number') return false;
      f64[at + stride] = h;
    }
    return true;
  }

  /** Stores a timestamp in whole milliseconds, if there is room for a row. */
  private tryTime(ts: unknown): boolean {
    if (this.row === this.capacity || typeof ts !== 'number' || !Number.isSafeInteger(ts)) return false;
    // Plus 0, because −0 is a safe integer but no timestamp.
    this.f64[this.timeAt + this.row] = ts + 0;
    return true;
  }

  /**
   * Appends a batch of few rows to a table of f64 columns only, if each column is a Float64Array, in the order of the columns, and the
   * open chunk has room. False for any other batch, sound or not; what it stored then is no row and is stored over.
   */
  trySmallBatch(batch: unknown): boolean {
    if (!this.shape.isDoubles || typeof batch !== 'object' || batch === null) return false;
    const { ts, columns, validity } = batch as { ts?: unknown; columns?: unknown; validity?: unknown };
    if (!(ts instanceof Float64Array) || ts.length > SMALL_BATCH_ROWS || ts.length > this.capacity - this.row)
      return false;
    if (typeof columns !== 'object' || columns === null || (validity !== undefined && validity !== null))
      return false;
    const { f64, stride } = this;
    const wanted = this.shape.columns;
    const rows = ts.length;
    let at = this.timeAt + this.row;
    for (let row = 0; row < rows; row++) {
      const time = ts[row]!;
      if (!Number.isSafeInteger(time)) return false;
      // Plus 0, because −0 is a safe integer but no timestamp.
      f64[at + row] = time + 0;
    }
    let i = 0;
    for (const name in columns) {
      const values = (columns as Record<string, unknown>)[name];
      if (i === wanted.length || name !== wanted[i]!.name) return false;
      if (!(values instanceof Float64Array) || values.length !== rows) return false;
      at += stride;
      for (let row = 0; row < rows; row++) {
        const value = values[row]!;
        // A store need not keep the bits of a NaN: it is copied with all of the batch.
        if (Number.isNaN(value)) return false;
        f64[at + row] = value;
      }
      i++;
    }
    // The loop also meets what the object inherits, after all that is its own.
    if (i !== wanted.length || (i > 0 && !Object.hasOwn(columns, wanted[i - 1]!.name))) return false;
    if (rows > 0) this.publish(rows);
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
    const { f64, row } = this;
    const { stores } = this.shape;
    const { valuesAt } = this.layout;
    const at = this.timeAt + row;
    for (let i = 0; i < stores.length; i++) {
      const value = values[i];
      // The commonest case first: an f64 number takes one comparison, one store.
      if (stores[i] === F64 && typeof value === 'number') f64[at + valuesAt[i]!] = value;
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
    const { views, row } = this;
    return { views, row, room: this.capacity - row, timeAt: this.timeAt };
  }

  /** Where a column's value goes, in elements of the view of its type. */
  placeOf(i: number, row: number): number {
    return this.elementAt(i, row);
  }

  /** Makes `rows` stored rows visible. */
  publish(rows: number): void {
    this.show(rows);
    if (this.row === this.capacity) this.sendChunk();
  }

  /** Gives the open chunk to its writer and opens one with room for at least `arenaBytes` of variable values. */
  next(wanted: number, arenaBytes: number): void {
    this.sendChunk();
    const now = this.clock.now();
    const capacity = this.chooseCapacity(wanted, now);
    // Not more than a row can need: where rows are that large, a chunk has fewer of them than its capacity.
    const guess = Math.min(Math.ceil(this.valueBytes * capacity * 1.25), this.chunkLimit);
    const { kinds, variable } = this.shape;
    const arena = variable > 0 ? Math.max(guess, arenaBytes) : 0;
    const { id, versions } = this.definition;
    const { word, data, bytes } = this.producer.open(
      this,
      id,
      versions.at(-1)!.version,
      kinds,
      capacity,
      arena,
    );
    const layout = this.shape.layout(capacity);
    this.layout = layout;
    this.stride = layout.stride;
    this.word = word;
    this.row = 0;
    this.capacity = capacity;
    // Not by a division: V8 would keep its result as a double, and find every value's place with doubles.
    this.timeAt = data >>> 3;
    for (let i = 0; i < kinds.length; i++) {
      const at = data + layout.validityAt[i]!;
      this.views.u8.fill(0xff, at, at + bitmapBytes(capacity));
    }
    this.arenaAt = data + layout.arena;
    this.arenaUsed = this.arenaAt;
    // Slack beyond that is left unused, else a row over the limit would fit into some chunks and not into others.
    this.arenaEnd = Math.min(data + bytes, this.arenaAt + Math.max(this.chunkLimit, arenaBytes));
    this.openedAt = this.clock.now();
  }

  /** Gives the open chunk to its writer, full or not. */
  sendChunk(): void {
    if (this.capacity === 0) return;
    this.learnRate();
    this.row = 0;
    this.capacity = 0;
    this.producer.send(this, this.definition.id, this.word);
  }

  private learnRate(): void {
    if (this.row === 0) return;
    const ms = Math.max(this.clock.now() - this.openedAt, 0.001);
    const wanted = (this.row / ms) * FILL_MS;
    const { largest } = this.shape;
    // A chunk that was sent early says nothing about a higher rate, but a full one may hide one.
    this.nextCapacity = wanted > largest ? largest : powerOfTwo(Math.max(wanted, MIN_CHUNK_ROWS));
    if (this.shape.variable > 0) this.valueBytes = Math.max(1, (this.arenaUsed - this.arenaAt) / this.row);
  }

  private chooseCapacity(wanted: number, now: number): number {
    const most = this.reasonable(Math.min(this.nextCapacity, this.shape.largest));
    const bytes = this.bytesOf(most);
    const fair = this.producer.fairCapacity(this.definition.id, this, most, bytes, MIN_CHUNK_ROWS, now);
    // What is there already is stored at once, so a chunk for all of it is soon free again.
    return wanted <= fair ? fair : this.reasonable(Math.min(powerOfTwo(wanted), this.shape.largest));
  }

  /** Large values: fewer rows a chunk, so that the arena stays within reason. */
  private reasonable(rows: number): number {
    let capacity = rows;
    while (capacity > MIN_CHUNK_ROWS && this.valueBytes * capacity > this.chunkLimit / 2) capacity /= 2;
    while (capacity > MIN_CHUNK_ROWS && this.bytesOf(capacity) > this.chunkLimit) capacity /= 2;
    return capacity;
  }

  private bytesOf(capacity: number): number {
    return fixedBytes(this.shape.kinds, capacity) + this.valueBytes * capacity;
  }

  /** Checks a timestamp without storing it. @throws INVALID_TIMESTAMP */
  checkTime(ts: unknown): void {
    checkTime(this.definition, this.shape.isMs, ts);
  }

  /**
   * Checks one value of a column without storing it.
   * @returns the bytes that it takes in the arena
   * @throws WRONG_TYPE, LONE_SURROGATE, VALUE_TOO_LARGE
   */
  checkValue(i: number, value: unknown): number {
    return checkValue(this.definition, this.shape, i, value);
  }

  /** @throws ROW_TOO_LARGE */
  checkRowBytes(bytes: number): void {
    checkRowBytes(this.definition, bytes, this.rowLimit);
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
}

/** Where the rows of a batch can be stored at once. */
export interface BatchSlot {
  readonly views: MemoryViews;
  readonly row: number;
  readonly room: number;
  /** Of the first timestamp of the chunk, in elements of 8 bytes. */
  readonly timeAt: number;
}

function powerOfTwo(rows: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, rows)));
}
