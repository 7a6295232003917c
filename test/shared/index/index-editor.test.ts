import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BlockRef } from '../../../src/shared/format/block-ref.ts';
import { compareRefs } from '../../../src/shared/format/block-ref.ts';
import type { Extent } from '../../../src/shared/format/root.ts';
import type { TableState } from '../../../src/shared/format/table-record.ts';
import { IndexEditor } from '../../../src/shared/index/index-editor.ts';
import { ALL_TIME, IndexReader, type TimeRange } from '../../../src/shared/index/index-reader.ts';
import { FANOUT } from '../../../src/shared/index/node.ts';
import { EMPTY_STATE } from '../../../src/shared/recovery/recover.ts';
import { MemoryFile } from '../../../src/shared/storage/memory-storage.ts';
import { dice } from '../codec/recipes.ts';

const TABLE = 5;
const definition = { id: TABLE, name: 't', unit: 'ms', versions: [{ version: 1, columns: [] }] } as const;

/** A block of ten rows at a place that follows from its name. */
function blockAt(ordinal: number, indexFirst: number, minTs: bigint, maxTs = minTs + 9n): BlockRef {
  const name = { ordinalFirst: ordinal, ordinalLast: ordinal, indexFirst, rows: 10 };
  return {
    ...name,
    offset: 8 * (ordinal * 1000 + indexFirst),
    length: 80,
    crc: ordinal,
    minTs,
    maxTs,
    sorted: true,
    packed: false,
    schemaVersion: 1,
  };
}

/** A file of index pages only: each checkpoint puts its pages at the end, and keeps count of what is referred to. */
class Pages {
  readonly storage = new MemoryFile().open();
  state: TableState = EMPTY_STATE;
  sequence = 0;
  readonly freed: Extent[] = [];
  private end = 0;

  checkpoint(refs: readonly BlockRef[]): { pages: Extent[]; freed: Extent[] } {
    const editor = new IndexEditor(this.storage, TABLE, this.state);
    for (const ref of refs) editor.add(ref);
    const wanted = editor.dirtyBytes();
    const pages: Extent[] = [];
    const freed: Extent[] = [];
    this.state = editor.write(
      ++this.sequence,
      (page) => {
        this.storage.write(page, this.end);
        pages.push({ offset: this.end, bytes: page.length });
        this.end += page.length;
        return this.end - page.length;
      },
      freed,
    );
    const written = pages.reduce((sum, page) => sum + page.bytes, 0);
    assert.equal(written, wanted, 'the checkpoint reserves as many bytes as are written');
    return { pages, freed };
  }
}

function read(pages: Pages, state: TableState, range: TimeRange = ALL_TIME): BlockRef[] {
  return new IndexReader(pages.storage).blocks({ definition, state }, range);
}

function assertState(state: TableState, refs: readonly BlockRef[]): void {
  assert.equal(state.blocks, refs.length);
  assert.equal(state.rows, 10 * refs.length);
  assert.equal(state.nextOrdinal, 1 + Math.max(...refs.map((ref) => ref.ordinalLast)));
  assert.equal(
    state.minTs,
    refs.map((ref) => ref.minTs).reduce((a, b) => (a < b ? a : b)),
  );
  assert.equal(
    state.maxTs,
    refs.map((ref) => ref.maxTs).reduce((a, b) => (a > b ? a : b)),
  );
}

