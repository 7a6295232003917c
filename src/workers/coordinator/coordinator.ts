import { SLAB_BYTES, slabsInUse } from '../../shared/chunk/slab-table.ts';
import type { Clock } from '../../shared/clock.ts';
import type { CoordinatorInfo, NewTable, ProducerTicket } from '../../shared/control/api.ts';
import { writerCounter } from '../../shared/control/counters.ts';
import { noteLatency } from '../../shared/control/latency.ts';
import type { MaintenanceEvent, MaintenanceOptions } from '../../shared/control/maintenance.ts';
import { type SharedState, writerOf } from '../../shared/control/shared-state.ts';
import { rowLimitOf } from '../../shared/control/space-bound.ts';
import {
  CATALOG,
  COORDINATOR_BEAT,
  EXPIRED,
  ROW_LIMIT,
  STATE_CLOSED,
  STATE_POISONED,
} from '../../shared/control/words.ts';
import { MillraceError } from '../../shared/errors.ts';
import { type Extent, extentOf, type Salt, type WriterEntry } from '../../shared/format/root.ts';
import { type Recovery, recover } from '../../shared/recovery/recover.ts';
import type { Column, TableDefinition } from '../../shared/schema/types.ts';
import type { Storage } from '../../shared/storage/storage.ts';
import type { TaskRunner } from '../maintenance/task.ts';
import type { FromWriter, ProducerRings } from '../writer/messages.ts';
import { UNBOUNDED_APPETITE } from '../writer/options.ts';
import { checkBound, checkRoomForTable } from './bound.ts';
import { Catalog } from './catalog.ts';
import { type CheckpointOutput, writeCheckpoint } from './checkpoint.ts';
import { cutToUse } from './cut-to-use.ts';
import { ExtentDesk } from './extent-desk.ts';
import type { FreeSpace } from './free-space.ts';
import { Maintenance } from './maintenance.ts';
import { materialize } from './materialize.ts';
import { DirectoryBlocks, foundBlocks, type NewBlocks, NO_BLOCKS } from './new-blocks.ts';
import { ProducerRegistry } from './producers.ts';
import { recoveredSpace } from './recovered-space.ts';
import { Reuse } from './reuse.ts';
import { rewriteUnsynced } from './rewrite-unsynced.ts';
import { SpaceBudget } from './space-budget.ts';
import type { TableEdit } from './table-edit.ts';
import { type StartWriter, type WriterRecord, WriterRecords } from './writer-records.ts';

/** A checkpoint is made at least this often while rows arrive: bounds what recovery must read of slow tables' logs. */
const CHECKPOINT_INTERVAL_MS = 30_000;
/** How often it looks whether the writers have let go of an ended producer's chunks. */
const ENDING_LOOK_MS = 5;
const FIRST_LOG_BYTES = 64 << 10;
/** Definitions that a handle is told of in one answer. */
const TOLD_AT_ONCE = 256;
/** What the coordinator is told when a database is opened. */
export interface CoordinatorOptions {
  readonly durability: 'interval' | 'always' | 'none';
  readonly commitIntervalMs: number;
  /** Producers that there may be at once. */
  readonly maxProducers: number;
  /** For how long freed bytes are left as they are, for readers in other processes. */
  readonly reuseDelayMs: number;
  /** Where salts come from; simulations give one that follows from their seed. Default: the system's randomness. */
  readonly randomWords?: (words: Uint32Array) => Uint32Array;
  readonly maintenance: MaintenanceOptions;
  /** ms; null clears the stored one, undefined leaves it as it is. */
  readonly retentionMs: number | null | undefined;
  /** What the file may come to; null clears the stored bound, undefined leaves it as it is. */
  readonly maxBytes: number | null | undefined;
  /** Called with what maintenance does. */
  readonly tell?: (event: MaintenanceEvent) => void;
}

interface PendingCheckpoint {
  readonly id: number;
  /** Whether it is the last one, before the database closes. */
  readonly closes: boolean;
  readonly seal: 'all' | 'old';
  readonly done: Deferred[];
}

interface Closing {
  readonly promise: Promise<void>;
  readonly deferred: Deferred;
  /** Every row into a block; then the writers' end; then the last checkpoints. */
  phase: 'flush' | 'stop' | 'done';
}

