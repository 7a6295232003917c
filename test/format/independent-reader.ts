/**
 * A second reader of the file format, made from docs/format.md alone and sharing no line with src/. It proves that the
 * page is enough, and it is the judge in tests: what the engine wrote must read the same here. It verifies every
 * checksum on the way and forgives nothing but what section 4.3 calls the end of the log. Slow and plain on purpose.
 */
import { crc32 } from 'node:zlib';
import {
  COLUMN_TYPES,
  type CodecUse,
  type ColumnType,
  Cursor,
  demand,
  readBits,
  readColumn,
  readFixed,
  variable,
} from './independent-vector.ts';

/**
 * One row. `values` are in the current schema's column order, null where null or where an older schema lacks the column:
 * bigint for i64 and for the bits of f64, number for i32 and for the bits of f32, boolean, string, Uint8Array.
 */
export type IndependentRow = { ordinal: bigint; index: number; ts: bigint; values: unknown[] };
/** One column of a schema version. */
export type IndependentColumn = { id: number; name: string; type: ColumnType };
/**
 * One table: its current schema (without `ts`) and its visible rows in order of arrival (ordinal, index); those of packed
 * blocks stand at their run's first ordinal, by time.
 */
export type IndependentTable = {
  id: number;
  unit: 'ms' | 'us' | 'ns';
  columns: IndependentColumn[];
  rows: IndependentRow[];
};
/** What of the format a file made use of: tests make sure with it that they tried what they mean to. */
export type FormatUse = {
  codecs: CodecUse;
  /** Index pages above the leaves. */
  innerPages: number;
  indexedBlocks: number;
  /** Frames that count, links among them, and those of them up to a writer's "already in the index". */
  frames: number;
  links: number;
  framesInIndex: number;
  definitions: number;
  /** Block references of frames beyond "already in the index". */
  loggedBlocks: number;
  pieces: number;
  /** Rows of pieces that a block has as well. */
  rowsTwice: number;
};
/** A whole database as of the last frame that counts; `sequence` is the current superblock's. */
export type IndependentDatabase = {
  sequence: bigint;
  tables: Map<string, IndependentTable>;
  use: FormatUse;
};

type Pointer = { at: number; bytes: number; crc: number };
type Superblock = { sequence: bigint; root: Pointer };
type Page = { tableId: number; level: number; entries: number; payload: Cursor };
type Extent = { at: number; bytes: number; clear: number; seed: number };
type Writer = { extent: Extent; at: number; number: bigint; indexed: bigint };
type Definition = Omit<IndependentTable, 'columns' | 'rows'> & {
  name: string;
  versions: IndependentColumn[][];
};
/** What an index entry says of a block, or an inner entry of all the blocks below it. */
type Span = { first: bigint; last: bigint; index: number; rows: bigint; min: bigint; max: bigint };
type Reference = Span & { at: number; bytes: number; crc: number; flags: number; version: number };
type Piece = Pick<Reference, 'index' | 'version'> & { tableId: number; ordinal: bigint } & PieceBody;
type PieceBody = { rows: number; hasBitmaps: boolean; body: Cursor };
type Frame = {
  number: bigint;
  synced: bigint;
  end: number;
  next: Extent | undefined;
  definitions: Definition[];
  references: { tableId: number; reference: Reference }[];
  pieces: Piece[];
};
/** `left`: blocks that the index has, or had. */
type Table = {
  definition: Definition;
  cutoff: bigint;
  references: Reference[];
  left: Reference[];
  pieces: Piece[];
};

