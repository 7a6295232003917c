/**
 * Arrow data to append: RecordBatches and Tables become the column arrays that `append` takes. Only types are imported
 * from apache-arrow, so a program without Arrow does not load it, and what is read are the plain fields of its Data
 * objects, so another copy or version of the package works as well. Fixed-width values are copied as bytes: going through
 * JS numbers could change a NaN's payload.
 */
import { isUtf8 } from 'node:buffer';
import type { Data, DataType, RecordBatch, Table, Vector } from 'apache-arrow';
import { copyBits } from '../../shared/codec/validity.ts';
import { type ErrorCode, MillraceError, show } from '../../shared/errors.ts';
import type { ColumnType, TimeUnit } from '../../shared/schema/types.ts';
import type { ColumnArray } from '../api-types.ts';

/** A column of the table as the conversion needs to know it. */
export interface ArrowTarget {
  readonly name: string;
  readonly type: ColumnType;
}

/**
 * One record batch in the shape that `append` takes. The arrays are its own, but for the values of bytes columns: they are
 * views of Arrow's memory. A null holds 0, '' or no bytes; columns without nulls have no entry in `validity`.
 */
export interface ArrowBatch {
  readonly rowCount: number;
  readonly ts: Float64Array | BigInt64Array;
  readonly columns: Record<string, ColumnArray<ColumnType>>;
  readonly validity: Record<string, Uint8Array | undefined>;
}

interface ArrowColumn {
  readonly values: ColumnArray<ColumnType>;
  readonly validity: Uint8Array | undefined;
}

/** Where a value comes from, for errors. `firstRow` is the batch's first row, counted over all batches. */
interface Place {
  readonly column: string;
  readonly firstRow: number;
  /** Set where what is read is not rows: a dictionary has entries of its own. */
  readonly isDictionary?: boolean;
}

/** The kinds of Arrow types that are taken, and as what: only where every value has one equal to it. */
const TAKEN_AS = {
  Null: ['f64', 'f32', 'i64', 'i32', 'bool', 'utf8', 'bytes'],
  Int8: ['i32', 'f64'],
  Int16: ['i32', 'f64'],
  Int32: ['i32', 'f64'],
  Uint8: ['i32', 'f64'],
  Uint16: ['i32', 'f64'],
  Uint32: ['i64', 'f64'],
  Int64: ['i64'],
  Float32: ['f32', 'f64'],
  Float64: ['f64'],
  Bool: ['bool'],
  Utf8: ['utf8'],
  'Dictionary<Utf8>': ['utf8'],
  Binary: ['bytes'],
  FixedSizeBinary: ['bytes'],
} as const satisfies Record<string, readonly ColumnType[]>;
type Kind = keyof typeof TAKEN_AS;

/** Arrow's numbers of its types, as its files have them (Schema.fbs, union Type; Dictionary is apache-arrow's own −1). */
const ID = {
  null: 1,
  int: 2,
  float: 3,
  binary: 4,
  utf8: 5,
  bool: 6,
  date: 8,
  timestamp: 10,
  fixedSizeBinary: 15,
  largeBinary: 19,
  largeUtf8: 20,
  dictionary: -1,
} as const;
const FLOATS = [undefined, 'Float32', 'Float64'] as const;
const INTEGER_ARRAYS = {
  Int8: Int8Array,
  Int16: Int16Array,
  Int32: Int32Array,
  Uint8: Uint8Array,
  Uint16: Uint16Array,
  Uint32: Uint32Array,
} as const;

const NS_OF_UNIT = { s: 1e9, ms: 1e6, us: 1e3, ns: 1 } as const;
const NS_OF_DAY = 86_400e9;
const NO_BYTES = new Uint8Array(0);

/** Whether a value is an Arrow RecordBatch or Table, told by its shape and not by its class. */
export function isArrowInput(value: unknown): value is RecordBatch | Table {
  return isRecordBatch(value) || isTable(value);
}

/**
 * The rows of a RecordBatch or Table, by column name, one result for each record batch. All is converted before anything
 * is returned, so an error means that no row was taken.
 *
 * A column `ts` is wanted (Int64 in the table's unit, or a Timestamp or Date of any unit) and every column of the table;
 * types must match or widen exactly. Throws UNKNOWN_COLUMN (columns that the table has not), WRONG_ARITY (columns that are
 * missing), DUPLICATE_COLUMN, WRONG_TYPE, INVALID_TIMESTAMP (null, out of range, or finer than the unit) or WRONG_LENGTH.
 */
