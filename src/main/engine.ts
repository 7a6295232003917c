import type { Clock } from '../shared/clock.ts';
import type { CoordinatorLink, ProducerTicket } from '../shared/control/api.ts';
import type { MaintenanceOptions } from '../shared/control/maintenance.ts';
import type { SharedState } from '../shared/control/shared-state.ts';
import type { DatabaseTicket } from '../shared/control/ticket.ts';
import type { TableDefinition } from '../shared/schema/types.ts';
import type { Storage, StorageRef } from '../shared/storage/storage.ts';
import type { Waiting } from '../shared/wait.ts';

/** The options of a database, each with its value. */
export interface EngineOptions {
  readonly writers: number;
  readonly maxProducers: number;
  readonly durability: 'interval' | 'always' | 'none';
  readonly commitIntervalMs: number;
  readonly memoryBudgetBytes: number;
  readonly reuseDelayMs: number;
  readonly readCacheBytes: number;
  readonly maintenance: MaintenanceOptions;
  /** ms; null clears the stored one, undefined leaves it as it is. */
  readonly retentionMs: number | null | undefined;
  /** What the file may come to; null clears the stored bound, undefined leaves it as it is. */
  readonly maxBytes: number | null | undefined;
}

/**
 * A running engine as a handle uses it: threads in real life, the same actors stepped in one thread under test.
 */
export interface Engine {
  readonly path: string;
  /** What every thread of the database must know of them. */
  readonly options: DatabaseTicket['options'];
  readonly shared: SharedState;
  readonly link: CoordinatorLink;
  readonly waiting: Waiting;
  /** The file as this thread has it open, for reading. */
  readonly storage: Storage;
  /** How other threads open the same file; undefined if they cannot. */
  readonly storageRef: StorageRef | undefined;
  readonly clock: Clock;
  readonly producer: ProducerTicket;
  /** The tables that there were when the engine started. */
  readonly tables: readonly TableDefinition[];
  /** What another thread joins this engine with; undefined where there are no other threads. */
  readonly ticket?: DatabaseTicket;
  /** Whether another thread opened the database, which goes on after this handle's end. */
  readonly joined?: boolean;
  /** Frees what the engine holds in this thread, after the coordinator has closed the database or failed to. */
  dispose(): Promise<void>;
}
