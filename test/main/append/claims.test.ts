import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Claims } from '../../../src/main/append/claims.ts';

const claim = () => ({ claimedBytes: 0, claimedIn: 0 });

test('each table counts once, with what it asked for last', () => {
  const claims = new Claims(1000);
  const [a, b] = [claim(), claim()];
  claims.note(a, 100, 0);
  claims.note(b, 50, 1);
  claims.note(a, 30, 2);
  assert.equal(claims.total, 80);
});

test('a table that asks for nothing any more counts until the next epoch is over', () => {
  const claims = new Claims(1000);
  const [a, b] = [claim(), claim()];
  claims.note(a, 100, 0);
  claims.note(b, 10, 1000);
  assert.equal(claims.total, 100);
  claims.note(b, 10, 2000);
  assert.equal(claims.total, 10);
  claims.note(b, 10, 9000);
  assert.equal(claims.total, 10);
});
