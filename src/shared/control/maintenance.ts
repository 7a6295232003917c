/** When and how much maintenance runs by itself. Every option has its default in `MAINTENANCE_DEFAULTS`. */
export interface AutoMaintenanceOptions {
  /** How often it is looked for work, in ms. */
  readonly checkIntervalMs?: number;
  /** How often rows are looked for that retention hides, in ms. */
  readonly retentionCheckIntervalMs?: number;
  /** Rows that a segment should have. */
  readonly targetSegmentPoints?: number;
  /** Above so many rows a second it steps aside. */
  readonly maxWritesPerSec?: number;
  /** Over how long these rows are counted, in ms. */
  readonly writeLoadWindowMs?: number;
  /** It waits until no row has come for so long, in ms. */
  readonly minIdleMs?: number;
  /** Blocks that one task may read. */
  readonly maxSegmentsPerPack?: number;
  /** Debt may be so many times the bytes of packed segments before tasks run whatever the load. */
  readonly walTargetRatio?: number;
  /** Debt below this many bytes is never a reason to run under load. */
  readonly walMinBytes?: number;
}

/** The options, each with its value. `auto` false: only what is called for. */
export type MaintenanceOptions = Required<AutoMaintenanceOptions> & { readonly auto: boolean };

/** The defaults that users of the field know (design, section 8). */
export const MAINTENANCE_DEFAULTS: MaintenanceOptions = {
  auto: true,
  checkIntervalMs: 5000,
  retentionCheckIntervalMs: 60_000,
  targetSegmentPoints: 8192,
  maxWritesPerSec: 100_000,
  writeLoadWindowMs: 5000,
  minIdleMs: 1000,
  maxSegmentsPerPack: 64,
  walTargetRatio: 2,
  walMinBytes: 32 << 20,
};

/** Why maintenance does what it does now. */
export type ThrottleState =
  | 'off'
  | 'nothing to do'
  | 'running'
  | 'idle enough'
  | 'debt'
  | 'waiting: write load'
  | 'waiting: not idle'
  | 'waiting: after a failure';

/** Something that maintenance did; published on the diagnostics channel `millrace:maintenance`. */
export type MaintenanceEvent =
  | {
      readonly event: 'pack';
      readonly tableId: number;
      readonly rows: number;
      /** Blocks and their bytes before, and after; they take the others' place with the next checkpoint. */
      readonly blocksFrom: number;
      readonly blocksTo: number;
      readonly bytesFrom: number;
      readonly bytesTo: number;
    }
  | { readonly event: 'pack-failed'; readonly tableId: number; readonly error: string }
  /** Cutoffs moved: of so many tables, and blocks of so many bytes left. */
  | { readonly event: 'retention'; readonly tables: number; readonly bytes: number }
  /** Blocks made way for newer rows under `maxBytes`. */
  | { readonly event: 'eviction'; readonly blocks: number; readonly rows: number; readonly bytes: number }
  /** Maintenance goes on or waits, and why. */
  | { readonly event: 'throttle'; readonly state: ThrottleState };

/** What is published: the event, of which database and when (ms since 1970). */
export type MaintenanceNotice = MaintenanceEvent & { readonly path: string; readonly atMs: number };

/** What maintenance has done and is about to do. */
export interface MaintenanceStats {
  readonly throttle: ThrottleState;
  /** Rows a second over `writeLoadWindowMs`. */
  readonly writesPerSec: number;
  /** ms since the last row came. */
  readonly idleMs: number;
  /** How long a producer rests for each MiB of chunks that it takes, in µs: 0 unless debt nears twice its limit. */
  readonly paceMicrosPerMib: number;
  /** What made way for newer rows under `maxBytes`. */
  readonly evicted: { readonly blocks: number; readonly rows: number; readonly bytes: number };
  /** Tasks that run now. */
  readonly running: number;
  readonly debt: {
    /** Log since the checkpoint, small and overlapping blocks, expired and dead bytes together. */
    readonly bytes: number;
    /** Above this, tasks run whatever the load. */
    readonly limitBytes: number;
    readonly logBytes: number;
    readonly smallBytes: number;
    readonly overlappingBytes: number;
    readonly expiredBytes: number;
    /** Small and overlapping blocks that no checkpoint has yet. */
    readonly recentBytes: number;
    readonly deadBytes: number;
  };
  readonly packs: { readonly succeeded: number; readonly failed: number; readonly lastError: string | null };
  readonly retention: {
    readonly succeeded: number;
    readonly failed: number;
    readonly lastError: string | null;
  };
  /** Blocks that pack leaves alone because they cannot be read. */
  readonly damagedBlocks: number;
  readonly rowsPacked: number;
  readonly bytesPackedFrom: number;
  readonly bytesPackedTo: number;
}