interface Deferred {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * The coordinator as a step function: routes tables to writers, hands out the file's space, makes checkpoints. Its public
 * methods are called by handles, its `step` whenever a writer has sent something or the time it gave has passed.
 */
export class Coordinator {
  private readonly shared: SharedState;
  private readonly storage: Storage;
  private readonly clock: Clock;
  private readonly randomWords: (words: Uint32Array) => Uint32Array;
  private readonly writers: WriterRecords;
  private readonly catalog: Catalog;
  private readonly space: FreeSpace;
  private readonly extents: ExtentDesk;
  /** What the file may come to, 0 for no bound. */
  private readonly maxBytes: number;
  private readonly recovery: Recovery;
  private readonly session: number;
  private readonly producers: ProducerRegistry;
  private readonly maintenance: Maintenance;
  /** Tables that no checkpoint has yet. */
  private readonly unsaved = new Set<number>();
  private readonly reuse: Reuse;
  private last: CheckpointOutput;
  private applied: number[];
  private lastCheckpointAt: number;
  private pending: PendingCheckpoint | undefined;
  private queued: Deferred[] = [];
  private waitingForClose: Deferred[] = [];
  private wanted = false;
  private commitsSeen = 0;
  /** Bytes of log that had been written when the last checkpoint was made. */
  private logBytesSeen = 0;
  private nextId = 1;
  private closing: Closing | undefined;

  /**
   * Recovers the database, makes what it found durable as a checkpoint, and starts the writers.
   * @throws NOT_A_DATABASE, NEWER_VERSION, DAMAGED, and what the storage throws
   */
  constructor(
    shared: SharedState,
    storage: Storage,
    clock: Clock,
    options: CoordinatorOptions,
    startWriter: StartWriter,
    startRunner: () => TaskRunner,
  ) {
    this.shared = shared;
    this.storage = storage;
    this.clock = clock;
    this.producers = new ProducerRegistry(shared, options.maxProducers);
    this.randomWords = options.randomWords ?? ((words) => crypto.getRandomValues(words));
    this.recovery = recover(storage);
    const { root, superblock, tables } = this.recovery;
    this.maxBytes = options.maxBytes === undefined ? root.maxBytes : (options.maxBytes ?? 0);
    checkBound(this.maxBytes, shared.memories.length, tables.size);
    rewriteUnsynced(storage, this.recovery);
    this.session = root.session + 1;
    this.space = recoveredSpace(storage, this.recovery);
    this.extents = new ExtentDesk(this.space, () => this.newSalt());
    if (this.maxBytes > 0)
      this.extents.budget = new SpaceBudget(this.space, this.maxBytes, shared.memories.length);
    this.reuse = new Reuse(shared, clock, this.space, this.extents, options.reuseDelayMs);
    // What a crash left may need more than there is; then the file is brought below its bound at once.
    this.space.isOpening = true;
    this.extents.budget?.apply();
    this.catalog = new Catalog(
      [...tables.values()].map(({ entry }) => entry),
      Math.max(root.nextTableId, ...[...tables.keys()].map((id) => id + 1)),
    );
    this.catalog.adopt(root.catalog);
    for (const [id, { entry }] of tables) shared.tables.setVersion(id, entry.definition.versions.length);
    Atomics.store(shared.control.words, CATALOG, this.catalog.changes.length);
    const blocks = materialize(storage, this.space, tables.values(), this.newSalt().seed);
    for (const [id, table] of tables) {
      shared.tables.setNextOrdinal(id, table.entry.state.nextOrdinal);
      if (table.blocks.length === 0 && !blocks.has(id)) continue;
      blocks.set(id, [...table.blocks, ...(blocks.get(id) ?? [])]);
    }
    for (const [id, table] of tables) if (table.isNews) this.catalog.markDirty(id);

    this.writers = new WriterRecords(shared, this.extents, (writer, succeeds) => {
      const own = (definition: TableDefinition): boolean =>
        writerOf(definition.id, shared.memories.length) === writer;
      const definitions = this.catalog.definitions().filter(own);
      const { durability, commitIntervalMs } = options;
      return startWriter({
        durability,
        commitIntervalMs,
        appetite: this.extents.budget?.appetite ?? UNBOUNDED_APPETITE,
        writer,
        entry: this.last.root.writers[writer]!,
        definitions,
        newDefinitions: definitions.filter(({ id }) => this.unsaved.has(id)),
        producers: this.producers.all().map((ticket) => ringsOf(ticket, writer)),
        succeeds,
      });
    });
    const { retentionMs } = options;
    this.maintenance = new Maintenance({
      shared,
      storage,
      clock,
      catalog: this.catalog,
      space: this.space,
      extents: this.extents,
      options: options.maintenance,
      retentionMs: retentionMs === undefined ? root.retentionMs : (retentionMs ?? -1),
      gapsBelow: new Map([...tables].map(([id, { entry }]) => [id, entry.state.nextOrdinal])),
      applied: () => this.applied,
      wantCheckpoint: () => {
        this.wanted = true;
      },
      startRunner,
      tell: options.tell ?? (() => {}),
      releaseExtents: () => this.writers.sendAll({ type: 'release' }),
      rowsWritten: () => this.sumOf('rows'),
      comingBytes: () => this.comingBytes(),
      // A successor counts from zero again.
      logBytes: () => Math.max(0, this.sumOf('logBytes') - this.logBytesSeen),
    });
    const logs = shared.memories.map(() => this.extents.takeAtMost(FIRST_LOG_BYTES));
    this.last = writeCheckpoint({
      storage,
      space: this.space,
      catalog: this.catalog,
      previous: { superblock, root },
      session: this.session,
      writers: logs.map((extent) => ({ replay: { extent, offset: extent.offset, number: 1 }, indexed: 0 })),
      blocks: foundBlocks(blocks),
      edits: new Map(),
      retentionMs: this.maintenance.retentionMs,
      maxBytes: this.maxBytes,
      released: this.recovery.logExtents,
      held: [],
      wallMs: clock.wall(),
    });
    this.applied = logs.map(() => 0);
    this.space.isOpening = false;
    if (this.maxBytes > 0) {
      this.extents.budget?.apply();
      Atomics.store(shared.control.words, ROW_LIMIT, rowLimitOf(this.maxBytes));
    }
    Atomics.store(shared.control.words, EXPIRED, this.last.superblock.sequence | 0);
    shared.control.publishRoot(this.last.superblock.sequence, this.last.superblock.root);
    this.lastCheckpointAt = clock.now();
    this.writers.startAll(logs.length);
  }

