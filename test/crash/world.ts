/** A database under a workload, on a file that tells of every write, with what was appended and what was acknowledged. */
import { MillraceError, NanoTsDbShared } from '../../src/main/index.ts';
import { MemoryFile } from '../../src/shared/storage/memory-storage.ts';
import type { Storage } from '../../src/shared/storage/storage.ts';
import type { AnyTable } from '../engine/kill-rows.ts';
import { giveMemoryBack } from '../support/give-memory-back.ts';
import { InlineEngine, type InlineOptions, newFile } from '../support/inline-engine.ts';
import type { Random } from '../support/model-values.ts';
import { type FileOp, tracing } from '../support/storage/tracing.ts';
import type { Bounds, FileBound } from './check-image.ts';
import {
  appendNumbers,
  type Counts,
  countAll,
  cutoffOf,
  GONE,
  HIDDEN,
  isLarge,
  makeTable,
  mayMakeWay,
  noRows,
  ownerOf,
  PRODUCERS,
  timesOf,
  widen,
} from './crash-tables.ts';

/** What happened, in order: changes of the file, and what then had been appended and acknowledged. */
export type Event = FileOp | ({ readonly kind: 'mark' } & Bounds);

export interface WorldOptions {
  readonly durability?: 'interval' | 'always' | 'none';
  readonly writers?: number;
  /** A file to begin with, and what it has. Default: an empty database. */
  readonly begins?: { readonly image: Uint8Array; readonly acked: Counts };
  /**
   * The file may not grow beyond this. It has one writer then, and each table one producer. A file to begin with must
   * have this bound already.
   */
  readonly maxBytes?: number;
  /** Another storage than the file's own. */
  readonly storage?: (file: MemoryFile) => Storage;
  /** Is told what happens, in place of `events`. */
  readonly tell?: (event: Event) => void;
  /** More of the engine's options. */
  readonly engine?: Pick<InlineOptions, 'scheduler' | 'onStep' | 'maintenance' | 'beforeTask'>;
}

/** Of a bound, this share of it are bytes of rows at least, in a file that was full once. */
const LEAST_KEPT = 0.3;

/** Words that follow from a seed, where an engine takes its salts from. */
export function seededWords(random: Random): (words: Uint32Array) => Uint32Array {
  return (words) => words.map(() => random.u32());
}

export class World {
  readonly random: Random;
  file: MemoryFile;
  /** The file before the first event. */
  readonly before: Uint8Array;
  readonly events: Event[] = [];
  private readonly options: WorldOptions;
  private engine!: InlineEngine;
  /** One handle a producer. */
  handles: NanoTsDbShared[] = [];
  private tables = new Map<string, AnyTable[]>();
  private appended = new Map<string, number[]>();
  private acked = new Map<string, number[]>();
  /** Calls for a pack that were given up. */
  packsFailed = 0;
  /** Rows that packs of earlier openings wrote. */
  rowsPacked = 0;
  /** Rows whose append has returned: what every reader sees. */
  taken: Counts = new Map();
  /** Of a file that may not grow. */
  private bound: FileBound | undefined;

  constructor(random: Random, options: WorldOptions = {}) {
    this.random = random;
    this.options = options;
    const { begins, maxBytes } = options;
    this.file = begins === undefined ? newFile() : new MemoryFile(begins.image);
    this.before = this.file.image();
    if (maxBytes !== undefined)
      this.bound = { maxBytes, leastBytes: begins === undefined ? 0 : maxBytes * LEAST_KEPT };
    if (begins !== undefined) {
      this.acked = copy(begins.acked);
      this.appended = copy(mayMakeWay(begins.acked));
    }
  }

  /** What may be found now, and what must. */
  get bounds(): Bounds {
    return { appended: copy(this.appended), acked: copy(this.acked), bound: this.bound };
  }

  get tableNames(): string[] {
    return [...this.appended.keys()];
  }

  /** Opens the file as it is, and takes what recovery found for acknowledged: it has been made durable. */
  async open(writers = this.options.writers ?? 2): Promise<void> {
    await this.abandon();
    const { bound } = this;
    const isNew = this.options.begins === undefined && this.appended.size === 0;
    this.engine = new InlineEngine({
      file: this.file,
      writers: bound === undefined ? writers : 1,
      // Once: the file remembers.
      maxBytes: isNew ? bound?.maxBytes : undefined,
      durability: this.options.durability ?? 'interval',
      open: () => tracing(this.options.storage?.(this.file) ?? this.file.open(), (op) => this.tell(op)),
      randomWords: seededWords(this.random),
      ...this.options.engine,
    });
    this.handles = [NanoTsDbShared.over(this.engine)];
    for (let producer = 1; producer < PRODUCERS; producer++)
      this.handles.push(NanoTsDbShared.over(this.engine.asProducer(producer)));
    this.tables.clear();
    this.acked = await countAll(this.handles[0]!, bound !== undefined);
    this.taken = copy(this.acked);
    this.appended = copy(bound === undefined ? this.acked : mayMakeWay(this.acked));
    this.mark();
  }