/** Reads a whole database file; throws a FormatError on any damage. */
export function readDatabase(bytes: Uint8Array): IndependentDatabase {
  const { sequence, root } = readCurrentRoot(bytes);
  const tables = new Map<number, Table>();
  const use = newUse();
  const writers = readRoot(bytes, root, tables, use);
  const logs = writers.map((writer) => ({ writer, frames: framesThatCount(bytes, writer) }));

  // All definitions first: one writer's rows may be of a table that another writer's frame defines.
  for (const definition of logs.flatMap((log) => log.frames).flatMap((frame) => frame.definitions)) {
    const table = tables.get(definition.id);
    if (table === undefined) {
      tables.set(definition.id, { definition, cutoff: -(2n ** 63n), references: [], left: [], pieces: [] });
    } else if (definition.versions.length > table.definition.versions.length) {
      table.definition = definition;
    }
  }
  for (const { writer, frames } of logs) {
    for (const frame of frames) {
      use.frames++;
      if (frame.next !== undefined) use.links++;
      use.definitions += frame.definitions.length;
      use.pieces += frame.pieces.length;
      for (const piece of frame.pieces) tableOf(tables, piece.tableId).pieces.push(piece);
      if (frame.number <= writer.indexed) {
        use.framesInIndex++;
        for (const { tableId, reference } of frame.references) tableOf(tables, tableId).left.push(reference);
        continue;
      }
      use.loggedBlocks += frame.references.length;
      for (const { tableId, reference } of frame.references) {
        const known = tableOf(tables, tableId).references;
        const isKnown = known.some((other) => other.at === reference.at && other.crc === reference.crc);
        if (!isKnown) known.push(reference);
      }
    }
  }

  const result = new Map<string, IndependentTable>();
  for (const table of tables.values()) {
    const { id, name, unit, versions } = table.definition;
    demand(!result.has(name), `two tables are called ${name}`);
    result.set(name, { id, unit, columns: versions.at(-1)!, rows: readRows(bytes, table, use) });
  }
  return { sequence, tables: result, use };
}

function newUse(): FormatUse {
  const log = { frames: 0, links: 0, framesInIndex: 0, definitions: 0, loggedBlocks: 0, pieces: 0 };
  return { codecs: new Map(), innerPages: 0, indexedBlocks: 0, ...log, rowsTwice: 0 };
}

// Superblocks and pages: sections 2 and 3

function readCurrentRoot(bytes: Uint8Array): { sequence: bigint; root: Page } {
  const sound = [readSuperblock(bytes, 0), readSuperblock(bytes, 4096)]
    .filter((superblock) => superblock !== undefined)
    .sort((a, b) => (a.sequence < b.sequence ? 1 : -1));
  demand(sound.length > 0, 'neither superblock is sound');
  const failures: unknown[] = [];
  for (const { sequence, root } of sound) {
    try {
      return { sequence, root: readPage(bytes, root, 'MRo1') };
    } catch (error) {
      failures.push(error); // the other superblock serves
    }
  }
  throw failures[0];
}

function readSuperblock(bytes: Uint8Array, at: number): Superblock | undefined {
  demand(bytes.length >= at + 4096, `a file of ${bytes.length} bytes has no superblock at ${at}`);
  const block = bytes.subarray(at, at + 4096);
  const c = new Cursor(block, `superblock at ${at}`);
  if (c.letters(8) !== 'MILLRACE') return undefined;
  const version = c.u32();
  demand(version <= 1, `${c.what}: format version ${version} is newer than this reader`);
  c.skip(4 + 16);
  const sequence = c.u64();
  const root = readPointer(c);
  c.at = 4092;
  if (version !== 1 || c.u32() !== crc32(block.subarray(0, 4092))) return undefined;
  demand(sequence % 2n === BigInt(at / 4096), `${c.what}: checkpoint ${sequence} belongs into the other one`);
  return { sequence, root };
}

function readPointer(c: Cursor): Pointer {
  return { at: c.offset(), bytes: c.u32(), crc: c.u32() };
}

function readPage(bytes: Uint8Array, pointer: Pointer, letters: string): Page {
  const page = slice(bytes, pointer.at, pointer.bytes, `page ${letters}`);
  const c = new Cursor(page, `page ${letters} at ${pointer.at}`);
  demand(page.length >= 32, `${c.what}: ${page.length} bytes`);
  demand(crc32(page.subarray(0, 32)) === pointer.crc, `${c.what}: the header's crc is wrong`);
  demand(c.letters(4) === letters, `${c.what}: the letters are wrong`);
  demand(c.u32() === page.length - 32, `${c.what}: the length is wrong`);
  c.skip(8);
  const [tableId, level, entries] = [c.u32(), c.u32(), c.u32()];
  const payload = page.subarray(32);
  demand(c.u32() === crc32(payload), `${c.what}: the payload's crc is wrong`);
  return { tableId, level, entries, payload: new Cursor(payload, c.what) };
}

