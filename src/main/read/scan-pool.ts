import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { type ErrorEnvelope, fromEnvelope } from '../../shared/errors.ts';
import type { ScanWorkerStart } from '../../shared/read/scan-start.ts';
import type { ScanPart, ScanTask } from '../../shared/read/scan-task.ts';
import { PARALLEL_MIN_VALUES } from './parallel.ts';

const SCAN_WORKER = new URL('../../workers/scan/thread.cjs', import.meta.url);
/** Workers without work end after this long; to start one takes some 50 ms. */
const IDLE_MS = 10_000;
/** Memory kept for the next scan: pages that were touched before are filled twice as fast. */
const KEPT_BYTES = 64 << 20;

/** The workers of one handle's large scans. They are started with the first one, beside which the caller works itself. */
export class ScanPool {
  /** How many workers a scan may have. */
  readonly workers = Math.max(1, availableParallelism() - 1);
  /** Values from which on a scan is split. Tests and the bench move it, users cannot. */
  sharedFrom = PARALLEL_MIN_VALUES;
  private readonly start: ScanWorkerStart;
  private pool: Piscina | undefined;
  private kept: SharedArrayBuffer[] = [];

  constructor(start: ScanWorkerStart) {
    this.start = start;
  }

  /** Lets a worker join a scan. The promise settles when the scan has nothing left for it. */
  async join(task: ScanTask, worker: number): Promise<ScanPart> {
    this.pool ??= new Piscina({
      filename: SCAN_WORKER.href,
      minThreads: 0,
      maxThreads: this.workers,
      concurrentTasksPerWorker: 1,
      idleTimeout: IDLE_MS,
      workerData: this.start,
    });
    const part = (await this.pool.run({ task, worker })) as ScanPart | { readonly error: ErrorEnvelope };
    if ('error' in part) throw fromEnvelope(part.error);
    return part;
  }

  /** Shared memory of at least this size, with anything in it. */
  take(bytes: number): SharedArrayBuffer {
    const at = this.kept.findIndex(({ byteLength }) => byteLength >= bytes && byteLength <= 2 * bytes);
    if (at >= 0) return this.kept.splice(at, 1)[0]!;
    // Whole 8 bytes, so that any view fits.
    return new SharedArrayBuffer(Math.ceil(bytes / 8) * 8);
  }

  /** Gives memory back that nobody writes to any more. */
  giveBack(memories: readonly SharedArrayBuffer[]): void {
    this.kept.push(...memories);
    let bytes = this.kept.reduce((sum, { byteLength }) => sum + byteLength, 0);
    while (bytes > KEPT_BYTES) bytes -= this.kept.shift()!.byteLength;
  }

  /** Ends the workers. */
  async close(): Promise<void> {
    this.kept = [];
    await this.pool?.destroy();
  }
}
