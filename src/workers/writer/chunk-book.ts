import { chunkSources } from '../../shared/chunk/chunk-source.ts';
import {
  BLOCKED,
  CAPACITY,
  chunkCount,
  DATA_BYTES,
  dataOffset,
  FREE,
  headerWord,
  INCARNATION,
  LOGGED,
  ordinalOf,
  PRODUCER,
  ROWS,
  SCHEMA_VERSION,
  SENT,
  STATE,
  TABLE,
} from '../../shared/chunk/header.ts';
import { chunkLayout, timeKind } from '../../shared/chunk/layout.ts';
import type { MemoryViews } from '../../shared/chunk/views.ts';
import type { ColumnSource } from '../../shared/codec/column-data.ts';
import { invariant } from '../../shared/errors.ts';
import type { LogPosition } from '../../shared/format/root.ts';
import { SchemaPool } from '../../shared/schema/schema-pool.ts';
import type { Column, SchemaVersion, TableDefinition, TimeUnit } from '../../shared/schema/types.ts';
import { FairQueue } from './fair-queue.ts';

/** What a writer knows of a chunk that is not free. */
export interface KnownChunk {
  readonly chunk: number;
  readonly word: number;
  readonly tableId: number;
  readonly ordinal: number;
  readonly producer: number;
  readonly schemaVersion: number;
  readonly columns: readonly Column[];
  /** Upper bound of a block of all its rows. */
  readonly rawBytes: number;
  /** Rows in blocks, staged or committed. */
  blocked: number;
  /** Rows committed, in blocks or pieces. */
  logged: number;
  /** Where the first frame is that holds rows of this chunk which no block has. */
  firstPiece: LogPosition | undefined;
  /** How many chunks had been seen before it. */
  readonly arrival: number;
  /** How many checkpoints there had been when the chunk was first seen. */
  readonly seenAt: number;
  queued: boolean;
  /** Encoded since it was sent; waits for the commit. */
  staged: boolean;
  /** Its columns in place, while there is use for them. */
  sources: readonly ColumnSource[] | undefined;
}

/**
 * With no more chunks than this their columns are kept at hand from commit to commit. They are a dozen views on the memory
 * for each chunk, so with tens of thousands of chunks they would outweigh the rows, and are made anew for each commit.
 */
const MAX_KEPT_SOURCES = 2048;

/** What a writer must know of a table's definition. */
type Schema = Pick<TableDefinition, 'unit' | 'versions'>;

/** Room for headers beside the raw values: block header, column directory, vector headers. */
const BLOCK_OVERHEAD = 256;

/** The chunks of one writer's tables that are filling or sent, and the queue of those to encode. */
export class ChunkBook {
  private readonly views: MemoryViews;
  /** By table id, which count from 1 without many gaps: one object for all tables of a schema. */
  private readonly tables: (Schema | undefined)[] = [];
  private readonly byVersions = new WeakMap<readonly SchemaVersion[], Map<TimeUnit, Schema>>();
  private readonly schemas = new SchemaPool();
  private readonly known = new Map<number, KnownChunk>();
  /** Sent chunks, each producer's in the order in which they were sent. */
  readonly queue = new FairQueue<KnownChunk>();
  checkpoints = 0;
  /** How many chunks have been seen. */
  arrivals = 0;

  constructor(views: MemoryViews) {
    this.views = views;
  }

  setTable(definition: TableDefinition): void {
    const { id, unit, versions } = this.schemas.share(definition);
    const byUnit = this.byVersions.get(versions) ?? new Map<TimeUnit, Schema>();
    const schema = byUnit.get(unit) ?? { unit, versions };
    this.byVersions.set(versions, byUnit.set(unit, schema));
    this.tables[id] = schema;
  }

  hasTable(tableId: number): boolean {
    return this.tables[tableId] !== undefined;
  }

  /** The table that a chunk's header names. */
  tableOf(chunk: number): number {
    return this.views.i32[headerWord(chunk) + TABLE]!;
  }

  /**
   * Looks at a chunk that a hint named. Does nothing for one that is free, or known already and still filling: hints may
   * come late or twice.
   * @returns the chunk if it was not known before
   */
  note(chunk: number): KnownChunk | undefined {
    const word = headerWord(chunk);
    const state = Atomics.load(this.views.i32, word + STATE);
    if (state === FREE) return undefined;
    const before = this.known.get(chunk);
    const known = before ?? this.learn(chunk, word);
    if (state === SENT && !known.queued) {
      known.queued = true;
      this.queue.push(known);
    }
    return before === undefined ? known : undefined;
  }