  /** The power came back, and this is what the disk has. */
  async openAfterPowerCut(image: Uint8Array): Promise<void> {
    this.file = new MemoryFile(image);
    await this.open();
  }

  addTable(name: string): void {
    const none = noRows();
    if (this.bound !== undefined) none[GONE] = Number.POSITIVE_INFINITY;
    this.appended.set(name, this.appended.get(name) ?? none);
    this.mark();
    this.tables.set(
      name,
      this.handles.map((db) => makeTable(db, name)),
    );
  }

  append(name: string, anyProducer: number, rows: number, inBatch: boolean): void {
    const producer = this.bound === undefined ? anyProducer : ownerOf(name);
    const count = isLarge(name) ? Math.ceil(rows / 8) : rows;
    const table = this.tables.get(name)?.[producer] ?? this.openTable(name)[producer]!;
    const counts = this.appended.get(name)!;
    const from = counts[producer]!;
    counts[producer] = from + count;
    this.mark();
    appendNumbers(table, producer, from, count, inBatch);
    this.taken = copy(this.appended);
    if (this.options.durability === 'always') {
      this.acked.set(name, this.acked.get(name) ?? noRows());
      this.acked.get(name)![producer] = from + count;
      this.mark();
    }
  }

  turn(ms?: number): void {
    this.engine.turn(ms);
  }

  async sync(): Promise<void> {
    const asked = this.asked();
    await this.handles[this.random.below(PRODUCERS)]!.sync();
    this.acked = asked;
    this.mark();
  }

  async flush(): Promise<void> {
    const asked = this.asked();
    await this.handles[0]!.flush();
    this.acked = asked;
    this.mark();
  }

  /** Packs a table, if no failure keeps maintenance from it: then it is told, and nothing else is different. */
  async pack(name: string): Promise<void> {
    const asked = this.asked();
    try {
      await this.handles[0]!.packTable(name, 64);
    } catch (error) {
      if (!MillraceError.is(error) || error.code !== 'PACK_FAILED') throw error;
      this.packsFailed++;
    }
    this.acked = asked;
    this.mark();
  }

  /** Hides the oldest rows of all tables. */
  async retain(): Promise<void> {
    const { random } = this;
    const counts = random.pick([...this.appended.values()]);
    const times = random.below(timesOf(counts[random.below(PRODUCERS)]!) + 1);
    for (const counts of this.appended.values()) counts[HIDDEN] = Math.max(counts[HIDDEN]!, times);
    const asked = this.asked();
    // Of what is hidden nobody can say whether it made way.
    if (this.bound !== undefined) this.bound = { ...this.bound, leastBytes: 0 };
    this.mark();
    await this.handles[0]!.compactRetentionNow(cutoffOf(times));
    this.acked = asked;
    this.mark();
  }

  /** Gives a table a column more, which one of its producers fills from now on. */
  async widen(name: string, producer: number): Promise<void> {
    const tables = this.tables.get(name) ?? this.openTable(name);
    tables[producer] = await widen(tables[producer]!);
  }

  /** A checkpoint because it is time for one, which leaves filling chunks as they are. */
  checkpointByTheClock(): void {
    for (let i = 0; i < 10; i++) this.engine.turn(i === 0 ? 31_000 : 1);
  }

  /** The process is killed: what it wrote stays in the system's cache. */
  async killAndReopen(writers?: number): Promise<void> {
    await this.open(writers);
  }

  /** Lets go of the engine as a killed process does: nothing more is written, and nothing of it stays in memory. */
  async abandon(): Promise<void> {
    const { handles } = this;
    this.handles = [];
    this.rowsPacked += this.engine?.coordinator.info().maintenance.rowsPacked ?? 0;
    if (handles.length > 0) this.engine.shared.control.poison(new Error('killed'));
    for (const db of handles) await db.close().catch(() => {});
    await giveMemoryBack();
  }

  async closeAndReopen(writers?: number): Promise<void> {
    await this.close();
    await this.open(writers);
  }

  async close(): Promise<void> {
    const asked = this.asked();
    const { handles } = this;
    // Of no more use, whatever comes of it: the inline engine's handles share one storage.
    this.handles = [];
    const [first] = await Promise.allSettled(handles.map((db) => db.close()));
    if (first!.status === 'rejected') throw first!.reason;
    this.acked = asked;
    this.mark();
  }

  /** What must be there once what is asked for now has been done. Which rows make way nobody asks for. */
  private asked(): Map<string, number[]> {
    return new Map(
      [...this.appended].map(([name, counts]) => [
        name,
        counts.with(GONE, this.acked.get(name)?.[GONE] ?? 0),
      ]),
    );
  }

  private openTable(name: string): AnyTable[] {
    const tables = this.handles.map((db) => makeTable(db, name));
    this.tables.set(name, tables);
    return tables;
  }

  private tell(event: Event): void {
    if (this.options.tell === undefined) this.events.push(event);
    else this.options.tell(event);
  }

  private mark(): void {
    this.tell({ kind: 'mark', ...this.bounds });
  }
}

function copy(counts: ReadonlyMap<string, readonly number[]>): Map<string, number[]> {
  return new Map([...counts].map(([name, numbers]) => [name, [...numbers]]));
}
