import { WIDTH } from '../../shared/chunk/layout.ts';
import type { BlockSource } from '../../shared/read/block-cache.ts';
import { currentColumns, isVariable } from '../../shared/schema/types.ts';
import type { TableStats } from '../api-types.ts';
import { blockPart, type Part, runPart } from './part.ts';
import type { TableSnapshot } from './snapshot.ts';

/**
 * What a snapshot of all time says of its table, which it releases. Decodes only the times of blocks that retention's cutoff
 * runs through.
 * @throws DAMAGED if such a block cannot be read
 */
export function tableStats(source: BlockSource, snapshot: TableSnapshot): TableStats {
  try {
    return statsOf(source, snapshot);
  } finally {
    snapshot.release();
  }
}

/** How many rows a table has ever taken, by a snapshot of all time, which it releases. */
export function rowsEver({ entry, blocks, runs, release }: TableSnapshot): number {
  release();
  const indexed = entry?.state.rows ?? 0;
  const ever = entry?.state.rowsEver ?? 0;
  const now = blocks.reduce((sum, ref) => sum + ref.rows, 0) + runs.reduce((sum, run) => sum + run.rows, 0);
  return ever - indexed + now;
}

function statsOf(source: BlockSource, { definition, blocks, runs, cutoff }: TableSnapshot): TableStats {
  const live = runs.map((run) => runPart(definition, run));
  const spans = [
    ...blocks.map((ref) =>
      ref.minTs < cutoff ? visibleSpan(blockPart(source, definition, ref), cutoff) : ref,
    ),
    ...live.map((part) => (part.minTs < cutoff ? visibleSpan(part, cutoff) : part)),
  ];
  const rows = spans.reduce((sum, span) => sum + span.rows, 0);
  let from: bigint | undefined;
  let to: bigint | undefined;
  for (const { rows, minTs, maxTs } of spans) {
    if (rows === 0) continue;
    if (from === undefined || minTs < from) from = minTs;
    if (to === undefined || maxTs > to) to = maxTs;
  }
  const columns = currentColumns(definition);
  // Strings and byte arrays would have to be decoded to be counted; they are left out.
  const width = columns.reduce((sum, { type }) => sum + (isVariable(type) ? 0 : WIDTH[type]), 8);
  const asUnit = (ts: bigint | undefined): number | bigint | null =>
    ts === undefined ? null : definition.unit === 'ms' ? Number(ts) : ts;
  return {
    name: definition.name,
    unit: definition.unit,
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows,
    blocks: blocks.length,
    storedBytes: blocks.reduce((sum, ref) => sum + ref.length, 0),
    rawBytes: rows * width,
    from: asUnit(from),
    to: asUnit(to),
  };
}

/** How many rows of a part are not hidden, and their times. */
function visibleSpan(part: Part, cutoff: bigint): Pick<Part, 'rows' | 'minTs' | 'maxTs'> {
  if (part.maxTs < cutoff) return { rows: 0, minTs: cutoff, maxTs: cutoff };
  let rows = 0;
  let { maxTs: minTs } = part;
  for (const ts of part.time()) {
    if (ts < cutoff) continue;
    rows++;
    if (ts < minTs) minTs = BigInt(ts);
  }
  return { rows, minTs, maxTs: part.maxTs };
}
