import type { BlockDirectory } from '../../shared/control/directory.ts';
import { writerOf } from '../../shared/control/shared-state.ts';
import type { BlockRef } from '../../shared/format/block-ref.ts';

/** Blocks that the index does not have yet. */
export interface NewBlocks {
  /** The tables that have any, each once. */
  tables(): Iterable<number>;
  /** Those of a table, in the order in which they came. */
  of(tableId: number): readonly BlockRef[];
}

export const NO_BLOCKS: NewBlocks = { tables: () => [], of: () => [] };

/** Blocks that recovery has found. */
export function foundBlocks(blocks: ReadonlyMap<number, readonly BlockRef[]>): NewBlocks {
  return { tables: () => blocks.keys(), of: (tableId) => blocks.get(tableId) ?? [] };
}

/** More than any position of a directory. */
const POSITIONS = 2 ** 32;

/**
 * The blocks that the writers' directories have between two positions each. Only these are noted, sorted by table, and a
 * block is read when its table's turn comes: there may be tens of thousands, and as objects they would outlive the nursery.
 */
export class DirectoryBlocks implements NewBlocks {
  private readonly directories: readonly BlockDirectory[];
  /** Each is a table and a position in its writer's directory. */
  private readonly keys: Float64Array;

  constructor(directories: readonly BlockDirectory[], from: readonly number[], to: readonly number[]) {
    this.directories = directories;
    this.keys = new Float64Array(to.reduce((sum, head, writer) => sum + head - from[writer]!, 0));
    let count = 0;
    for (const [writer, directory] of directories.entries()) {
      for (let position = from[writer]!; position < to[writer]!; position++)
        this.keys[count++] = directory.tableAt(position) * POSITIONS + position;
    }
    this.keys.sort();
  }

  *tables(): Generator<number> {
    let last = -1;
    for (const key of this.keys) {
      const table = Math.floor(key / POSITIONS);
      if (table === last) continue;
      last = table;
      yield table;
    }
  }

  of(tableId: number): BlockRef[] {
    const directory = this.directories[writerOf(tableId, this.directories.length)]!;
    const refs: BlockRef[] = [];
    const end = (tableId + 1) * POSITIONS;
    for (let at = this.placeOf(tableId * POSITIONS); at < this.keys.length && this.keys[at]! < end; at++)
      refs.push(directory.entry(this.keys[at]! % POSITIONS).ref);
    return refs;
  }

  /** Of the first key that is not below `key`. */
  private placeOf(key: number): number {
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