  /** Every table there is. */
  tables(): TableDefinition[] {
    return this.catalog.definitions();
  }

  /** The table of that name and shape, made if there is none. Its writer logs it with the next commit. */
  createTable(table: NewTable): TableDefinition {
    this.shared.control.checkOpen();
    if (this.catalog.find(table.name) === undefined)
      checkRoomForTable(this.maxBytes, this.catalog.definitions().length, table.name);
    const { definition, isNew } = this.catalog.create(table);
    if (isNew) this.announce(definition);
    return definition;
  }

  /** The table with one column more, or as it is if it has that one. Its writer logs it before the first row that has it. */
  addColumn(table: string, column: Pick<Column, 'name' | 'type'>): TableDefinition {
    this.shared.control.checkOpen();
    const { definition, isNew } = this.catalog.addColumn(table, column);
    if (isNew) this.announce(definition);
    return definition;
  }

  /**
   * Definitions made or changed after the first `seen` ones, and how many the asker has seen then. A portion of them: ten
   * thousand in one message would take some ten megabytes on both sides.
   */
  tablesSince(seen: number): { definitions: TableDefinition[]; seen: number } {
    const definitions = this.catalog.changes.slice(seen, seen + TOLD_AT_ONCE);
    return { definitions, seen: seen + definitions.length };
  }

  /** Tells the table's writer, and then the handles, of a definition that is new. */
  private announce(definition: TableDefinition): void {
    this.unsaved.add(definition.id);
    this.writers.send(writerOf(definition.id, this.writers.count), { type: 'table', definition });
    this.shared.tables.setVersion(definition.id, definition.versions.length);
    Atomics.store(this.shared.control.words, CATALOG, this.catalog.changes.length);
  }

  /**
   * Takes a producer in and tells the writers of its rings.
   * @param slot the lowest free one if it is not given
   * @throws TOO_MANY
   */
  attachProducer(slot?: number): ProducerTicket {
    this.shared.control.checkOpen();
    const ticket = this.producers.attach(slot);
    for (let writer = 0; writer < this.writers.count; writer++)
      this.writers.send(writer, { type: 'producer', rings: ringsOf(ticket, writer) });
    return ticket;
  }

  /** A producer's thread has ended, or it let go of its handle: nothing more comes from it. */
  producerEnded(slot: number): void {
    this.producers.end(slot);
  }

