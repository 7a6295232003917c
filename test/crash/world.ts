/** A database under a workload, on a file that tells of every write, with what was appended and what was acknowledged. */
import { MillraceError, NanoTsDbShared } from '../../src/main/index.ts';
import { MemoryFile } from '../../src/shared/storage/memory-storage.ts';
import type { Storage } from '../../src/shared/storage/storage.ts';
import type { AnyTable } from '../engine/kill-rows.ts';
import { giveMemoryBack } from '../support/give-memory-back.ts';
import { InlineEngine, type InlineOptions, newFile } from '../support/inline-engine.ts';
import type { Random } from '../support/model-values.ts';
import { type FileOp, tracing } from '../support/storage/tracing.ts';
import {
  appendNumbers,
  type Counts,
  countAll,
  cutoffOf,
  HIDDEN,
  makeTable,
  noRows,
  PRODUCERS,
  timesOf,
  widen,
} from './crash-tables.ts';

/** What happened, in order: changes of the file, and what then had been appended and acknowledged. */
export type Event =
  | FileOp
  | {
      readonly kind: 'mark';
      /** Rows that may be found from now on. */
      readonly appended: Counts;
      /** Rows that must be found from now on. A table that is named must be there, if it has no rows too. */
      readonly acked: Counts;
    };

export interface WorldOptions {
  readonly durability?: 'interval' | 'always' | 'none';
  readonly writers?: number;
  /** Another storage than the file's own. */
  readonly storage?: (file: MemoryFile) => Storage;
  /** Is told what happens, in place of `events`. */
  readonly tell?: (event: Event) => void;
  /** More of the engine's options. */
  readonly engine?: Pick<InlineOptions, 'scheduler' | 'onStep' | 'maintenance' | 'beforeTask'>;
}

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

  constructor(random: Random, options: WorldOptions = {}) {
    this.random = random;
    this.options = options;
    this.file = newFile();
    this.before = this.file.image();
  }

  /** What may be found now, and what must. */
  get bounds(): { appended: Counts; acked: Counts } {
    return { appended: this.appended, acked: this.acked };
  }

  get tableNames(): string[] {
    return [...this.appended.keys()];
  }

  /** Opens the file as it is, and takes what recovery found for acknowledged: it has been made durable. */
  async open(writers = this.options.writers ?? 2): Promise<void> {
    await this.abandon();
    this.engine = new InlineEngine({
      file: this.file,
      writers,
      durability: this.options.durability ?? 'interval',
      open: () => tracing(this.options.storage?.(this.file) ?? this.file.open(), (op) => this.tell(op)),
      randomWords: seededWords(this.random),
      ...this.options.engine,
    });
    this.handles = [NanoTsDbShared.over(this.engine)];
    for (let producer = 1; producer < PRODUCERS; producer++)
      this.handles.push(NanoTsDbShared.over(this.engine.asProducer(producer)));
    this.tables.clear();
    this.appended = await countAll(this.handles[0]!);
    this.acked = copy(this.appended);
    this.taken = copy(this.appended);
    this.mark();
  }

  /** The power came back, and this is what the disk has. */
  async openAfterPowerCut(image: Uint8Array): Promise<void> {
    this.file = new MemoryFile(image);
    await this.open();
  }

  addTable(name: string): void {
    this.appended.set(name, this.appended.get(name) ?? noRows());
    this.mark();
    this.tables.set(
      name,
      this.handles.map((db) => makeTable(db, name)),
    );
  }

  append(name: string, producer: number, count: number, inBatch: boolean): void {
    const table = this.tables.get(name)?.[producer] ?? this.openTable(name)[producer]!;
    const counts = this.appended.get(name)!;
    const from = counts[producer]!;
    counts[producer] = from + count;
    this.mark();
    appendNumbers(table, producer, from, count, inBatch);
    this.taken = copy(this.appended);
    if (this.options.durability === 'always') {
      this.acked.set(name, this.acked.get(name) ?? counts.map(() => 0));
      this.acked.get(name)![producer] = from + count;
      this.mark();
    }
  }

  turn(ms?: number): void {
    this.engine.turn(ms);
  }

  async sync(): Promise<void> {
    const asked = copy(this.appended);
    await this.handles[this.random.below(PRODUCERS)]!.sync();
    this.acked = asked;
    this.mark();
  }

  async flush(): Promise<void> {
    const asked = copy(this.appended);
    await this.handles[0]!.flush();
    this.acked = asked;
    this.mark();
  }

  /** Packs a table, if no failure keeps maintenance from it: then it is told, and nothing else is different. */
  async pack(name: string): Promise<void> {
    const asked = copy(this.appended);
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
    const asked = copy(this.appended);
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
    const asked = copy(this.appended);
    const { handles } = this;
    // Of no more use, whatever comes of it: the inline engine's handles share one storage.
    this.handles = [];
    const [first] = await Promise.allSettled(handles.map((db) => db.close()));
    if (first!.status === 'rejected') throw first!.reason;
    this.acked = asked;
    this.mark();
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
    this.tell({ kind: 'mark', appended: copy(this.appended), acked: copy(this.acked) });
  }
}

function copy(counts: ReadonlyMap<string, readonly number[]>): Map<string, number[]> {
  return new Map([...counts].map(([name, numbers]) => [name, [...numbers]]));
}
