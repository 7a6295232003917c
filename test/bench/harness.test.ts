import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { measureDisk } from '../../bench/harness/disk.ts';
import { busyWarning, describeMachine } from '../../bench/harness/machine.ts';
import { runInterleaved } from '../../bench/harness/rounds.ts';
import { ratioSpread, spreadOf } from '../../bench/harness/stats.ts';
import { textTable } from '../../bench/harness/text-table.ts';

describe('spread', () => {
  test('gives the median and the ends', () => {
    assert.deepEqual(spreadOf([3, 100, 2]), { median: 3, min: 2, max: 100 });
    assert.deepEqual(spreadOf([10, 9, 1, 2]), { median: 5.5, min: 1, max: 10 });
    assert.throws(() => spreadOf([]), RangeError);
  });

  test('ratios pair the rounds, so that a slow round of both does not count', () => {
    assert.deepEqual(ratioSpread([100, 10, 100], [10, 1, 10]), { median: 10, min: 10, max: 10 });
    assert.throws(() => ratioSpread([1], [1, 2]), RangeError);
  });
});

describe('interleaved rounds', () => {
  test('run every contestant once a round, and every second round backwards', async () => {
    const order: string[] = [];
    const results = await runInterleaved(['a', 'b'], 3, async (name, round) => {
      order.push(name);
      return `${name}${round}`;
    });
    assert.deepEqual(order, ['a', 'b', 'b', 'a', 'a', 'b']);
    assert.deepEqual(results, { a: ['a0', 'a1', 'a2'], b: ['b0', 'b1', 'b2'] });
  });
});

describe('disk rate', () => {
  test('is measured with files that are gone afterwards', (t) => {
    const folder = mkdtempSync(join(fileURLToPath(new URL('../..', import.meta.url)), 'test-disk-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const { writeMBs, syncedMBs, commitMs } = measureDisk(folder, 2_500_000);
    assert.ok(writeMBs > 0 && syncedMBs > 0 && commitMs > 0);
    assert.deepEqual(readdirSync(folder), []);
  });
});

test('a busy machine is warned of', () => {
  const machine = { ...describeMachine(), cores: 4 };
  assert.equal(busyWarning({ ...machine, load: 0.4 }), undefined);
  assert.match(busyWarning({ ...machine, load: 3.2 })!, /load 3\.2 on 4 cores/);
});

test('a text table puts figures under each other', () => {
  assert.equal(
    textTable(
      ['', 'n'],
      [
        ['a', '1'],
        ['bc', '22'],
      ],
    ),
    ['     n', '──  ──', 'a    1', 'bc  22'].join('\n'),
  );
});
