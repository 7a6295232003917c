import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BlockRef } from '../../../src/shared/format/block-ref.ts';
import type { Extent } from '../../../src/shared/format/root.ts';
import { ALL_TIME, IndexReader } from '../../../src/shared/index/index-reader.ts';
import { emptyDatabase, readCurrentRoot } from '../../../src/shared/recovery/superblocks.ts';
import { MemoryFile } from '../../../src/shared/storage/memory-storage.ts';
import { Catalog } from '../../../src/workers/coordinator/catalog.ts';
import { type CheckpointOutput, writeCheckpoint } from '../../../src/workers/coordinator/checkpoint.ts';
import { FreeSpace } from '../../../src/workers/coordinator/free-space.ts';
import { fillHoles } from '../../../src/workers/coordinator/holes.ts';
import { foundBlocks } from '../../../src/workers/coordinator/new-blocks.ts';
import { TableEdits } from '../../../src/workers/coordinator/table-edits.ts';

const KIB = 1024;
const PLENTY = { blockBytes: 64 << 20, pageBytes: 64 << 20, isEnoughLeft: () => true };

/** A file of blocks, index pages and bytes that are in the way, without an engine. */
class World {
  readonly storage = new MemoryFile(emptyDatabase(new Uint8Array(16), 0)).open();
  readonly space: FreeSpace;
  readonly catalog = new Catalog([], 1);
  readonly edits = new TableEdits();
  /** What each block's bytes are, by table and ordinal. */
  readonly bytes = new Map<string, number>();
  private last: CheckpointOutput;
  private fresh = new Map<number, BlockRef[]>();
  private ordinal = 0;

  constructor(tables: number) {
    const { superblock, root } = readCurrentRoot(this.storage);
    this.last = { superblock, root, pageBytes: 0, longestRun: 0 };
    this.space = new FreeSpace([], root.usedEnd + 4096);
    for (let i = 0; i < tables; i++) this.catalog.create({ name: `t${i}`, unit: 'ms', columns: [] });
  }

  /** Puts a block of a table where there is room. */
  block(tableId: number, length: number): void {
    const { offset } = this.space.allot(length);
    const ordinal = this.ordinal++;
    const filled = (ordinal * 37 + 1) & 255;
    this.storage.write(new Uint8Array(length).fill(filled), offset);
    this.bytes.set(`${tableId} ${ordinal}`, filled);
    const ref: BlockRef = {
      ordinalFirst: ordinal,
      ordinalLast: ordinal,
      indexFirst: 0,
      rows: 1,
      offset,
      length,
      crc: 0,
      minTs: 0n,
      maxTs: 0n,
      sorted: true,
      packed: false,
      schemaVersion: 1,
    };
    this.fresh.set(tableId, [...(this.fresh.get(tableId) ?? []), ref]);
  }

  checkpoint(): void {
    this.last = writeCheckpoint({
      storage: this.storage,
      space: this.space,
      catalog: this.catalog,
      previous: this.last,
      session: 1,
      writers: [],
      blocks: foundBlocks(this.fresh),
      edits: this.edits.take(),
      retentionMs: -1,
      maxBytes: 0,
      released: [],
      held: [],
      wallMs: 0,
    });
    this.fresh = new Map();
    this.space.settle(this.last.superblock.sequence);
  }

  /** As closing does it. @returns whether anything was to move */
  fill(budget = PLENTY): boolean {
    const moves = fillHoles(this, new IndexReader(this.storage), this.edits, () => false, budget);
    this.checkpoint();
    this.checkpoint();
    return moves;
  }

  /** Where the file would be cut. */
  get end(): number {
    return this.space.end - this.space.tailBytes();
  }

  /** Every block has its bytes, and nothing lies in two places or in a free one. */
  assertWhole(): void {
    const reader = new IndexReader(this.storage);
    const { root } = readCurrentRoot(this.storage);
    let blocks = 0;
    const used: Extent[] = [];
    for (const entry of reader.tables(root)) {
      for (const { offset, length, ordinalFirst } of reader.blocks(entry, ALL_TIME)) {
        const there = new Uint8Array(length);
        this.storage.read(there, offset);
        const filled = this.bytes.get(`${entry.definition.id} ${ordinalFirst}`);
        assert.ok(
          there.every((byte) => byte === filled),
          `block ${ordinalFirst} at ${offset}`,
        );
        used.push({ offset, bytes: length });
        blocks++;
      }
    }
    assert.equal(blocks, this.bytes.size);
    used.sort((a, b) => a.offset - b.offset);
    used.forEach((extent, i) => {
      assert.equal(this.space.overlaps(extent), false, 'no block lies in free bytes');
      if (i > 0) assert.ok(used[i - 1]!.offset + used[i - 1]!.bytes <= extent.offset, 'blocks are apart');
    });
  }
}

