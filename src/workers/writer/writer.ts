import type { Clock } from '../../shared/clock.ts';
import { publishCounters } from '../../shared/control/counters.ts';
import { noteLatency } from '../../shared/control/latency.ts';
import type { SharedState } from '../../shared/control/shared-state.ts';
import {
  P_WAITING,
  producerWord,
  STATE_POISONED,
  W_BEAT,
  W_DIRECTORY_HEAD,
  W_SYNC_DONE,
  W_SYNC_WANTED,
  W_WALK,
  writerWord,
} from '../../shared/control/words.ts';
import { pushPiece } from '../../shared/format/piece.ts';
import type { Extent, LogPosition } from '../../shared/format/root.ts';
import { encodeDefinition } from '../../shared/format/table-record.ts';
import { DescriptorRing } from '../../shared/ring/descriptor-ring.ts';
import type { TableDefinition } from '../../shared/schema/types.ts';
import type { Storage } from '../../shared/storage/storage.ts';
import type { Channel } from '../channel.ts';
import { SMALL_BLOCK_ROWS } from '../maintenance/plan-pack.ts';
import { ChunkBook, type KnownChunk } from './chunk-book.ts';
import { DataExtents } from './data-extents.ts';
import { Log } from './log.ts';
import type { FromWriter, ProducerRings, ToWriter } from './messages.ts';
import type { WriterOptions, WriterStep } from './options.ts';
import { Room } from './room.ts';
import { Staged } from './staged.ts';
import { takeOver } from './take-over.ts';
import { watchedStorage } from './watched-storage.ts';

/** A commit is made when this much is encoded, so that chunks come back before producers run out of them. */
const COMMIT_BYTES = 8 << 20;
/** A commit has at most about so many blocks, and pieces: what is known of each until then takes memory. */
const COMMIT_CHUNKS = 2048;
/** And when this much of it lay in chunks, if a producer waits for them: encoding that takes some ten milliseconds. */
const AWAITED_RAW_BYTES = 4 << 20;
/** Beyond so many bytes of raw rows in a commit's pieces, filling chunks with enough rows for a block become blocks. */
const PIECES_BYTES = 1 << 20;
/** With so many chunks in the queue a checkpoint that nobody waits for is answered at once. */
const HURRY_CHUNKS = 8;

/** What one commit must hold: all that was known when it began. */
interface Wave {
  /** Of the chunks: how many had been seen. */
  readonly arrivals: number;
  /** How many chunks must have been encoded: those that were in the queue. */
  readonly barrier: number;
  /** Whether somebody waits for it to be synced, with which ticket. */
  readonly syncWanted: boolean;
  readonly ticket: number;
}

/**
 * A writer as a step function: takes what is there, encodes, commits when it is time, and says when it wants to be called
 * again. Owns its part of the chunk memory's `logged` words and `sent → free`, its log and its data extents.
 */
export class Writer {
  private readonly shared: SharedState;
  private readonly storage: Storage;
  private readonly clock: Clock;
  private readonly channel: Channel<ToWriter, FromWriter>;
  private readonly options: WriterOptions;
  private readonly word: number;
  private readonly book: ChunkBook;
  private readonly data: DataExtents;
  private readonly log: Log;
  private readonly room: Room;
  private readonly rings: {
    readonly slot: number;
    readonly hints: DescriptorRing;
    readonly backs: DescriptorRing;
  }[] = [];
  private readonly staged = new Staged();
  private readonly newDefinitions: TableDefinition[] = [];
  private dueAt: number;
  /** Bytes written but not synced, with durability 'none'. */
  private unsynced = false;
  /** What a chunk's rows came to that found no room. */
  private readonly encodedBytes = new WeakMap<KnownChunk, number>();
  /** Chunks taken from the queue and encoded so far. */
  private encoded = 0;
  /** The commit being made, if there is one. */
  private wave: Wave | undefined;
  /** A checkpoint was answered in a hurry: the next wave seals what it did not. */
  private hurried = false;
  /** There is work that waits for an extent or for room in the directory; the coordinator rings when it has some. */
  private starved = false;
  private checkpoint: { readonly id: number; readonly seal: 'all' | 'old' } | undefined;
  private askedCheckpointAt = 0;
  private rows = 0;
  private blocks = 0;
  private rawBytes = 0;
  private commits = 0;
  private busyMs = 0;
  private readonly sinceMs: number;
  stopped = false;