export function arrowToBatches(
  input: RecordBatch | Table,
  columns: readonly ArrowTarget[],
  unit: TimeUnit,
): ArrowBatch[] {
  const { fields } = input.schema;
  const places = placesOf(
    fields.map((field) => field.name),
    columns.map((column) => column.name),
  );
  // The schema is looked at apart from the batches, so that a wrong type is found in a Table without rows, too.
  demandTimeType(fields[places.get('ts')!]!.type);
  for (const { name, type } of columns) kindOfColumn(fields[places.get(name)!]!.type, name, type);

  const dictionaries = new Map<Vector, readonly (string | null)[]>();
  const batches: ArrowBatch[] = [];
  let firstRow = 0;
  for (const { data } of isRecordBatch(input) ? [input] : input.batches) {
    demandSoundRows(data, firstRow);
    const child = (name: string): Data => data.children[places.get(name)!]!;
    const ts = readTime(child('ts'), unit, firstRow);
    const read = columns.map(({ name, type }) =>
      readColumn(child(name), type, { column: name, firstRow }, dictionaries),
    );
    // fromEntries, unlike an assignment, makes an own property of a column that is called __proto__.
    batches.push({
      rowCount: data.length,
      ts,
      columns: Object.fromEntries(columns.map(({ name }, i) => [name, read[i]!.values])),
      validity: Object.fromEntries(
        columns
          .map(({ name }, i) => [name, read[i]!.validity] as const)
          .filter(([, bits]) => bits !== undefined),
      ),
    });
    firstRow += data.length;
  }
  return batches;
}

function isRecordBatch(value: unknown): value is RecordBatch {
  const { schema, data } = (value ?? {}) as Partial<RecordBatch>;
  return Array.isArray(schema?.fields) && Array.isArray(data?.children) && typeof data.length === 'number';
}

function isTable(value: unknown): value is Table {
  const { schema, batches } = (value ?? {}) as Partial<Table>;
  return Array.isArray(schema?.fields) && Array.isArray(batches) && batches.every(isRecordBatch);
}

/** The place of each wanted column among Arrow's fields; all must be there and no others, for nothing is dropped silently. */
function placesOf(fields: readonly string[], columns: readonly string[]): Map<string, number> {
  const wanted = new Set(['ts', ...columns]);
  const places = new Map<string, number>();
  for (const [i, name] of fields.entries()) {
    if (places.has(name)) {
      throw new MillraceError(
        'DUPLICATE_COLUMN',
        `the Arrow data has two columns named ${show(name)}; rename or remove one`,
        { column: name },
      );
    }
    places.set(name, i);
  }
  const list = (names: readonly string[]): string => names.map(show).join(', ');
  const extra = fields.filter((name) => !wanted.has(name));
  const missing = [...wanted].filter((name) => !places.has(name));
  if (extra.length > 0) {
    throw new MillraceError(
      'UNKNOWN_COLUMN',
      `the table has no column ${list(extra)}, but the Arrow data has${missing.length > 0 ? `, and lacks ${list(missing)}` : ''}; ` +
        `select the table's columns (${list([...wanted])}) or add the others to it`,
      { columns: extra.join(', '), missing: missing.join(', ') },
    );
  }
  if (missing.length > 0) {
    throw new MillraceError(
      'WRONG_ARITY',
      `the Arrow data has no column ${list(missing)}; give every column of the table, one of type Null where there are no values`,
      { columns: missing.join(', ') },
    );
  }
  return places;
}

function kindOf(type: DataType): Kind | undefined {
  switch (type.typeId as number) {
    case ID.null:
      return 'Null';
    case ID.bool:
      return 'Bool';
    case ID.int: {
      const { isSigned, bitWidth } = type as DataType & { isSigned: boolean; bitWidth: number };
      const kind = `${isSigned ? 'Int' : 'Uint'}${bitWidth}`;
      return kind in TAKEN_AS ? (kind as Kind) : undefined;
    }
    case ID.float:
      return FLOATS[(type as DataType & { precision: number }).precision];
    case ID.utf8:
    case ID.largeUtf8:
      return 'Utf8';
    case ID.binary:
    case ID.largeBinary:
      return 'Binary';
    case ID.fixedSizeBinary:
      return 'FixedSizeBinary';
    case ID.dictionary:
      return kindOf((type as DataType & { dictionary: DataType }).dictionary) === 'Utf8'
        ? 'Dictionary<Utf8>'
        : undefined;
    default:
      return undefined;
  }
}

