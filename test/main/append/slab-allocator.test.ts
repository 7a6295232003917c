import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SlabAllocator } from '../../../src/main/append/slab-allocator.ts';
import {
  FREE,
  headerWord,
  openHeader,
  SLABS_AT,
  STATE,
  takeHeader,
} from '../../../src/shared/chunk/header.ts';
import { SLAB_BYTES } from '../../../src/shared/chunk/slab-table.ts';
import { memoryViews } from '../../../src/shared/chunk/views.ts';

const SLABS = 8;

/** An allocator over a memory of its own, and everything it has handed out. */
function newAllocator() {
  const pages = Math.ceil((SLABS_AT + SLABS * SLAB_BYTES) / 65_536);
  const views = memoryViews(
    new WebAssembly.Memory<SharedArrayBuffer>({ initial: pages, maximum: pages, shared: true }),
  );
  return { slabs: new SlabAllocator(views, 0), views };
}

const bytes = fc.oneof(
  fc.integer({ min: 1, max: 5000 }),
  fc.integer({ min: 1, max: SLAB_BYTES }),
  fc.integer({ min: 1, max: SLABS * SLAB_BYTES }),
);
/** Pieces to take; for each, how many of those taken before are given back first, and which. */
const steps = fc.array(fc.record({ bytes, back: fc.nat(3), which: fc.nat() }), { maxLength: 60 });

test('pieces never overlap, and lie within the memory', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const { slabs, views } = newAllocator();
      const taken: { offset: number; bytes: number }[] = [];
      for (const { bytes, back, which } of list) {
        for (let i = 0; i < back && taken.length > 0; i++) {
          const [piece] = taken.splice(which % taken.length, 1);
          slabs.give(piece!.offset, piece!.bytes);
        }
        const offset = slabs.take(bytes, SLABS);
        if (offset >= 0) taken.push({ offset, bytes });
        const sorted = [...taken].sort((a, b) => a.offset - b.offset);
        let end = SLABS_AT;
        for (const piece of sorted) {
          assert.ok(piece.offset >= end);
          assert.equal(
            SlabAllocator.startOf(piece.offset + Math.min(63, piece.bytes - 1), piece.bytes),
            piece.offset,
          );
          end = piece.offset + SlabAllocator.sizeFor(piece.bytes);
        }
        assert.ok(end <= views.buffer.byteLength);
        assert.equal(
          slabs.used,
          taken.reduce((sum, piece) => sum + SlabAllocator.sizeFor(piece.bytes), 0),
        );
      }
    }),
  );
});

test('whatever was taken before: once all is given back, a piece as large as the memory can be had', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const { slabs } = newAllocator();
      const taken: { offset: number; bytes: number }[] = [];
      for (const { bytes } of list) {
        const offset = slabs.take(bytes, SLABS);
        if (offset >= 0) taken.push({ offset, bytes });
      }
      for (const { offset, bytes } of taken) slabs.give(offset, bytes);
      assert.equal(slabs.take(SLABS * SLAB_BYTES, SLABS), SLABS_AT);
      assert.equal(slabs.take(1, SLABS), -1, 'then there is nothing left');
      slabs.give(SLABS_AT, SLABS * SLAB_BYTES);
      assert.ok(slabs.take(1, SLABS) >= 0);
    }),
  );
});

test('a producer takes slabs of another in which no chunk lies, and only those; the other finds out', () => {
  const { slabs: mine, views } = newAllocator();
  const theirs = new SlabAllocator(views, 1);
  const places = Array.from({ length: SLABS }, () => mine.take(SLAB_BYTES, SLABS));
  const kept = places[3]!;
  for (const [ordinal, place] of places.entries()) {
    const opened = { table: 1, schemaVersion: 1, ordinal, capacity: 16, producer: 0 };
    const header = takeHeader(views);
    openHeader(views, header, { ...opened, dataOffset: place, dataBytes: SLAB_BYTES });
    assert.ok(mine.confirm(place, SLAB_BYTES));
    // Its writer lets go of all chunks but one; the producer has not heard of it yet.
    if (place !== kept) Atomics.store(views.i32, headerWord(header) + STATE, FREE);
  }
  assert.equal(theirs.take(SLAB_BYTES, SLABS), -1, 'nothing is nobody’s');
  const taken = Array.from({ length: SLABS }, () => theirs.take(SLAB_BYTES, SLABS, true));
  assert.deepEqual(new Set(taken), new Set([-1, ...places.filter((place) => place !== kept)]));
  for (const place of places) assert.equal(mine.confirm(place, SLAB_BYTES), place === kept);
  assert.equal(mine.held, 1);
});

test('over its share a producer lets go, and what it let go of is another’s once it is empty', () => {
  const { slabs: mine, views } = newAllocator();
  const theirs = new SlabAllocator(views, 1);
  const places = Array.from({ length: SLABS }, () => mine.take(SLAB_BYTES, SLABS));
  mine.shed(SLABS / 2);
  assert.equal(mine.held, SLABS / 2);
  for (const place of places) mine.give(place, SLAB_BYTES);
  assert.equal(mine.used, 0);
  const share = Array.from({ length: SLABS }, () => theirs.take(SLAB_BYTES, SLABS / 2, true));
  assert.equal(share.filter((place) => place >= 0).length, SLABS / 2, 'no more than its share');
});
