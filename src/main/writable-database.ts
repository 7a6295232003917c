import { isMainThread } from 'node:worker_threads';
import { countChunks } from '../shared/chunk/header.ts';
import { loadAfterPublishing } from '../shared/chunk/publish-rows.ts';
import { SLAB_BYTES, slabsInUse } from '../shared/chunk/slab-table.ts';
import type { CoordinatorInfo } from '../shared/control/api.ts';
import { writerCounter } from '../shared/control/counters.ts';
import { latencyOf } from '../shared/control/latency.ts';
import { writerOf } from '../shared/control/shared-state.ts';
import type { DatabaseTicket } from '../shared/control/ticket.ts';
import {
  CATALOG,
  MAX_PRODUCERS,
  STATE,
  STATE_CLOSED,
  STATE_CLOSING,
  STATE_OPEN,
  STATE_POISONED,
  W_SYNC_DONE,
  writerWord,
} from '../shared/control/words.ts';
import { isDamaged, MillraceError } from '../shared/errors.ts';
import { IndexReader, type TimeRange } from '../shared/index/index-reader.ts';
import { BlockCache } from '../shared/read/block-cache.ts';
import { checkColumnSpecs, checkName, checkUnit } from '../shared/schema/check-names.ts';
import { SchemaPool } from '../shared/schema/schema-pool.ts';
import { asOfVersion, type TableDefinition, versionWith } from '../shared/schema/types.ts';
import { CountedStorage } from '../shared/storage/counted-storage.ts';
import type { DatabaseStats, LastRow, WriterStats } from './api-types.ts';
import { Producer } from './append/producer.ts';
import { TableAppender } from './append/table-appender.ts';
import type { DatabaseCore, EngineStats } from './database-core.ts';
import type { Engine } from './engine.ts';
import { finishAtExit } from './exit.ts';
import { LastRows } from './read/last.ts';
import { copyChunks, copyLiveRows, liveChunks } from './read/live-rows.ts';
import { liveNewest } from './read/newest.ts';
import { ScanPool } from './read/scan-pool.ts';
import { CheckpointPins, liveSnapshot, type TableSnapshot } from './read/snapshot.ts';
import { TableCore } from './table-core.ts';

// For what is done at each row: imports are variables to V8 (see publish-rows.ts).
const STATE_WORD = STATE;
const OPEN = STATE_OPEN;

/** A database with a running engine. */
export class WritableDatabase implements DatabaseCore {
  readonly storage: CountedStorage;
  readonly cache: BlockCache;
  readonly pool: ScanPool | undefined;
  private readonly engine: Engine;
  private readonly producer: Producer;
  private readonly index: IndexReader;
  private readonly lastRows: LastRows;
  private readonly pins: CheckpointPins;
  private readonly byName = new Map<string, TableDefinition>();
  // By table id, which count from 1 without many gaps.
  private readonly byId: (TableDefinition | undefined)[] = [];
  private readonly cores: (TableCore | undefined)[] = [];
  private readonly schemas = new SchemaPool();
  /** How many of the catalog's changes this handle knows. */
  private seen: number;
  private readonly alwaysDurable: boolean;
  private readonly words: Int32Array;
  private closing: Promise<void> | undefined;
  private readonly forgetExit: () => void;

  constructor(engine: Engine) {
    this.engine = engine;
    this.producer = new Producer(engine.shared, engine.waiting, engine.producer, engine.clock);
    this.storage = new CountedStorage(engine.storage);
    this.cache = new BlockCache(this.storage, engine.options.readCacheBytes);
    const { storageRef } = engine;
    this.pool = storageRef && new ScanPool({ storage: storageRef, identity: engine.storage.identity() });
    this.index = new IndexReader(this.storage);
    this.lastRows = new LastRows(this.cache);
    this.pins = new CheckpointPins(engine.shared, engine.producer.slot);
    this.alwaysDurable = engine.options.durability === 'always';
    this.words = engine.shared.control.words;
    this.seen = engine.tables.length;
    for (const definition of engine.tables) this.learn(definition);
    this.forgetExit = finishAtExit(
      engine.shared.control,
      engine.waiting,
      engine.shared.memories.length,
      engine.joined !== true || isMainThread,
    );
  }

  get path(): string {
    return this.engine.path;
  }

  checkReadable(): void {
    const { state } = this.engine.shared.control;
    if (this.closing === undefined && (state === STATE_OPEN || state === STATE_POISONED)) return;
    throw closedError();
  }

  checkWritable(): void {
    // One load a row, and a plain one: `appended` is who makes sure.
    if (this.words[STATE_WORD] !== OPEN || this.closing !== undefined) this.refuse();
  }

  private refuse(): void {
    if (this.closing !== undefined) throw closedError();
    this.engine.shared.control.checkOpen();
  }

  definitions(): readonly TableDefinition[] {
    this.refresh();
    return [...this.byName.values()];
  }

