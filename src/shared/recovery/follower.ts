import { damaged } from '../format/fields.ts';
import { decodeFrameHeader, FRAME_HEADER_BYTES } from '../format/frame.ts';
import type { LogPosition, WriterEntry } from '../format/root.ts';
import { decodeSuperblock, SUPERBLOCK_BYTES, type Superblock } from '../format/superblock.ts';
import { IndexReader } from '../index/index-reader.ts';
import type { TableDefinition } from '../schema/types.ts';
import { readExactly, type Storage } from '../storage/storage.ts';
import { type Collected, catalogTables, collect, type RecoveredTable, resolve } from './recover.ts';
import { readCurrentRoot } from './superblocks.ts';
import { type WalkedLog, walkLog } from './walk-log.ts';

/** Tries to see one checkpoint whole, while nothing moves and while another process makes one after the other. */
const MAX_TRIES = 10;
const MAX_MOVED_TRIES = 1000;

/** What the first look at the file found. */
export interface FollowReport {
  readonly frames: number;
  readonly rows: number;
  readonly droppedBytes: number;
  readonly damage: readonly string[];
}

/** A checkpoint as it was read, with the logs since. */
interface Begun {
  readonly superblock: Superblock;
  readonly tables: Map<number, Collected>;
  readonly walked: readonly { readonly entry: WriterEntry; readonly log: WalkedLog }[];
  readonly damage: string[];
}

/** How far one writer's log has been read. */
interface FollowedLog {
  readonly entry: WriterEntry;
  end: LogPosition;
}

/**
 * Reads a file that another process may be writing: takes in frames as they are appended to the logs, and begins anew from
 * each newer checkpoint. What is not sound at a log's end is not there yet. The writer knows nothing of it, so what a
 * checkpoint let go of may be overwritten while it is read; whoever meets that asks `isOutdated` and looks again.
 */
export class Follower {
  private readonly storage: Storage;
  private readonly index: IndexReader;
  private current!: Superblock;
  /** The sequence of a newer checkpoint that was looked at and cannot be read: damage, and no news until another one comes. */
  private unreadable = -1;
  private retention = -1;
  private bound = 0;
  private logs: FollowedLog[] = [];
  private tables = new Map<number, Collected>();
  private byName = new Map<string, number>();
  /** Tables as they were last asked for; without those that have something new since. */
  private readonly resolved = new Map<number, RecoveredTable>();
  readonly report: FollowReport;

  /** @throws NOT_A_DATABASE, NEWER_VERSION, DAMAGED */
  constructor(storage: Storage) {
    this.storage = storage;
    this.index = new IndexReader(storage);
    this.report = this.firstLook();
  }

  private firstLook(): FollowReport {
    for (let newest = -1; ; ) {
      const before = newest;
      newest = newestSequence(this.storage);
      const { frames, droppedBytes, damage } = this.begin();
      let rows = 0;
      for (const id of this.tables.keys()) {
        const { blocks, runs } = this.resolve(id, damage);
        for (const part of [...blocks, ...runs]) rows += part.rows;
      }
      // A newer checkpoint that stays where it is and cannot be read is damage, not news.
      if (damage.length === 0 || !this.isOutdated() || newest === before) {
        return { frames, rows, droppedBytes, damage };
      }
    }
  }

  get reader(): IndexReader {
    return this.index;
  }

  /** The checkpoint that is read from. */
  get checkpoint(): number {
    return this.current.sequence;
  }

  /** ms for which the checkpoint that is read from keeps rows; −1 for ever. */
  get retentionMs(): number {
    return this.retention;
  }

  /** What the file may come to; 0 for no bound. */
  get maxBytes(): number {
    return this.bound;
  }

  /** Takes in what was written since the last call. */
  follow(): void {
    if (this.isOutdated()) this.begin();
    else if (this.logs.some((log) => this.hasNews(log))) {
      for (const [writer, log] of this.logs.entries()) this.advance(writer, log);
      // What was read may have been another log's already.
      if (this.isOutdated()) this.begin();
    }
  }

  /** Whether there is a newer checkpoint than the one that is read from, as far as is known a readable one. */
  isOutdated(): boolean {
    const newest = newestSequence(this.storage);
    return newest > this.current.sequence && newest !== this.unreadable;
  }

  definitions(): TableDefinition[] {
    return [...this.tables.values()].map(({ definition }) => definition);
  }

  find(name: string): TableDefinition | undefined {
    const id = this.byName.get(name);
    return id === undefined ? undefined : this.tables.get(id)?.definition;
  }

