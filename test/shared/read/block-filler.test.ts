import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BlockInputs } from '../../../src/shared/aggregate/block-input.ts';
import { BucketAggregator } from '../../../src/shared/aggregate/bucket-aggregator.ts';
import type { ColumnSource } from '../../../src/shared/codec/column-data.ts';
import { Block, pushBlock, sealBlock } from '../../../src/shared/format/block.ts';
import type { BlockRef } from '../../../src/shared/format/block-ref.ts';
import { ByteSink } from '../../../src/shared/format/byte-sink.ts';
import { blocksOf } from '../../../src/shared/read/block-cache.ts';
import { BlockFiller, rowsWithin } from '../../../src/shared/read/block-filler.ts';
import { ColumnVectors, timesOf, valuesOf } from '../../../src/shared/read/column-vectors.ts';
import { ResultColumns } from '../../../src/shared/read/result-columns.ts';
import type { TableDefinition } from '../../../src/shared/schema/types.ts';
import { MemoryFile } from '../../../src/shared/storage/memory-storage.ts';
import type { Storage } from '../../../src/shared/storage/storage.ts';
import { bucketGrid } from '../../../src/shared/time/bucket-grid.ts';

const COLUMNS = [
  { id: 1, name: 'f64', type: 'f64' },
  { id: 2, name: 'i32', type: 'i32' },
  { id: 3, name: 'added', type: 'f64' },
] as const;
const DEFINITION: TableDefinition = {
  id: 7,
  name: 't',
  unit: 'ms',
  versions: [
    { version: 1, columns: COLUMNS.slice(0, 2) },
    { version: 2, columns: COLUMNS },
  ],
};

/** How values go on: each is coded in its own way, some as one vector for all rows or with a dictionary for all. */
const SHAPES: Readonly<Record<string, (i: number) => number | null>> = {
  constant: () => 21.5,
  line: (i) => 3 * i,
  few: (i) => [0.1, 0.2, 7, -3.25][(i * i) % 4]!,
  walk: (i) => Math.round(1000 * Math.sin(i / 50)) / 100,
  noise: (i) => Math.sin(i * i) * 1e9,
  nulls: (i) => (i % 5 === 0 ? null : i / 4),
  NaNs: (i) => (i % 700 === 3 ? Number.NaN : i % 11),
  steps: (i) => Math.floor(i / 900),
};

interface Made {
  readonly storage: Storage;
  readonly ref: BlockRef;
  readonly ts: readonly number[];
  readonly values: readonly (number | null)[];
}

/** A block of several vectors, as packing makes them. */
function make(rows: number, shape: string, step: number): Made {
  const values = Array.from({ length: rows }, (_, i) => SHAPES[shape]!(i));
  const ts = Array.from({ length: rows }, (_, i) => 1000 + step * i + (shape === 'line' ? 0 : i % 2));
  const source = (
    kind: 'f64' | 'i32',
    isTime: boolean,
    array: Float64Array | Int32Array,
    validity: Uint8Array | undefined,
  ): ColumnSource => ({ kind, isTime, values: array, validity, arena: undefined });
  const bits = new Uint8Array(Math.ceil(rows / 8));
  for (const [i, value] of values.entries()) if (value !== null) bits[i >> 3]! |= 1 << (i & 7);
  const sources = [
    source('f64', true, Float64Array.from(ts), undefined),
    source(
      'f64',
      false,
      Float64Array.from(values, (value) => value ?? 0),
      bits,
    ),
    source(
      'i32',
      false,
      Int32Array.from(values, (_, i) => i % 1000),
      undefined,
    ),
  ];
  const sink = new ByteSink();
  const head = { tableId: 7, schemaVersion: 1, ordinal: 0, indexFirst: 0, rows };
  const start = pushBlock(sink, head, sources, 0, DEFINITION.versions[0]!.columns);
  const ref = sealBlock(sink, start, 99, 0);
  return { storage: new MemoryFile(sink.bytes.slice(start, sink.length)).open(), ref, ts, values };
}

const blocks = fc.record({
  rows: fc.integer({ min: 1, max: 5000 }),
  shape: fc.constantFrom(...Object.keys(SHAPES)),
  step: fc.constantFrom(2, 50, 1000),
});