/** The kind of an Arrow type; WRONG_TYPE if a column of type `type` does not take it. */
function kindOfColumn(arrowType: DataType, column: string, type: ColumnType): Kind {
  const kind = kindOf(arrowType);
  if (kind !== undefined && (TAKEN_AS[kind] as readonly ColumnType[]).includes(type)) return kind;
  const taken = (Object.keys(TAKEN_AS) as Kind[]).filter((k) =>
    (TAKEN_AS[k] as readonly ColumnType[]).includes(type),
  );
  throw new MillraceError(
    'WRONG_TYPE',
    `column ${show(column)} is ${type} and takes no Arrow ${arrowType}; cast it to one of ${taken.join(', ')}`,
    { column, type, arrowType: String(arrowType) },
  );
}

/** The error for a row of a column, or for an entry of its dictionary; both count from 0 over all batches and chunks. */
function badRow(code: ErrorCode, place: Place, row: number, problem: string): MillraceError {
  const { column, firstRow, isDictionary } = place;
  const at = firstRow + row;
  const where = isDictionary ? `entry ${at} of the dictionary of` : `row ${at} of the Arrow data,`;
  const details = isDictionary ? { column, entry: at } : { column, row: at };
  return new MillraceError(code, `${where} column ${show(column)}: ${problem}`, details);
}

/** Demands columns of one length, and no row that is null as a whole: it would have no timestamp. */
function demandSoundRows(data: Data, firstRow: number): void {
  for (const child of data.children) {
    if (child.length === data.length) continue;
    throw new MillraceError(
      'WRONG_LENGTH',
      `a column of an Arrow record batch has ${child.length} rows, the batch has ${data.length}; make them of one length`,
      { rows: child.length, batchRows: data.length },
    );
  }
  const validity = readValidity(data);
  if (validity !== undefined) throw nullTime(firstNull(validity), firstRow);
}

/** The bitmap of a column from bit 0 on; undefined if there are no nulls. */
function readValidity(data: Data): Uint8Array | undefined {
  const { nullBitmap, offset, length } = data;
  if (!nullBitmap || nullBitmap.length === 0 || length === 0 || data.nullCount === 0) return undefined;
  const bits = new Uint8Array((length + 7) >>> 3);
  return copyBits(nullBitmap, offset, length, bits) === length ? undefined : bits;
}

function isNull(validity: Uint8Array | undefined, row: number): boolean {
  return validity !== undefined && ((validity[row >>> 3]! >>> (row & 7)) & 1) === 0;
}

function firstNull(validity: Uint8Array): number {
  let row = 0;
  while (!isNull(validity, row)) row++;
  return row;
}

function readColumn(
  data: Data,
  type: ColumnType,
  place: Place,
  dictionaries: Map<Vector, readonly (string | null)[]>,
): ArrowColumn {
  const kind = kindOfColumn(data.type, place.column, type);
  const validity = readValidity(data);
  switch (kind) {
    case 'Null':
      return nulls(type, data.length);
    case 'Bool':
      return { values: readBools(data, validity, place), validity };
    case 'Utf8':
      return { values: readStrings(data, validity, place), validity };
    case 'Dictionary<Utf8>':
      return readDictionary(data, validity, place, dictionaries);
    case 'Binary':
      return { values: readBinary(data, validity, place), validity };
    case 'FixedSizeBinary':
      return { values: readFixedSizeBinary(data, validity, place), validity };
    case 'Float64':
      return { values: new Float64Array(ownBytes(data, 8, validity, place)), validity };
    case 'Int64':
      return { values: new BigInt64Array(ownBytes(data, 8, validity, place)), validity };
    case 'Float32': {
      const floats = new Float32Array(ownBytes(data, 4, validity, place));
      return { values: type === 'f32' ? floats : widenFloats(floats), validity };
    }
    default: {
      const Integers = INTEGER_ARRAYS[kind];
      const integers = new Integers(ownBytes(data, Integers.BYTES_PER_ELEMENT, validity, place));
      if (type === 'i64')
        return { values: BigInt64Array.from(integers as Iterable<number>, BigInt), validity };
      return { values: type === 'i32' ? new Int32Array(integers) : new Float64Array(integers), validity };
    }
  }
}

