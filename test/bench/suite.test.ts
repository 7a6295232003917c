import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareResults } from '../../bench/suite/changes.ts';
import type { Figure, SuiteResult } from '../../bench/suite/figures.ts';
import { lastOfEach, renderPage } from '../../bench/suite/page.ts';
import { barChart } from '../../bench/suite/svg.ts';

function resultOf(...figures: Figure[]): SuiteResult {
  const machine = { cpu: 'a', cores: 2, memoryBytes: 1, node: 'v20', platform: 'x', load: 0 };
  const part = { part: 'p', title: 'P', command: 'c', figures, ratios: [], notes: [], wrong: [] };
  return {
    version: 1,
    when: '',
    commit: '',
    command: '',
    millrace: '',
    isQuick: false,
    machine,
    parts: [part],
  };
}

function figureOf(id: string, better: 'higher' | 'lower', ...values: number[]): Figure {
  return { id, title: id, unit: 'u', better, values };
}

test('a comparison of two runs tells what got slower beyond the noise, the worst first, and nothing else', () => {
  const before = resultOf(
    figureOf('rate', 'higher', 100, 104, 98),
    figureOf('time', 'lower', 10, 11, 10.5),
    figureOf('noisy', 'higher', 50, 150, 100),
    figureOf('little', 'higher', 100, 101, 102),
    figureOf('once', 'higher', 100),
    figureOf('gone', 'higher', 1, 2),
  );
  const after = resultOf(
    figureOf('rate', 'higher', 50, 52, 49),
    figureOf('time', 'lower', 5, 5.5, 5.2),
    figureOf('noisy', 'higher', 60, 90, 70),
    figureOf('little', 'higher', 98, 97, 99),
    figureOf('once', 'higher', 10),
    figureOf('new', 'higher', 1, 2),
  );
  const { changes, compared, onlyIn } = compareResults(before, after);
  assert.deepEqual(
    changes.map(({ id, ratio, verdict }) => [id, verdict, Number(ratio.toFixed(2))]),
    [
      ['rate', 'worse', 0.5],
      ['time', 'better', 2.02],
    ],
  );
  assert.equal(compared, 5);
  assert.equal(onlyIn, 2);
});

test('a chart has a bar as long as its figure says, and no text breaks its markup', () => {
  const bar = { label: 'a <b> & "c"', median: 50, min: 40, max: 100, words: '50 rows/s', isOurs: true };
  const svg = barChart('x < y', [bar, { ...bar, median: 100 }]);
  const widths = [...svg.matchAll(/<rect x="300" [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
  assert.equal(widths.length, 2);
  assert.equal(widths[1]! / widths[0]!, 2);
  assert.ok(svg.includes('a &lt;b&gt; &amp; &quot;c&quot;'));
  assert.ok(svg.includes('x &lt; y'));
});

test('a page of two runs has each part once, of the later run, and says which run it is from', () => {
  const run = (commit: string, ...names: string[]): SuiteResult => {
    const result = resultOf(figureOf('f', 'higher', 1));
    const parts = names.map((part) => ({ ...result.parts[0]!, part, title: `${part} of ${commit}` }));
    return { ...result, commit, command: `npm run bench -- --only ${names.join(',')}`, parts };
  };
  const runs = lastOfEach([run('aaa', 'micro', 'roofline', 'engine'), run('bbb', 'roofline')]);
  const page = renderPage(runs, [], 'Prose.');
  assert.deepEqual(
    [...page.matchAll(/^## (.*)$/gm)].map(([, title]) => title),
    ['micro of aaa', 'roofline of bbb', 'engine of aaa'],
  );
  assert.match(page, /--only roofline`, commit bbb, on: .*: roofline\./);
  assert.match(page, /--only micro,roofline,engine`, commit aaa, on: .*: micro, engine\./);
});
