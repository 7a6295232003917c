import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BlockRef } from '../../../src/shared/format/block-ref.ts';
import { type PackRules, planPack } from '../../../src/workers/maintenance/plan-pack.ts';

const RULES: PackRules = {
  targetSegmentPoints: 1000,
  maxSegmentsPerPack: 8,
  taskBytes: 16 << 20,
  cutoff: -(2n ** 63n),
  wholeBelow: Number.POSITIVE_INFINITY,
  gapsBelow: 0,
  avoid: new Set(),
  settled: new Set(),
  thorough: false,
};

/** A block of one ordinal, or a segment of several; its rows lie at the times from `at` to `at + span`. */
function block(ordinal: number, rows: number, at = ordinal * 100, span = 99, packedTo?: number): BlockRef {
  return {
    offset: ordinal * 100_000,
    length: rows * 8,
    crc: 0,
    ordinalFirst: ordinal,
    ordinalLast: packedTo ?? ordinal,
    indexFirst: 0,
    rows,
    minTs: BigInt(at),
    maxTs: BigInt(at + span),
    sorted: true,
    packed: packedTo !== undefined,
    schemaVersion: 1,
  };
}

const ordinals = (groups: BlockRef[][]): number[][] =>
  groups.map((group) => group.map((ref) => ref.ordinalFirst));

test('neighbours in order of time are packed into a segment each, as many as a task may read', () => {
  const refs = Array.from({ length: 12 }, (_, i) => block(i, 250));
  assert.deepEqual(ordinals(planPack(refs, RULES)), [
    [0, 1, 2, 3],
    [4, 5, 6, 7],
  ]);
});

test('neighbours whose times overlap are packed together beyond one segment', () => {
  const refs = Array.from({ length: 7 }, (_, i) => block(i, 500, i * 50));
  assert.deepEqual(ordinals(planPack(refs, RULES)), [[0, 1, 2, 3, 4, 5, 6]]);
});

test('a chunk that is not over, and all that is younger, is left alone', () => {
  const refs = Array.from({ length: 12 }, (_, i) => block(i, 250));
  assert.deepEqual(ordinals(planPack(refs, { ...RULES, wholeBelow: 6, thorough: true })), [
    [0, 1, 2, 3],
    [4, 5],
  ]);
});

test('no run reaches over an ordinal of this session that has no block: its chunk may be just being opened', () => {
  const refs = [0, 1, 3, 4].map((ordinal) => block(ordinal, 250));
  const thorough = { ...RULES, thorough: true };
  assert.deepEqual(ordinals(planPack(refs, { ...thorough, gapsBelow: 2 })), [
    [0, 1],
    [3, 4],
  ]);
  assert.deepEqual(ordinals(planPack(refs, { ...thorough, gapsBelow: 3 })), [[0, 1, 3, 4]]);
});

test('a block that cannot be read is left out, and no run reaches over it', () => {
  const refs = Array.from({ length: 5 }, (_, i) => block(i, 250));
  const avoid = new Set([refs[2]!.offset]);
  assert.deepEqual(ordinals(planPack(refs, { ...RULES, avoid, thorough: true })), [
    [0, 1],
    [3, 4],
  ]);
});

test('a large segment is not rewritten for a few small blocks after it', () => {
  const segment = block(0, 700, 0, 99, 7);
  const few = Array.from({ length: 3 }, (_, i) => block(8 + i, 10));
  assert.deepEqual(planPack([segment, ...few], RULES), []);
  // As many rows again: now it moves into twice as many.
  const many = [8, 9].map((ordinal) => block(ordinal, 400, ordinal * 100));
  assert.deepEqual(ordinals(planPack([segment, ...many], { ...RULES, targetSegmentPoints: 2000 })), [
    [0, 8, 9],
  ]);
});

test('a segment that is mostly expired is cut by itself; one that is hardly is cut only on demand', () => {
  const segment = block(0, 1000, 0, 1000, 9);
  assert.equal(planPack([segment], { ...RULES, cutoff: 600n }).length, 1);
  assert.equal(planPack([segment], { ...RULES, cutoff: 100n }).length, 0);
  assert.equal(planPack([segment], { ...RULES, cutoff: 100n, thorough: true }).length, 1);
  assert.equal(planPack([segment], { ...RULES, thorough: true }).length, 0);
});

test('whatever the blocks, runs are apart, in order, and of neighbours; by itself each row comes into twice as many', () => {
  const blocks = fc.array(
    fc.record({
      rows: fc.integer({ min: 1, max: 1024 }),
      at: fc.nat(2000),
      span: fc.nat(500),
      wide: fc.nat(3),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(
      blocks,
      fc.boolean(),
      fc.integer({ min: 2, max: 20 }),
      (made, thorough, maxSegmentsPerPack) => {
        let ordinal = 0;
        const refs = made.map(({ rows, at, span, wide }) => {
          const ref = block(ordinal, rows, at, span, wide === 0 ? undefined : ordinal + wide);
          ordinal += wide + 1;
          return ref;
        });
        const groups = planPack(refs, { ...RULES, thorough, maxSegmentsPerPack });
        let last = -1;
        for (const group of groups) {
          for (const [i, ref] of group.entries()) {
            const place = refs.indexOf(ref);
            assert.ok(i === 0 ? place > last : place === last + 1);
            last = place;
          }
          const rows = group.reduce((sum, ref) => sum + ref.rows, 0);
          if (!thorough) assert.ok(group.every((ref) => ref.rows * 2 <= rows));
        }
        const read = groups.reduce((sum, group) => sum + group.length, 0);
        assert.ok(groups.length === 1 || read <= maxSegmentsPerPack);
      },
    ),
  );
});