test('whatever blocks are added in whatever order, the index gives them in order of arrival, each once', () => {
  const block = fc.record({
    ordinal: fc.nat(700),
    index: fc.nat(3),
    ts: fc.integer({ min: -1000, max: 1000 }),
  });
  fc.assert(
    fc.property(
      fc.array(fc.array(block, { maxLength: 400 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: -1000, max: 1000 }),
      fc.nat(300),
      (rounds, from, length) => {
        const pages = new Pages();
        const known = new Map<string, BlockRef>();
        const older: { state: TableState; refs: BlockRef[] }[] = [];
        for (const round of rounds) {
          // A name stands for one block: a second telling of it is the same.
          const refs = round.map(({ ordinal, index, ts }) => {
            const ref = known.get(`${ordinal} ${index}`) ?? blockAt(ordinal, index * 10, BigInt(ts));
            known.set(`${ordinal} ${index}`, ref);
            return ref;
          });
          pages.checkpoint(refs);
          const all = [...known.values()].sort(compareRefs);
          assert.deepEqual(read(pages, pages.state), all);
          if (all.length > 0) assertState(pages.state, all);
          older.push({ state: pages.state, refs: all });
          const range = { from: BigInt(from), to: BigInt(from + length) };
          const within = all.filter((ref) => ref.maxTs >= range.from && ref.minTs <= range.to);
          assert.deepEqual(read(pages, pages.state, range), within, 'blocks of a range of time');
          const since = all.filter((ref) => ref.ordinalLast >= 350);
          assert.deepEqual(
            new IndexReader(pages.storage).blocksSince({ definition, state: pages.state }, 350),
            since,
          );
        }
        // Copy on write: what an earlier checkpoint points to is as it was.
        for (const { state, refs } of older) assert.deepEqual(read(pages, state), refs);
      },
    ),
    { numRuns: 60 },
  );
});

test('70,000 blocks that arrive in order make an index of three levels with full pages, a checkpoint of which writes few', () => {
  const pages = new Pages();
  const refs: BlockRef[] = [];
  const live = new Map<number, number>();
  let most = 0;
  for (let ordinal = 0; ordinal < 70_000; ) {
    const added: BlockRef[] = [];
    for (const end = ordinal + 500; ordinal < end; ordinal++)
      added.push(blockAt(ordinal, 0, BigInt(ordinal) * 10n));
    refs.push(...added);
    const { pages: written, freed } = pages.checkpoint(added);
    for (const { offset, bytes } of freed) {
      assert.equal(live.get(offset), bytes, 'what is freed was in use, whole');
      live.delete(offset);
    }
    for (const { offset, bytes } of written) live.set(offset, bytes);
    most = Math.max(most, written.length);
  }
  assert.equal(pages.state.height, 2);
  assertState(pages.state, refs);
  assert.deepEqual(read(pages, pages.state), refs);
  assert.ok(most <= 3 + 500 / (FANOUT - 16) + 2, `${most} pages written for 500 blocks`);
  // Leaves keep FANOUT − 16 entries when they are split: that is how full they are, and pages in use are all there are.
  const leaves = 70_000 / (FANOUT - 16);
  assert.ok(live.size <= leaves + leaves / (FANOUT - 16) + 4, `${live.size} pages in use`);
  const within = read(pages, pages.state, { from: 350_005n, to: 350_025n });
  assert.deepEqual(
    within.map((ref) => ref.ordinalFirst),
    [35_000, 35_001, 35_002],
  );
});

test('blocks that arrive in any order make an index whose every page is referred to once', () => {
  const roll = dice(4);
  const pages = new Pages();
  const refs = Array.from({ length: 5000 }, (_, i) => blockAt((i * 2477) % 5000, 0, BigInt(roll(10_000))));
  const live = new Set<number>();
  for (let from = 0; from < refs.length; from += 250) {
    const { pages: written, freed } = pages.checkpoint(refs.slice(from, from + 250));
    for (const { offset } of freed) assert.ok(live.delete(offset), 'nothing is freed twice');
    for (const { offset } of written) live.add(offset);
  }
  const sorted = [...refs].sort(compareRefs);
  assert.deepEqual(read(pages, pages.state), sorted);
  assertState(pages.state, sorted);
  assert.ok(live.size >= 5000 / FANOUT);
});

test('a block that is told of twice is added once, and a checkpoint with nothing new writes nothing', () => {
  const pages = new Pages();
  const refs = [blockAt(0, 0, 5n), blockAt(0, 10, 6n), blockAt(1, 0, 7n)];
  pages.checkpoint(refs);
  const { state } = pages;
  const { pages: written, freed } = pages.checkpoint([...refs].reverse());
  assert.deepEqual([written, freed], [[], []]);
  assert.deepEqual(pages.state, state);
});

test('a damaged page is met by those who need it, and by nobody else', () => {
  const pages = new Pages();
  pages.checkpoint(Array.from({ length: 600 }, (_, i) => blockAt(i, 0, BigInt(i) * 10n)));
  const reader = new IndexReader(pages.storage);
  assert.equal(pages.state.height, 1);
  // The first leaf is the first page that was written.
  pages.storage.write(Uint8Array.of(0xff), 100);
  const entry = { definition, state: pages.state };
  assert.throws(() => reader.blocks(entry, ALL_TIME), { code: 'DAMAGED' });
  assert.throws(() => reader.blocks(entry, { from: 0n, to: 0n }), { code: 'DAMAGED' });
  assert.equal(reader.blocks(entry, { from: 5000n, to: 5009n }).length, 1);
  assert.equal(reader.blocksSince(entry, 590).length, 10);
});

test('where only the first or last rows of a range are wanted, each block that may have one is found, and few others', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 * FANOUT }),
      fc.nat(2 ** 30),
      fc.integer({ min: 1, max: 60 }),
      fc.constantFrom('first' as const, 'last' as const),
      fc.tuple(fc.nat(8000), fc.nat(8000)),
      fc.nat(4000),
      (count, seed, rows, end, [a, b], cutoff) => {
        const random = dice(seed);
        const pages = new Pages();
        const all = Array.from({ length: count }, (_, i) =>
          blockAt(i, 0, BigInt(10 * i + random(40)), BigInt(10 * i + 40 + random(40))),
        );
        pages.checkpoint(all);
        const [from, to] = [BigInt(Math.min(a, b)), BigInt(Math.max(a, b))];
        const state = { ...pages.state, cutoff: BigInt(cutoff) };
        const found = new Set(read(pages, state, { from, to, only: { rows, end } }).map((ref) => ref.offset));
        const shownFrom = from > state.cutoff ? from : state.cutoff;
        const inside = all.filter((ref) => ref.minTs >= shownFrom && ref.maxTs <= to);
        for (const ref of all) {
          if (found.has(ref.offset) || ref.maxTs < shownFrom || ref.minTs > to) continue;
          // It was left out, so others have rows enough before it, or behind it.
          const nearer = inside.filter((other) =>
            end === 'first' ? other.maxTs < ref.minTs : other.minTs > ref.maxTs,
          );
          assert.ok(10 * nearer.length >= rows, `block ${ref.ordinalFirst} was left out`);
        }
        // Ten blocks lie across any moment.
        assert.ok(found.size <= rows / 10 + 24, `${found.size} blocks for ${rows} rows`);
      },
    ),
    { numRuns: 150 },
  );
});

