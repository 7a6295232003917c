import { busyWarning, machineLine } from '../harness/machine.ts';
import { spreadOf } from '../harness/stats.ts';
import type { PartResult, SuiteResult } from './figures.ts';
import { PARTS } from './parts.ts';
import type { Plot } from './plots.ts';
import { goalWords, number } from './render.ts';

/** Runs of which each part is in one, the last that has it. */
export function lastOfEach(results: readonly SuiteResult[]): SuiteResult[] {
  return results.flatMap((result, i) => {
    const later = new Set(results.slice(i + 1).flatMap(({ parts }) => parts.map(({ part }) => part)));
    const parts = result.parts.filter(({ part }) => !later.has(part));
    return parts.length === 0 ? [] : [{ ...result, parts }];
  });
}

/** docs/performance.md: every figure with its command; goals that are not reached stand beside those that are. */
export function renderPage(runs: readonly SuiteResult[], plots: readonly Plot[], prose: string): string {
  const lines = [
    '# Performance',
    '',
    '<!-- Made by `npm run bench:report` from the figures of `npm run bench`. Change bench/suite, not this page. -->',
    '',
    ...runs.flatMap((run) => [aboutRun(run, runs.length > 1), '']),
    'The figures of a part are of one run, its contestants interleaved in rounds, every answer checked. Median (least – greatest) of the rounds.',
  ];
  const parts = runs.flatMap((run) => run.parts);
  for (const { name } of PARTS) {
    const part = parts.find((each) => each.part === name);
    if (part !== undefined) lines.push('', ...section(part, plots));
  }
  lines.push('', prose.trim(), '');
  return lines.join('\n');
}

function aboutRun({ command, commit, machine, parts, when }: SuiteResult, isOneOfMany: boolean): string {
  const what = isOneOfMany ? `: ${parts.map(({ part }) => part).join(', ')}` : '';
  const warning = busyWarning(machine);
  return (
    `Measured on ${when.slice(0, 10)} with \`${command}\`, commit ${commit}, on: ${machineLine(machine)}${what}.` +
    (warning === undefined ? '' : ` **${warning}.**`)
  );
}

function section(
  { command, figures, notes, part, ratios, title, wrong }: PartResult,
  plots: readonly Plot[],
): string[] {
  const lines = [`## ${title}`, '', `\`${command}\``, '', ...notes];
  for (const plot of plots.filter((each) => each.part === part))
    lines.push('', `![${plot.title}](plots/${plot.name}.svg)`);
  if (ratios.length > 0) {
    lines.push('', '| ratio | | goal |', '|---|---|---|');
    for (const { goal, title: name, values } of ratios)
      lines.push(
        `| ${name} | ${spread(values, (value) => `${value.toFixed(2)}×`)} | ${goalWords(spreadOf(values).median, goal)} |`,
      );
  }
  lines.push('', '| | | |', '|---|---|---|');
  for (const { title: name, unit, values } of figures)
    lines.push(`| ${name} | ${spread(values, number)} | ${unit} |`);
  lines.push('', wrong.length === 0 ? 'Answers: all right.' : `**Wrong answers: ${wrong.join('; ')}**`);
  return lines;
}

function spread(values: readonly number[], words: (value: number) => string): string {
  const { max, median, min } = spreadOf(values);
  return values.length === 1 ? words(median) : `${words(median)} (${words(min)} – ${words(max)})`;
}
