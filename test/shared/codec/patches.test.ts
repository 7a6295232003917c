import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assertDamaged, decoded, encodedVector, I64, i64Rows, rowsOf, TIME_MS } from './columns.ts';
import { naiveColumn } from './naive-vector.ts';
import { dice } from './recipes.ts';

const HEAD_AT = 8 + 24;

function roundTrip(values: readonly bigint[]): Uint8Array {
  const rows = i64Rows(...values);
  const bytes = encodedVector(I64, rows);
  assert.deepEqual(rowsOf(I64, decoded(I64, bytes, rows.length)), rows);
  assert.deepEqual(naiveColumn(I64, bytes), rows);
  return bytes;
}

/** Small numbers with some large ones among them. */
function spiked(seed: number, spikes: number, height: bigint): bigint[] {
  const roll = dice(seed);
  const values = Array.from({ length: 1024 }, () => BigInt(roll(16)));
  for (let i = 0; i < spikes; i++)
    values[roll(1024)] = (roll(2) === 0 ? 1n : -1n) * (height - BigInt(roll(100)));
  return values;
}

test('patches: a few spikes, up or down, cost what they take and not what all would take', () => {
  for (const height of [1000n, 2n ** 31n, 2n ** 40n, 2n ** 49n]) {
    const bytes = roundTrip(spiked(1, 10, height));
    assert.ok(bytes[HEAD_AT + 4]! > 0, 'it has patches');
    // Without patches the tallest would take 6,400.
    assert.ok(bytes.length < 800, `${bytes.length} bytes`);
  }
});

test('patches: a gap in timestamps is one patch', () => {
  const times = Array.from(
    { length: 1024 },
    (_, i) => BigInt(i) * 10n + BigInt((i * 7) % 4) + (i < 700 ? 0n : 86_400_000n),
  );
  const bytes = encodedVector(TIME_MS, i64Rows(...times));
  assert.deepEqual([bytes[0], bytes[8 + 4]], [3, 1]);
  assert.deepEqual(rowsOf(TIME_MS, decoded(TIME_MS, bytes, 1024)), i64Rows(...times));
});

test('patches: random columns with outliers of any number and size come back, and read the same by the document', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(200), fc.bigInt({ min: 1n, max: 2n ** 50n }), (seed, spikes, height) => {
      roundTrip(spiked(seed, spikes, height));
      let sum = 0n;
      roundTrip(spiked(seed, spikes, height / 1024n).map((step) => (sum += step)));
    }),
    { numRuns: 60 },
  );
});

test('patches: places that do not rise or lie outside, and more of them than values, are DAMAGED', () => {
  const bytes = roundTrip(spiked(3, 5, 2n ** 40n));
  const patches = bytes[HEAD_AT + 4]!;
  const places = HEAD_AT + 16 + (bytes[HEAD_AT]! * 1024) / 8;
  const hurt = (at: number, value: number): Uint8Array => {
    const copy = bytes.slice();
    copy[at] = value;
    return copy;
  };
  // The second place becomes 0.
  const still = hurt(places + 1, bytes[places + 1]! & 0x03);
  still[places + 2]! &= 0xf0;
  assertDamaged(I64, still, 1024, places, /place 0 after/);
  assertDamaged(I64, hurt(HEAD_AT + 5, 5), 1024, HEAD_AT + 4, /patches and .* exceptions of 1024/);
  assertDamaged(I64, hurt(HEAD_AT + 2, 53), 1024, HEAD_AT + 2, /width of 53|do not fit/);
  assert.ok(patches >= 4);
});
