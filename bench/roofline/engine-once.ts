import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineJob, EngineOutcome } from '../engine/contract.ts';
import { runInChild } from '../harness/child.ts';

const CHILD = fileURLToPath(new URL('../engine/child.js', import.meta.url));

/**
 * W by one producer and one writer. All rows fit into the chunk memory, so the producer never waits for the writer: the time to the
 * last append is the producer's own.
 */
export async function engineOnce(
  parent: string,
  batchRows: number,
  isQuick: boolean,
): Promise<{ rowsPerSec: number; appendRowsPerSec: number }> {
  const folder = mkdtempSync(join(parent, 'roofline-'));
  try {
    const job: EngineJob = {
      tables: 8,
      rowsPerTable: isQuick ? 25_000 : 250_000,
      passes: 1,
      batchRows,
      writers: 1,
      producers: 1,
      durability: 'interval',
      folder,
    };
    const { endSeconds, rows, seconds, wrong } = await runInChild<EngineOutcome>(CHILD, job);
    if (wrong.length > 0) throw new Error(wrong.join('; '));
    return { rowsPerSec: rows / seconds, appendRowsPerSec: rows / (seconds - endSeconds) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
