import { spreadOf } from '../harness/stats.ts';
import { textTable } from '../harness/text-table.ts';
import type { PartResult } from './figures.ts';

/** A part's figures for a terminal. */
export function renderPart({ figures, notes, ratios, title, wrong }: PartResult): string {
  const lines = ['', title, ''];
  const head = ['', 'median', 'least', 'greatest', ''];
  lines.push(
    textTable(
      head,
      figures.map(({ title: name, unit, values }) => {
        const { max, median, min } = spreadOf(values);
        return [name, number(median), number(min), number(max), unit];
      }),
    ),
  );
  if (ratios.length > 0) {
    lines.push(
      '',
      textTable(
        ['ratio, round by round', 'median', 'least', 'greatest', 'goal'],
        ratios.map(({ goal, title: name, values }) => {
          const { max, median, min } = spreadOf(values);
          return [name, median.toFixed(2), min.toFixed(2), max.toFixed(2), goalWords(median, goal)];
        }),
      ),
    );
  }
  lines.push('', ...notes);
  lines.push(wrong.length === 0 ? 'Answers: all right.' : `WRONG ANSWERS:\n${wrong.slice(0, 20).join('\n')}`);
  return lines.join('\n');
}

/** Whether a goal is reached. */
export function goalWords(median: number, goal: number | undefined): string {
  if (goal === undefined) return '';
  return `${goal}: ${median >= goal ? 'reached' : 'not reached'}`;
}

/** Three digits that count, grouped. */
export function number(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString('en', {
    minimumFractionDigits: Math.min(3, digits),
    maximumFractionDigits: Math.min(3, digits),
  });
}