  /**
   * A table as of the last `follow`; undefined if it is not there any more.
   * @throws DAMAGED if part of its index was overwritten meanwhile; `follow` again then
   */
  table(id: number): RecoveredTable | undefined {
    if (!this.tables.has(id)) return undefined;
    const damage: string[] = [];
    const table = this.resolve(id, damage);
    if (damage.length > 0 && this.isOutdated()) throw damaged(damage.join('; '));
    return table;
  }

  private resolve(id: number, damage: string[]): RecoveredTable {
    let table = this.resolved.get(id);
    if (table === undefined) {
      const found: string[] = [];
      table = resolve(this.tables.get(id)!, this.index, found);
      damage.push(...found);
      // Not kept if part of the index could not be read: it may have been overwritten, and the next look finds a newer one.
      if (found.length === 0) this.resolved.set(id, table);
    }
    return table;
  }

  /** Reads the newest checkpoint and the logs since, anew while another process moves them away underneath. */
  private begin(): { frames: number; droppedBytes: number; damage: string[] } {
    for (let tries = 1; ; tries++) {
      const newest = newestSequence(this.storage);
      let begun: Begun | undefined;
      try {
        begun = this.tryBegin();
      } catch (error) {
        if (!this.mayTryAgain(newest, tries)) throw error;
        continue;
      }
      const isLate = newestSequence(this.storage) > begun.superblock.sequence;
      if ((isLate || begun.damage.length > 0) && this.mayTryAgain(newest, tries)) continue;
      const { superblock, tables, walked, damage } = begun;
      this.current = superblock;
      this.unreadable = isLate ? newest : -1;
      this.tables = tables;
      this.logs = walked.map(({ entry, log }) => ({ entry, end: log.end }));
      this.byName = new Map([...tables.values()].map(({ definition }) => [definition.name, definition.id]));
      this.resolved.clear();
      return {
        frames: walked.reduce((sum, { log }) => sum + log.frames.length, 0),
        droppedBytes: walked.reduce((sum, { log }) => sum + log.droppedBytes, 0),
        damage,
      };
    }
  }

  /** A writer at work is met in the middle of a write now and then; damage that stays while nothing moves is real. */
  private mayTryAgain(newest: number, tries: number): boolean {
    return tries < MAX_TRIES || (tries < MAX_MOVED_TRIES && newestSequence(this.storage) !== newest);
  }

  private tryBegin(): Begun {
    const { superblock, root, damage: rootDamage } = readCurrentRoot(this.storage);
    const damage = [...rootDamage];
    this.retention = root.retentionMs;
    this.bound = root.maxBytes;
    const tables = catalogTables(this.index, root, damage);
    const walked = root.writers.map((entry, writer) => ({
      entry,
      log: walkLog(this.storage, writer, entry),
    }));
    for (const { entry, log } of walked) {
      collect(log, entry.indexed, tables, damage);
      damage.push(...log.damage);
    }
    return { superblock, tables, walked, damage };
  }

  /** Whether a log goes on behind its end: one small read, which is all that a query costs while nothing is written. */
  private hasNews({ end }: FollowedLog): boolean {
    const head = readExactly(this.storage, end.offset, FRAME_HEADER_BYTES);
    return head !== undefined && decodeFrameHeader(head, end.extent.salt)?.number === end.number;
  }

  private advance(writer: number, log: FollowedLog): void {
    if (!this.hasNews(log)) return;
    const walked = this.walkOn(writer, log);
    for (const id of collect(walked, log.entry.indexed, this.tables, [])) {
      this.resolved.delete(id);
      const table = this.tables.get(id);
      if (table !== undefined) this.byName.set(table.definition.name, id);
    }
    log.end = walked.end;
  }

  private walkOn(writer: number, { entry, end }: FollowedLog): WalkedLog {
    for (let tries = 1; ; tries++) {
      const walked = walkLog(this.storage, writer, { replay: end, indexed: entry.indexed });
      // As in `begin`: a gap may only be a frame that was being written when its place was read.
      if (walked.damage.length === 0 || tries >= MAX_TRIES) return walked;
    }
  }
}

/** The sequence of the newest superblock that is sound; −1 while both are being read in the middle of a write. */
function newestSequence(storage: Storage): number {
  let newest = -1;
  for (const offset of [0, SUPERBLOCK_BYTES]) {
    const bytes = readExactly(storage, offset, SUPERBLOCK_BYTES);
    const superblock = bytes === undefined ? undefined : decodeSuperblock(bytes);
    if (superblock !== undefined) newest = Math.max(newest, superblock.sequence);
  }
  return newest;
}
