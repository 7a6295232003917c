import { timeKind } from '../../shared/chunk/layout.ts';
import type { ColumnSource, DecodedColumn } from '../../shared/codec/column-data.ts';
import { ColumnTarget } from '../../shared/codec/column-target.ts';
import type { Block } from '../../shared/format/block.ts';
import type { BlockRef } from '../../shared/format/block-ref.ts';
import { fromUtf8 } from '../../shared/format/fields.ts';
import { isPresent } from '../../shared/format/piece.ts';
import type { BlockSource } from '../../shared/read/block-cache.ts';
import type { OpenedBlock } from '../../shared/read/block-filler.ts';
import { ColumnVectors, timesOf, valuesOf } from '../../shared/read/column-vectors.ts';
import type { RowRun } from '../../shared/rows/row-run.ts';
import { VECTOR_ROWS } from '../../shared/schema/limits.ts';
import type { Column, TableDefinition } from '../../shared/schema/types.ts';
import type { CompiledPredicate } from './predicate.ts';

/** Rows that lie together, in a block or in memory, as a query reads them: columns are decoded when asked for. */
export interface Part {
  readonly rows: number;
  readonly minTs: bigint;
  readonly maxTs: bigint;
  readonly sorted: boolean;
  /** The block that it is; undefined for rows in memory. */
  readonly ref: BlockRef | undefined;
  /** Reads the block; undefined for rows in memory. */
  open(): OpenedBlock | undefined;
  time(): Float64Array | BigInt64Array;
  /**
   * A column; undefined if the rows are older than it: all null.
   * @param picks the only rows that matter, in ascending order: others may hold anything
   */
  column(column: Column, picks?: Uint32Array): DecodedColumn | undefined;
  /** Leaves out picked rows of which statistics say that they do not fulfil the predicates; returns how many stay. */
  mayKeep(predicates: readonly CompiledPredicate[], picks: Uint32Array, count: number): number;
  /** Lets go of what was read: a long query must not hold the whole table. */
  release(): void;
}

/** A part that is a block of the file. */
export function blockPart(blocks: BlockSource, definition: TableDefinition, ref: BlockRef): Part {
  let block: Block | undefined;
  let time: Float64Array | BigInt64Array | undefined;
  let times: ColumnVectors | undefined;
  const encoded = new Map<number, ColumnVectors | undefined>();
  const open = (): Block => (block ??= blocks.open(definition.id, ref));
  // Checked against its checksum once, whoever asks for it.
  const vectors = (column: Column): ColumnVectors | undefined => {
    if (encoded.has(column.id)) return encoded.get(column.id);
    const bytes = open().encodedColumn(column);
    const made = bytes && new ColumnVectors(bytes, ref.rows, valuesOf(column.type));
    encoded.set(column.id, made);
    return made;
  };
  return {
    rows: ref.rows,
    minTs: ref.minTs,
    maxTs: ref.maxTs,
    sorted: ref.sorted,
    ref,
    open: () => ({
      block: open(),
      times: (times ??= new ColumnVectors(
        open().encodedTime(),
        ref.rows,
        timesOf(timeKind(definition.unit)),
      )),
    }),
    time: () => (time ??= open().time(timeKind(definition.unit)).values as Float64Array | BigInt64Array),
    column: (column, picks) => {
      const source = vectors(column);
      return source && decodeVectors(source, column, picks, ref.rows);
    },
    mayKeep: (predicates, picks, count) =>
      predicates.reduce(
        (kept, predicate) => (kept === 0 ? 0 : pruned(vectors(predicate.column), predicate, picks, kept)),
        count,
      ),
    release: () => {
      block = undefined;
      time = undefined;
      times = undefined;
      encoded.clear();
    },
  };
}

/** Decodes the vectors that have a picked row, or all. */
function decodeVectors(
  vectors: ColumnVectors,
  column: Column,
  picks: Uint32Array | undefined,
  rows: number,
): DecodedColumn {
  const target = new ColumnTarget(column.type, false, false, rows);
  if (picks === undefined) {
    for (let vector = 0; vector < vectors.count; vector++) {
      vectors.decode(vector, target, vector * VECTOR_ROWS);
    }
    return target.column();
  }
  let decoded = -1;
  for (const row of picks) {
    const vector = Math.floor(row / VECTOR_ROWS);
    if (vector === decoded) continue;
    vectors.decode(vector, target, vector * VECTOR_ROWS);
    decoded = vector;
  }
  return target.column();
}

function pruned(
  vectors: ColumnVectors | undefined,
  predicate: CompiledPredicate,
  picks: Uint32Array,
  count: number,
): number {
  if (vectors === undefined) return count;
  let kept = 0;
  let vector = -1;
  let isKept = true;
  for (let i = 0; i < count; i++) {
    const row = picks[i]!;
    if (Math.floor(row / VECTOR_ROWS) !== vector) {
      vector = Math.floor(row / VECTOR_ROWS);
      const known = vectors.statistics(vector);
      isKept = known === undefined || predicate.mayKeep(known);
    }
    if (isKept) picks[kept++] = row;
  }
  return kept;
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
    open: () => undefined,
    time: () => time.subarray(0, run.rows) as Float64Array,
    column: (column) => {
      const at = columns.findIndex((candidate) => candidate.id === column.id);
      return at < 0 ? undefined : decodeSource(run.sources[at + 1]!, run.rows);
    },
    mayKeep: (_predicates, _picks, count) => count,
    release: () => {},
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
