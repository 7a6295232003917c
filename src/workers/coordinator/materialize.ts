import { pushBlock, sealBlock } from '../../shared/format/block.ts';
import type { BlockRef } from '../../shared/format/block-ref.ts';
import { ByteSink } from '../../shared/format/byte-sink.ts';
import type { RecoveredTable } from '../../shared/recovery/recover.ts';
import { joinRuns, type RowRun } from '../../shared/rows/row-run.ts';
import { VECTOR_ROWS } from '../../shared/schema/limits.ts';
import type { Storage } from '../../shared/storage/storage.ts';
import type { FreeSpace } from './free-space.ts';

/**
 * Writes the rows that recovery found in pieces only as blocks, so that the log they came from is needed no longer.
 * Nothing refers to the blocks before the checkpoint that follows: a crash here leaves all as it was.
 */
export function materialize(
  storage: Storage,
  space: FreeSpace,
  tables: Iterable<RecoveredTable>,
  salt: number,
): Map<number, BlockRef[]> {
  const out = new ByteSink();
  const blocks = new Map<number, BlockRef[]>();
  for (const { entry, runs } of tables) {
    const { definition } = entry;
    const refs: BlockRef[] = [];
    for (const run of joinNeighbours(runs)) {
      const { columns } = definition.versions.find(({ version }) => version === run.schemaVersion)!;
      for (let from = 0, rows = run.rows; from < run.rows; ) {
        const indexFirst = run.indexFirst + from;
        out.clear();
        const start = pushBlock(
          out,
          { ...run, tableId: definition.id, indexFirst, rows },
          run.sources,
          from,
          columns,
        );
        // In a full file what is free may lie in pieces: then it takes more blocks, down to one a row.
        const extent = space.tryAllot(out.length) ?? (rows === 1 ? space.allot(out.length) : undefined);
        if (extent === undefined) {
          rows = rows >> 1;
          continue;
        }
        refs.push(sealBlock(out, start, salt, extent.offset));
        storage.write(out.written(), extent.offset);
        from += rows;
        rows = Math.min(rows, run.rows - from);
      }
    }
    if (refs.length > 0) blocks.set(definition.id, refs);
  }
  return blocks;
}

/** Joins runs, sorted by name, that follow one another without a gap, up to a vector's rows. */
function joinNeighbours(runs: readonly RowRun[]): RowRun[] {
  const groups: RowRun[][] = [];
  let rows = 0;
  for (const run of runs) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    const follows =
      last !== undefined &&
      last.ordinal === run.ordinal &&
      last.schemaVersion === run.schemaVersion &&
      last.indexFirst + last.rows === run.indexFirst &&
      rows + run.rows <= VECTOR_ROWS;
    if (follows) {
      group!.push(run);
      rows += run.rows;
    } else {
      groups.push([run]);
      rows = run.rows;
    }
  }
  return groups.map(joinRuns);
}