function nulls(type: ColumnType, rows: number): ArrowColumn {
  const validity = rows === 0 ? undefined : new Uint8Array((rows + 7) >>> 3);
  switch (type) {
    case 'f64':
      return { values: new Float64Array(rows), validity };
    case 'f32':
      return { values: new Float32Array(rows), validity };
    case 'i64':
      return { values: new BigInt64Array(rows), validity };
    case 'i32':
      return { values: new Int32Array(rows), validity };
    case 'bool':
      return { values: new Uint8Array(rows), validity };
    case 'utf8':
      return { values: new Array<string>(rows).fill(''), validity };
    case 'bytes':
      return { values: new Array<Uint8Array>(rows).fill(NO_BYTES), validity };
  }
}

/** Demands that a column's buffers hold all rows. Arrow lets them be shorter where a column was filled up with nulls. */
function demandHeld(held: number, rows: number, validity: Uint8Array | undefined, place: Place): void {
  for (let row = held; row < rows; row++) {
    if (isNull(validity, row)) continue;
    throw badRow('WRONG_LENGTH', place, row, `its buffers end before it; build the data anew`);
  }
}

/** A copy of the values of fixed width, bit for bit, with zeros for nulls. apache-arrow cuts `values` to the slice. */
function ownBytes(data: Data, width: number, validity: Uint8Array | undefined, place: Place): ArrayBuffer {
  const { length } = data;
  const values = (data.values ?? NO_BYTES) as ArrayBufferView;
  const held = Math.min(length, Math.floor(values.byteLength / width));
  demandHeld(held, length, validity, place);
  const own = new Uint8Array(length * width);
  own.set(new Uint8Array(values.buffer, values.byteOffset, held * width));
  if (validity !== undefined) {
    for (let row = 0; row < held; row++)
      if (isNull(validity, row)) own.fill(0, row * width, (row + 1) * width);
  }
  return own.buffer;
}

/** As float64. A NaN keeps its sign, its quiet bit and its payload in the leading bits, as narrowing again expects. */
function widenFloats(floats: Float32Array): Float64Array {
  const wide = new Float64Array(floats);
  const bits = new Uint32Array(floats.buffer);
  const words = new Uint32Array(wide.buffer);
  for (let i = 0; i < wide.length; i++) {
    if (!Number.isNaN(wide[i])) continue;
    words[2 * i] = bits[i]! << 29;
    words[2 * i + 1] = (bits[i]! & 0x80000000) | 0x7ff00000 | ((bits[i]! & 0x7fffff) >>> 3);
  }
  return wide;
}

/** Unlike all others, the bits of bools are not cut to the slice: `offset` counts for them too. */
function readBools(data: Data, validity: Uint8Array | undefined, place: Place): Uint8Array {
  const { offset, length } = data;
  const values = (data.values ?? NO_BYTES) as Uint8Array;
  demandHeld(values.length * 8 - offset, length, validity, place);
  const bools = new Uint8Array(length);
  for (let row = 0; row < length; row++) {
    if (isNull(validity, row)) continue;
    bools[row] = (values[(offset + row) >>> 3]! >>> ((offset + row) & 7)) & 1;
  }
  return bools;
}

/** Calls `take` with the place of each present value of a column of variable width. */
function eachRange(
  data: Data,
  validity: Uint8Array | undefined,
  place: Place,
  take: (row: number, from: number, to: number) => void,
): void {
  const offsets = (data.valueOffsets ?? []) as ArrayLike<number | bigint>;
  const bytes = ((data.values ?? NO_BYTES) as Uint8Array).length;
  demandHeld(Math.max(0, offsets.length - 1), data.length, validity, place);
  for (let row = 0; row < data.length; row++) {
    if (isNull(validity, row)) continue;
    const from = Number(offsets[row]);
    const to = Number(offsets[row + 1]);
    if (!(from >= 0 && from <= to && to <= bytes)) {
      throw badRow(
        'WRONG_LENGTH',
        place,
        row,
        `bytes ${from} to ${to} of ${bytes} make no sense; build the data anew`,
      );
    }
    take(row, from, to);
  }
}

function readBinary(data: Data, validity: Uint8Array | undefined, place: Place): Uint8Array[] {
  const result = new Array<Uint8Array>(data.length).fill(NO_BYTES);
  eachRange(data, validity, place, (row, from, to) => {
    result[row] = (data.values as Uint8Array).subarray(from, to);
  });
  return result;
}