  constructor(
    shared: SharedState,
    storage: Storage,
    clock: Clock,
    channel: Channel<ToWriter, FromWriter>,
    options: WriterOptions,
  ) {
    this.shared = shared;
    this.storage = watchedStorage(storage, shared.control, options.writer);
    this.clock = clock;
    this.channel = channel;
    this.options = options;
    this.word = writerWord(options.writer);
    this.book = new ChunkBook(shared.memories[options.writer]!);
    for (const definition of options.definitions) this.book.setTable(definition);
    this.newDefinitions.push(...options.newDefinitions);
    for (const producer of options.producers) this.addProducer(producer);
    this.data = new DataExtents(this.storage);
    this.sinceMs = clock.now();
    this.dueAt = this.sinceMs + options.commitIntervalMs;
    const { replay } = options.entry;
    this.log = options.succeeds
      ? takeOver(shared, this.storage, channel, options, this.book)
      : new Log(this.storage, options.writer, replay, [replay.extent], false);
    this.room = new Room(this.data, this.log, channel, options.appetite);
    this.room.ask();
  }

  /**
   * Does what there is to do.
   * @returns ms until it wants to be called again if nobody rings before
   */
  step(): number {
    const began = this.clock.now();
    // Read before messages and hints: the rows that were appended before a sync was asked for are then among the hints, and
    // their producer, if it is new, among the messages.
    const wanted = Atomics.load(this.shared.control.words, this.word + W_SYNC_WANTED);
    this.takeMessages();
    this.at('messages taken');
    if (this.stopped || this.shared.control.state === STATE_POISONED) return Number.POSITIVE_INFINITY;
    this.work(began, wanted);
    const now = this.clock.now();
    this.busyMs += now - began;
    this.publishCounters(now);
    return this.pause(now);
  }

  private work(began: number, wanted: number): void {
    const syncWanted = wanted !== Atomics.load(this.shared.control.words, this.word + W_SYNC_DONE);
    this.takeHints();
    this.at('hints taken');
    if (this.room.canMoveLog) this.room.moveLog(this.clock.wall());
    this.starved = false;
    if (this.checkpoint !== undefined && this.mayHurry && this.commit([], false)) {
      this.hurried = true;
      this.answerCheckpoint(this.checkpoint.id, false);
    }
    const due = began >= this.dueAt || this.options.durability === 'always';
    if (this.wave === undefined && (due || syncWanted || this.checkpoint !== undefined)) {
      // What is known now is what this commit must hold; what comes meanwhile cannot hold it up for ever.
      const barrier = this.encoded + this.book.queue.length;
      this.wave = { arrivals: this.book.arrivals, barrier, syncWanted, ticket: wanted };
    }
    this.encodeQueue();
    if (this.wave !== undefined && (this.encoded >= this.wave.barrier || this.mustNotWait)) {
      this.finishWave(this.wave);
    } else if (
      this.isEnough ||
      (this.staged.length > 0 && (this.producerWaits() || (this.room.isDenied && this.starved)))
    ) {
      this.commit([], false);
    }
  }

