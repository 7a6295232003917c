import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ColumnSource } from '../../../src/shared/codec/column-data.ts';
import { encodeColumn } from '../../../src/shared/codec/encode-column.ts';
import { TimePoints } from '../../../src/shared/codec/time-points.ts';
import { ByteSink } from '../../../src/shared/format/byte-sink.ts';
import { ColumnVectors, timesOf } from '../../../src/shared/read/column-vectors.ts';
import { TimeSearch } from '../../../src/shared/read/time-search.ts';

/** How times go on: coded as lines, frames, differences, raw, constant, one vector for all, with gaps as patches. */
const SHAPES: Readonly<Record<string, (i: number, noise: number) => number>> = {
  exact: (i) => 50 * i,
  jitter: (i, noise) => 100 * i + (noise % 10),
  wide: (i, noise) => 2 ** 33 * i + (noise % 2 ** 32),
  walk: (i, noise) => 40 * i + Math.floor(i / 7) * (noise % 3),
  gaps: (i) => 10 * i + (i > 300 ? 1e9 : 0) + (i > 700 ? 1e11 : 0),
  same: () => 0,
  bursts: (i, noise) => Math.floor(i / 100) * 1e7 + (noise % 2),
  rare: (i) => i ** 3,
};

const column = fc.record({
  rows: fc.integer({ min: 1, max: 4000 }),
  shape: fc.constantFrom(...Object.keys(SHAPES)),
  seed: fc.nat(2 ** 31),
  first: fc.constantFrom(0, 1_704_067_200_000, -(2 ** 52), 2 ** 52),
  kind: fc.constantFrom('f64' as const, 'i64' as const),
});

type Made = typeof column extends fc.Arbitrary<infer M> ? M : never;

/** Sorted times, and their encoded column. */
function make({ rows, shape, seed, first, kind }: Made): {
  times: bigint[];
  vectors: ColumnVectors;
  bytes: Uint8Array;
} {
  let state = seed;
  const noise = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 8;
  const numbers = Array.from({ length: rows }, (_, i) => SHAPES[shape]!(i, noise()));
  numbers.sort((a, b) => a - b);
  // int64 times reach beyond what numbers hold.
  const lead = kind === 'i64' ? 2n ** 61n : 0n;
  const times = numbers.map((ts) => BigInt(first) + BigInt(ts) + lead);
  const values = kind === 'f64' ? Float64Array.from(times, Number) : BigInt64Array.from(times);
  const source: ColumnSource = { kind, isTime: true, values, validity: undefined, arena: undefined };
  const sink = new ByteSink();
  encodeColumn(sink, source, 0, rows);
  const bytes = sink.written().slice();
  return { times, bytes, vectors: new ColumnVectors(bytes, rows, timesOf(kind)) };
}

const asKind = (kind: 'f64' | 'i64', ts: bigint): number | bigint => (kind === 'f64' ? Number(ts) : ts);

describe('single timestamps of an encoded column', () => {
  it('are those that were encoded, wherever they can be read', () => {
    const seen = { all: 0, first: 0 };
    fc.assert(
      fc.property(column, (made) => {
        const { times, vectors } = make(made);
        const points = new TimePoints();
        for (let vector = 0; vector < vectors.count; vector++) {
          vectors.loadPoints(points, vector);
          const start = vectors.isWhole ? 0 : 1024 * vector;
          if (points.count > 1) seen.all++;
          else if (points.count === 1) seen.first++;
          for (let row = 0; row < points.count; row++) {
            const found = made.kind === 'f64' ? points.number(row) : points.bigint(row);
            if (found !== asKind(made.kind, times[start + row]!)) assert.fail(`row ${start + row}: ${found}`);
          }
        }
      }),
      { numRuns: 300 },
    );
    assert.ok(seen.all > 50 && seen.first > 50, JSON.stringify(seen));
  });

  it('are found by their times as among the decoded ones', () => {
    fc.assert(
      fc.property(
        column,
        fc.array(fc.tuple(fc.double({ min: -0.1, max: 1.1, noNaN: true }), fc.integer({ min: -2, max: 2 }))),
        (made, wishes) => {
          const { times, vectors } = make(made);
          const search = new TimeSearch(made.kind);
          for (const [where, by] of wishes) {
            const near = times[Math.max(0, Math.min(times.length - 1, Math.floor(where * times.length)))]!;
            const wanted = near + BigInt(by);
            for (const isAfter of [false, true]) {
              const expected = times.filter((ts) => ts < wanted || (isAfter && ts === wanted)).length;
              assert.equal(search.row(vectors, asKind(made.kind, wanted), isAfter), expected);
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('are left to the decoder where bytes make no sense', () => {
    fc.assert(
      fc.property(column, fc.nat(60), fc.nat(255), fc.nat(200), (made, at, byte, cut) => {
        const { bytes } = make(made);
        const points = new TimePoints();
        const broken = bytes.slice(0, Math.max(8, bytes.length - cut));
        if (at < broken.length) broken[at] = byte;
        points.load(broken, 0, Math.min(1024, made.rows));
        // Whatever it is, it is a number or none, and nothing is read out of bounds for ever.
        for (let row = 0; row < Math.min(points.count, 1024); row++)
          assert.equal(typeof points.number(row), 'number');
      }),
      { numRuns: 200 },
    );
  });
});
