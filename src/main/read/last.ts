import { timeKind } from '../../shared/chunk/layout.ts';
import type { DecodedColumn } from '../../shared/codec/column-data.ts';
import type { Block } from '../../shared/format/block.ts';
import type { BlockRef } from '../../shared/format/block-ref.ts';
import { fromUtf8 } from '../../shared/format/fields.ts';
import { isPresent } from '../../shared/format/piece.ts';
import type { BlockSource } from '../../shared/read/block-cache.ts';
import { roomOf } from '../../shared/read/block-filler.ts';
import { ColumnVectors, valuesOf } from '../../shared/read/column-vectors.ts';
import { VECTOR_ROWS } from '../../shared/schema/limits.ts';
import { type Column, currentColumns, type TableDefinition } from '../../shared/schema/types.ts';
import type { LastRow } from '../api-types.ts';
import type { LiveRow, Newest, NewestRows } from './newest.ts';

/** Rows remembered: one a table of a database with as many tables as are usual, some hundred bytes each. */
const MAX_REMEMBERED = 10_000;

/** A table's newest rows, one block read at most; that of a block is remembered until there is a newer block. */
export class LastRows {
  private readonly blocks: BlockSource;
  private readonly remembered = new Map<number, { readonly ref: BlockRef; readonly row: LastRow }>();

  constructor(blocks: BlockSource) {
    this.blocks = blocks;
  }

  /** The newest row of each table, or null if it has none. @throws DAMAGED */
  all({ tables, release }: NewestRows): (LastRow | null)[] {
    try {
      return tables.map((newest) => this.of(newest));
    } finally {
      release();
    }
  }

  private of({ definition, live, ref, cutoff }: Newest): LastRow | null {
    const isLive = live !== undefined && (ref === undefined || isAfter(live, ref));
    if (isLive) return BigInt(live.ts) < cutoff ? null : rowInMemory(definition, live);
    return ref === undefined || ref.maxTs < cutoff ? null : this.rowOfBlock(definition, ref);
  }

  private rowOfBlock(definition: TableDefinition, ref: BlockRef): LastRow {
    const known = this.remembered.get(definition.id);
    const isKnown =
      known?.ref.offset === ref.offset &&
      known.ref.crc === ref.crc &&
      Object.keys(known.row.columns).length === currentColumns(definition).length;
    // A copy, so that what a caller does to its row is its own affair; byte arrays are copied too.
    if (isKnown) return ownRow(known.row);
    const block = this.blocks.open(definition.id, ref);
    const at = ref.sorted ? ref.rows - 1 : newestAt(block, definition, ref);
    const vector = Math.floor(at / VECTOR_ROWS);
    const row = rowOf(definition, ref.maxTs, at % VECTOR_ROWS, (column) => {
      const bytes = block.encodedColumn(column);
      if (bytes === undefined) return undefined;
      return roomOf(column.type).decode(new ColumnVectors(bytes, ref.rows, valuesOf(column.type)), vector);
    });
    if (this.remembered.size >= MAX_REMEMBERED) this.remembered.clear();
    this.remembered.set(definition.id, { ref, row });
    return ownRow(row);
  }
}

/** Whether a row in memory comes after all rows of a block; of equal times the names decide. */
function isAfter(live: LiveRow, ref: BlockRef): boolean {
  const ts = BigInt(live.ts);
  if (ts !== ref.maxTs) return ts > ref.maxTs;
  if (live.ordinal !== ref.ordinalLast) return live.ordinal > ref.ordinalLast;
  return ref.ordinalFirst === ref.ordinalLast && live.index >= ref.indexFirst + ref.rows;
}

function rowInMemory(definition: TableDefinition, live: LiveRow): LastRow {
  const version = definition.versions.find((known) => known.version === live.schemaVersion)!;
  const values = currentColumns(definition).map(({ id, name, type }) => {
    const at = version.columns.findIndex((column) => column.id === id);
    const value = at < 0 ? null : live.values[at]!;
    if (value === null) return [name, null] as const;
    if (type === 'utf8') return [name, fromUtf8(value as Uint8Array, 'a value in memory')] as const;
    return [name, type === 'bool' ? value === 1 : value] as const;
  });
  return { ts: live.ts, columns: Object.fromEntries(values) as LastRow['columns'] };
}

/** Row `at` of the columns, as plain values. */
function rowOf(
  definition: TableDefinition,
  ts: bigint,
  at: number,
  decode: (column: Column) => DecodedColumn | undefined,
): LastRow {
  const values = currentColumns(definition).map((column) => {
    const decoded = decode(column);
    const isNull = decoded === undefined || !isPresent(decoded.validity, at);
    if (isNull) return [column.name, null] as const;
    const value = decoded.values[at]!;
    return [column.name, column.type === 'bool' ? value === 1 : value] as const;
  });
  return ownRow({
    ts: definition.unit === 'ms' ? Number(ts) : ts,
    // fromEntries, unlike an assignment, makes an own property of a column that is called __proto__.
    columns: Object.fromEntries(values),
  });
}

function ownRow({ ts, columns }: LastRow): LastRow {
  // A spread makes an own property of a column that is called __proto__, too.
  const own = { ...columns } as Record<string, unknown>;
  for (const name in own) if (own[name] instanceof Uint8Array) own[name] = own[name].slice();
  return { ts, columns: own as LastRow['columns'] };
}

/** The last of an unsorted block's rows with its greatest time. */
function newestAt(block: Block, definition: TableDefinition, ref: BlockRef): number {
  const kind = timeKind(definition.unit);
  const time = block.time(kind).values as Float64Array;
  const newest = (kind === 'f64' ? Number(ref.maxTs) : ref.maxTs) as number;
  return time.lastIndexOf(newest);
}