  find(name: string): TableDefinition | undefined {
    this.refresh();
    return this.byName.get(name);
  }

  ticket(): DatabaseTicket {
    const { ticket } = this.engine;
    if (ticket !== undefined) return ticket;
    throw new MillraceError('INVALID_OPTION', 'this engine runs in one thread; it has no ticket');
  }

  core(definition: TableDefinition): TableCore {
    const { id, versions } = definition;
    const any = this.cores[id];
    const known = any?.ofVersion(versions.length);
    if (known !== undefined) return known;
    const core = new TableCore(this, definition, any);
    this.cores[id] ??= core;
    return core;
  }

  appender(definition: TableDefinition): TableAppender {
    return new TableAppender(this.producer, this.engine.clock, definition);
  }

  createTable(name: string, specs: unknown, unit: unknown): TableDefinition {
    checkName('table', name);
    const columns = checkColumnSpecs(name, specs);
    const made = this.engine.link.callSync('createTable', { name, columns, unit: checkUnit(unit) });
    const definition = this.learn(made);
    // It may have had columns added since; who asks for these columns appends these.
    return asOfVersion(definition, versionWith(definition, columns)!.version);
  }

  addColumn({ name }: TableDefinition, spec: unknown): TableCore {
    const [column] = checkColumnSpecs(name, [spec]);
    return this.core(this.learn(this.engine.link.callSync('addColumn', name, column!)));
  }

  snapshot(definition: TableDefinition, range: TimeRange): TableSnapshot {
    const { shared } = this.engine;
    const views = shared.memories[writerOf(definition.id, shared.memories.length)]!;
    const newest = this.newest(definition);
    return liveSnapshot(shared, this.pins, this.index, newest, range, (bound) =>
      copyLiveRows(views, newest, bound),
    );
  }

  *snapshots(definitions: readonly TableDefinition[], range: TimeRange): Generator<TableSnapshot> {
    const { shared } = this.engine;
    const newest = definitions.map((definition) => this.newest(definition));
    const bounds = new Map(newest.map(({ id }) => [id, shared.tables.nextOrdinal(id)]));
    const chunks = shared.memories.map((views) => liveChunks(views, bounds));
    for (const definition of newest) {
      const writer = writerOf(definition.id, shared.memories.length);
      yield liveSnapshot(shared, this.pins, this.index, definition, range, () =>
        copyChunks(shared.memories[writer]!, definition, chunks[writer]!.get(definition.id) ?? []),
      );
    }
  }

  /** What this process reads is pinned; only in a full file pins are not waited for. */
  isPassing(error: unknown, snapshot: TableSnapshot): boolean {
    return isDamaged(error) && snapshot.isExpired();
  }

  /** Asks for what other threads have made or changed, if there is anything. */
  private refresh(): void {
    const { control } = this.engine.shared;
    const { state } = control;
    const now = Atomics.load(this.words, CATALOG);
    if (now === this.seen || (state !== STATE_OPEN && state !== STATE_POISONED)) return;
    try {
      while (this.seen < now) {
        const { definitions, seen } = this.engine.link.callSync('tablesSince', this.seen);
        for (const definition of definitions) this.learn(definition);
        this.seen = seen;
      }
    } catch (error) {
      // Without a coordinator, reads go on with the tables that are known here.
      if (control.state !== STATE_POISONED) throw error;
      this.seen = now;
    }
  }

  /** @returns the definition as it is kept here */
  private learn(told: TableDefinition): TableDefinition {
    const { id, name, versions } = told;
    const known = this.byId[id];
    if (known?.versions.length === versions.length) return known;
    const definition = this.schemas.share(told);
    if (known !== undefined && versions.length < known.versions.length) return definition;
    this.byId[id] = definition;
    this.byName.set(name, definition);
    return definition;
  }

  /** A table with all versions of its schema; one load if nobody has added a column. */
  private newest(definition: TableDefinition): TableDefinition {
    const { id } = definition;
    if (this.engine.shared.tables.version(id) > this.byId[id]!.versions.length) this.refresh();
    return this.byId[id]!;
  }

  last(definitions: readonly TableDefinition[]): (LastRow | null)[] {
    for (;;) {
      const newest = liveNewest(this.engine.shared, this.pins, this.index, definitions);
      try {
        return this.lastRows.all(newest);
      } catch (error) {
        if (!isDamaged(error) || !newest.isExpired()) throw error;
      }
    }
  }

  appended(definition: TableDefinition): boolean {
    // Looked at again once the row is there: if the database was still open, whatever closes it will find the row.
    const isOpen = loadAfterPublishing(this.words, STATE_WORD) === OPEN;
    if (this.alwaysDurable || !isOpen) this.settle(definition);
    return !this.producer.isCrowded;
  }

  private settle({ id }: TableDefinition): void {
    if (this.alwaysDurable) this.syncNow(writerOf(id, this.engine.shared.memories.length));
    else this.engine.shared.control.checkOpen();
  }

