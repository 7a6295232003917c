import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeMachine } from '../../bench/harness/machine.ts';
import { CONTESTANTS, type ContestantName, type Outcome } from '../../bench/peers/contract.ts';
import { readOptions } from '../../bench/peers/options.ts';
import { type PeersReport, renderReport, wrongAnswersOf } from '../../bench/peers/report.ts';
import { ROSTER } from '../../bench/peers/roster.ts';

describe('report of the peers', () => {
  test('has medians, spread and ratios within rounds', () => {
    const text = renderReport(reportOf({ millrace: [1, 2, 4], 'better-sqlite3': [10, 40, 44] }));
    assert.match(text, /millrace +1,000 \(500 – 2,000\)/);
    assert.match(text, /better-sqlite3 +50 \(45 – 200\) +11\.00× \(10\.00× – 20\.00×\)/);
    assert.match(text, /is right, bit for bit/);
    assert.match(text, /Disk: .* 500 \(400 – 600\) MB\/s/);
  });

  test('ends each race with the ratios to the best peers of each round: of those as durable as Millrace, without and with those whose caller gathers rows, and of all', () => {
    const text = renderReport(
      reportOf({
        millrace: [1, 2, 4],
        'better-sqlite3': [10, 40, 44],
        'better-sqlite3-10ms': [30, 20, 88],
        lmdb: [20, 24, 80],
        'duckdb-10ms': [12, 18, 100],
        duckdb: [50, 16, 70],
      }),
    );
    // Rounds, in our seconds: lmdb at 20, sqlite-10ms at 10, lmdb at 20; duckdb-10ms at 12 and 9, lmdb at 20; and of all sqlite
    // at 10, duckdb at 8, sqlite at 11.
    assert.match(
      text,
      /duckdb .*\nbest peer at the same durability +100 \(25 – 100\) +20\.00× \(10\.00× – 20\.00×\)\nbest peer at the same durability, rows gathered by its caller +111 \(25 – 167\) +12\.00× \(9\.00× – 20\.00×\)\nbest peer, whatever it promises +125 \(45 – 200\) +10\.00× \(8\.00× – 11\.00×\)\n/,
    );
    assert.match(text, /At the same durability: millrace, better-sqlite3-10ms, lmdb, duckdb-10ms\.\n/);
  });

  test('has no line for the same durability where no peer promises it', () => {
    const text = renderReport(reportOf({ millrace: [1], duckdb: [50] }));
    assert.doesNotMatch(text, /best peer at the same durability/);
    assert.match(text, /best peer, whatever it promises +40 +50\.00×/);
  });

  test('weighs the bytes after compaction beside those of Millrace', () => {
    const report = reportOf({ millrace: [1], lmdb: [2], duckdb: [3] });
    const bytes = { millrace: 6_000_000, lmdb: 90_000_000, duckdb: 15_000_000 };
    const w4 = Object.fromEntries(
      Object.entries(report.works.w1!).map(([name, [outcome]]) => [
        name,
        [{ ...outcome!, packedBytes: bytes[name as keyof typeof bytes] }],
      ]),
    ) as unknown as typeof report.works.w1;
    const options = { ...report.options, works: ['w4'] as const };
    const text = renderReport({ ...report, options, disk: [], works: { w4: w4! } });
    assert.match(text, /millrace +90 +6,000,000 +3\.00\n/);
    assert.match(text, /lmdb +90 +90,000,000 +45\.00 +15\.00×/);
    assert.match(text, /best peer +15,000,000 +7\.50 +2\.50×/);
    assert.match(text, /Compaction: millrace: packTable.*; duckdb: a copy of every table/);
  });

  test('says of every contestant when its rows are durable', () => {
    const seconds = Object.fromEntries(CONTESTANTS.map((name) => [name, [1]]));
    const lines = renderReport(reportOf(seconds)).split('\n');
    for (const name of CONTESTANTS) {
      assert.ok(lines.some((line) => line.startsWith(`${name} 1.2.3: ${ROSTER[name].durability}`)));
    }
  });

  test('says which answers were wrong, and whose', () => {
    const report = reportOf({ millrace: [1], 'better-sqlite3': [10] }, ['m3.temp: 1 instead of 2 in row 5']);
    assert.equal(wrongAnswersOf(report).length, 2);
    assert.match(renderReport(report), /WRONG ANSWERS:\nw1, round 1, millrace: m3\.temp: 1 instead of 2/);
  });

  test('does not let contestants do different work', () => {
    const report = reportOf({ millrace: [1], 'better-sqlite3': [10] });
    const other = { ...report.works.w1!['better-sqlite3'][0]!, fingerprint: 8 };
    const works = { w1: { ...report.works.w1!, 'better-sqlite3': [other] } };
    assert.deepEqual(wrongAnswersOf({ ...report, works }), ['the contestants were not given the same rows']);
  });
});

function reportOf(seconds: Partial<Record<ContestantName, number[]>>, wrong: string[] = []): PeersReport {
  const outcome = (time: number): Outcome => ({
    rows: 2_000_000,
    seconds: time,
    endSeconds: 0.01,
    durableBytes: 100,
    closedBytes: 90,
    cpuSeconds: 1,
    fingerprint: 7,
    wrong,
    version: '1.2.3',
  });
  const results = Object.fromEntries(
    Object.entries(seconds).map(([name, times]) => [name, times.map(outcome)]),
  );
  return {
    machine: describeMachine(),
    options: readOptions(['--only', 'w1', '--contestants', Object.keys(seconds).join(',')])!,
    disk: [400, 500, 600].map((rate) => ({ writeMBs: rate, syncedMBs: rate, commitMs: 1 })),
    works: { w1: results as Record<ContestantName, Outcome[]> },
  };
}