  /** Commits everything that was known when the wave began. */
  private finishWave(wave: Wave): void {
    const { checkpoint } = this;
    let sealed = this.encoded >= wave.barrier;
    if (sealed && !this.stageStragglers(wave)) sealed = false;
    const seal = checkpoint?.seal ?? (this.hurried ? 'old' : undefined);
    if (sealed && seal !== undefined) sealed = this.sealOpenChunks(wave, seal);
    if (sealed) this.sealInsteadOfPieces(wave);
    // Without an extent it must wait. A full directory is emptied by a checkpoint, so that one is made of what there is.
    if (!sealed && !this.mustNotWait) return;
    if (!sealed && checkpoint === undefined) {
      this.commit([], false);
      this.starved = true;
      return;
    }
    if (!this.commitInParts(sealed ? wave.arrivals : 0, wave.syncWanted)) {
      // Room for the log comes of a checkpoint, too: that one is made of what was committed before.
      if (!this.room.isDenied || checkpoint === undefined) return;
      sealed = false;
    }
    if (sealed && wave.syncWanted) this.publishSync(wave.ticket);
    if (sealed) this.hurried = false;
    if (checkpoint !== undefined) this.answerCheckpoint(checkpoint.id, sealed);
    this.wave = undefined;
  }

  /** @returns false if it must wait for room; what was committed by then is passed over the next time */
  private commitInParts(arrivals: number, syncWanted: boolean): boolean {
    const chunks = this.book.before(arrivals);
    let part: KnownChunk[];
    do {
      part = takeSome(chunks, COMMIT_CHUNKS);
      if (!this.commit(part, syncWanted)) return false;
    } while (part.length === COMMIT_CHUNKS);
    return true;
  }

  /**
   * Encodes chunks that were known when the wave began and still wait: others' turns came first, or they were sent since. In
   * the queue's order, so that of each table what came first is encoded first.
   */
  private stageStragglers({ arrivals }: Wave): boolean {
    const { queue } = this.book;
    for (const known of queue.all()) {
      if (known.arrival >= arrivals || known.staged) continue;
      // It stays in the queue, which passes over it: taking it out would cost a search for each.
      if (!this.stage(known)) return false;
    }
    return true;
  }

  private get directoryIsFull(): boolean {
    return this.shared.directories[this.options.writer]!.room <= this.staged.length;
  }

  /**
   * Whether a checkpoint that nobody waits for is answered with what is committed: a long queue would hold it up for a second
   * and more, and with it the space that it brings. Chunks that fill slowly are sealed by the next wave then.
   */
  private get mayHurry(): boolean {
    return this.checkpoint?.seal === 'old' && this.book.queue.length > HURRY_CHUNKS;
  }

  /** Whether what lacks room gets it by a checkpoint only. */
  private get mustNotWait(): boolean {
    return this.directoryIsFull || (this.room.isDenied && this.starved);
  }

  /** Whether so much is staged that it is to be committed before more is encoded. */
  private get isEnough(): boolean {
    if (this.staged.bytes >= COMMIT_BYTES || this.staged.length >= COMMIT_CHUNKS) return true;
    return this.staged.rawBytes >= AWAITED_RAW_BYTES && this.producerWaits();
  }

  private producerWaits(): boolean {
    return this.rings.some(({ slot }) => this.waits(slot));
  }

  private waits(slot: number): boolean {
    return Atomics.load(this.shared.control.words, producerWord(slot) + P_WAITING) === 1;
  }

  private addProducer({ slot, hints, backs }: ProducerRings): void {
    const rings = { slot, hints: new DescriptorRing(hints), backs: new DescriptorRing(backs) };
    // A slot's next producer has rings of its own.
    const known = this.rings.findIndex((ring) => ring.slot === slot);
    if (known < 0) this.rings.push(rings);
    else this.rings[known] = rings;
  }

  private takeMessages(): void {
    for (let message = this.channel.take(); message !== undefined; message = this.channel.take()) {
      switch (message.type) {
        case 'table':
          this.book.setTable(message.definition);
          this.newDefinitions.push(message.definition);
          break;
        case 'extent':
          this.room.take(message);
          break;
        case 'noRoom':
          this.room.isDenied = true;
          break;
        case 'checkpoint':
          this.checkpoint = message;
          // Begun anew with what is known now: a wave that began before it may lack rows that it must hold.
          if (!this.mayHurry) this.wave = undefined;
          break;
        case 'producer':
          this.addProducer(message.rings);
          break;
        case 'release':
          this.room.release();
          break;
        case 'stop':
          this.stopped = true;
          this.channel.post({ type: 'stopped' });
          break;
      }
    }
  }