  async sync(): Promise<void> {
    this.checkWritable();
    await this.syncAll();
  }

  private async syncAll(): Promise<void> {
    const { control, memories } = this.engine.shared;
    const tickets = memories.map((_, writer) => control.requestSync(writer));
    for (const [writer, ticket] of tickets.entries()) {
      await this.engine.waiting.resolve(
        writerWord(writer) + W_SYNC_DONE,
        () =>
          control.isSynced(writer, ticket) ||
          control.state === STATE_POISONED ||
          control.state === STATE_CLOSED,
      );
      if (control.state === STATE_POISONED) throw control.poisonError();
    }
  }

  async flush(): Promise<void> {
    this.checkWritable();
    await this.engine.link.call('flush');
  }

  async packTable(definition: TableDefinition, target: number | undefined): Promise<void> {
    this.checkWritable();
    // A chunk that may still grow is left out, so this thread's are sent: what it has appended is packed.
    this.producer.sendAll();
    await this.engine.link.call('packTable', definition.id, target);
  }

  async compactRetentionNow(cutoffMs: number | undefined): Promise<void> {
    this.checkWritable();
    await this.engine.link.call('compactRetentionNow', cutoffMs);
  }

  async setRetention(definition: TableDefinition | undefined, retentionMs: number): Promise<void> {
    this.checkWritable();
    await this.engine.link.call('setRetention', definition?.id, retentionMs);
  }

  async drained(): Promise<void> {
    this.checkWritable();
    await this.producer.drained();
  }

  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  async stats(): Promise<EngineStats> {
    const { shared, options } = this.engine;
    const info = await this.engine.link.call('info');
    const slabs = shared.memories.reduce((sum, views) => sum + slabsInUse(views), 0);
    return {
      path: this.path,
      readOnly: false,
      state: STATE_NAMES[shared.control.state]!,
      fileBytes: info.fileBytes,
      freeBytes: info.freeBytes,
      checkpoint: info.checkpoint,
      writers: shared.memories.map((_, writer) => this.writerStats(writer, info)),
      retentionMs: info.retentionMs < 0 ? null : info.retentionMs,
      maxBytes: info.maxBytes === 0 ? null : info.maxBytes,
      maintenance: info.maintenance,
      memory: {
        budgetBytes: options.memoryBudgetBytes,
        slabBytes: slabs * SLAB_BYTES,
        ...countChunks(shared.memories),
      },
      latency: {
        commit: latencyOf(
          shared.control,
          shared.memories.map((_, writer) => ({ writer })),
        ),
        append: latencyOf(
          shared.control,
          Array.from({ length: MAX_PRODUCERS }, (_, producer) => ({ producer })),
        ),
        checkpoint: latencyOf(shared.control, ['coordinator']),
      },
      producers: info.producers,
      deaths: info.deaths,
      recovery: info.recovery,
    };
  }

  private async closeOnce(): Promise<void> {
    const { control } = this.engine.shared;
    if (control.state === STATE_OPEN) this.producer.sendAll();
    try {
      if (this.engine.joined !== true) await this.engine.link.call('close');
      else if (control.state === STATE_OPEN) await this.syncAll();
    } finally {
      this.producer.end();
      this.forgetExit();
      this.cache.clear();
      await this.pool?.close();
      await this.engine.dispose();
    }
  }

  private syncNow(writer: number): void {
    const { control } = this.engine.shared;
    const ticket = control.requestSync(writer);
    this.engine.waiting.block(
      writerWord(writer) + W_SYNC_DONE,
      () => control.isSynced(writer, ticket) || control.state !== STATE_OPEN,
    );
    if (!control.isSynced(writer, ticket) || control.state === STATE_POISONED) control.checkOpen();
  }

  private writerStats(writer: number, info: CoordinatorInfo): WriterStats {
    const { control } = this.engine.shared;
    const counter = (name: Parameters<typeof writerCounter>[2]): number =>
      writerCounter(control, writer, name);
    const lived = counter('nowMs') - counter('sinceMs');
    return {
      writer,
      deaths: info.deathCounts[writer]!,
      rows: counter('rows'),
      blocks: counter('blocks'),
      commits: counter('commits'),
      dataBytes: counter('dataBytes'),
      logBytes: counter('logBytes'),
      busy: lived > 0 ? counter('busyMs') / lived : 0,
      rowsPerSec: lived > 0 ? (counter('rows') * 1000) / lived : 0,
      ringUse: info.ringUse[writer]!,
    };
  }
}

const STATE_NAMES: Readonly<Record<number, DatabaseStats['state']>> = {
  [STATE_OPEN]: 'open',
  [STATE_CLOSING]: 'closing',
  [STATE_CLOSED]: 'closed',
  [STATE_POISONED]: 'poisoned',
};

function closedError(): MillraceError {
  return new MillraceError('CLOSED', 'the database is closed; open it again');
}
