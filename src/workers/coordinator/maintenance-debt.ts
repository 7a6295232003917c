import type { MaintenanceOptions, MaintenanceStats } from '../../shared/control/maintenance.ts';
import type { BlockRef } from '../../shared/format/block-ref.ts';
import type { TableEntry } from '../../shared/format/table-record.ts';
import { ALL_TIME, type IndexReader } from '../../shared/index/index-reader.ts';
import { SMALL_BLOCK_ROWS } from '../maintenance/plan-pack.ts';
import type { MaintenanceHost } from './maintenance-host.ts';

/** Under load debts are counted this often, and no more than this part of the time is spent on it. */
const COUNT_MS = 50;
const COUNT_SHARE = 1 / 20;
/** How much of what came lately still tells after another count. */
const FORGET = 0.9;

/** Expired and dead bytes are debts: with this part of the limit that there is at least they are seen to soon. */
const PRESSING = { share: 1 / 8, least: 1 << 20 };

/** So many expired or dead bytes are seen to before their time. */
export function pressingBytes({ walMinBytes }: MaintenanceOptions): number {
  return Math.max(PRESSING.least, walMinBytes * PRESSING.share);
}

/** What of a table's blocks maintenance has yet to see to, in bytes. */
export interface TableDebt {
  readonly small: number;
  readonly overlapping: number;
  readonly expired: number;
  readonly packed: number;
  readonly live: number;
}

export const NO_DEBT: TableDebt = { small: 0, overlapping: 0, expired: 0, packed: 0, live: 0 };

/** @param refs in order of arrival */
export function debtOf(refs: readonly BlockRef[], cutoff: bigint): TableDebt {
  let [small, overlapping, expired, packed, live] = [0, 0, 0, 0, 0];
  let before: BlockRef | undefined;
  for (const ref of refs) {
    live += ref.length;
    if (ref.maxTs < cutoff) {
      // It will be dropped: nothing else is to be done with it.
      expired += ref.length;
      before = ref;
      continue;
    }
    if (ref.packed) packed += ref.length;
    else if (ref.rows < SMALL_BLOCK_ROWS) small += ref.length;
    // Against its neighbour only: what a query has to sort is mostly a matter of producers that take turns.
    else if (!ref.sorted || (before !== undefined && ref.minTs < before.maxTs)) overlapping += ref.length;
    if (ref.minTs < cutoff) {
      const share = Number(cutoff - ref.minTs) / Math.max(1, Number(ref.maxTs - ref.minTs));
      expired += Math.floor(ref.length * share);
    }
    before = ref;
  }
  return { small, overlapping, expired, packed, live };
}

export function sumDebts(debts: Iterable<TableDebt>): TableDebt {
  let [small, overlapping, expired, packed, live] = [0, 0, 0, 0, 0];
  for (const debt of debts) {
    small += debt.small;
    overlapping += debt.overlapping;
    expired += debt.expired;
    packed += debt.packed;
    live += debt.live;
  }
  return { small, overlapping, expired, packed, live };
}

/** What of all tables' blocks maintenance has yet to see to, and which tables may have work. */
export class Debts {
  private readonly host: MaintenanceHost;
  private readonly index: IndexReader;
  private readonly dueCutoff: (entry: TableEntry) => bigint | undefined;
  private readonly byTable = new Map<number, TableDebt>();
  private readonly changed = new Set<number>();
  /** Of the blocks that no checkpoint has yet: how far each writer's directory was read, and what was found. */
  private readonly read: number[] = [];
  private readonly newest = new Map<number, bigint>();
  private recent = 0;
  /** Bytes that came lately, and those of them that have to be packed. */
  private readonly came = { all: 0, debt: 0 };
  private nextAt = 0;
  /** Tables that changed since they last had nothing to do. */
  readonly candidates = new Set<number>();
  lastError: string | null = null;

