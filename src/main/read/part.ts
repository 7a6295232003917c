import { timeKind } from '../../shared/chunk/layout.ts';
import type { ColumnSource, DecodedColumn } from '../../shared/codec/column-data.ts';
import { Block } from '../../shared/format/block.ts';
import type { BlockRef } from '../../shared/format/block-ref.ts';
import { fromUtf8 } from '../../shared/format/fields.ts';
import { isPresent } from '../../shared/format/piece.ts';
import type { RowRun } from '../../shared/rows/row-run.ts';
import type { Column, TableDefinition } from '../../shared/schema/types.ts';
import type { Storage } from '../../shared/storage/storage.ts';

/** Rows that lie together, in a block or in memory, as a query reads them: columns are decoded when asked for. */
export interface Part {
  readonly rows: number;
  readonly minTs: bigint;
  readonly maxTs: bigint;
  readonly sorted: boolean;
  /** The block that it is; undefined for rows in memory. */
  readonly ref: BlockRef | undefined;
  /** The block, if it has been read. */
  opened(): Block | undefined;
  time(): Float64Array | BigInt64Array;
  /** undefined if the rows are older than the column: all null. */
  column(column: Column): DecodedColumn | undefined;
}

/** A part that is a block of the file. */
export function blockPart(storage: Storage, definition: TableDefinition, ref: BlockRef): Part {
  let block: Block | undefined;
  const open = (): Block => (block ??= new Block(storage, definition.id, ref));
  return {
    rows: ref.rows,
    minTs: ref.minTs,
    maxTs: ref.maxTs,
    sorted: ref.sorted,
    ref,
    opened: () => block,
    time: () => open().time(timeKind(definition.unit)).values as Float64Array | BigInt64Array,
    column: (column) => open().column(column),
  };
}

/** A part that is rows in memory. */
export function runPart(definition: TableDefinition, run: RowRun): Part {
  const time = run.sources[0]!.values as Float64Array | BigInt64Array;
  const columns = definition.versions.find((version) => version.version === run.schemaVersion)!.columns;
  let min = 0;
  let max = 0;
  let sorted = true;
  for (let i = 1; i < run.rows; i++) {
    if (time[i]! < time[i - 1]!) sorted = false;
    if (time[i]! < time[min]!) min = i;
    if (time[i]! > time[max]!) max = i;
  }
  return {
    rows: run.rows,
    minTs: BigInt(time[min]!),
    maxTs: BigInt(time[max]!),
    sorted,
    ref: undefined,
    opened: () => undefined,
    time: () => time.subarray(0, run.rows) as Float64Array,
    column: (column) => {
      const at = columns.findIndex((candidate) => candidate.id === column.id);
      return at < 0 ? undefined : decodeSource(run.sources[at + 1]!, run.rows);
    },
  };
}

/** A column in memory in the form that decoding gives. */
function decodeSource(source: ColumnSource, rows: number): DecodedColumn {
  const { validity, kind } = source;
  if (kind !== 'utf8' && kind !== 'bytes') {
    return { values: source.values as Exclude<ColumnSource['values'], Uint32Array>, validity };
  }
  const refs = source.values as Uint32Array;
  const bytes = (i: number): Uint8Array => {
    if (!isPresent(validity, i)) return new Uint8Array(0);
    return source.arena!.slice(refs[2 * i]!, refs[2 * i]! + refs[2 * i + 1]!);
  };
  if (kind === 'bytes') return { values: Array.from({ length: rows }, (_, i) => bytes(i)), validity };
  return {
    values: Array.from({ length: rows }, (_, i) => fromUtf8(bytes(i), 'a value in memory')),
    validity,
  };
}
