import type { Clock } from '../../shared/clock.ts';
import type { MaintenanceEvent, MaintenanceOptions } from '../../shared/control/maintenance.ts';
import type { SharedState } from '../../shared/control/shared-state.ts';
import type { Storage } from '../../shared/storage/storage.ts';
import type { TaskRunner } from '../maintenance/task.ts';
import type { Catalog } from './catalog.ts';
import type { ExtentDesk } from './extent-desk.ts';
import type { FreeSpace } from './free-space.ts';

/** What maintenance needs of its coordinator. */
export interface MaintenanceHost {
  readonly shared: SharedState;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly catalog: Catalog;
  readonly space: FreeSpace;
  readonly extents: ExtentDesk;
  readonly options: MaintenanceOptions;
  /** The stored retention of the database in ms, −1 for none. */
  readonly retentionMs: number;
  /** By table the first ordinal of this session. */
  readonly gapsBelow: ReadonlyMap<number, number>;
  /** How far each writer's directory is in the index. */
  applied(): readonly number[];
  wantCheckpoint(): void;
  /** Tells of something that was done. */
  tell(event: MaintenanceEvent): void;
  /** Makes the runner of tasks, when the first one is due. */
  startRunner(): TaskRunner;
  /** Asks the writers to give back what they hold and go on at the lowest free places. */
  releaseExtents(): void;
  rowsWritten(): number;
  logBytes(): number;
  /** Bytes of chunks that are not encoded yet, as what they will probably come to. */
  comingBytes(): number;
}

/** Somebody who waits. */
export interface Deferred {
  resolve(): void;
  reject(error: unknown): void;
}
