import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BlockRef, compareRefs } from '../../../src/shared/format/block-ref.ts';
import type { TableState } from '../../../src/shared/format/table-record.ts';
import { IndexEditor } from '../../../src/shared/index/index-editor.ts';
import { ALL_TIME, IndexReader } from '../../../src/shared/index/index-reader.ts';
import { EMPTY_STATE } from '../../../src/shared/recovery/recover.ts';
import { MemoryFile } from '../../../src/shared/storage/memory-storage.ts';

const TABLE = 5;
const definition = { id: TABLE, name: 't', unit: 'ms', versions: [{ version: 1, columns: [] }] } as const;

/** An index under change, and the sorted list that it must agree with. */
class Checked {
  readonly storage = new MemoryFile().open();
  readonly inUse = new Map<number, number>();
  state: TableState = EMPTY_STATE;
  refs: BlockRef[] = [];
  rowsEver = 0;
  private sequence = 0;
  private end = 0;
  private places = 0;

  block(ordinal: number, ordinalLast = ordinal, packed = false, indexFirst = 0, ts = ordinal * 10): BlockRef {
    const offset = 8 * ++this.places;
    const times = { minTs: BigInt(ts), maxTs: BigInt(ts + 9 + 10 * (ordinalLast - ordinal)) };
    const name = { ordinalFirst: ordinal, ordinalLast, indexFirst, rows: 10 };
    return { ...name, ...times, offset, length: 80, crc: offset, sorted: true, packed, schemaVersion: 1 };
  }

  checkpoint(edit: (editor: IndexEditor) => void): void {
    const editor = new IndexEditor(this.storage, TABLE, this.state);
    edit(editor);
    const wanted = editor.dirtyBytes();
    const freed: { offset: number; bytes: number }[] = [];
    const written = new Map<number, number>();
    const put = (page: Uint8Array): number => {
      this.storage.write(page, this.end);
      written.set(this.end, page.length);
      this.end += page.length;
      return this.end - page.length;
    };
    this.state = editor.write(++this.sequence, put, freed);
    assert.equal(
      [...written.values()].reduce((sum, bytes) => sum + bytes, 0),
      wanted,
    );
    for (const { offset, bytes } of freed) {
      assert.equal(this.inUse.get(offset), bytes, 'what is freed was in use, whole, and once');
      this.inUse.delete(offset);
    }
    for (const [offset, bytes] of written) this.inUse.set(offset, bytes);
    this.check();
  }

  private check(): void {
    const { refs, state } = this;
    refs.sort(compareRefs);
    assert.deepEqual(new IndexReader(this.storage).blocks({ definition, state }, ALL_TIME), refs);
    assert.equal(state.blocks, refs.length);
    assert.equal(state.rows, refs.length * 10);
    assert.equal(state.rowsEver, this.rowsEver);
    const times = refs.flatMap((ref) => [ref.minTs, ref.maxTs]);
    const least = times.reduce((a, b) => (a < b ? a : b), times[0] ?? 0n);
    const most = times.reduce((a, b) => (a > b ? a : b), times[0] ?? 0n);
    assert.deepEqual([state.minTs, state.maxTs], [least, most]);
    if (refs.length === 0) assert.equal(this.inUse.size, 0, 'an empty index has no page');
  }
}

test('whatever is added, replaced and taken out, the index has what is left, in order, and frees each page once', () => {
  const step = fc.record({
    add: fc.nat(300),
    replace: fc.array(fc.tuple(fc.nat(1000), fc.integer({ min: 1, max: 64 }), fc.nat(3)), { maxLength: 6 }),
    remove: fc.array(fc.tuple(fc.nat(1000), fc.nat(400)), { maxLength: 2 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
      const index = new Checked();
      let next = 0;
      for (const { add, replace, remove } of steps) {
        index.checkpoint((editor) => {
          for (let i = 0; i < add; i++, next++) {
            const ref = index.block(next);
            editor.add(ref);
            index.refs.push(ref);
            index.rowsEver += 10;
          }
          for (const [at, count, into] of replace) {
            const from = index.refs.length === 0 ? 0 : at % index.refs.length;
            // Whole units: what shares its ordinals goes together.
            const chosen = index.refs.slice(from, from + count);
            const ordinals = new Set(chosen.map((ref) => ref.ordinalFirst));
            const before = index.refs.filter((ref) => ordinals.has(ref.ordinalFirst));
            if (before.length === 0) continue;
            const first = before[0]!.ordinalFirst;
            const last = before.at(-1)!.ordinalLast;
            const after = Array.from({ length: into }, (_, i) => index.block(first, last, true, i * 10));
            assert.ok(editor.replace(before, after));
            assert.ok(!editor.replace(before, after), 'what is gone cannot be replaced');
            const gone = new Set(before);
            index.refs = [...index.refs.filter((ref) => !gone.has(ref)), ...after].sort(compareRefs);
          }
          for (const [at, count] of remove) {
            const from = index.refs.length === 0 ? 0 : at % index.refs.length;
            for (const ref of index.refs.splice(from, count)) assert.ok(editor.remove(ref));
          }
        });
      }
      index.checkpoint((editor) => {
        for (const ref of index.refs.splice(0)) assert.ok(editor.remove(ref));
      });
    }),
    { numRuns: 40 },
  );
});

test('a block that a segment has taken in is not added again by one who tells of it late', () => {
  const index = new Checked();
  const blocks = [0, 1, 2].map((ordinal) => index.block(ordinal));
  index.refs.push(...blocks);
  index.rowsEver = 30;
  index.checkpoint((editor) => {
    for (const ref of blocks) editor.add(ref);
  });
  const segment = index.block(0, 2, true);
  index.refs = [segment];
  index.checkpoint((editor) => assert.ok(editor.replace(blocks, [segment])));
  index.checkpoint((editor) => editor.add(blocks[1]!));
});

test('blocks that ended before a time are found, if their chunks are over', () => {
  const index = new Checked();
  index.refs = Array.from({ length: 1000 }, (_, i) => index.block(i));
  index.rowsEver = 10_000;
  index.checkpoint((editor) => {
    for (const ref of index.refs) editor.add(ref);
  });
  index.checkpoint((editor) => {
    const found = editor.blocksBefore(6000n, 500);
    assert.deepEqual(found, index.refs.slice(0, 500));
    assert.deepEqual(editor.blocksBefore(3000n, 500), index.refs.slice(0, 300));
  });
});
