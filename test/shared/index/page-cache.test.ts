import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PageCache } from '../../../src/shared/index/page-cache.ts';

const page = (offset: number, crc = offset) => ({ offset, length: 80, crc });

test('a page that is asked for again and again is read once, however many others come and go', () => {
  const cache = new PageCache(1000);
  let reads = 0;
  for (let i = 1; i <= 10_000; i++) {
    cache.get(
      'index',
      page(8 * i),
      () => i,
      () => 10,
    );
    const kept = cache.get(
      'root',
      page(0),
      () => ++reads,
      () => 10,
    );
    assert.equal(kept, 1);
  }
});

test('what is kept is bounded, by entries and not by pages alone', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 5000 }),
      fc.array(fc.nat(300), { maxLength: 500 }),
      (most, sizes) => {
        const cache = new PageCache(most);
        for (const [i, entries] of sizes.entries()) {
          cache.get(
            'index',
            page(8 * i),
            () => i,
            () => entries,
          );
          const kept = sizes.slice(0, i + 1).sort((a, b) => a - b);
          let weight = 0;
          const fitting = kept.findIndex((each) => (weight += 8 + each) > 2 * most);
          // Even if they are the smallest ones, and one that is larger than the bound by itself.
          assert.ok(cache.pages <= (fitting < 0 ? kept.length : fitting) + 2);
        }
      },
    ),
  );
});

test('whatever is asked for, what lies in a place now is what is returned', () => {
  const ask = fc.tuple(fc.nat(20), fc.nat(2), fc.constantFrom('index', 'catalog'));
  fc.assert(
    fc.property(fc.array(ask), (asked) => {
      const cache = new PageCache(100);
      for (const [place, crc, kind] of asked) {
        const value = `${kind} ${place} ${crc}`;
        const got = cache.get(
          kind,
          page(8 * place, crc),
          () => value,
          () => 3,
        );
        assert.equal(got, value);
      }
    }),
  );
});
