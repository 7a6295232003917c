import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSharedState, writerOf } from '../../../src/shared/control/shared-state.ts';
import type { BlockRef } from '../../../src/shared/format/block-ref.ts';
import { DirectoryBlocks } from '../../../src/workers/coordinator/new-blocks.ts';

function refOf(ordinal: number): BlockRef {
  return {
    offset: 8 * ordinal,
    length: 8,
    crc: ordinal,
    ordinalFirst: ordinal,
    ordinalLast: ordinal,
    indexFirst: 0,
    rows: 1,
    minTs: -1n,
    maxTs: 1n,
    sorted: true,
    packed: false,
    schemaVersion: 1,
  };
}

test('the blocks of a checkpoint are those between two positions of each directory, by table, in the order in which they came', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 200 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 30 }),
      (tables, writers, skipped) => {
        const { directories } = createSharedState(writers, 1 << 20);
        const expected = new Map<number, BlockRef[]>();
        for (const [i, table] of tables.entries()) {
          const directory = directories[writerOf(table, writers)]!;
          directory.add(table, refOf(i));
          if (directory.head <= skipped) continue;
          expected.set(table, [...(expected.get(table) ?? []), refOf(i)]);
        }
        const heads = directories.map(({ head }) => head);
        const from = heads.map((head) => Math.min(head, skipped));
        const blocks = new DirectoryBlocks(directories, from, heads);
        const found = [...blocks.tables()];
        assert.deepEqual(
          found,
          [...expected.keys()].sort((a, b) => a - b),
        );
        for (let table = 0; table <= 41; table++)
          assert.deepEqual(blocks.of(table), expected.get(table) ?? []);
      },
    ),
    { numRuns: 100 },
  );
});