/** Three tables with blocks at the front, and their pages behind bytes that then come free. */
function pagesBehindAHole(blocksEach: number): World {
  const world = new World(3);
  for (let i = 0; i < blocksEach; i++) for (const table of [1, 2, 3]) world.block(table, KIB);
  const inTheWay = world.space.allot(4 << 20);
  world.checkpoint();
  world.space.free(inTheWay, 0);
  return world;
}

test('pages of tables that do not change go into a hole before them, and the file can be cut there', () => {
  // One page a table, and an index of two levels.
  for (const blocksEach of [5, 1500]) {
    const world = pagesBehindAHole(blocksEach);
    assert.ok(world.end > 4 << 20);
    assert.equal(world.fill(), true);
    assert.ok(world.end < 3 * blocksEach * (KIB + 150) + 128 * KIB, `the file ends at ${world.end}`);
    world.assertWhole();
  }
});

test('no more bytes of pages are written anew than the budget has', () => {
  const world = pagesBehindAHole(5);
  world.fill({ ...PLENTY, pageBytes: 100 });
  assert.ok(world.end > 4 << 20, 'not even one page fits the budget');
  world.fill({ ...PLENTY, isEnoughLeft: () => false });
  assert.ok(world.end > 4 << 20, 'nor does anything move where too little is left');
  world.assertWhole();
});

test('catalog pages of tables without a single row go into a hole before them, too', () => {
  const world = new World(200);
  const inTheWay = world.space.allot(4 << 20);
  world.checkpoint();
  world.space.free(inTheWay, 0);
  assert.equal(world.fill(), true);
  assert.ok(world.end < 256 * KIB, `the file ends at ${world.end}`);
  const { root } = readCurrentRoot(world.storage);
  assert.equal(new IndexReader(world.storage).tables(root).length, 200);
});

test('pages for which there is no hole before them stay where they are', () => {
  const tables = 300;
  const world = new World(tables);
  const hole = world.space.allot(24 * KIB);
  for (let table = 1; table <= tables; table++) world.block(table, 32 * KIB);
  world.checkpoint();
  world.checkpoint();
  world.space.free(hole, 0);
  world.space.free(world.space.allot(1 << 20), 0);
  const before = world.end;
  assert.equal(world.fill(), false, 'the pages are more than the hole has room for');
  assert.ok(world.end <= before + 8 * KIB, `${world.end} after ${before}`);
  world.assertWhole();
});

test('whatever lies where, filling holes loses and doubles nothing, and ends', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('block' as const),
      table: fc.nat(3),
      units: fc.integer({ min: 1, max: 4000 }),
    }),
    fc.record({ kind: fc.constant('way' as const), units: fc.integer({ min: 1, max: 40_000 }) }),
    fc.record({ kind: fc.constant('checkpoint' as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), fc.nat(300_000), (steps, budget) => {
      const world = new World(4);
      const inTheWay: Extent[] = [];
      for (const next of steps) {
        if (next.kind === 'block') world.block(next.table + 1, 8 * next.units);
        else if (next.kind === 'way') inTheWay.push(world.space.allot(8 * next.units));
        else world.checkpoint();
      }
      world.checkpoint();
      for (const extent of inTheWay) world.space.free(extent, 0);
      world.space.settle(0);
      const before = world.end;
      for (let round = 0; round < 4; round++) {
        world.fill({ ...PLENTY, blockBytes: budget, pageBytes: budget });
        world.assertWhole();
      }
      for (let round = 0; round < 4 && world.fill(); round++) world.assertWhole();
      // A checkpoint's own pages, root and list need some room.
      assert.ok(world.end <= before + 32 * KIB, `${world.end} after ${before}`);
    }),
    { numRuns: 100 },
  );
});