  private takeHints(): void {
    const note = (chunk: number): void => {
      // The table's definition was sent before its first chunk was opened, so it is at the latest in the channel now.
      if (!this.book.hasTable(this.book.tableOf(chunk))) this.takeMessages();
      this.book.note(chunk);
      this.beat();
    };
    if (Atomics.exchange(this.shared.control.words, this.word + W_WALK, 0) === 1) {
      this.takeMessages();
      this.book.walk();
    }
    for (const ring of this.rings) ring.hints.drain(note);
  }

  /** Encodes queued chunks until none is left, enough is staged for a commit, or there is no room. */
  private encodeQueue(): void {
    const { queue } = this.book;
    for (let next = queue.first; next !== undefined && !this.isEnough; next = queue.first) {
      if (!next.staged && !this.stage(next)) break;
      queue.shift();
      this.encoded++;
    }
  }

  /** Encodes the rows of a chunk that no block has yet. @returns false if there is no room for them */
  private stage(known: KnownChunk): boolean {
    const rows = this.book.rows(known);
    if (rows === known.blocked) {
      // An empty chunk, or one whose rows were all sealed before it was sent: only to be given back.
      if (known.queued) this.staged.addEmpty(known);
      known.staged = known.queued;
      return true;
    }
    // Where room is scarce, what the rows come to once encoded may fit where their bound does not.
    const bound = this.room.isDenied ? (this.encodedBytes.get(known) ?? 0) : known.rawBytes;
    if (!this.data.hasRoom(bound) || this.directoryIsFull) {
      this.room.ask(bound);
      this.starved = true;
      return false;
    }
    const { tableId, schemaVersion, ordinal, blocked } = known;
    const head = { tableId, schemaVersion, ordinal, indexFirst: blocked, rows: rows - blocked };
    const ref = this.data.add(head, this.book.sources(known), blocked, known.columns);
    if (typeof ref === 'number') {
      this.encodedBytes.set(known, ref);
      this.room.ask(ref);
      this.starved = true;
      return false;
    }
    this.encodedBytes.delete(known);
    known.blocked = rows;
    known.staged = known.queued;
    this.staged.addBlock(known, ref);
    this.rawBytes += known.rawBytes;
    this.blocks++;
    this.beat();
    this.at('block staged');
    this.room.ask();
    return true;
  }

  /** Writes the rows of filling chunks as blocks before a checkpoint. @returns false if there is no room for them */
  private sealOpenChunks({ arrivals }: Wave, seal: 'all' | 'old'): boolean {
    for (const known of this.book.before(arrivals)) {
      if (known.queued) continue;
      const old = this.book.checkpoints - known.seenAt >= 2;
      if ((seal === 'all' || old) && !this.stage(known)) return false;
    }
    return true;
  }

  /**
   * With hundreds of busy tables the filling chunks hold tens of megabytes, which would be logged raw, and be encoded soon
   * after all the same. So, beyond what a few tables come to, those with rows enough for a block are encoded at once.
   */
  private sealInsteadOfPieces({ arrivals }: Wave): void {
    let bytes = 0;
    for (const known of this.book.before(arrivals)) {
      if (known.queued) continue;
      const rows = this.book.rows(known);
      const isWorth = bytes > PIECES_BYTES && rows - known.blocked >= SMALL_BLOCK_ROWS;
      if (isWorth && this.hasRoomAtHand(known)) this.stage(known);
      else bytes += 8 * (known.columns.length + 1) * (rows - Math.max(known.logged, known.blocked));
    }
  }

