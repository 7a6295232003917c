import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeMachine } from '../../bench/harness/machine.ts';
import type { ContestantName, Outcome } from '../../bench/peers/contract.ts';
import { readOptions } from '../../bench/peers/options.ts';
import { type PeersReport, renderReport, wrongAnswersOf } from '../../bench/peers/report.ts';

describe('report of the peers', () => {
  test('has medians, spread and ratios within rounds', () => {
    const text = renderReport(reportOf({ millrace: [1, 2, 4], 'better-sqlite3': [10, 40, 44] }));
    assert.match(text, /millrace +1,000 \(500 – 2,000\)/);
    assert.match(text, /better-sqlite3 +50 \(45 – 200\) +11\.00× \(10\.00× – 20\.00×\)/);
    assert.match(text, /is right, bit for bit/);
    assert.match(text, /Disk: .* 500 \(400 – 600\) MB\/s/);
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