/** Reads the root and all the catalog and index pages below it into `tables`; returns the writer entries. */
function readRoot(bytes: Uint8Array, page: Page, tables: Map<number, Table>, use: FormatUse): Writer[] {
  const c = page.payload;
  c.skip(20);
  const [writerCount, catalogCount, freeCount] = [c.u32(), c.u32(), c.u32()];
  c.skip(32);
  const writers: Writer[] = [];
  for (let i = 0; i < writerCount; i++) {
    const extent = { at: c.offset(), bytes: c.offset(), clear: c.u32(), seed: c.u32() };
    writers.push({ extent, at: c.offset(), number: c.u64(), indexed: c.u64() });
    c.skip(16);
  }
  for (let i = 0; i < catalogCount; i++) {
    const catalog = readPage(bytes, readPointer(c), 'MCt1');
    const firstId = c.u32();
    const what = `${c.what}, catalog entry ${i}`;
    demand(c.u32() === catalog.entries, `${what}: its page has ${catalog.entries} tables`);
    for (let t = 0; t < catalog.entries; t++) {
      const table = readTableEntry(bytes, catalog.payload, use);
      const { id } = table.definition;
      demand(t > 0 || id === firstId, `${what}: its page begins with table ${id}, not ${firstId}`);
      demand(!tables.has(id), `${what}: table ${id} is there twice`);
      tables.set(id, table);
    }
    catalog.payload.end();
  }
  // Nothing here needs the free pages; they are read for their checksums only.
  for (let i = 0; i < freeCount; i++) readPage(bytes, readPointer(c), 'MFr1');
  c.end();
  return writers;
}

function readTableEntry(bytes: Uint8Array, c: Cursor, use: FormatUse): Table {
  const what = `${c.what}, table entry at ${c.at}`;
  const pointer = readPointer(c);
  const height = c.u32();
  c.skip(4);
  const [blocks, rows, min, max, nextOrdinal] = [c.u64(), c.u64(), c.i64(), c.i64(), c.u64()];
  c.skip(8);
  const cutoff = c.i64();
  c.skip(16);
  const definition = readDefinition(c);
  const isEmpty = pointer.at === 0 && pointer.bytes === 0 && pointer.crc === 0;
  const references = isEmpty ? [] : readIndex(bytes, pointer, definition.id, height, use);
  use.indexedBlocks += references.length;
  const sum = sumOf(references);
  demand(
    BigInt(references.length) === blocks && sum.rows === rows && sum.min === min && sum.max === max,
    `${what}: says ${blocks} blocks, ${rows} rows, time ${min}…${max}; the index has ${references.length} blocks, ` +
      `${sum.rows} rows, time ${sum.min}…${sum.max}`,
  );
  demand(isEmpty || sum.last < nextOrdinal, `${what}: ordinal ${sum.last}, but the next is ${nextOrdinal}`);
  return { definition, cutoff, references, left: [], pieces: [] };
}

function readDefinition(c: Cursor): Definition {
  const what = `${c.what}, table definition at ${c.at}`;
  const size = new DataView(c.bytes.buffer, c.bytes.byteOffset + c.at).getUint32(0, true);
  const d = new Cursor(c.take(size), what);
  d.skip(4);
  const id = d.u32();
  const unit = (['ms', 'us', 'ns'] as const)[d.u8()];
  demand(unit !== undefined && size % 8 === 0, `${what}: unknown unit or ${size} bytes`);
  d.skip(1);
  const nameBytes = d.u16();
  const versionCount = d.u32();
  const name = d.text(nameBytes);
  d.pad();
  const versions: IndependentColumn[][] = [];
  for (let v = 1; v <= versionCount; v++) {
    demand(d.u32() === v, `${what}: schema versions do not count from 1`);
    versions.push(Array.from({ length: d.u32() }, () => readColumnDefinition(d)));
  }
  demand(versions.length > 0, `${what}: no schema version`);
  d.end();
  return { id, name, unit, versions };
}