  /** Whether a chunk can be encoded without asking for anything: where it can't, a piece will do as well. */
  private hasRoomAtHand({ rawBytes }: KnownChunk): boolean {
    if (this.room.isDenied || this.directoryIsFull || this.staged.length >= COMMIT_CHUNKS) return false;
    return this.data.hasRoom(rawBytes);
  }

  /**
   * Writes what is staged, and the new rows of these chunks as far as they are filling.
   * @returns false if it must wait for room in the log
   */
  private commit(filling: readonly KnownChunk[], syncWanted: boolean): boolean {
    const pieces = this.gather(filling);
    this.at('frames gathered');
    const lacking = this.log.lacking();
    if (lacking !== undefined) {
      this.log.begin();
      this.room.ask(0, lacking);
      this.starved = true;
      return false;
    }
    this.dueAt = this.clock.now() + this.options.commitIntervalMs;
    const mustSync = this.options.durability !== 'none' || syncWanted;
    if (this.log.isEmpty && this.staged.length === 0) {
      if (syncWanted && this.unsynced) this.syncStorage();
      return true;
    }
    const began = this.clock.now();
    this.data.write();
    this.at('data written');
    const places = this.log.isEmpty ? [] : this.log.write(this.clock.wall());
    this.at('log written');
    if (mustSync) this.syncStorage();
    else this.unsynced = true;
    noteLatency(this.shared.control, { writer: this.options.writer }, this.clock.now() - began);
    this.newDefinitions.length = 0;
    this.publish(pieces, places);
    this.room.ask();
    return true;
  }

  /** Puts the commit's frames together. */
  private gather(filling: readonly KnownChunk[]): { known: KnownChunk; rows: number; frame: number }[] {
    this.log.begin();
    for (const definition of this.newDefinitions)
      this.log.add('definitions', (out) => encodeDefinition(out, definition));
    this.staged.forEachEncoded((located) => this.log.add('blocks', (out) => out.push(located)));
    const pieces: { known: KnownChunk; rows: number; frame: number }[] = [];
    for (const known of filling) {
      // A sent one has been encoded; one that came back may have begun another life.
      if (known.queued || !this.book.has(known)) continue;
      const from = Math.max(known.logged, known.blocked);
      const rows = this.book.rows(known);
      if (rows <= from) continue;
      const frame = this.log.add('pieces', (out) =>
        pushPiece(out, known, this.book.sources(known), from, rows - from),
      );
      pieces.push({ known, rows, frame });
      this.beat();
    }
    return pieces;
  }

  private syncStorage(): void {
    this.storage.sync();
    this.at('synced');
    // Another thread may have failed meanwhile: nothing is acknowledged after that.
    if (this.shared.control.state === STATE_POISONED) throw this.shared.control.poisonError();
    this.log.synced = this.log.lastNumber;
    this.unsynced = false;
  }

  /** Tells readers, producers and the coordinator of a commit: blocks are findable before their chunks go back. */
  private publish(
    pieces: readonly { known: KnownChunk; rows: number; frame: number }[],
    places: readonly LogPosition[],
  ): void {
    const directory = this.shared.directories[this.options.writer]!;
    for (const { tableId, ref } of this.staged.blocks()) {
      directory.add(tableId, ref);
      this.beat();
    }
    this.at('directory published');
    const back = new Set<number>();
    this.staged.forEach((known, hasBlock) => {
      if (hasBlock) {
        this.rows += Math.max(0, known.blocked - known.logged);
        known.logged = Math.max(known.logged, known.blocked);
        known.firstPiece = undefined;
      }
      this.book.publishLogged(known);
      this.beat();
    });
    for (const { known, rows, frame } of pieces) {
      this.rows += rows - known.logged;
      known.logged = rows;
      known.firstPiece ??= places[frame];
      this.book.publishLogged(known);
      this.beat();
    }
    this.at('logged published');
    this.staged.forEach((known) => {
      // One that was filling when it was encoded may have been sent since, and may be there twice then.
      if (!known.staged || !this.book.has(known)) return;
      this.book.free(known);
      this.at('chunk freed');
      // A full ring is no loss: the producer walks its headers when it runs out.
      this.rings.find((ring) => ring.slot === known.producer)?.backs.push(known.chunk);
      back.add(known.producer);
    });
    this.staged.clear();
    this.commits++;
    this.shared.control.setCommitted(this.options.writer, this.log.lastNumber);
    // Whoever waits may have use of what another one's chunks leave.
    if (back.size > 0) for (const { slot } of this.rings) if (this.waits(slot)) back.add(slot);
    for (const producer of back) this.shared.control.ringProducer(producer);
    this.at('commit published');
    const { checkpointLogBytes } = this.options.appetite;
    if (this.log.bytes - this.askedCheckpointAt > checkpointLogBytes || directory.room < DIRECTORY_LOW) {
      this.askedCheckpointAt = this.log.bytes;
      this.channel.post({ type: 'wantCheckpoint' });
    }
  }

