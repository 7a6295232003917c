// A thread of the maintenance pool: runs one task after the other.
import { workerData } from 'piscina';
import { MillraceError } from '../../shared/errors.ts';
import { openStorageRef } from '../../shared/storage/storage.ts';
import { lowerPriority } from './low-priority.ts';
import type { PoolWorkerData } from './pool-runner.ts';
import { runPack } from './run-pack.ts';
import type { PackResult, PackTask } from './task.ts';

lowerPriority();
const { storage: ref, identity } = workerData as PoolWorkerData;
const storage = await openStorageRef(ref, true);
if (storage.identity() !== identity)
  throw new MillraceError('IO_ERROR', 'the database file was replaced; open it again');

export default (task: PackTask): PackResult => runPack(storage, task);
