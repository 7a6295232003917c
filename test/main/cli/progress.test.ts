import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plotCurve } from '../../../src/main/cli/plot.ts';
import { ProgressBar, progressLine } from '../../../src/main/cli/progress.ts';

/** A stream that remembers what was written. */
function stream(isTTY: boolean, columns = 200) {
  const written: string[] = [];
  return { written, isTTY, columns, write: (text: string) => written.push(text) > 0, once: () => undefined };
}

test('a progress bar shows percent, rows and rows a second on a terminal', () => {
  const terminal = stream(true);
  let now = 0;
  const bar = new ProgressBar(terminal, () => now);
  now = 1000;
  bar.update(0.5, 1000);
  assert.equal(terminal.written.length, 1);
  assert.match(terminal.written[0]!, /█{12}░{12} {2}50 % {2}1,000 rows {2}1,000 rows\/s {2}1\.00 s left$/);
});

test('a progress bar writes nothing where there is no terminal', () => {
  const pipe = stream(false);
  const bar = new ProgressBar(pipe);
  bar.update(0.5, 1000);
  bar.clear();
  assert.deepEqual(pipe.written, []);
});

test('a progress bar is drawn at most ten times a second, and taken away at the end', () => {
  const terminal = stream(true);
  let now = 0;
  const bar = new ProgressBar(terminal, () => now);
  for (; now < 1000; now++) bar.update(now / 1000, now);
  assert.equal(terminal.written.length, 10);
  bar.clear();
  assert.equal(terminal.written.at(-1), '\r\u001b[K');
});

test('a progress bar never wraps', () => {
  const terminal = stream(true, 30);
  new ProgressBar(terminal).update(0.5, 1000, 'many more words than fit');
  assert.ok(terminal.written[0]!.replace('\r\u001b[K', '').length < 30);
});

test('progress is never below nothing or beyond everything', () => {
  assert.match(progressLine(7, 1, 1), /100 %/);
  assert.match(progressLine(-1, 0, 0), /^░+ {3}0 %/);
});

test('a plot rises from the foot on the left to the top on the right', () => {
  const lines = plotCurve([0, 1, 2, 3, 4, 5, 6, 7], {
    width: 11,
    height: 2,
    format: String,
    from: 'a',
    to: 'b',
  });
  assert.equal(lines.length, 4);
  assert.match(lines[0]!, /^7 ┤\u2800+[\u2801-\u28ff]+$/);
  assert.match(lines[1]!, /^0 ┤[\u2801-\u28ff]+$/);
  assert.equal(lines[3], '   a      b');
});

test('a plot leaves gaps where there are no values', () => {
  const lines = plotCurve([1, 1, null, null, Number.NaN, null, 1, 1], {
    width: 7,
    height: 1,
    format: String,
  });
  assert.match(lines[0]!, /^1 ┤[^\u2800]\u2800\u2800[^\u2800]$/);
});

test('a plot of one value, of equal values and of none is a plot', () => {
  assert.equal(plotCurve([5]).length, 11);
  assert.equal(plotCurve([5, 5, 5]).length, 11);
  assert.deepEqual(plotCurve([]), ['(nothing to plot)']);
  assert.deepEqual(plotCurve([null]), ['(nothing to plot)']);
});

test('a plot keeps within its width', () => {
  const values = Array.from({ length: 1000 }, (_, x) => Math.sin(x / 50) * 1e6);
  for (const line of plotCurve(values, { width: 60, from: '2024-01-01', to: '2024-12-31' })) {
    assert.ok([...line].length <= 60, line);
  }
});
