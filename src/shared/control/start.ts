import type { MessagePort } from 'node:worker_threads';
import type { TableDefinition } from '../schema/types.ts';
import type { StorageRef } from '../storage/storage.ts';
import type { Answer, CoordinatorApi, ProducerTicket, SyncMethod, WriterDeath } from './api.ts';
import type { MaintenanceEvent, MaintenanceOptions } from './maintenance.ts';
import type { SharedHandles } from './shared-state.ts';

/** What a coordinator's thread is started with. */
export interface CoordinatorStart {
  readonly handles: SharedHandles;
  readonly storage: StorageRef;
  /** The path, for errors and for the lock. */
  readonly path: string;
  readonly durability: 'interval' | 'always' | 'none';
  readonly commitIntervalMs: number;
  readonly maxProducers: number;
  readonly reuseDelayMs: number;
  /** Name of the channel on which handles of other threads come in. */
  readonly door: string;
  /** MiB of heap that a writer may have. */
  readonly writerHeapMb: number;
  /** For tests. */
  readonly faults?: FaultsRef;
  readonly maintenance: MaintenanceOptions;
  readonly retentionMs: number | null | undefined;
  readonly maxBytes: number | null | undefined;
}

/**
 * Names a module that makes a writer fail on purpose, for tests: it exports `faults(data, writer)`, which returns what is
 * called at each of the writer's steps.
 */
export interface FaultsRef {
  readonly module: string;
  readonly data: unknown;
}

/** What the coordinator's thread tells the opening one without being asked. */
export type Notice =
  | { readonly notice: 'writer-death'; readonly death: WriterDeath }
  | { readonly notice: 'maintenance'; readonly event: MaintenanceEvent; readonly atMs: number };

/** What it answers once it is up. */
export interface CoordinatorStarted {
  readonly tables: readonly TableDefinition[];
  readonly producer: ProducerTicket;
}

/** What the opening thread can call over comlink; every answer is an envelope. */
export interface CoordinatorRemote {
  start(): Promise<Answer<CoordinatorStarted>>;
  /** Takes the port of calls that the other side waits for without its event loop. */
  serveSync(port: MessagePort): void;
  /** Ends a writer's thread as a crash would, for tests. */
  killWriter(writer: number): void;
  call(method: keyof CoordinatorApi, args: unknown[]): Promise<Answer<unknown>>;
}

/** A call over the port of synchronous calls. */
export interface SyncCall {
  readonly method: SyncMethod;
  readonly args: unknown[];
  /** The caller's slot: whose reply word is to be rung. */
  readonly slot: number;
}

/** What a writer's thread is started with that has nothing to do yet: once the bell's word is 1, a `WriterStart` has come. */
export interface StandbyStart {
  readonly bell: SharedArrayBuffer;
}

/** What a writer's thread is started with. */
export interface WriterStart {
  readonly handles: SharedHandles;
  readonly storage: StorageRef;
  /** What `Storage.identity` must say: the file may have been replaced since the coordinator opened it. */
  readonly identity: string;
  readonly options: unknown;
  readonly faults?: FaultsRef;
}