test('whichever pages are to leave the end of the file do, with those above them and no others, and the blocks stay', () => {
  const roll = dice(9);
  const SLOT = 32_768;
  const SLOTS = 400;
  for (let run = 0; run < 40; run++) {
    const storage = new MemoryFile().open();
    // Pages go to slots in any order, so that one may lie behind those below it or before them.
    const slots = Array.from({ length: SLOTS }, (_, i) => i);
    for (let i = SLOTS - 1; i > 0; i--) {
      const other = roll(i + 1);
      [slots[i], slots[other]] = [slots[other]!, slots[i]!];
    }
    let state: TableState = EMPTY_STATE;
    let sequence = 0;
    const write = (editor: IndexEditor, placeOf: (bytes: number) => number): Extent[] => {
      const freed: Extent[] = [];
      state = editor.write(
        ++sequence,
        (page) => {
          const offset = placeOf(page.length);
          storage.write(page, offset);
          return offset;
        },
        freed,
      );
      return freed;
    };
    const refs = Array.from({ length: 300 + roll(60_000) }, (_, i) => blockAt(i, 0, BigInt(i) * 10n));
    for (let from = 0; from < refs.length; from += 10_000) {
      const editor = new IndexEditor(storage, TABLE, state);
      for (const ref of refs.slice(from, from + 10_000)) editor.add(ref);
      write(editor, () => 8_000_000 + SLOT * slots.pop()!);
    }
    const offset = 8_000_000 + SLOT * roll(SLOTS);
    const wanted = new IndexReader(storage).pageBytesFrom({ definition, state }, offset);
    const editor = new IndexEditor(storage, TABLE, state);
    editor.rewriteFrom(offset);
    assert.equal(editor.dirtyBytes(), wanted, 'the reader knows how many bytes that will be');
    let end = 0;
    const freed = write(editor, (bytes) => (end += bytes) - bytes);
    assert.equal(end, wanted);
    assert.equal(
      freed.reduce((sum, { bytes }) => sum + bytes, 0),
      wanted,
      'as many bytes come free as are written anew',
    );
    const reader = new IndexReader(storage);
    assert.equal(reader.pageBytesFrom({ definition, state }, offset), 0, 'no page begins there any more');
    assert.deepEqual(reader.blocks({ definition, state }, ALL_TIME), refs);
    assertState(state, refs);
  }
});