function readColumnDefinition(d: Cursor): IndependentColumn {
  const id = d.u32();
  const type = COLUMN_TYPES[d.u8()];
  demand(type !== undefined && type !== 'ts', `${d.what}: unknown type of column ${id}`);
  d.skip(1);
  const name = d.text(d.u16());
  d.pad();
  return { id, name, type };
}

/** All block references below an index page, in order. */
function readIndex(
  bytes: Uint8Array,
  pointer: Pointer,
  tableId: number,
  level: number,
  use: FormatUse,
): Reference[] {
  const page = readPage(bytes, pointer, 'MIx1');
  if (level > 0) use.innerPages++;
  const c = page.payload;
  demand(page.tableId === tableId, `${c.what}: of table ${page.tableId}, not ${tableId}`);
  demand(page.level === level, `${c.what}: of level ${page.level}, not ${level}`);
  const references: Reference[] = [];
  for (let i = 0; i < page.entries; i++) {
    if (level === 0) {
      references.push(readReference(c));
      continue;
    }
    const child = readPointer(c);
    const [first, last, index, blocks] = [c.u64(), c.u64(), c.u32(), c.u32()];
    const [min, max, rows] = [c.i64(), c.i64(), c.u64()];
    const below = readIndex(bytes, child, tableId, level - 1, use);
    demand(below.length === blocks, `${c.what}: entry ${i} says ${blocks} blocks, there are ${below.length}`);
    demandSameSpan({ first, last, index, rows, min, max }, sumOf(below), `${c.what}: entry ${i}`);
    references.push(...below);
  }
  c.end();
  for (let i = 1; i < references.length; i++) {
    const [a, b] = [references[i - 1]!, references[i]!];
    const isInOrder = a.first < b.first || (a.first === b.first && a.index < b.index);
    demand(isInOrder, `${c.what}: entries out of order`);
  }
  return references;
}

function readReference(c: Cursor): Reference {
  const [at, bytes, crc] = [c.offset(), c.u32(), c.u32()];
  const [first, last, index, rows] = [c.u64(), c.u64(), c.u32(), BigInt(c.u32())];
  const [min, max, flags, version] = [c.i64(), c.i64(), c.u32(), c.u32()];
  return { at, bytes, crc, first, last, index, rows, min, max, flags, version };
}

function sumOf(references: readonly Span[]): Span {
  const first = references[0] ?? { first: 0n, index: 0, last: 0n, rows: 0n, min: 0n, max: 0n };
  const sum = { ...first, rows: 0n };
  for (const reference of references) {
    sum.rows += reference.rows;
    if (reference.last > sum.last) sum.last = reference.last;
    if (reference.min < sum.min) sum.min = reference.min;
    if (reference.max > sum.max) sum.max = reference.max;
  }
  return sum;
}

function demandSameSpan(a: Span, b: Span, what: string): void {
  for (const key of ['first', 'last', 'index', 'rows', 'min', 'max'] as const) {
    demand(a[key] === b[key], `${what}: ${key} is ${a[key]} here, ${b[key]} there`);
  }
}

// Log: section 4

/** The frames of one writer up to the end of its log; damage before that end throws. */
function framesThatCount(bytes: Uint8Array, writer: Writer): Frame[] {
  const frames: Frame[] = [];
  let { extent, at, number } = writer;
  for (;;) {
    const frame = readFrame(bytes, extent, at);
    if (frame?.number !== number) break;
    frames.push(frame);
    number++;
    if (frame.next !== undefined) extent = frame.next;
    at = frame.next?.at ?? frame.end;
  }
  let synced = syncedBeyond(bytes, extent, at, number);
  for (const frame of frames) synced = larger(synced, frame.synced);
  demand(number > synced, `log: no sound frame ${number} at ${at}, but ${synced} is known as synced`);

  const isTorn = (frame: Frame): boolean =>
    frame.number > larger(synced, writer.indexed) &&
    frame.references.some(({ reference, tableId }) => !isSound(bytes, reference, tableId));
  const torn = frames.findIndex(isTorn);
  return torn < 0 ? frames : frames.slice(0, torn);
}