  private publishSync(ticket: number): void {
    const { words } = this.shared.control;
    Atomics.store(words, this.word + W_SYNC_DONE, ticket);
    Atomics.notify(words, this.word + W_SYNC_DONE);
  }

  private answerCheckpoint(id: number, sealed: boolean): void {
    let oldest = this.log.tail;
    for (const { firstPiece } of this.book.all()) {
      if (firstPiece !== undefined && firstPiece.number < oldest.number) oldest = firstPiece;
    }
    this.checkpoint = undefined;
    this.book.checkpoints++;
    if (this.staged.length === 0) this.room.moveOn();
    this.channel.post({
      type: 'checkpointReady',
      id,
      sealed,
      received: this.room.received,
      entry: { replay: oldest, indexed: this.log.lastNumber },
      directoryHead: Atomics.load(this.shared.control.words, this.word + W_DIRECTORY_HEAD),
      released: [...this.data.takeReleased(), ...this.log.releaseBefore(oldest), ...this.room.takeLetGo()],
      held: [...this.data.held(), ...this.written(), ...this.log.held()],
    });
  }

  /** What was written and is in no frame yet, which is so only where a frame found no room. */
  private written(): Extent[] {
    return this.staged.extents((ref) => this.data.isWritten(ref));
  }

  private pause(now: number): number {
    if (this.starved) return Number.POSITIVE_INFINITY;
    const { words } = this.shared.control;
    const syncWanted =
      Atomics.load(words, this.word + W_SYNC_WANTED) !== Atomics.load(words, this.word + W_SYNC_DONE);
    if (this.book.queue.length > 0 || syncWanted || this.checkpoint !== undefined || this.wave !== undefined)
      return 0;
    // Nothing known: nothing to commit until a hint comes, and whoever opens a chunk rings.
    if (this.book.size === 0 && this.newDefinitions.length === 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.dueAt - now);
  }

  private publishCounters(now: number): void {
    publishCounters(this.shared.control, this.options.writer, {
      rows: this.rows,
      blocks: this.blocks,
      commits: this.commits,
      dataBytes: this.data.bytes,
      rawBytes: this.rawBytes,
      logBytes: this.log.bytes,
      busyMs: this.busyMs,
      sinceMs: this.sinceMs,
      nowMs: now,
    });
  }

  /** A sign of life. There may be tens of thousands of chunks to go through, so each one of them gives it. */
  private beat(): void {
    Atomics.add(this.shared.control.words, this.word + W_BEAT, 1);
  }

  private at(step: WriterStep): void {
    this.options.onStep?.(step);
  }
}

function takeSome<T>(from: Iterator<T>, most: number): T[] {
  const some: T[] = [];
  while (some.length < most) {
    const { done, value } = from.next();
    if (done === true) break;
    some.push(value);
  }
  return some;
}

/** Directory entries that must be free, or a checkpoint is asked for. */
const DIRECTORY_LOW = 32_768;
