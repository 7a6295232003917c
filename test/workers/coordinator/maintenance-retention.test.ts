import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetentionPace } from '../../../src/workers/coordinator/maintenance-retention.ts';

const INTERVAL_MS = 10_000;
const PRESSING = 1 << 20;

/** How often cutoffs move within so many ms, when each time a number of bytes leave. */
function moves(pace: RetentionPace, ms: number, expired: () => number, drop: () => number): number {
  let count = 0;
  for (let now = 0; now < ms; now += 10) {
    if (!pace.isDue(now, expired())) continue;
    count++;
    pace.moved(drop(), now);
  }
  return count;
}

test('with little to drop cutoffs move once an interval', () => {
  const pace = new RetentionPace(INTERVAL_MS, PRESSING, 0);
  assert.equal(
    moves(
      pace,
      10 * INTERVAL_MS,
      () => 0,
      () => 0,
    ),
    9,
  );
});

test('rows that expire quickly are dropped before the interval, in pieces of about what presses', () => {
  const pace = new RetentionPace(INTERVAL_MS, PRESSING, 0);
  const perMs = 20_000;
  let [expired, at, most] = [0, 0, 0];
  const count = moves(
    pace,
    INTERVAL_MS,
    () => {
      expired += (at === 0 ? 0 : 10) * perMs;
      at += 10;
      most = Math.max(most, expired);
      return expired;
    },
    () => {
      const dropped = expired;
      expired = 0;
      return dropped;
    },
  );
  assert.ok(count > 100, `${count} times`);
  assert.ok(most <= 3 * PRESSING, `${most} bytes were expired at once`);
});

test('expired bytes that stay, of blocks that are not whole, do not make it look again and again', () => {
  const pace = new RetentionPace(INTERVAL_MS, PRESSING, 0);
  const count = moves(
    pace,
    10 * INTERVAL_MS,
    () => 4 * PRESSING,
    () => 0,
  );
  assert.ok(count <= 20, `${count} times, of which 10 are the interval's`);
});

test('once there is something to drop again, it is dropped as soon as before', () => {
  const pace = new RetentionPace(INTERVAL_MS, PRESSING, 0);
  moves(
    pace,
    INTERVAL_MS,
    () => 2 * PRESSING,
    () => 0,
  );
  assert.equal(pace.isDue(3 * INTERVAL_MS, 2 * PRESSING), true);
  pace.moved(2 * PRESSING, 3 * INTERVAL_MS);
  assert.equal(pace.isDue(3 * INTERVAL_MS + 100, 2 * PRESSING), true);
});
