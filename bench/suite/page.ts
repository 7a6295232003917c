import { busyWarning, machineLine } from '../harness/machine.ts';
import { spreadOf } from '../harness/stats.ts';
import type { PartResult, SuiteResult } from './figures.ts';
import type { Plot } from './plots.ts';
import { goalWords, number } from './render.ts';

/** docs/performance.md: every figure with its command; goals that are not reached stand beside those that are. */
export function renderPage(result: SuiteResult, plots: readonly Plot[], prose: string): string {
  const { commit, isQuick, machine, parts, when } = result;
  const lines = [
    '# Performance',
    '',
    '<!-- Made by `npm run bench:report` from the figures of `npm run bench`. Change bench/suite, not this page. -->',
    '',
    `Measured on ${when.slice(0, 10)} with \`npm run bench${isQuick ? ' -- --quick' : ''}\`, commit ${commit}, on: ${machineLine(machine)}.`,
    'All figures are of one run, its contestants interleaved in rounds, every answer checked. Median (least – greatest) of the rounds.',
  ];
  const warning = busyWarning(machine);
  if (warning !== undefined) lines.push('', `**${warning}.**`);
  for (const part of parts) lines.push('', ...section(part, plots));
  lines.push('', prose.trim(), '');
  return lines.join('\n');
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
