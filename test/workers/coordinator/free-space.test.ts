import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FreeRange, FreeSpace } from '../../../src/workers/coordinator/free-space.ts';

const UNIT = 8;

/** Ranges that are apart, in the order of the file: gap, length and checkpoint of each. */
const ranges = fc
  .array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 6 }), fc.nat(4)), { maxLength: 12 })
  .map((parts) => {
    let at = 0;
    return parts.map(([gap, length, freedBy]): FreeRange => {
      const offset = at + gap * UNIT;
      at = offset + length * UNIT;
      return { offset, bytes: length * UNIT, freedBy };
    });
  });

const extents = fc.array(
  fc.record({
    offset: fc.nat(80).map((n) => n * UNIT),
    bytes: fc.integer({ min: 1, max: 6 }).map((n) => n * UNIT),
  }),
  { maxLength: 5 },
);

/** The checkpoint that let go of each unit, by offset; used units are missing. */
function unitsOf(list: readonly FreeRange[]): Map<number, number> {
  const units = new Map<number, number>();
  for (const { offset, bytes, freedBy } of list) {
    for (let at = offset; at < offset + bytes; at += UNIT) {
      assert.equal(units.has(at), false, `${at} is listed once`);
      units.set(at, freedBy);
    }
  }
  return units;
}

test('bytes may be used again as soon as their checkpoint is old enough, but for those that somebody still reads', () => {
  fc.assert(
    fc.property(ranges, fc.nat(5), extents, (list, limit, kept) => {
      const space = new FreeSpace(list, 1000 * UNIT);
      space.settle(limit, kept);
      const isKept = (at: number): boolean =>
        kept.some(({ offset, bytes }) => offset <= at && at < offset + bytes);
      const wanted = new Map(
        [...unitsOf(list)].map(([at, by]) => [at, by < limit && !isKept(at) ? 0 : by] as const),
      );
      assert.deepEqual(unitsOf(space.list()), wanted);
    }),
  );
});

test('what was kept may be used again once nobody reads it any more', () => {
  fc.assert(
    fc.property(ranges, extents, (list, kept) => {
      const space = new FreeSpace(list, 1000 * UNIT);
      space.settle(5, kept);
      space.settle(5);
      assert.equal(space.unsettledBytes(), 0);
      assert.equal(space.bytes(), new FreeSpace(list, 1000 * UNIT).bytes());
    }),
  );
});

test('an extent is never taken from bytes that a checkpoint let go of and that have not settled', () => {
  fc.assert(
    fc.property(ranges, fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 20 }), (list, sizes) => {
      const space = new FreeSpace(list, 80 * UNIT);
      const before = unitsOf(list);
      const taken = new Set<number>();
      for (const size of sizes) {
        const { offset, bytes } = space.allot(size * UNIT);
        for (let at = offset; at < offset + bytes; at += UNIT) {
          assert.equal(before.get(at) ?? (at < 80 * UNIT ? undefined : 0), 0, `${at} was free`);
          assert.equal(taken.has(at), false, `${at} is given once`);
          taken.add(at);
        }
      }
    }),
  );
});
