// A scan worker's thread: piscina gives it scans, of which it does what the caller's thread and other workers leave.
import { workerData } from 'piscina';
import { type ErrorEnvelope, MillraceError, toEnvelope } from '../../shared/errors.ts';
import type { ScanWorkerStart } from '../../shared/read/scan-start.ts';
import type { ScanPart, ScanTask } from '../../shared/read/scan-task.ts';
import { runScanTask } from '../../shared/read/scan-task.ts';
import { openStorageRef, type Storage } from '../../shared/storage/storage.ts';

const start = workerData as ScanWorkerStart;
let storage: Storage | undefined;

export default async function scan(order: {
  readonly task: ScanTask;
  readonly worker: number;
}): Promise<ScanPart | { readonly error: ErrorEnvelope }> {
  try {
    storage ??= await open();
    return runScanTask(order.task, order.worker, storage);
  } catch (error) {
    // Errors that cross threads by themselves lose their code.
    return { error: toEnvelope(error) };
  }
}

async function open(): Promise<Storage> {
  const opened = await openStorageRef(start.storage, false);
  if (opened.identity() === start.identity) return opened;
  opened.close();
  throw new MillraceError('IO_ERROR', 'the database file was replaced while it was open; open it again');
}
