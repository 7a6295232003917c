import { chunkCount, FREE, headerWord, ordinalOf, STATE, TABLE } from '../../shared/chunk/header.ts';
import type { SharedState } from '../../shared/control/shared-state.ts';

/**
 * Below which ordinal each table's chunks are over and all their rows are in the index. A chunk that is still filling may
 * have rows in the index already, and more to come.
 *
 * The order of the reads matters. The tables' counters come first: a chunk opened during the walk is above them. Then the
 * chunks, then the directories: a writer publishes a chunk's blocks and then frees the chunk, so what the walk finds free is
 * in the directory by then. (A chunk whose ordinal is taken but whose header is not filled yet is seen by nobody: whoever
 * covers ordinals without a block must not rely on this alone.)
 * @param applied how far each writer's directory is in the index
 */
export function wholeOrdinals(
  shared: SharedState,
  applied: readonly number[],
  tables: Iterable<number>,
): ReadonlyMap<number, number> {
  const whole = new Map<number, number>();
  for (const table of tables) whole.set(table, shared.tables.nextOrdinal(table));
  const note = (table: number, ordinal: number): void => {
    const known = whole.get(table);
    if (known !== undefined && ordinal < known) whole.set(table, ordinal);
  };
  for (const views of shared.memories) {
    const count = chunkCount(views);
    for (let chunk = 0; chunk < count; chunk++) {
      const word = headerWord(chunk);
      if (Atomics.load(views.i32, word + STATE) !== FREE)
        note(views.i32[word + TABLE]!, ordinalOf(views, word));
    }
  }
  for (const [writer, directory] of shared.directories.entries()) {
    const { head } = directory;
    for (let position = applied[writer]!; position < head; position++) {
      const { tableId, ref } = directory.entry(position);
      note(tableId, ref.ordinalFirst);
    }
  }
  return whole;
}
