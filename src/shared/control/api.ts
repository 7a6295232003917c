import type { ErrorEnvelope } from '../errors.ts';
import type { ColumnType, TableDefinition, TimeUnit } from '../schema/types.ts';
import type { MaintenanceStats } from './maintenance.ts';

/** A table to be made. Names and types were checked by the caller. */
export interface NewTable {
  readonly name: string;
  readonly unit: TimeUnit;
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
}

/** What a producer needs to append. */
export interface ProducerTicket {
  readonly slot: number;
  /** By writer: the producer's hints to it, and its chunks back. */
  readonly hints: readonly SharedArrayBuffer[];
  readonly backs: readonly SharedArrayBuffer[];
}

/** A writer's end that nobody asked for. */
export interface WriterDeath {
  readonly writer: number;
  /** When it was noticed, ms since 1970. */
  readonly atMs: number;
  readonly reason: string;
}

export interface CoordinatorInfo {
  readonly deaths: readonly WriterDeath[];
  readonly deathCounts: readonly number[];
  readonly producers: number;
  /** How full the fullest of the rings to each writer is, 0…1. */
  readonly ringUse: readonly number[];
  readonly fileBytes: number;
  readonly checkpoint: number;
  readonly freeBytes: number;
  readonly retentionMs: number;
  readonly maxBytes: number;
  readonly maintenance: MaintenanceStats;
  readonly recovery: { frames: number; rows: number; droppedBytes: number; damage: readonly string[] };
}

/** What handles can ask of the coordinator. `call` and `callSync` of a link carry these across threads. */
export interface CoordinatorApi {
  tables(): TableDefinition[];
  /** The next ones of the definitions made or changed after the first `seen` ones, and how many these are together. */
  tablesSince(seen: number): { definitions: TableDefinition[]; seen: number };
  createTable(table: NewTable): TableDefinition;
  addColumn(table: string, column: NewTable['columns'][number]): TableDefinition;
  flush(): Promise<void>;
  packTable(tableId: number, target: number | undefined): Promise<void>;
  compactRetentionNow(cutoffMs: number | undefined): Promise<void>;
  setRetention(tableId: number | undefined, retentionMs: number): Promise<void>;
  info(): CoordinatorInfo;
  close(): Promise<void>;
}

/** The methods that answer at once, and so may be called by a thread that waits without its event loop. */
export const SYNC_METHODS = ['tables', 'tablesSince', 'createTable', 'addColumn', 'info'] as const;
export type SyncMethod = (typeof SYNC_METHODS)[number];

/** An answer on its way between threads: errors travel as envelopes, because cloning an error loses its code. */
export type Answer<T> = { readonly value: T } | { readonly error: ErrorEnvelope };

/** A handle's way to the coordinator. */
export interface CoordinatorLink {
  /** Calls a method and resolves with its answer. */
  call<M extends keyof CoordinatorApi>(
    method: M,
    ...args: Parameters<CoordinatorApi[M]>
  ): Promise<Awaited<ReturnType<CoordinatorApi[M]>>>;
  /** Calls a method and blocks the thread until it has the answer. */
  callSync<M extends SyncMethod>(
    method: M,
    ...args: Parameters<CoordinatorApi[M]>
  ): ReturnType<CoordinatorApi[M]>;
}