/** The highest "known synced" of sound frames beyond the place where the walk stopped: it tells damage from the end. */
function syncedBeyond(bytes: Uint8Array, extent: Extent, from: number, number: bigint): bigint {
  let synced = 0n;
  for (let at = from; at < extent.at + extent.bytes; at += 8) {
    const frame = readFrame(bytes, extent, at);
    if (frame === undefined || frame.number <= number) continue;
    synced = larger(synced, frame.synced);
    if (frame.next !== undefined)
      return larger(synced, syncedBeyond(bytes, frame.next, frame.next.at, frame.number));
    at = frame.end - 8;
  }
  return synced;
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** The frame at `at`, undefined if letters, salt or a crc is wrong. What a right crc vouches for must make sense. */
function readFrame(bytes: Uint8Array, extent: Extent, at: number): Frame | undefined {
  const end = Math.min(extent.at + extent.bytes, bytes.length);
  if (at + 64 > end) return undefined;
  const header = bytes.subarray(at, at + 64);
  const c = new Cursor(header, `frame at ${at}`);
  if (c.letters(4) !== 'MLf1' || c.u32() !== extent.clear) return undefined;
  const [number, synced, size, payloadCrc] = [c.u64(), c.u64(), c.u32(), c.u32()];
  c.skip(2);
  const isLink = (c.u16() & 1) === 1;
  const [definitionCount, referenceCount, pieceCount] = [c.u32(), c.u32(), c.u32()];
  c.skip(8 + 4);
  if (c.u32() !== crc32(header.subarray(0, 60), extent.seed) || at + 64 + size > end) return undefined;
  const payload = bytes.subarray(at + 64, at + 64 + size);
  if (crc32(payload, extent.seed) !== payloadCrc) return undefined;

  const p = new Cursor(payload, c.what);
  const next = isLink ? { at: p.offset(), bytes: p.offset(), clear: p.u32(), seed: p.u32() } : undefined;
  const definitions = Array.from({ length: definitionCount }, () => readDefinition(p));
  const references = Array.from({ length: referenceCount }, () => {
    const tableId = p.u32();
    p.skip(4);
    return { tableId, reference: readReference(p) };
  });
  const pieces = Array.from({ length: pieceCount }, () => readPiece(p));
  p.end();
  return { number, synced, end: at + 64 + size, next, definitions, references, pieces };
}

function readPiece(p: Cursor): Piece {
  const [tableId, index, rows, ordinal, size] = [p.u32(), p.u16(), p.u16(), p.u64(), p.u32()];
  const [version, flags] = [p.u16(), p.u16()];
  demand(rows > 0 && size % 8 === 0, `${p.what}: a piece of ${rows} rows, ${size} bytes`);
  const body = new Cursor(p.take(size), `${p.what}, piece of table ${tableId}, ordinal ${ordinal}`);
  return { tableId, version, ordinal, index, rows, body, hasBitmaps: (flags & 1) === 1 };
}

// Rows: sections 4.2, 4.4 and 5

function readRows(bytes: Uint8Array, table: Table, use: FormatUse): IndependentRow[] {
  const rows = new Map<string, IndependentRow>();
  const spans: { first: bigint; last: bigint }[] = [];
  for (const reference of table.references) {
    const { at, first, last, index, version } = reference;
    const packed = isPacked(reference);
    demand(packed || first === last, `block at ${at}: not packed, but of ordinals ${first}…${last}`);
    const schema = columnsOf(table.definition, version);
    const columns = readBlock(bytes, reference, table.definition.id, schema, use);
    for (const row of rowsOf(table.definition, version, first, index, columns)) {
      const name = `${row.ordinal} ${row.index}`;
      demand(!rows.has(name), `block at ${at}: another block has row (ordinal index) ${name}`);
      rows.set(name, row);
    }
    if (packed) spans.push({ first, last });
  }
  const inBlocks = new Set(rows.keys());
  for (const piece of table.pieces) {
    const { version, ordinal, index, body } = piece;
    const columns = readPieceBody(piece, columnsOf(table.definition, version));
    for (const row of rowsOf(table.definition, version, ordinal, index, columns)) {
      const name = `${row.ordinal} ${row.index}`;
      const isIn = (block: Reference): boolean =>
        block.first === ordinal && block.index <= row.index && row.index < block.index + Number(block.rows);
      const covered = inBlocks.has(name) || table.left.some(isIn);
      if (covered || spans.some(({ first, last }) => first <= ordinal && ordinal <= last)) {
        use.rowsTwice++;
        continue;
      }
      demand(!rows.has(name), `${body.what}: another piece has row (ordinal index) ${name}`);
      rows.set(name, row);
    }
  }
  return [...rows.values()]
    .filter((row) => row.ts >= table.cutoff)
    .sort((a, b) => (a.ordinal === b.ordinal ? a.index - b.index : a.ordinal < b.ordinal ? -1 : 1));
}

/** Whether a block's rows are sorted by time: the order of arrival is that of rows of one time only then. */
function isPacked({ flags }: Reference): boolean {
  return (flags & 2) === 2;
}

/** Columns of a schema version, `ts` first, as rows of the current schema; `index` is that of the first row. */
function rowsOf(
  definition: Definition,
  version: number,
  ordinal: bigint,
  index: number,
  [times, ...columns]: unknown[][],
): IndependentRow[] {
  const places = definition.versions.at(-1)!.map(({ id, type }) => {
    const schema = columnsOf(definition, version);
    const place = schema.findIndex((column) => column.id === id);
    demand(
      place < 0 || schema[place]!.type === type,
      `table ${definition.id}: column ${id} changed its type`,
    );
    return place;
  });
  return (times as bigint[]).map((ts, i) => {
    const values = places.map((place) => (place < 0 ? null : columns[place]![i]));
    return { ordinal, index: index + i, ts, values };
  });
}

/** The columns of a piece, `ts` first. */
function readPieceBody({ rows, hasBitmaps, body }: PieceBody, columns: IndependentColumn[]): unknown[][] {
  body.at = 0;
  const result: unknown[][] = [Array.from({ length: rows }, () => body.i64())];
  for (const { type } of columns) {
    const present = hasBitmaps ? readBits(body.take(Math.ceil(rows / 8)), rows) : new Array(rows).fill(true);
    const isVariable = type === 'utf8' || type === 'bytes';
    const lengths = isVariable ? Array.from({ length: rows }, () => body.u32()) : [];
    const values = present.map((_, i) =>
      isVariable ? variable(body.take(lengths[i]!), type, body.what) : readFixed(body, type),
    );
    result.push(values.map((value, i) => (present[i] ? value : null)));
  }
  body.pad();
  body.end();
  return result;
}

type StoredColumn = { id: number; type: ColumnType; bytes: Uint8Array; what: string };

/** The stored columns of a block, `ts` first; throws unless every checksum and every number that is there twice is right. */
function readStoredColumns(bytes: Uint8Array, reference: Reference, tableId: number): StoredColumn[] {
  const block = slice(bytes, reference.at, reference.bytes, 'block');
  const c = new Cursor(block, `block at ${reference.at}`);
  demand(c.letters(4) === 'MBk1', `${c.what}: the letters are wrong`);
  const [head, size, salt, table, version] = [c.u32(), c.u32(), c.u32(), c.u32(), c.u32()];
  const [first, last, index, rows] = [c.u64(), c.u64(), c.u32(), BigInt(c.u32())];
  const [min, max, columnCount, vectors, flags, crc] = [c.i64(), c.i64(), c.u32(), c.u32(), c.u32(), c.u32()];
  demand(head === 80 + 24 * columnCount && head <= size, `${c.what}: ${head} of ${size} bytes are its head`);
  demand(size === block.length, `${c.what}: ${size} bytes, the reference says ${block.length}`);
  const found = crc32(block.subarray(80, head), crc32(block.subarray(0, 76), salt));
  demand(crc === found && crc === reference.crc, `${c.what}: header crc ${crc}, ${found}, ${reference.crc}`);
  demand(table === tableId, `${c.what}: table ${table}, the reference says ${tableId}`);
  demand(version === reference.version, `${c.what}: schema version ${version}, not ${reference.version}`);
  demand(flags === reference.flags, `${c.what}: flags ${flags}, the reference says ${reference.flags}`);
  demandSameSpan({ first, last, index, rows, min, max }, reference, c.what);
  demand(vectors === Math.ceil(Number(rows) / 1024), `${c.what}: ${vectors} vectors for ${rows} rows`);
  return Array.from({ length: columnCount }, () => {
    const [id, type] = [c.u32(), COLUMN_TYPES[c.u8()]];
    c.skip(3);
    const [at, length, columnCrc] = [c.u32(), c.u32(), c.u32()];
    c.skip(4);
    const what = `${c.what}, column ${id}`;
    const column = slice(block, at, length, what);
    demand(crc32(column, salt) === columnCrc, `${what}: the crc is wrong`);
    demand(type !== undefined, `${what}: unknown type`);
    demand(at % 8 === 0 && length % 8 === 0, `${what}: ${length} bytes at ${at}, not multiples of 8`);
    return { id, type, bytes: column, what };
  });
}

function isSound(bytes: Uint8Array, reference: Reference, tableId: number): boolean {
  try {
    readStoredColumns(bytes, reference, tableId);
    return true;
  } catch {
    return false;
  }
}

/** The values of a block's columns, `ts` first. */
function readBlock(
  bytes: Uint8Array,
  reference: Reference,
  tableId: number,
  schema: IndependentColumn[],
  use: FormatUse,
): unknown[][] {
  const stored = readStoredColumns(bytes, reference, tableId);
  const what = `block at ${reference.at}`;
  const shape = (columns: readonly { id: number; type: ColumnType }[]): string =>
    columns.map((column) => `${column.id} ${column.type}`).join(', ');
  const wanted = shape([{ id: 0, type: 'ts' }, ...schema]);
  demand(shape(stored) === wanted, `${what}: columns ${shape(stored)}, the schema says ${wanted}`);
  const rows = Number(reference.rows);
  const columns = stored.map((column) =>
    readColumn(column.bytes, column.type, rows, Math.ceil(rows / 1024), column.what, use.codecs),
  );
  const times = columns[0] as bigint[];
  const isOrdered = times.every((ts, i) => i === 0 || times[i - 1]! <= ts);
  demand(isOrdered || (reference.flags & 1) === 0, `${what}: flagged as in order of time, but is not`);
  let [min, max] = [times[0]!, times[0]!];
  for (const ts of times) {
    if (ts < min) min = ts;
    if (ts > max) max = ts;
  }
  demand(
    min === reference.min && max === reference.max,
    `${what}: times ${min}…${max}, not as in its header`,
  );
  return columns;
}

// Small things

function tableOf(tables: Map<number, Table>, id: number): Table {
  const table = tables.get(id);
  demand(table !== undefined, `log: table ${id} is not defined`);
  return table;
}

function columnsOf(definition: Definition, version: number): IndependentColumn[] {
  const columns = definition.versions[version - 1];
  demand(columns !== undefined, `table ${definition.id}: schema version ${version} is not defined`);
  return columns;
}

function slice(bytes: Uint8Array, at: number, length: number, what: string): Uint8Array {
  demand(at + length <= bytes.length, `${what}: ${at} + ${length} is beyond the end at ${bytes.length}`);
  return bytes.subarray(at, at + length);
}
