import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ColumnSource } from '../../../src/shared/codec/column-data.ts';
import { MillraceError } from '../../../src/shared/errors.ts';
import { pushBlock, sealBlock } from '../../../src/shared/format/block.ts';
import type { BlockRef } from '../../../src/shared/format/block-ref.ts';
import { ByteSink } from '../../../src/shared/format/byte-sink.ts';
import { BlockCache } from '../../../src/shared/read/block-cache.ts';
import { CountedStorage } from '../../../src/shared/storage/counted-storage.ts';
import { MemoryFile } from '../../../src/shared/storage/memory-storage.ts';

const COLUMN = { id: 1, name: 'a', type: 'f64' } as const;
const ROWS = 512;

/** A file of blocks, block after block: the rows of block i are i, i + 1, … */
function fileOf(count: number): { file: MemoryFile; storage: CountedStorage; refs: BlockRef[] } {
  const file = new MemoryFile(new Uint8Array(0));
  const storage = new CountedStorage(file.open());
  const refs: BlockRef[] = [];
  for (let i = 0; i < count; i++) refs.push(put(storage, i, storage.length(), 1));
  return { file, storage, refs };
}

/** Writes a block into an extent with this salt. */
function put(storage: CountedStorage, first: number, offset: number, salt: number): BlockRef {
  const source = (isTime: boolean, step: number): ColumnSource => ({
    kind: 'f64',
    isTime,
    values: Float64Array.from({ length: ROWS }, (_, i) => first + step * i),
    validity: undefined,
    arena: undefined,
  });
  const sink = new ByteSink();
  const head = { tableId: 7, schemaVersion: 1, ordinal: first, indexFirst: 0, rows: ROWS };
  const start = pushBlock(sink, head, [source(true, 1), source(false, Math.PI)], 0, [COLUMN]);
  const ref = sealBlock(sink, start, salt, offset);
  storage.write(sink.bytes.slice(start, sink.length), offset);
  return ref;
}

function firstValue(cache: BlockCache, ref: BlockRef): number {
  return cache.open(7, ref).column(COLUMN)!.values[0] as number;
}

describe('kept blocks', () => {
  it('are read from the file once', () => {
    const { storage, refs } = fileOf(3);
    const cache = new BlockCache(storage, 1 << 20);
    for (let time = 0; time < 4; time++)
      for (const [i, ref] of refs.entries()) assert.equal(firstValue(cache, ref), i);
    const { reads } = storage.counters;
    assert.equal(reads, 3);
    const { hits, misses, blocks, bytes } = cache.counters;
    assert.deepEqual([hits, misses, blocks], [9, 3, 3]);
    assert.ok(bytes >= refs.reduce((sum, { length }) => sum + length, 0));
    cache.clear();
    assert.deepEqual([cache.counters.blocks, cache.counters.bytes], [0, 0]);
  });

  it('are never taken for what came into their place in the file later, nor that for them', () => {
    const { storage, refs } = fileOf(1);
    const cache = new BlockCache(storage, 1 << 20);
    assert.equal(firstValue(cache, refs[0]!), 0);
    // The extent is used again: another salt, a block of the same size.
    const later = put(storage, 5, refs[0]!.offset, 2);
    assert.equal(later.length, refs[0]!.length);
    assert.equal(firstValue(cache, later), 5);
    // Who still has the old reference finds that its block is gone.
    assert.throws(
      () => cache.open(7, refs[0]!),
      (error) => MillraceError.is(error) && error.code === 'DAMAGED',
    );
    assert.throws(
      () => cache.open(8, later),
      (error) => MillraceError.is(error) && error.code === 'DAMAGED',
    );
    assert.equal(firstValue(cache, later), 5);
  });

  it('take no more than their budget, those asked for again staying longest', () => {
    const { storage, refs } = fileOf(40);
    const budget = 10 * (refs[0]!.length + 1024);
    const cache = new BlockCache(storage, budget);
    for (const ref of refs) {
      firstValue(cache, refs[0]!);
      firstValue(cache, ref);
      assert.ok(cache.counters.bytes <= budget);
    }
    const { hits } = cache.counters;
    firstValue(cache, refs[0]!);
    firstValue(cache, refs[1]!);
    assert.equal(cache.counters.hits, hits + 1, 'the first one is here, the second one is not');
  });

  it('are none with a budget of nothing', () => {
    const { storage, refs } = fileOf(1);
    const cache = new BlockCache(storage, 0);
    for (let time = 0; time < 3; time++) assert.equal(firstValue(cache, refs[0]!), 0);
    assert.deepEqual([cache.counters.misses, cache.counters.blocks], [3, 0]);
  });

  it('stay when more is read at once than they have room for', () => {
    const { storage, refs } = fileOf(40);
    const cache = new BlockCache(storage, 10 * (refs[0]!.length + 1024));
    for (const ref of refs.slice(0, 5)) firstValue(cache, ref);
    const all = cache.forRead(refs.reduce((sum, { length }) => sum + length, 0));
    for (const [i, ref] of refs.entries()) assert.equal(all.open(7, ref).column(COLUMN)!.values[0], i);
    assert.deepEqual([cache.counters.hits, cache.counters.blocks], [5, 5]);
  });

  it('are read again after a column of theirs was found to be damaged', () => {
    const { storage, refs } = fileOf(1);
    const [ref] = refs as [BlockRef];
    const cache = new BlockCache(storage, 1 << 20);
    const sound = new Uint8Array(8);
    storage.read(sound, ref.offset + ref.length - 8);
    storage.write(new Uint8Array(8).fill(0x5a), ref.offset + ref.length - 8);
    assert.throws(
      () => firstValue(cache, ref),
      (error) => MillraceError.is(error) && error.code === 'DAMAGED',
    );
    assert.throws(
      () => firstValue(cache, ref),
      (error) => MillraceError.is(error) && error.code === 'DAMAGED',
    );
    storage.write(sound, ref.offset + ref.length - 8);
    assert.equal(firstValue(cache, ref), 0);
  });
});
