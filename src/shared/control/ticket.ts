import type { StorageRef } from '../storage/storage.ts';
import type { Answer, CoordinatorApi, ProducerTicket } from './api.ts';
import type { SharedHandles } from './shared-state.ts';

/** What another thread needs to open a handle of a running database: plain data that `workerData` and `postMessage` take. */
export interface DatabaseTicket {
  /** Name of the channel on which the coordinator takes new handles; random, so it tells databases apart. */
  readonly door: string;
  /** Thread id of the coordinator: where the port goes by whose closing it learns of a thread's end. */
  readonly coordinator: number;
  readonly path: string;
  readonly storage: StorageRef;
  /** What `Storage.identity` must say. */
  readonly identity: string;
  readonly handles: SharedHandles;
  readonly options: {
    readonly writers: number;
    readonly maxProducers: number;
    readonly durability: 'interval' | 'always' | 'none';
    readonly commitIntervalMs: number;
    readonly memoryBudgetBytes: number;
    readonly reuseDelayMs: number;
    readonly readCacheBytes: number;
  };
}

/**
 * What a new handle posts at the door. Answers come on a channel of its own, named by door and connection; `bell` is rung
 * (add, then notify) after each, for a thread that waits without its event loop.
 */
export interface Knock {
  readonly connection: string;
  readonly bell: SharedArrayBuffer;
}

/** What a new handle sends the coordinator's thread: the port closes when the thread ends, `terminate()` included. */
export interface Lifeline {
  readonly door: string;
  readonly connection: string;
  readonly port: unknown;
}

export type FromHandle =
  | {
      readonly type: 'call';
      readonly id: number;
      readonly method: keyof CoordinatorApi;
      readonly args: unknown[];
    }
  | { readonly type: 'bye' };

export type ToHandle =
  | { readonly type: 'welcome'; readonly answer: Answer<ProducerTicket> }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer<unknown> };

/** Name of a connection's channel. */
export function channelName(door: string, connection: string): string {
  return `${door}:${connection}`;
}