function readFixedSizeBinary(data: Data, validity: Uint8Array | undefined, place: Place): Uint8Array[] {
  const { byteWidth } = data.type as DataType & { byteWidth: number };
  const values = (data.values ?? NO_BYTES) as Uint8Array;
  demandHeld(
    byteWidth === 0 ? data.length : Math.floor(values.length / byteWidth),
    data.length,
    validity,
    place,
  );
  return Array.from({ length: data.length }, (_, row) =>
    isNull(validity, row) ? NO_BYTES : values.subarray(row * byteWidth, (row + 1) * byteWidth),
  );
}

/**
 * Bytes that are not well-formed UTF-8 are refused: decoding would put U+FFFD in their place and lose them. All values are
 * checked at once, then each only for beginning and ending between two characters (159 against 300 ns a value, strings of
 * 10 bytes, Node 20); those for which that does not hold, say because rubbish lies under a null, are checked one by one.
 */
function readStrings(data: Data, validity: Uint8Array | undefined, place: Place): string[] {
  const values = (data.values ?? NO_BYTES) as Uint8Array;
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const first = Number(data.valueOffsets?.[0] ?? 0);
  const last = Number(data.valueOffsets?.[data.length] ?? 0);
  const isSound = isUtf8(bytes.subarray(first, last));
  const isBetween = (at: number): boolean => at === last || (bytes[at]! & 0xc0) !== 0x80;
  const result = new Array<string>(data.length).fill('');
  eachRange(data, validity, place, (row, from, to) => {
    const isPart = isSound && from >= first && to <= last && isBetween(from) && isBetween(to);
    if (!isPart && !isUtf8(bytes.subarray(from, to))) {
      throw badRow(
        'WRONG_TYPE',
        place,
        row,
        'its bytes are no well-formed UTF-8; use a column of type bytes for them',
      );
    }
    result[row] = bytes.toString('utf8', from, to);
  });
  return result;
}

/** A row is null if its index is, or if the entry of the dictionary that the index names is. */
function readDictionary(
  data: Data,
  validity: Uint8Array | undefined,
  place: Place,
  dictionaries: Map<Vector, readonly (string | null)[]>,
): ArrowColumn {
  const entries = dictionaryEntries(data.dictionary, place, dictionaries);
  const { bitWidth, isSigned } = (
    data.type as DataType & { indices: { bitWidth: number; isSigned: boolean } }
  ).indices;
  const own = ownBytes(data, bitWidth / 8, validity, place);
  const indices =
    bitWidth === 64
      ? new BigInt64Array(own)
      : new INTEGER_ARRAYS[`${isSigned ? 'Int' : 'Uint'}${bitWidth as 8 | 16 | 32}`](own);
  const values = new Array<string>(data.length).fill('');
  let bits = validity;
  for (let row = 0; row < data.length; row++) {
    if (isNull(validity, row)) continue;
    const value = entries[Number(indices[row])];
    if (value === undefined) {
      const problem = `index ${indices[row]} of a dictionary of ${entries.length}; build the data anew`;
      throw badRow('WRONG_LENGTH', place, row, problem);
    }
    if (value === null) {
      bits ??= new Uint8Array((data.length + 7) >>> 3).fill(255);
      bits[row >>> 3]! &= ~(1 << (row & 7));
    } else {
      values[row] = value;
    }
  }
  return { values, validity: bits };
}

/** A dictionary's strings, decoded once however many batches share it. */
function dictionaryEntries(
  dictionary: Vector | undefined,
  place: Place,
  dictionaries: Map<Vector, readonly (string | null)[]>,
): readonly (string | null)[] {
  if (dictionary === undefined) return [];
  let entries = dictionaries.get(dictionary);
  if (entries === undefined) {
    const strings: (string | null)[] = [];
    for (const chunk of dictionary.data) {
      const validity = readValidity(chunk);
      const chunkPlace = { column: place.column, firstRow: strings.length, isDictionary: true };
      const values = readStrings(chunk, validity, chunkPlace);
      for (let i = 0; i < values.length; i++) strings.push(isNull(validity, i) ? null : values[i]!);
    }
    entries = strings;
    dictionaries.set(dictionary, entries);
  }
  return entries;
}

/** Nanoseconds of one tick of an Arrow type that can be `ts`; an Int64 is in the table's unit. */
function nsOfTick(type: DataType, unit: TimeUnit): number | undefined {
  const { unit: arrowUnit } = type as DataType & { unit?: number };
  if ((type.typeId as number) === ID.date) return [NS_OF_DAY, NS_OF_UNIT.ms][arrowUnit!];
  if ((type.typeId as number) === ID.timestamp) return Object.values(NS_OF_UNIT)[arrowUnit!];
  return kindOf(type) === 'Int64' ? NS_OF_UNIT[unit] : undefined;
}