describe('a block of several vectors', () => {
  it('is decoded to any rows of a result, whole or cut, whatever its codecs', () => {
    fc.assert(
      fc.property(
        blocks,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(9),
        ({ rows, shape, step }, cut, at) => {
          const { storage, ref, ts, values } = make(rows, shape, step);
          const from = Math.floor(rows * cut * 0.7);
          const to = Math.max(from, rows - Math.floor((rows * cut) / 3));
          const result = new ResultColumns(['f64', 'i32', 'f64'], 'f64', at + to - from);
          new BlockFiller(blocksOf(storage), DEFINITION, COLUMNS, result).fill({ ref, from, to, at });
          const [f64, i32, added] = result.columns;
          const isPresent = (target: typeof f64, row: number): boolean =>
            target!.validity === undefined || ((target!.validity[row >> 3]! >> (row & 7)) & 1) !== 0;
          for (let i = from; i < to; i++) {
            const row = at + i - from;
            assert.ok(result.time!.f64[row] === ts[i]);
            assert.ok(Object.is(isPresent(f64, row) ? f64!.f64[row] : null, values[i]), `row ${i}`);
            assert.ok(i32!.words[row] === i % 1000);
            assert.ok(!isPresent(added, row), 'the block is older than this column');
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('knows which of its rows lie in a range of time', () => {
    fc.assert(
      fc.property(blocks, fc.nat(6000), fc.nat(6000), ({ rows, shape, step }, first, length) => {
        const { storage, ref, ts } = make(rows, shape, step);
        const times = new ColumnVectors(new Block(storage, 7, ref).encodedTime(), rows, timesOf('f64'));
        const [low, high] = [first * step, (first + length) * step];
        const [from, to] = rowsWithin(times, 'f64', low, high);
        const wanted = ts.flatMap((time, i) => (time >= low && time <= high ? [i] : []));
        assert.equal(Math.max(0, to - from), wanted.length);
        if (wanted.length > 0) assert.deepEqual([from, to - 1], [wanted[0], wanted.at(-1)]);
      }),
      { numRuns: 150 },
    );
  });

  it('has statistics that are those of its values', () => {
    fc.assert(
      fc.property(blocks, ({ rows, shape, step }) => {
        const { storage, ref, values } = make(rows, shape, step);
        const bytes = new Block(storage, 7, ref).encodedColumn(COLUMNS[0])!;
        const vectors = new ColumnVectors(bytes, rows, valuesOf('f64'));
        for (let vector = 0; vector < vectors.count; vector++) {
          const own = values.slice(1024 * vector, 1024 * (vector + 1));
          const present = own.filter((value) => value !== null);
          assert.equal(vectors.present(vector), present.length);
          const known = vectors.statistics(vector);
          if (shape === 'walk' && own.length >= 64)
            assert.ok(known !== undefined, 'a vector without statistics');
          if (known === undefined) continue;
          const numbers = present.filter((value) => !Number.isNaN(value));
          assert.deepEqual([known.count, known.nulls], [own.length, own.length - present.length]);
          if (numbers.length > 0) {
            assert.equal(known.min, Math.min(...numbers));
            assert.equal(known.max, Math.max(...numbers));
          }
          const sum = present.reduce((a, b) => a + b, 0);
          const weight = present.reduce((a, b) => a + Math.abs(b), 0);
          assert.ok(
            Number.isNaN(sum) ? Number.isNaN(known.sum) : Math.abs(Number(known.sum) - sum) <= 1e-12 * weight,
          );
        }
      }),
      { numRuns: 150 },
    );
  });

  it('gives the same buckets as its rows one by one', () => {
    const wanted = ['count', 'sum', 'min', 'max', 'first', 'last'] as const;
    fc.assert(
      fc.property(blocks, fc.constantFrom(7, 1000, 100_000, 1e9), fc.boolean(), (block, every, withEnds) => {
        const { storage, ref, ts, values } = make(block.rows, block.shape, block.step);
        const asked = withEnds ? wanted : wanted.slice(0, 4);
        const grid = bucketGrid({ kind: 'fixed', ms: every }, undefined);
        const columns = [{ column: COLUMNS[0], wanted: asked }];
        const plan = { grid, from: 1500, to: 1e12, timeKind: 'f64', perMs: 1, columns } as const;
        const last = grid.numberOf(ts.at(-1)!);
        const aggregator = new BucketAggregator(plan, 0, last, block.rows);
        aggregator.add(new BlockInputs(blocksOf(storage), DEFINITION).of(ref));
        const column = aggregator.columns[0]!;
        const found = new Map(aggregator.slots.inOrder().filter(([, slot]) => aggregator.rows[slot]! > 0));
        const naive = new Map<number, (number | null)[]>();
        for (const [i, time] of ts.entries()) {
          if (time < 1500) continue;
          const number = Math.floor(time / every);
          naive.set(number, [...(naive.get(number) ?? []), values[i]!]);
        }
        assert.deepEqual([...found.keys()], [...naive.keys()]);
        for (const [number, rows] of naive) {
          const slot = found.get(number)!;
          const present = rows.filter((value) => value !== null);
          assert.equal(aggregator.rows[slot], rows.length);
          assert.equal(column.counts[slot], present.length);
          if (present.length === 0) continue;
          const numbers = present.filter((value) => !Number.isNaN(value));
          if (numbers.length > 0) {
            assert.equal(column.extreme('min', slot), Math.min(...numbers));
            assert.equal(column.extreme('max', slot), Math.max(...numbers));
          }
          if (withEnds) {
            assert.ok(Object.is(column.firsts[slot], present[0]));
            assert.ok(Object.is(column.lasts[slot], present.at(-1)));
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
