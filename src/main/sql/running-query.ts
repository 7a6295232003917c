import { ALL_TIME } from '../../shared/index/index-reader.ts';
import type { TimeUnit } from '../../shared/schema/types.ts';
import type { SyncScan } from '../read/sync-scan.ts';
import type { TableCore } from '../table-core.ts';
import type { TimeBounds } from './time-filter.ts';

/** Rows of a batch that a scan decodes at once: 8 of DuckDB's chunks. */
const BATCH_ROWS = 16_384;
const NS_OF_UNIT = { ms: 1_000_000n, us: 1000n, ns: 1n } as const satisfies Record<TimeUnit, bigint>;

/** What was read, or would be read, of a table for a statement. */
export interface PushedDown {
  readonly table: string;
  /** Whether the plan shows a scan of it. */
  readonly isShown: boolean;
  readonly unit: TimeUnit;
  readonly columns: readonly string[] | undefined;
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
  readonly blocks: number;
  readonly blocksOfTable: number;
  readonly liveRows: number;
}

/** One statement while it runs: the tables it reads, each with its snapshot, all taken at one moment. */
export class RunningQuery {
  readonly signal: AbortSignal | undefined;
  /** The error of ours that ended it: DuckDB hands on its text only. */
  failure: unknown;
  private readonly scans = new Map<number, SyncScan>();

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal;
  }

  /** Takes the snapshot of a table within bounds. */
  open(core: TableCore, bounds: TimeBounds): SyncScan {
    const { definition } = core;
    const scan = core.openScan({ ...inUnit(definition.unit, bounds), batchRows: BATCH_ROWS });
    this.scans.set(definition.id, scan);
    return scan;
  }

  scanOf(table: number): SyncScan | undefined {
    return this.scans.get(table);
  }

  release(): void {
    for (const scan of this.scans.values()) scan.release();
  }
}

/** Bounds in a table's unit: its first and last tick within them. */
export function inUnit(
  unit: TimeUnit,
  { from, to }: TimeBounds,
): { from: bigint | undefined; to: bigint | undefined } {
  const ns = NS_OF_UNIT[unit];
  return {
    from: from === undefined ? undefined : clamp(-floor(-from, ns)),
    to: to === undefined ? undefined : clamp(floor(to, ns)),
  };
}

function clamp(value: bigint): bigint {
  return value < ALL_TIME.from ? ALL_TIME.from : value > ALL_TIME.to ? ALL_TIME.to : value;
}

function floor(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient;
}