  /** Looks at every chunk there is, older ones of a table first. */
  walk(): KnownChunk[] {
    const chunks: { chunk: number; ordinal: number }[] = [];
    for (let chunk = 0; chunk < chunkCount(this.views); chunk++) {
      const word = headerWord(chunk);
      if (Atomics.load(this.views.i32, word + STATE) === FREE) continue;
      chunks.push({ chunk, ordinal: ordinalOf(this.views, word) });
    }
    chunks.sort((a, b) => a.ordinal - b.ordinal);
    return chunks.flatMap(({ chunk }) => this.note(chunk) ?? []);
  }

  /** Rows that the producer has published. */
  rows(known: KnownChunk): number {
    return Atomics.load(this.views.i32, known.word + ROWS);
  }

  /** Every chunk that is not free, older ones of a table first (a Map keeps the order of arrival). */
  all(): IterableIterator<KnownChunk> {
    return this.known.values();
  }

  /** Those of them that were among the first `arrivals` to be seen. They may come and go meanwhile. */
  *before(arrivals: number): Generator<KnownChunk> {
    for (const known of this.known.values()) {
      if (known.arrival >= arrivals) return;
      yield known;
    }
  }

  get size(): number {
    return this.known.size;
  }

  /** Whether a chunk still is the one that was known. */
  has(known: KnownChunk): boolean {
    return this.known.get(known.chunk) === known;
  }

  /** All chunks by table and ordinal, for as long as none comes or goes. */
  byName(): (tableId: number, ordinal: number) => KnownChunk | undefined {
    const tables = new Map<number, Map<number, KnownChunk>>();
    for (const known of this.known.values()) {
      const table = tables.get(known.tableId) ?? new Map<number, KnownChunk>();
      tables.set(known.tableId, table.set(known.ordinal, known));
    }
    return (tableId, ordinal) => tables.get(tableId)?.get(ordinal);
  }

  /** A chunk's columns in place, `ts` first. */
  sources(known: KnownChunk): readonly ColumnSource[] {
    if (known.sources !== undefined) return known.sources;
    const { i32 } = this.views;
    const { word, columns } = known;
    const { unit } = this.version(known.tableId, known.schemaVersion);
    const kinds = columns.map((column) => column.type);
    const layout = chunkLayout(kinds, i32[word + CAPACITY]!, i32[word + DATA_BYTES]!);
    const sources = chunkSources(this.views, layout, dataOffset(this.views, word), timeKind(unit));
    // A sent one is encoded once.
    if (known.queued || this.known.size > MAX_KEPT_SOURCES) return sources;
    known.sources = sources;
    return sources;
  }

  /** Publishes how many rows of a chunk are committed. */
  publishLogged(known: KnownChunk): void {
    Atomics.store(this.views.i32, known.word + BLOCKED, Math.min(known.blocked, known.logged));
    Atomics.store(this.views.i32, known.word + LOGGED, known.logged);
  }

  /** Gives a chunk up; its rows are all committed. */
  free(known: KnownChunk): void {
    const { i32 } = this.views;
    invariant(
      known.logged === Atomics.load(i32, known.word + ROWS),
      'a chunk goes back only when its rows are logged',
    );
    invariant(Atomics.load(i32, known.word + STATE) === SENT, 'a chunk that goes back was sent');
    this.known.delete(known.chunk);
    Atomics.store(i32, known.word + STATE, FREE);
  }

  /** Incarnation of a chunk now. */
  incarnation(known: KnownChunk): number {
    return Atomics.load(this.views.i32, known.word + INCARNATION);
  }

  private learn(chunk: number, word: number): KnownChunk {
    const { i32 } = this.views;
    const tableId = i32[word + TABLE]!;
    const schemaVersion = i32[word + SCHEMA_VERSION]!;
    const { version } = this.version(tableId, schemaVersion);
    const known: KnownChunk = {
      chunk,
      word,
      tableId,
      ordinal: ordinalOf(this.views, word),
      producer: i32[word + PRODUCER]!,
      schemaVersion,
      columns: version.columns,
      rawBytes: i32[word + DATA_BYTES]! + BLOCK_OVERHEAD + 64 * (version.columns.length + 1),
      // Zero, unless this writer succeeds one that died: then what that one had committed.
      blocked: Atomics.load(i32, word + BLOCKED),
      logged: Atomics.load(i32, word + LOGGED),
      firstPiece: undefined,
      arrival: this.arrivals++,
      seenAt: this.checkpoints,
      queued: false,
      staged: false,
      sources: undefined,
    };
    this.known.set(chunk, known);
    return known;
  }

  private version(
    tableId: number,
    schemaVersion: number,
  ): { unit: TableDefinition['unit']; version: SchemaVersion } {
    const table = this.tables[tableId];
    const version = table?.versions.find((candidate) => candidate.version === schemaVersion);
    invariant(
      table !== undefined && version !== undefined,
      `a writer knows schema ${schemaVersion} of table ${tableId}`,
    );
    return { unit: table.unit, version };
  }
}