function demandTimeType(type: DataType): void {
  if (nsOfTick(type, 'ms') !== undefined) return;
  throw new MillraceError(
    'WRONG_TYPE',
    `column "ts" is the timestamp and takes no Arrow ${type}; cast it to a Timestamp, a Date, or an Int64 in the table's unit`,
    { column: 'ts', arrowType: String(type) },
  );
}

function nullTime(row: number, firstRow: number): MillraceError {
  return badRow(
    'INVALID_TIMESTAMP',
    { column: 'ts', firstRow },
    row,
    'it is null; every row needs a timestamp',
  );
}

/** The timestamps in the table's unit, exactly or not at all. */
function readTime(data: Data, unit: TimeUnit, firstRow: number): Float64Array | BigInt64Array {
  demandTimeType(data.type);
  const validity = readValidity(data);
  if (validity !== undefined) throw nullTime(firstNull(validity), firstRow);
  const place = { column: 'ts', firstRow };
  const isDays = nsOfTick(data.type, unit) === NS_OF_DAY;
  const ticks = isDays ? widenDays(data, place) : ownBytes(data, 8, undefined, place);
  const from = nsOfTick(data.type, unit)!;
  const to = NS_OF_UNIT[unit];
  const refuse = (row: number, tick: bigint, problem: string): MillraceError =>
    badRow('INVALID_TIMESTAMP', place, row, `${tick} as Arrow ${data.type} ${problem}`);
  const times = Math.max(1, from / to);
  const per = Math.max(1, to / from);
  return unit === 'ms'
    ? toNumbers(ticks, times, per, refuse)
    : toBigints(ticks, unit, BigInt(times), BigInt(per), refuse);
}

type Refuse = (row: number, tick: bigint, problem: string) => MillraceError;
const tooFine = (unit: TimeUnit): string =>
  `is no whole number of ${unit}; round it, or use a table with a finer unit`;
const tooFar = (unit: TimeUnit, range: string): string =>
  `is beyond ${range} ${unit}; leave the row out or correct it`;

/** Days are 32 bits wide; as int64 they go the way of all others. */
function widenDays(data: Data, place: Place): ArrayBuffer {
  const days = new Int32Array(ownBytes(data, 4, undefined, place));
  const words = new Int32Array(days.length * 2);
  for (let i = 0; i < days.length; i++) {
    words[2 * i] = days[i]!;
    words[2 * i + 1] = days[i]! >> 31;
  }
  return words.buffer;
}

/**
 * For ms tables: tick · times / per, by halves of 32 bits, without bigints (27 against 44 ns a row, ns to ms, Node 20). With
 * high = quotient · per + rest, the tick is quotient · per · 2^32 + (rest · 2^32 + low); per is at most 10^6, so the
 * bracket stays below 2^53 and is exact. Where a later sum or product is rounded, it is over 2^53, and refused.
 */
function toNumbers(ticks: ArrayBuffer, times: number, per: number, refuse: Refuse): Float64Array {
  const words = new Int32Array(ticks);
  const result = new Float64Array(words.length / 2);
  for (let row = 0; row < result.length; row++) {
    const high = words[2 * row + 1]!;
    const rest = high % per;
    const bracket = rest * 2 ** 32 + (words[2 * row]! >>> 0);
    const value = (((high - rest) / per) * 2 ** 32 + bracket / per) * times;
    const isWhole = bracket % per === 0;
    if (!isWhole || !Number.isSafeInteger(value)) {
      const problem = isWhole ? tooFar('ms', '±(2^53 − 1)') : tooFine('ms');
      throw refuse(row, new BigInt64Array(ticks)[row]!, problem);
    }
    result[row] = value;
  }
  return result;
}

/** For us and ns tables: tick · times / per in place. */
function toBigints(
  ticks: ArrayBuffer,
  unit: TimeUnit,
  times: bigint,
  per: bigint,
  refuse: Refuse,
): BigInt64Array {
  const result = new BigInt64Array(ticks);
  if (times === per) return result;
  for (const [row, tick] of result.entries()) {
    if (tick % per !== 0n) throw refuse(row, tick, tooFine(unit));
    const value = (tick / per) * times;
    if (BigInt.asIntN(64, value) !== value) throw refuse(row, tick, tooFar(unit, 'an int64 of'));
    result[row] = value;
  }
  return result;
}
