import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CONTESTANTS } from '../../bench/peers/contract.ts';
import { isAsDurable, ROSTER } from '../../bench/peers/roster.ts';
import { appendRatios } from '../../bench/suite/scripts.ts';

describe('roster of the peers', () => {
  test('has every contestant once, in the order of the command line', () => {
    assert.deepEqual(Object.keys(ROSTER), [...CONTESTANTS]);
  });

  test('lets Millrace race beside a peer of the same durability in W1 and W2, of every package of Node that is no server', () => {
    assert.ok(isAsDurable('millrace'));
    const packages = new Set(
      CONTESTANTS.flatMap((name) =>
        ROSTER[name].isPython || ROSTER[name].isJava ? [] : (ROSTER[name].package ?? []),
      ),
    );
    for (const work of ['w1', 'w2'] as const) {
      for (const own of packages) {
        const found = CONTESTANTS.filter((name) => ROSTER[name].package === own && isAsDurable(name));
        assert.ok(
          found.some((name) => ROSTER[name].works.includes(work)),
          `${own} in ${work}`,
        );
      }
    }
  });

  test('calls none as durable that leaves rows to the system or to a far commit', () => {
    const asDurable = CONTESTANTS.filter(isAsDurable);
    assert.deepEqual(asDurable, [
      'millrace',
      'better-sqlite3-10ms',
      'lmdb',
      'lmdb-sync',
      'duckdb-10ms',
      'duckdb-appender-10ms',
      'classic-level-10ms',
    ]);
    for (const name of asDurable) assert.match(ROSTER[name].durability, /sync/, name);
  });

  test('has a compaction for each that is weighed', () => {
    for (const name of CONTESTANTS)
      assert.equal(ROSTER[name].compaction !== undefined, ROSTER[name].works.includes('w4'), name);
  });
});

describe('ratios of the suite', () => {
  const speeds = new Map([
    ['millrace', [120, 100]],
    ['duckdb', [60, 20]],
    ['duckdb-10ms', [10, 5]],
    ['lmdb', [5, 10]],
    ['nanots', []],
  ]);

  const bestsOf = (work: 'w1' | 'w2') =>
    appendRatios(work, speeds)
      .filter(({ title }) => title.includes('best peer'))
      .map(({ goal, title, values }) => ({ best: title.split('the best ')[1], values, goal }));

  test('have the goal of W2 beside the best peer of the same durability, and the best of all without one', () => {
    assert.deepEqual(bestsOf('w2'), [
      { best: 'peer at the same durability', values: [12, 10], goal: 7 },
      { best: 'peer, whatever it promises', values: [2, 5], goal: undefined },
    ]);
  });

  test('have the goal of W1 beside those that are given each row as it comes, and show those whose caller gathers rows', () => {
    assert.deepEqual(bestsOf('w1'), [
      { best: 'peer at the same durability', values: [24, 10], goal: 12 },
      { best: 'peer at the same durability, rows gathered by its caller', values: [12, 10], goal: undefined },
      { best: 'peer, whatever it promises', values: [2, 5], goal: undefined },
    ]);
  });

  test('have no goal line where no peer of the same durability ran', () => {
    const ratios = appendRatios('w1', new Map([...speeds].slice(0, 2)));
    assert.deepEqual(
      ratios.map(({ goal, id }) => [id, goal]),
      [
        ['peers/w1/over-duckdb', undefined],
        ['peers/w1/over-the best peer, whatever it promises', undefined],
      ],
    );
  });
});