  /** Resolves once every row appended before is in a block, and a checkpoint refers to it. */
  flush(): Promise<void> {
    const state = this.shared.control.state;
    if (state === STATE_POISONED) return Promise.reject(this.shared.control.poisonError());
    return new Promise<void>((resolve, reject) => {
      this.queued.push({ resolve, reject });
      // Not `advance`: what fails must poison, not only reject.
      this.step();
    });
  }

  /**
   * Replaces a writer that died. Its thread must have ended: two writers must never work on one log.
   * The successor takes its work from the chunk headers, so nothing that is in a chunk is lost.
   */
  writerDied(writer: number, reason = 'its thread ended'): void {
    this.writers.note({ writer, atMs: this.clock.wall(), reason });
    if (this.closing !== undefined && this.closing.phase !== 'flush') {
      // It was told to end. Its last answer stands: all its rows are in blocks, and nothing was committed since.
      this.writers.all[writer]!.stopped = true;
      return;
    }
    this.writers.replace(writer);
    if (this.pending !== undefined) {
      this.writers.send(writer, { type: 'checkpoint', id: this.pending.id, seal: this.pending.seal });
    }
  }

  /** Resolves once every row appended before is in segments of about `target` rows, as far as their chunks are over. */
  async packTable(tableId: number, target: number | undefined): Promise<void> {
    await this.flush();
    await this.beside(() => this.maintenance.pack(tableId, target));
  }

  /** Resolves once no query shows expired rows any more: those before a time in ms, or as retention says. */
  async compactRetentionNow(cutoffMs: number | undefined): Promise<void> {
    await this.flush();
    await this.beside(() => this.maintenance.retain(cutoffMs));
  }

  /** Resolves once it is stored how long rows are kept, in ms; −1: for ever, or for a table as the database says. */
  setRetention(tableId: number | undefined, retentionMs: number): Promise<void> {
    return this.beside(() => this.maintenance.setRetention(tableId, retentionMs));
  }

  /** Asks something of maintenance, unless the database is closing or failed. */
  private beside(call: () => Promise<void>): Promise<void> {
    try {
      this.shared.control.checkOpen();
    } catch (error) {
      return Promise.reject(error);
    }
    const result = call();
    this.step();
    return result;
  }

  info(): CoordinatorInfo {
    const { frames, rows, droppedBytes, damage } = this.recovery;
    return {
      fileBytes: this.storage.length(),
      checkpoint: this.last.superblock.sequence,
      freeBytes: this.space.bytes(),
      retentionMs: this.maintenance.retentionMs,
      maxBytes: this.maxBytes,
      maintenance: this.maintenance.stats(this.clock.now()),
      recovery: { frames, rows, droppedBytes, damage },
      deaths: [...this.writers.deaths],
      deathCounts: [...this.writers.deathCounts],
      producers: this.producers.count,
      ringUse: this.producers.ringUse(),
    };
  }

  /** Flushes, ends the writers, leaves a file without a log, cut to its used length. */
  close(): Promise<void> {
    this.closing ??= this.beginClose();
    return this.closing.promise;
  }

  private beginClose(): Closing {
    let deferred!: Deferred;
    const promise = new Promise<void>((resolve, reject) => {
      deferred = { resolve, reject };
    });
    if (this.shared.control.state === STATE_POISONED) {
      // Nothing more is written; what was acknowledged is in the log.
      this.writers.sendAll({ type: 'stop' });
      deferred.reject(this.shared.control.poisonError());
    }
    this.shared.control.startClosing();
    this.maintenance.stop(new MillraceError('CLOSED', 'the database is closed; open it again'));
    const closing: Closing = { promise, deferred, phase: 'flush' };
    queueMicrotask(() => this.step());
    return closing;
  }

  /**
   * Takes what the writers sent and does what is due.
   * @returns ms until it wants to be called again if no message comes before
   */
  step(): number {
    Atomics.add(this.shared.control.words, COORDINATOR_BEAT, 1);
    for (const [writer, record] of this.writers.all.entries()) {
      for (
        let message = record.peer.channel.take();
        message !== undefined;
        message = record.peer.channel.take()
      ) {
        this.take(writer, record, message);
      }
    }
    this.producers.step();
    if (this.shared.control.state === STATE_POISONED) {
      this.failAll(this.shared.control.poisonError());
      return CHECKPOINT_INTERVAL_MS;
    }
    let pauseMs = Number.POSITIVE_INFINITY;
    const { sequence } = this.last.superblock;
    try {
      pauseMs = this.maintenance.step(this.clock.now());
      this.advance();
      this.writers.giveExtents();
      // Maintenance may have waited for this checkpoint.
      if (this.last.superblock.sequence !== sequence) pauseMs = 0;
    } catch (error) {
      this.shared.control.poison(error);
      this.failAll(this.shared.control.poisonError());
    }
    const pause = Math.max(
      0,
      Math.min(pauseMs, this.lastCheckpointAt + CHECKPOINT_INTERVAL_MS - this.clock.now()),
    );
    return this.producers.isEnding ? Math.min(pause, ENDING_LOOK_MS) : pause;
  }

