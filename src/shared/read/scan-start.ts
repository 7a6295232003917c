import type { StorageRef } from '../storage/storage.ts';

/** What a scan worker is started with: plain data. */
export interface ScanWorkerStart {
  readonly storage: StorageRef;
  /** What the file's `Storage.identity` must say: another file may have taken its name. */
  readonly identity: string;
}