  /** @param dueCutoff from when on a table's rows are to be kept now; undefined if all are */
  constructor(
    host: MaintenanceHost,
    index: IndexReader,
    dueCutoff: (entry: TableEntry) => bigint | undefined,
  ) {
    this.host = host;
    this.index = index;
    this.dueCutoff = dueCutoff;
    for (const { id } of host.catalog.definitions()) this.changed.add(id);
  }

  /** A checkpoint has changed these tables' blocks. */
  note(tables: Iterable<number>): void {
    for (const id of tables) this.changed.add(id);
    this.recent = 0;
    this.host.applied().forEach((head, writer) => {
      this.read[writer] = Math.max(this.read[writer] ?? 0, head);
    });
  }

  /** Blocks of so many bytes have left a table because of its cutoff: they are dead bytes now, and counted as such. */
  dropped(tableId: number, bytes: number): void {
    const debt = this.byTable.get(tableId);
    if (debt === undefined) return;
    this.byTable.set(tableId, {
      ...debt,
      expired: Math.max(0, debt.expired - bytes),
      live: Math.max(0, debt.live - bytes),
    });
  }

  /** Counts what came since, if it is time to. */
  step(now: number): void {
    if (now < this.nextAt) return;
    this.countRecent();
    this.count();
    const spent = this.host.clock.now() - now;
    this.nextAt = now + Math.max(COUNT_MS, spent / COUNT_SHARE);
  }

  /** Brings the debts of tables that changed up to date; they may have work. */
  count(): void {
    for (const id of this.changed) {
      const entry = this.host.catalog.get(id)!;
      this.candidates.add(id);
      try {
        const { cutoff } = entry.state;
        const due = this.dueCutoff(entry) ?? cutoff;
        this.byTable.set(id, debtOf(this.index.blocks(entry, ALL_TIME), due > cutoff ? due : cutoff));
      } catch (error) {
        // A damaged index page: readers report it, and what cannot be listed cannot be packed.
        this.lastError = (error as Error).message;
        this.candidates.delete(id);
      }
    }
    this.changed.clear();
  }

  /** Bytes of blocks that no checkpoint has yet and that will have to be packed. */
  get recentBytes(): number {
    return this.recent;
  }

  /** Bytes of all blocks of the index. */
  get liveBytes(): number {
    return sumDebts(this.byTable.values()).live;
  }

  total(): MaintenanceStats['debt'] {
    const { small, overlapping, expired, packed } = sumDebts(this.byTable.values());
    const { walMinBytes, walTargetRatio } = this.host.options;
    const logBytes = this.host.logBytes();
    const deadBytes = this.host.space.unsettledBytes();
    return {
      bytes: logBytes + small + overlapping + expired + deadBytes + this.recent,
      limitBytes: Math.max(walMinBytes, walTargetRatio * packed),
      logBytes,
      smallBytes: small,
      overlappingBytes: overlapping,
      expiredBytes: expired,
      recentBytes: this.recent,
      deadBytes,
    };
  }

  /** Debt that chunks on their way will become, if it goes on as lately. */
  comingBytes(): number {
    return (this.host.comingBytes() * this.came.debt) / Math.max(1, this.came.all);
  }

  private countRecent(): void {
    this.came.all *= FORGET;
    this.came.debt *= FORGET;
    for (const [writer, directory] of this.host.shared.directories.entries()) {
      const { head } = directory;
      const from = Math.max(this.read[writer] ?? 0, this.host.applied()[writer]!);
      for (let position = from; position < head; position++) {
        const { tableId, ref } = directory.entry(position);
        const newest = this.newest.get(tableId);
        this.came.all += ref.length;
        if (ref.rows < SMALL_BLOCK_ROWS || !ref.sorted || (newest !== undefined && ref.minTs < newest)) {
          this.recent += ref.length;
          this.came.debt += ref.length;
        }
        this.newest.set(tableId, ref.maxTs);
      }
      this.read[writer] = head;
    }
  }
}
