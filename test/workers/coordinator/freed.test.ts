import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Freed } from '../../../src/workers/coordinator/freed.ts';

test('what a checkpoint lets go of is found by its place, also what was added after the last look', () => {
  const freed = new Freed([{ offset: 8, bytes: 16 }]);
  assert.equal(freed.has(8), true);
  assert.equal(freed.has(64), false);
  freed.extents.push({ offset: 64, bytes: 8 }, { offset: 128, bytes: 8 });
  assert.equal(freed.has(64), true);
  assert.equal(freed.has(128), true);
  assert.equal(freed.has(16), false);
});