  private take(writer: number, record: WriterRecord, message: FromWriter): void {
    switch (message.type) {
      case 'need':
        this.extents.ask(writer, message.use, message.bytes, message.least);
        break;
      case 'wantCheckpoint':
        this.wanted = true;
        break;
      case 'checkpointReady':
        if (message.id === this.pending?.id) record.ready = message;
        break;
      case 'tookOver':
        this.freeOrphans(writer, message.chain);
        break;
      case 'stopped':
        record.stopped = true;
        break;
    }
  }

  /** Begins, finishes or ends what can be. */
  private advance(): void {
    if (this.pending !== undefined && this.writers.areReady) this.finishCheckpoint();
    const due =
      this.wanted ||
      this.queued.length > 0 ||
      this.closing !== undefined ||
      (this.clock.now() - this.lastCheckpointAt >= CHECKPOINT_INTERVAL_MS && this.hasNews());
    const mayBegin = this.closing === undefined || this.closing.phase === 'flush';
    if (this.pending === undefined && due && mayBegin) this.beginCheckpoint();
    const ended = this.writers.areStopped && this.maintenance.ended;
    if (this.closing?.phase === 'stop' && ended) this.finishClose();
  }

  /** Whether any writer committed anything since the last checkpoint that was due. */
  private hasNews(): boolean {
    this.lastCheckpointAt = this.clock.now();
    const commits = this.sumOf('commits');
    const news = commits !== this.commitsSeen;
    this.commitsSeen = commits;
    return news;
  }

  private sumOf(name: Parameters<typeof writerCounter>[2]): number {
    let sum = 0;
    for (let writer = 0; writer < this.writers.count; writer++)
      sum += writerCounter(this.shared.control, writer, name);
    return sum;
  }

  /** By what chunks have come to so far. Memory that a producer holds but does not fill counts, too. */
  private comingBytes(): number {
    const slabs = this.shared.memories.reduce((sum, views) => sum + slabsInUse(views), 0);
    return (slabs * SLAB_BYTES * this.sumOf('dataBytes')) / Math.max(1, this.sumOf('rawBytes'));
  }

  private beginCheckpoint(): void {
    this.wanted = false;
    const done = this.queued.splice(0);
    const seal = done.length > 0 || this.closing !== undefined ? 'all' : 'old';
    this.pending = { id: this.nextId++, seal, done, closes: this.closing !== undefined };
    this.writers.askForCheckpoint(this.pending.id, seal);
  }

  private finishCheckpoint(): void {
    const { done, closes } = this.pending!;
    const answers = this.writers.all.map(({ ready }) => ready!);
    const sealed = answers.every((answer) => answer.sealed);
    if (closes && sealed) {
      this.pending = undefined;
      // The index is written once the writers have given back what they hold: it then fills the gaps, not the tail.
      this.closing!.phase = 'stop';
      this.waitingForClose = done;
      this.writers.sendAll({ type: 'stop' });
      return;
    }
    this.writeCheckpoint(
      answers.map((answer) => answer.entry),
      answers.flatMap((answer) => answer.released),
    );
    // Not before: if the write fails, those who wait are found here and told.
    this.pending = undefined;
    if (sealed) for (const { resolve } of done) resolve();
    else this.queued.push(...done);
  }

  /** Puts the directories' blocks into the index and makes that durable. */
  private writeCheckpoint(entries: readonly WriterEntry[], released: readonly Extent[]): void {
    const { blocks, heads } = this.takeDirectories();
    const edits = this.maintenance.takeEdits(heads);
    this.logBytesSeen = this.sumOf('logBytes');
    const held = [...this.writers.held(), ...this.maintenance.held()];
    this.write(entries, blocks, released, held, edits);
    for (const record of this.writers.all) record.space.checkpointed(record.ready!);
    this.unsaved.clear();
    for (const [writer, head] of heads.entries()) {
      this.applied[writer] = head;
      this.shared.directories[writer]!.release(head);
      // A writer may wait for room in its directory.
      this.shared.control.ring(writer);
    }
    this.lastCheckpointAt = this.clock.now();
    this.maintenance.checkpointed(blocks.tables(), edits, this.lastCheckpointAt);
  }

