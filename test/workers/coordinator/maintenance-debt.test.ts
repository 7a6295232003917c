import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BlockRef } from '../../../src/shared/format/block-ref.ts';
import { debtOf } from '../../../src/workers/coordinator/maintenance-debt.ts';

const NEVER = -(2n ** 63n);

interface Shape {
  readonly rows: number;
  readonly from: number;
  readonly span: number;
  readonly sorted: boolean;
  readonly packed: boolean;
}

function blocks(shapes: readonly Shape[]): BlockRef[] {
  return shapes.map(({ rows, from, span, sorted, packed }, ordinal) => ({
    offset: ordinal * 100_000,
    length: rows * 8,
    crc: 0,
    ordinalFirst: ordinal,
    ordinalLast: ordinal,
    indexFirst: 0,
    rows,
    minTs: BigInt(from),
    maxTs: BigInt(from + span),
    sorted,
    packed,
    schemaVersion: 1,
  }));
}

const SMALL: Shape = { rows: 10, from: 0, span: 99, sorted: true, packed: false };
const LARGE: Shape = { ...SMALL, rows: 1000 };

test('a small block, one out of order and one that overlaps its neighbour are debts; a large one in order is none', () => {
  assert.deepEqual(debtOf(blocks([LARGE, { ...LARGE, from: 100 }]), NEVER), {
    small: 0,
    overlapping: 0,
    expired: 0,
    packed: 0,
    live: 16_000,
  });
  assert.equal(debtOf(blocks([SMALL]), NEVER).small, 80);
  assert.equal(debtOf(blocks([{ ...LARGE, sorted: false }]), NEVER).overlapping, 8000);
  assert.equal(debtOf(blocks([LARGE, { ...LARGE, from: 50 }]), NEVER).overlapping, 8000);
});

test('a block that is expired is a debt once: it is dropped, and not packed before', () => {
  for (const shape of [SMALL, LARGE, { ...LARGE, sorted: false }, { ...LARGE, packed: true }]) {
    const bytes = shape.rows * 8;
    assert.deepEqual(debtOf(blocks([shape]), 100n), {
      small: 0,
      overlapping: 0,
      expired: bytes,
      packed: 0,
      live: bytes,
    });
  }
});

test('of a block that the cutoff runs through the share before it is expired', () => {
  assert.equal(debtOf(blocks([{ ...LARGE, span: 100, packed: true }]), 25n).expired, 2000);
});

test('whatever the blocks and the cutoff, no debt is negative or more than all blocks', () => {
  const shape = fc.record({
    rows: fc.integer({ min: 1, max: 8192 }),
    from: fc.integer({ min: -1000, max: 1000 }),
    span: fc.nat(500),
    sorted: fc.boolean(),
    packed: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(shape), fc.bigInt({ min: -1100n, max: 1600n }), (shapes, cutoff) => {
      const debt = debtOf(blocks(shapes), cutoff);
      for (const bytes of Object.values(debt)) assert.ok(bytes >= 0);
      assert.ok(debt.small + debt.overlapping + debt.packed <= debt.live);
      assert.ok(debt.expired <= debt.live);
      const whole = shapes.filter(({ from, span }) => BigInt(from + span) < cutoff);
      assert.ok(debt.expired >= whole.reduce((sum, { rows }) => sum + rows * 8, 0));
    }),
  );
});