  /** Gives back what a dead writer held, less what its log and its blocks since the last checkpoint take of it. */
  private freeOrphans(writer: number, chain: readonly Extent[]): void {
    const used = [...chain];
    const directory = this.shared.directories[writer]!;
    for (let position = this.applied[writer]!; position < directory.head; position++) {
      const { ref } = directory.entry(position);
      used.push(extentOf(ref));
    }
    for (const extent of this.writers.all[writer]!.space.takeOrphans(used, this.space.end))
      this.space.free(extent, 0);
  }

  /** The blocks that writers have told of since the last checkpoint, up to their answers. */
  private takeDirectories(): { blocks: NewBlocks; heads: number[] } {
    const heads = this.writers.all.map(({ ready }) => ready!.directoryHead);
    return { blocks: new DirectoryBlocks(this.shared.directories, this.applied, heads), heads };
  }

  private write(
    writers: readonly WriterEntry[],
    blocks: NewBlocks,
    released: readonly Extent[],
    held: readonly Extent[],
    edits: ReadonlyMap<number, TableEdit>,
  ): void {
    const began = this.clock.now();
    this.last = writeCheckpoint({
      storage: this.storage,
      space: this.space,
      catalog: this.catalog,
      previous: this.last,
      session: this.session,
      writers,
      blocks,
      edits,
      retentionMs: this.maintenance.retentionMs,
      maxBytes: this.maxBytes,
      released,
      held,
      wallMs: this.clock.wall(),
    });
    noteLatency(this.shared.control, 'coordinator', this.clock.now() - began);
    const { sequence, root } = this.last.superblock;
    this.shared.control.publishRoot(sequence, root);
    this.extents.budget?.noteCheckpoint(this.last.pageBytes, this.last.longestRun);
    this.reuse.checkpointed(sequence, this.maintenance.inputs(), this.closing !== undefined);
  }

  /**
   * Checkpoints without a log, always two in turn, so that each superblock alone opens the file. Space that the first pair
   * let go of can take the second pair's pages: only then can the file's tail be cut off, which is done if it is worth it.
   */
  private finishClose(): void {
    const released: Extent[] = [];
    for (const record of this.writers.all) {
      const { replay } = record.ready!.entry;
      released.push({ offset: replay.extent.offset, bytes: replay.extent.bytes }, ...record.ready!.released);
      // Nothing durable refers to what a writer only held.
      for (const extent of record.space.of(record.ready!)) this.space.free(extent, 0);
    }
    this.space.settle(0);
    const { blocks, heads } = this.takeDirectories();
    this.applied = heads;
    this.write([], blocks, released, [], this.maintenance.takeEdits(heads, false));
    this.writeAgain();
    cutToUse(
      this.storage,
      this.space,
      () => this.maintenance.compactForClose(),
      () => this.writeAgain(),
    );
    this.shared.control.setState(STATE_CLOSED);
    this.closing!.phase = 'done';
    for (const { resolve } of this.waitingForClose) resolve();
    this.closing!.deferred.resolve();
  }

  /** A checkpoint of what the last one had, and what maintenance changes. */
  private writeAgain(): void {
    this.write([], NO_BLOCKS, [], [], this.maintenance.takeEdits(this.applied, false));
  }

  private newSalt(): Salt {
    const words = this.randomWords(new Uint32Array(2));
    return { clear: words[0]!, seed: words[1]! };
  }

  private failAll(error: unknown): void {
    this.maintenance.stop(error);
    const waiting = [
      ...this.queued.splice(0),
      ...this.waitingForClose.splice(0),
      ...(this.pending?.done ?? []),
    ];
    for (const { reject } of waiting) reject(error);
    this.pending = undefined;
    if (this.closing === undefined || this.closing.phase === 'done') return;
    this.closing.phase = 'done';
    this.closing.deferred.reject(error);
    this.writers.sendAll({ type: 'stop' });
  }
}

function ringsOf({ slot, hints, backs }: ProducerTicket, writer: number): ProducerRings {
  return { slot, hints: hints[writer]!, backs: backs[writer]! };
}
